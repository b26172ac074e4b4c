//! Compares the two halves of a whole pair, group by group, and picks the one thing to do.
//!
//! The CRM goes first: it has a stamp and a unique key. Partner Center's turn comes in the next round. A side is closed
//! after everything else that it should hold is there, because a closed one takes no more.

mod sets;
mod step;
mod take;

use std::borrow::Cow;

use crate::compare::take::written;
use crate::status::{StatusVerdict, decide_status};
use crate::{
    Base, Blocker, BySide, Code, Decision, Ending, Fields, GroupDecision, Held, Link, Phase, Policy, Rule, RuleField,
    RuleKind, Side, Sight, Step, Verdict, merge, reading,
};

/// One comparison, and what it has come to so far.
pub(crate) struct Round<'a> {
    pub(crate) link: &'a Link,
    pub(crate) policy: &'a Policy,
    pub(crate) seen: BySide<&'a Fields>,
    pub(crate) phase: BySide<Phase>,
    pub(crate) held: BySide<Option<Held>>,
    pub(crate) decision: Decision,
    writes: BySide<Fields>,
    /// Members of sets that the CRM is to hold or not; each is a row of its own.
    members: Fields,
    closing: BySide<Option<Ending>>,
}

/// Decides every group of a pair that has both halves.
pub(crate) fn compare(link: &Link, sights: &BySide<Sight>, policy: &Policy) -> Decision {
    let seen = BySide::from_fn(|side| fields_seen(&sights[side], &link.base[side], policy));
    let phase = BySide::from_fn(|side| match &sights[side] {
        Sight::Present(snapshot) => snapshot.phase,
        _ => link.phase[side],
    });
    let mut round = Round {
        link,
        policy,
        seen: BySide::from_fn(|side| seen[side].as_ref()),
        phase,
        held: BySide::from_fn(|side| held(phase[side], side, policy)),
        decision: Decision { kept: Some(Fields::new()), ..Decision::only(Step::Rest) },
        writes: BySide::default(),
        members: Fields::new(),
        closing: BySide::default(),
    };
    for rule in &policy.rules {
        match rule.kind {
            RuleKind::Value => round.value(rule),
            RuleKind::Set { least, most } => round.set(rule, least, most),
            RuleKind::Status => round.status(rule),
        }
    }
    round.step()
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

fn held(phase: Phase, side: Side, policy: &Policy) -> Option<Held> {
    match phase {
        _ if !policy.write.allows(side) => Some(Held::WriteOff),
        Phase::Closed(_) => Some(Held::Closed),
        Phase::Unanswered => Some(Held::Unanswered),
        Phase::Open => None,
    }
}

impl Round<'_> {
    fn value(&mut self, rule: &Rule) {
        let verdict = merge(rule, &self.link.base, self.seen, &self.held);
        self.decision.groups.push(GroupDecision::new(rule, verdict));
        self.take(rule, verdict);
    }

    fn status(&mut self, rule: &Rule) {
        let verdict = decide_status(self, rule);
        match verdict {
            StatusVerdict::Plain(verdict) => {
                self.decision.groups.push(GroupDecision::new(rule, verdict));
                self.take(rule, verdict);
            }
            StatusVerdict::Close { to, ending, conflict } => {
                let verdict = Verdict::Write { to, conflict };
                self.decision.groups.push(GroupDecision::new(rule, verdict));
                self.closing[to] = Some(ending);
                for field in &rule.fields {
                    let (from, value) = (reading(self.seen[to], &field.id), reading(self.seen[to.other()], &field.id));
                    self.decision.entries.push(written(rule, to, &field.id, from, value, conflict));
                }
            }
            StatusVerdict::StaysOpen(note) => {
                self.decision.groups.push(GroupDecision::new(rule, Verdict::Observe));
                self.take(rule, Verdict::Observe);
                self.decision.notes.push(note);
            }
            StatusVerdict::ClosedDifferently(blocker) => {
                self.decision.groups.push(GroupDecision::new(rule, Verdict::ClosedDifferently));
                self.take(rule, Verdict::ClosedDifferently);
                self.decision.stands(&blocker);
            }
            StatusVerdict::StillDifferent(blocker) => {
                self.decision.groups.push(GroupDecision::new(rule, Verdict::Rest));
                self.decision.stands(&blocker);
            }
        }
    }
}

/// The settings forbid to write that side.
pub(crate) fn write_off(side: Side) -> Blocker {
    let text = format!("{} is not written: set write in the [sync] table.", side.label());
    Blocker { code: Code::WriteOff, text }
}
