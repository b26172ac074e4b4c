//! Sets: merged member by member, within what Partner Center takes.

use crate::compare::Round;
use crate::{Blocker, Code, Fields, GroupDecision, Held, Reading, Rule, Side, Verdict, merge, reading, set};

impl Round<'_> {
    /// A set that both sides have a base of merges member by member, within what Partner Center takes.
    pub(super) fn set(&mut self, rule: &Rule, least: usize, most: usize) {
        let Some(field) = rule.fields.first() else { return };
        let whole = merge(rule, &self.link.base, self.seen, &self.held);
        if matches!(whole, Verdict::Wait | Verdict::Rest | Verdict::Adopt | Verdict::FirstSight) {
            self.decision.groups.push(GroupDecision::new(rule, whole));
            return self.take(rule, whole);
        }
        let base = |side: Side| self.link.base[side].get(&field.id, &field.digest).unwrap_or(&Reading::Cleared);
        let [one, two] = Side::ALL.map(base);
        let readings = [one, two, reading(self.seen.partner_center, &field.id), reading(self.seen.crm, &field.id)];
        let mut verdicts: Vec<(Rule, Verdict)> = set::member_rules(rule, field, &readings)
            .into_iter()
            .map(|member| {
                let verdict = merge(&member, &self.link.base, self.seen, &self.held);
                (member, verdict)
            })
            .collect();
        for side in Side::ALL {
            self.keep_within(rule, (side, least, most), &mut verdicts);
        }
        for (member, verdict) in verdicts {
            self.decision.groups.push(GroupDecision::new(&member, verdict));
            self.take(&member, verdict);
        }
    }

    /// The last member of a set cannot be removed, and none can be added to a full one: such changes wait.
    fn keep_within(
        &mut self,
        rule: &Rule,
        (side, least, most): (Side, usize, usize),
        verdicts: &mut [(Rule, Verdict)],
    ) {
        let Some(set_id) = rule.fields.first().map(|field| &field.id) else { return };
        let goes_there = |verdict: &Verdict| matches!(verdict, Verdict::Write { to, .. } if *to == side);
        let present = |member: &Rule, side: Side| {
            let id = member.fields.first().map(|field| &field.id)?;
            Some((id.clone(), reading(self.seen[side], id).clone()))
        };
        let written = verdicts.iter().filter(|(_, verdict)| goes_there(verdict));
        let changes: Fields = written.filter_map(|(member, _)| present(member, side.other())).collect();
        let size = set::size_with(reading(self.seen[side], set_id), &changes);
        let (stops, blocker) = match size {
            _ if changes.is_empty() => return,
            size if size < least => (
                Reading::Cleared,
                Blocker {
                    code: Code::SolutionMissing,
                    text: format!("{} cannot be left empty: add another one first.", rule.label),
                },
            ),
            size if size > most => (
                Reading::is("yes"),
                Blocker { code: Code::Rejected, text: format!("{} can be {most} at most: remove some.", rule.label) },
            ),
            _ => return,
        };
        for (member, verdict) in verdicts.iter_mut().filter(|(_, verdict)| goes_there(verdict)) {
            if present(member, side.other()).is_some_and(|(_, reading)| reading == stops) {
                *verdict = Verdict::Held { to: side, why: Held::Limit };
            }
        }
        self.decision.stands(&blocker);
    }
}
