//! A store with compare-and-set on the revision, and dirty marks (design section 4.4).

use std::collections::BTreeSet;
use std::rc::Rc;

use sync_core::{Entry, IntentId, Kind, Link, Reading, Side};

/// The stored link.
#[derive(Clone)]
pub(crate) struct Saved {
    pub(crate) revision: u64,
    pub(crate) link: Rc<Link>,
    /// How often a loser asked for another round.
    pub(crate) marks: u64,
    /// When a mark wakes the link by itself, should its winner die.
    pub(crate) due: Option<i64>,
}

/// One link, and its history.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) saved: Option<Saved>,
    history: BTreeSet<(Side, String, String)>,
    losers: BTreeSet<(Side, String, String)>,
    intents: BTreeSet<IntentId>,
    pub(crate) conflicts: u64,
}

impl Store {
    /// Saves if nobody else did since `revision` was loaded. Returns the new revision and the marks so far.
    pub(crate) fn save(&mut self, link: &Link, revision: u64, entries: &[Entry], check: bool) -> Option<(u64, u64)> {
        let (current, marks, due) = match &self.saved {
            Some(saved) => (saved.revision, saved.marks, saved.due),
            None => (0, 0, None),
        };
        if check && current != revision {
            return None;
        }
        for entry in entries {
            self.keep(entry);
        }
        if let Some(intent) = &link.intent {
            self.intents.insert(intent.id.clone());
        }
        self.saved = Some(Saved { revision: current + 1, link: Rc::new(link.clone()), marks, due });
        Some((current + 1, marks))
    }

    fn keep(&mut self, entry: &Entry) {
        if let Reading::Is(value) = &entry.from {
            let line = (entry.side, entry.field.as_str().to_owned(), value.as_str().to_owned());
            if entry.winner_and_loser.as_ref().is_some_and(|(_, loser)| *loser == entry.from) {
                self.losers.insert(line.clone());
            }
            self.history.insert(line);
        }
        self.conflicts += u64::from(entry.kind == Kind::Conflict);
    }

    /// A loser asks for another round.
    pub(crate) fn mark_dirty(&mut self, due: i64) {
        if let Some(saved) = &mut self.saved {
            saved.marks += 1;
            saved.due = Some(saved.due.map_or(due, |earlier| earlier.min(due)));
        }
    }

    /// The winner has seen every mark.
    pub(crate) fn clear_due(&mut self) {
        if let Some(saved) = &mut self.saved {
            saved.due = None;
        }
    }

    /// Takes the due time if it has come.
    pub(crate) fn take_due(&mut self, now: i64) -> bool {
        let due = self.saved.as_mut().and_then(|saved| saved.due.take_if(|due| *due <= now));
        due.is_some()
    }

    /// Whether history keeps that `side` held this.
    pub(crate) fn has_history_of(&self, side: Side, field: &str, text: &str) -> bool {
        self.history.contains(&(side, field.to_owned(), text.to_owned()))
    }

    /// Whether history keeps that `side` held this and lost it in a conflict.
    pub(crate) fn has_loser(&self, side: Side, field: &str, text: &str) -> bool {
        self.losers.contains(&(side, field.to_owned(), text.to_owned()))
    }

    /// Whether the intent was ever durable.
    pub(crate) fn knows(&self, intent: &IntentId) -> bool {
        self.intents.contains(intent)
    }
}
