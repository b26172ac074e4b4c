//! Compares the two halves of a whole pair, group by group, and picks the one side to write.

use std::borrow::Cow;

use crate::{
    Base, Blocker, BySide, Code, Decision, Entry, FieldId, Fields, GroupDecision, Held, Kind, Link, Owner, Phase,
    Policy, Reading, Rule, RuleField, Side, Sight, Step, Verdict, merge, reading,
};

/// Decides every group of a pair that has both halves.
pub(crate) fn compare(link: &Link, sights: &BySide<Sight>, policy: &Policy) -> Decision {
    let seen = BySide::from_fn(|side| fields_seen(&sights[side], &link.base[side], policy));
    let seen = BySide::from_fn(|side| seen[side].as_ref());
    let held = BySide::from_fn(|side| held(link, &sights[side], side, policy));
    let mut decision = Decision { kept: Some(Fields::new()), ..Decision::only(Step::Rest) };
    let mut writes = BySide::<Fields>::default();
    for rule in &policy.rules {
        let verdict = merge(rule, &link.base, seen, &held);
        decision.groups.push(GroupDecision { group: rule.group.clone(), verdict });
        match verdict {
            Verdict::Wait | Verdict::Rest => {}
            Verdict::Ask => decision.stands(&conflict(rule)),
            Verdict::Held { to, why } => hold(&mut decision, link, rule, (to, why), seen),
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
        let stays = |entry: &Entry| matches!(entry.kind, Kind::Adopted | Kind::Refused) || entry.side == side;
        decision.entries.retain(stays);
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

fn conflict(rule: &Rule) -> Blocker {
    let text = format!("{} changed on both sides: choose one with `cosell resolve`.", rule.label);
    Blocker { code: Code::Conflict, text }
}

/// What must wait. A closed record is not patched: what comes later is kept in history, once (design section 4
/// "Closing"). That the settings forbid a write is told.
fn hold(decision: &mut Decision, link: &Link, rule: &Rule, (to, why): (Side, Held), seen: BySide<&Fields>) {
    match why {
        Held::Unanswered => {}
        Held::WriteOff => {
            decision.stands(&Blocker::write_off(to));
        }
        Held::Closed => {
            for field in &rule.fields {
                let (from, value) = (reading(seen[to], &field.id), reading(seen[to.other()], &field.id));
                if from == value {
                    continue;
                }
                if reading(&link.kept, &field.id) != value {
                    decision.entries.push(Entry {
                        side: to,
                        field: field.id.clone(),
                        from: from.clone(),
                        to: value.clone(),
                        kind: Kind::Refused,
                        winner_and_loser: None,
                        rule: Code::Closed.word(),
                        intent: None,
                    });
                }
                decision.kept.get_or_insert_default().insert(field.id.clone(), value.clone());
            }
        }
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
