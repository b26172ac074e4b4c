//! The oracle: remembers what people typed, judges every write of ours that lands, and knows the fate of every edit.
//!
//! Each value is typed once, so that a state of a group says who made it and which states came before.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::{Direction, Fields, Side};

use crate::mapping::{GROUPS, Group, State, state, text};
use crate::store::Store;

/// What became of a value that a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is still there.
    Stands,
    /// Somebody typed over it on the same side.
    Superseded,
    /// It gave way to a later value of the other side, whose author had it before him; history keeps it.
    Followed,
    /// It gave way to a value whose author never saw it; history keeps it as the loser.
    Lost,
}

/// A write of ours that lands.
pub(crate) struct Landed<'a> {
    pub(crate) side: Side,
    pub(crate) before: &'a Fields,
    pub(crate) after: &'a Fields,
    /// Whether the pair began equal and is read by one mapping, so that the core can tell a conflict from a later edit.
    pub(crate) based: bool,
}

/// What people typed.
#[derive(Default)]
pub(crate) struct Ledger {
    /// For a state of a group: the state that its author saw and replaced.
    parents: BTreeMap<(&'static str, State), State>,
    /// Every state that a person made, or that was there at the beginning.
    made: BTreeSet<(&'static str, State)>,
    typed: BTreeMap<(Side, &'static str, String), Fate>,
    /// How many edits there were.
    pub(crate) edits: u64,
}

impl Ledger {
    /// A record is there from the beginning, or was made by somebody else.
    pub(crate) fn begins_with(&mut self, fields: &Fields) {
        for group in &GROUPS {
            self.made.insert((group.id, state(fields, group)));
        }
    }

    /// A person changed one group.
    pub(crate) fn person_typed(&mut self, side: Side, before: &Fields, after: &Fields) {
        self.edits += 1;
        for group in &GROUPS {
            let (old, new) = (state(before, group), state(after, group));
            if old != new {
                self.made.insert((group.id, new.clone()));
                self.parents.insert((group.id, new), old);
            }
            for field in group.fields {
                let (old, new) = (text(before, field), text(after, field));
                if old != new {
                    self.typed.entry((side, field, old.to_owned())).and_modify(|fate| *fate = Fate::Superseded);
                    self.typed.insert((side, field, new.to_owned()), Fate::Stands);
                }
            }
        }
    }

    /// What is wrong with a write of ours that lands now.
    pub(crate) fn judge_write(&mut self, landed: &Landed<'_>, store: &Store) -> Option<String> {
        let side = landed.side;
        for group in &GROUPS {
            let (old, new) = (state(landed.before, group), state(landed.after, group));
            if self.saw(group.id, &old, |seen| *seen == new) {
                return Some(format!("wrong winner: {side:?} {} {old:?} gives way to the older {new:?}", group.id));
            }
            if old != new && !self.made.contains(&(group.id, new.clone())) {
                return Some(format!("torn group: {side:?} {} becomes {new:?}, which nobody made", group.id));
            }
            for (at, field) in group.fields.iter().enumerate() {
                let is_later = self.saw(group.id, &new, |seen| seen[at] == old[at]);
                let wrong = self.judge_field(landed, group, field, is_later, store);
                if wrong.is_some() {
                    return wrong;
                }
            }
        }
        None
    }

    /// A typed value that is overwritten must be in history, and as the loser of a conflict if the new value's author
    /// never saw it.
    fn judge_field(
        &mut self,
        landed: &Landed<'_>,
        group: &Group,
        field: &'static str,
        is_later: bool,
        store: &Store,
    ) -> Option<String> {
        let (side, old, new) = (landed.side, text(landed.before, field), text(landed.after, field));
        let fate = self.typed.get_mut(&(side, field, old.to_owned())).filter(|_| old != new)?;
        *fate = if is_later { Fate::Followed } else { Fate::Lost };
        let what = format!("lost edit: {side:?} {field} {old} is overwritten by {new}");
        if !store.has_history_of(side, field, old) {
            return Some(format!("{what} without history"));
        }
        let is_conflict = !is_later && landed.based && group.direction == Direction::Both;
        let unseen = is_conflict && !store.has_loser(side, field, old);
        unseen.then(|| format!("{what}, whose author never saw it, without a conflict"))
    }

    /// Whether such a state was seen and replaced on the way to `newer`.
    fn saw(&self, group: &'static str, newer: &State, is_such: impl Fn(&State) -> bool) -> bool {
        let mut step = (group, newer.clone());
        while let Some(parent) = self.parents.get(&step) {
            if is_such(parent) {
                return true;
            }
            step.1.clone_from(parent);
        }
        false
    }

    /// Every value that nothing has replaced.
    pub(crate) fn standing(&self) -> Vec<(Side, &'static str, String)> {
        let stands = self.typed.iter().filter(|(_, fate)| **fate == Fate::Stands);
        stands.map(|(typed, _)| typed.clone()).collect()
    }

    /// How many values met each fate.
    pub(crate) fn fates(&self) -> [(&'static str, u64); 5] {
        let count = |fate| self.typed.values().map(|found| u64::from(*found == fate)).sum();
        [
            ("typed", self.typed.values().map(|_| 1_u64).sum()),
            ("typed: final", count(Fate::Stands)),
            ("typed: superseded on its side", count(Fate::Superseded)),
            ("typed: followed by a later edit of the other side", count(Fate::Followed)),
            ("typed: kept as the loser", count(Fate::Lost)),
        ]
    }
}
