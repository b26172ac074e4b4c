//! Carries the verdict on a group over into the decision: bases to save, values to write, lines for history.

use crate::compare::{Round, write_off};
use crate::{
    Blocker, BySide, Code, Direction, Entry, FieldId, Fields, Held, Kind, Owner, Reading, Rule, RuleField, Side,
    Verdict, reading,
};

impl Round<'_> {
    /// Carries a verdict over into the decision.
    pub(super) fn take(&mut self, rule: &Rule, verdict: Verdict) {
        match verdict {
            Verdict::Wait | Verdict::Rest => {}
            Verdict::Ask => self.decision.stands(&conflict(rule)),
            Verdict::Held { to, why } => self.hold(rule, to, why),
            Verdict::Adopt | Verdict::FirstSight | Verdict::Observe => {
                self.save_own_values(rule);
                self.note_adoption(rule, verdict);
            }
            Verdict::ClosedDifferently => {
                self.save_own_values(rule);
                for field in &rule.fields {
                    self.decision.entries.push(refused(Side::Crm, &field.id, self.seen, Code::ClosedDifferently));
                }
            }
            Verdict::Write { to, conflict } => self.write(rule, to, conflict),
        }
    }

    fn write(&mut self, rule: &Rule, to: Side, conflict: bool) {
        for field in &rule.fields {
            let (from, value) = (reading(self.seen[to], &field.id), reading(self.seen[to.other()], &field.id));
            if from == value {
                for side in Side::ALL {
                    self.decision.bases.push((side, field.id.clone(), value.clone(), field.digest.clone()));
                }
                continue;
            }
            let is_row = to == Side::Crm && field.id.as_member().is_some();
            let writes = if is_row { &mut self.members } else { &mut self.writes[to] };
            writes.insert(field.id.clone(), value.clone());
            self.decision.entries.push(written(rule, to, &field.id, from, value, conflict));
        }
    }

    /// What must wait. A closed record is not patched: what comes later is kept in history, once (design section 4
    /// "Closing"). That the settings forbid a write is told.
    fn hold(&mut self, rule: &Rule, to: Side, why: Held) {
        match why {
            Held::Unanswered | Held::Limit => {}
            Held::WriteOff => self.decision.stands(&write_off(to)),
            Held::Closed => {
                for field in &rule.fields {
                    let (from, value) = (reading(self.seen[to], &field.id), reading(self.seen[to.other()], &field.id));
                    if from == value {
                        continue;
                    }
                    if reading(&self.link.kept, &field.id) != value {
                        self.decision.entries.push(refused(to, &field.id, self.seen, Code::Closed));
                    }
                    self.decision.kept.get_or_insert_default().insert(field.id.clone(), value.clone());
                }
            }
        }
    }

    fn save_own_values(&mut self, rule: &Rule) {
        for side in Side::ALL {
            for field in &rule.fields {
                let own = reading(self.seen[side], &field.id).clone();
                self.decision.bases.push((side, field.id.clone(), own, field.digest.clone()));
            }
        }
    }

    /// Two edits to the same value, and a pair that differed when it was linked, are worth a line; a plain first base is
    /// not.
    fn note_adoption(&mut self, rule: &Rule, verdict: Verdict) {
        for field in &rule.fields {
            let (partner_center, crm) =
                (reading(self.seen.partner_center, &field.id), reading(self.seen.crm, &field.id));
            let (from, rule) = match verdict {
                Verdict::FirstSight if partner_center != crm => (partner_center, Code::DiffersSinceAdoption.word()),
                Verdict::Adopt => match self.link.base.crm.get(&field.id, &field.digest) {
                    Some(before) if before != crm => (before, "same on both sides"),
                    _ => continue,
                },
                _ => continue,
            };
            self.decision.entries.push(Entry {
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
}

fn conflict(rule: &Rule) -> Blocker {
    let text = format!("{} changed on both sides: choose one with `cosell resolve`.", rule.label);
    Blocker { code: Code::Conflict, text }
}

pub(super) fn refused(to: Side, field: &FieldId, seen: BySide<&Fields>, why: Code) -> Entry {
    Entry {
        side: to,
        field: field.clone(),
        from: reading(seen[to], field).clone(),
        to: reading(seen[to.other()], field).clone(),
        kind: Kind::Refused,
        winner_and_loser: None,
        rule: why.word(),
        intent: None,
    }
}

pub(super) fn written(
    rule: &Rule,
    to: Side,
    field: &FieldId,
    from: &Reading,
    value: &Reading,
    conflict: bool,
) -> Entry {
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
