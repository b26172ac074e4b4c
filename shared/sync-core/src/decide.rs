//! What to do with a link now, given what was seen of both sides.

use std::borrow::Cow;

use crate::{
    Base, Blocker, BySide, Code, Digest, Entry, FieldId, Fields, Held, Kind, Link, Owner, Phase, Policy, Reading, Rule,
    RuleField, Side, Sight, Snapshot, State, Verdict, merge, reading,
};

/// The verdict on one group, for `plan` and `why`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDecision {
    /// The group's id.
    pub group: String,
    /// What to do with it.
    pub verdict: Verdict,
}

/// The one thing to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing to write.
    Rest,
    /// `side` could not be read: look again later.
    Wait(Side),
    /// `side` answered 404: look again in an hour.
    Missing(Side),
    /// The seller switched the sharing off.
    Pause,
    /// The missing half cannot be made yet.
    Block(Blocker),
    /// Make the missing half on `side`.
    Create {
        /// The side that lacks its half.
        side: Side,
        /// The rules' fields that the new half is asked to hold.
        sent: Fields,
    },
    /// Change fields on `side`, if its version is still the one seen.
    Update {
        /// The side that is written.
        side: Side,
        /// What it is asked to hold.
        sent: Fields,
    },
}

/// What [`decide`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Verdict by group; empty while the pair has one half.
    pub groups: Vec<GroupDecision>,
    /// What to do.
    pub step: Step,
    /// Base entries to save whatever becomes of the step.
    pub bases: Vec<(Side, FieldId, Reading, Digest)>,
    /// History, to be saved together with the intent.
    pub entries: Vec<Entry>,
}

impl Decision {
    fn only(step: Step) -> Self {
        Self { groups: Vec::new(), step, bases: Vec::new(), entries: Vec::new() }
    }
}

/// Decides one round. Total: it has an answer for every input and never fails.
#[must_use]
pub fn decide(link: &Link, sights: &BySide<Sight>, policy: &Policy) -> Decision {
    if link.state == State::Detached {
        return Decision::only(Step::Rest);
    }
    for side in Side::ALL {
        match sights[side] {
            Sight::Unreadable => return Decision::only(Step::Wait(side)),
            Sight::Absent => return Decision::only(Step::Missing(side)),
            Sight::Present(_) | Sight::Assumed | Sight::NotYet => {}
        }
    }
    match (&sights.crm, link.state) {
        (Sight::Present(crm), _) if !crm.shared => return Decision::only(Step::Pause),
        (Sight::Present(_), _) | (_, State::Active | State::Detached) => {}
        // Only a record that was read and says Yes ends a pause.
        (_, State::Paused) => return Decision::only(Step::Rest),
    }
    match (link.pair.missing(), &sights.partner_center, &sights.crm) {
        (Some(Side::Crm), Sight::Present(source), _) => Decision::only(create(Side::Crm, source, policy)),
        (Some(Side::PartnerCenter), _, Sight::Present(source)) => {
            Decision::only(create(Side::PartnerCenter, source, policy))
        }
        (Some(_), ..) => Decision::only(Step::Rest),
        (None, ..) => compare(link, sights, policy),
    }
}

fn create(side: Side, source: &Snapshot, policy: &Policy) -> Step {
    if !policy.write.allows(side) {
        let text = "the settings forbid making it: set write in the [sync] table".to_owned();
        return Step::Block(Blocker { code: Code::WriteOff, text });
    }
    if source.phase == Phase::Closed {
        let (code, text) = match side {
            Side::Crm => (Code::ClosedBeforeFirstSight, "the referral was closed before it was first seen"),
            Side::PartnerCenter => (Code::Closed, "the opportunity is closed; reopen it to share it"),
        };
        return Step::Block(Blocker { code, text: text.to_owned() });
    }
    if let (Side::PartnerCenter, Some(blocker)) = (side, source.blockers.first()) {
        return Step::Block(blocker.clone());
    }
    let is_known = |field: &RuleField| reading(&source.fields, &field.id).is_known();
    let travels = |rule: &&Rule| rule.direction.allows(side) && rule.fields.iter().all(is_known);
    let fields = policy.rules.iter().filter(travels).flat_map(|rule| &rule.fields);
    let sent = fields.map(|field| (field.id.clone(), reading(&source.fields, &field.id).clone())).collect();
    Step::Create { side, sent }
}

fn compare(link: &Link, sights: &BySide<Sight>, policy: &Policy) -> Decision {
    let seen = BySide::from_fn(|side| fields_seen(&sights[side], &link.base[side], policy));
    let seen = BySide::from_fn(|side| seen[side].as_ref());
    let held = BySide::from_fn(|side| held(link, &sights[side], side, policy));
    let mut decision = Decision::only(Step::Rest);
    let mut writes = BySide::<Fields>::default();
    for rule in &policy.rules {
        let verdict = merge(rule, &link.base, seen, &held);
        decision.groups.push(GroupDecision { group: rule.group.clone(), verdict });
        match verdict {
            Verdict::Wait | Verdict::Rest | Verdict::Held { .. } | Verdict::Ask => {}
            Verdict::Adopt | Verdict::FirstSight | Verdict::Observe => {
                save_own_values(&mut decision, rule, seen);
                note_adoption(&mut decision, rule, verdict, &link.base, seen);
            }
            Verdict::Write { to, conflict } => {
                for field in &rule.fields {
                    let (from, value) = (reading(seen[to], &field.id), reading(seen[to.other()], &field.id));
                    if from == value {
                        for side in Side::ALL {
                            decision.bases.push((side, field.id.clone(), value.clone(), field.digest.clone()));
                        }
                        continue;
                    }
                    writes[to].insert(field.id.clone(), value.clone());
                    decision.entries.push(written(rule, to, &field.id, from, value, conflict));
                }
            }
        }
    }
    // CRM first: it has a stamp and a unique key. Partner Center's turn comes in the next round.
    let first = [Side::Crm, Side::PartnerCenter].into_iter().find(|side| !writes[*side].is_empty());
    if let Some(side) = first {
        decision.entries.retain(|entry| entry.kind == Kind::Adopted || entry.side == side);
        decision.step = Step::Update { side, sent: std::mem::take(&mut writes[side]) };
    }
    decision
}

fn fields_seen<'a>(sight: &'a Sight, base: &Base, policy: &Policy) -> Cow<'a, Fields> {
    match sight {
        Sight::Present(snapshot) => Cow::Borrowed(&snapshot.fields),
        Sight::Assumed => {
            let based = |field: &RuleField| Some((field.id.clone(), base.get(&field.id, &field.digest)?.clone()));
            Cow::Owned(policy.fields().filter_map(based).collect())
        }
        Sight::Absent | Sight::NotYet | Sight::Unreadable => Cow::default(),
    }
}

fn held(link: &Link, sight: &Sight, side: Side, policy: &Policy) -> Option<Held> {
    let phase = match sight {
        Sight::Present(snapshot) => snapshot.phase,
        _ => link.phase[side],
    };
    match phase {
        _ if !policy.write.allows(side) => Some(Held::WriteOff),
        Phase::Closed => Some(Held::Closed),
        Phase::Unanswered => Some(Held::Unanswered),
        Phase::Open => None,
    }
}

fn save_own_values(decision: &mut Decision, rule: &Rule, seen: BySide<&Fields>) {
    for side in Side::ALL {
        for field in &rule.fields {
            let own = reading(seen[side], &field.id).clone();
            decision.bases.push((side, field.id.clone(), own, field.digest.clone()));
        }
    }
}

/// Two edits to the same value, and a pair that differed when it was linked, are worth a line; a plain first base is not.
fn note_adoption(decision: &mut Decision, rule: &Rule, verdict: Verdict, base: &BySide<Base>, seen: BySide<&Fields>) {
    for field in &rule.fields {
        let (partner_center, crm) = (reading(seen.partner_center, &field.id), reading(seen.crm, &field.id));
        let (from, rule) = match verdict {
            Verdict::FirstSight if partner_center != crm => (partner_center, Code::DiffersSinceAdoption.word()),
            Verdict::Adopt => match base.crm.get(&field.id, &field.digest) {
                Some(before) if before != crm => (before, "same on both sides"),
                _ => continue,
            },
            _ => continue,
        };
        decision.entries.push(Entry {
            side: Side::Crm,
            field: field.id.clone(),
            from: from.clone(),
            to: crm.clone(),
            kind: Kind::Adopted,
            winner_and_loser: None,
            rule,
            intent: None,
        });
    }
}

fn written(rule: &Rule, to: Side, field: &FieldId, from: &Reading, value: &Reading, conflict: bool) -> Entry {
    let (kind, why) = match (conflict, rule.owner) {
        (false, _) => (Kind::Written, "one side moved"),
        (true, Owner::Side(owner)) if owner != to => (Kind::Conflict, "both moved: the owner wins"),
        (true, _) => (Kind::Conflict, "both moved: the other direction is closed"),
    };
    Entry {
        side: to,
        field: field.clone(),
        from: from.clone(),
        to: value.clone(),
        kind,
        winner_and_loser: conflict.then(|| (value.clone(), from.clone())),
        rule: why,
        intent: None,
    }
}
