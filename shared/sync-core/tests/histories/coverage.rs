//! Counts what happened, so that a simulation that stops attacking is noticed.

use std::collections::BTreeMap;
use std::fmt;

/// How often each named thing happened.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// By the name's address, which is found faster than the name: there are hundreds of counts in each history.
    counts: BTreeMap<usize, (&'static str, u64)>,
}

impl Coverage {
    pub(crate) fn seen(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &'static str, times: u64) {
        self.counts.entry(what.as_ptr().addr()).or_insert((what, 0)).1 += times;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.counts.values().filter(|(name, _)| *name == what).map(|(_, times)| times).sum()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (what, times) in other.counts.values() {
            self.add(what, *times);
        }
    }
}

impl fmt::Debug for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_name = BTreeMap::<&str, u64>::new();
        for (what, times) in self.counts.values() {
            *by_name.entry(what).or_default() += times;
        }
        formatter.debug_map().entries(by_name).finish()
    }
}
