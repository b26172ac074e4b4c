//! The oracle: remembers what people typed, and judges every write that lands.
//!
//! Each value is typed once, so that a state of a group says who made it and which states came before.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::{Fields, Side};

use crate::mapping::{GROUPS, State, state, text};
use crate::store::Store;

/// What people typed.
#[derive(Default)]
pub(crate) struct Ledger {
    /// For a state of a group: the state that its author saw and replaced.
    parents: BTreeMap<(&'static str, State), State>,
    /// Every state that a person made, or that was there at the beginning.
    made: BTreeSet<(&'static str, State)>,
    typed: BTreeSet<(Side, &'static str, String)>,
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
                if text(before, field) != text(after, field) {
                    self.typed.insert((side, field, text(after, field).to_owned()));
                }
            }
        }
    }

    /// What is wrong with a write of ours that lands now.
    pub(crate) fn judge_write(&self, side: Side, before: &Fields, after: &Fields, store: &Store) -> Option<String> {
        for group in &GROUPS {
            for field in group.fields {
                let (old, new) = (text(before, field), text(after, field));
                let typed_here = old != new && self.typed.contains(&(side, field, old.to_owned()));
                if typed_here && !store.has_history_of(side, field, old) {
                    return Some(format!("lost edit: {side:?} {field} {old} is overwritten by {new} without history"));
                }
            }
            let (old, new) = (state(before, group), state(after, group));
            if self.came_before(group.id, &new, &old) {
                return Some(format!("wrong winner: {side:?} {} {old:?} gives way to the older {new:?}", group.id));
            }
            if old != new && !self.made.contains(&(group.id, new.clone())) {
                return Some(format!("torn group: {side:?} {} becomes {new:?}, which nobody made", group.id));
            }
        }
        None
    }

    /// Whether `older` was seen and replaced on the way to `newer`.
    fn came_before(&self, group: &'static str, older: &State, newer: &State) -> bool {
        let mut step = (group, newer.clone());
        while let Some(parent) = self.parents.get(&step) {
            if parent == older {
                return true;
            }
            step.1.clone_from(parent);
        }
        false
    }
}
