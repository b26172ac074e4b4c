//! A link while it is worked, and what is in hand of both sides.

use std::time::Duration;

use store::{HistoryLine, Saved, Store, Stored};
use sync_core::{BySide, Code, Entry, Etag, Fields, Intent, Kind, Link, Problem, Side, Sight};

use crate::sides::Seen;
use crate::trouble::Trouble;
use crate::{Engine, Error, time};

/// Blocked links are looked at again after 1, 2, 4 ... minutes, at most this many.
const BLOCKED_MINUTES_MAX: u64 = 60;

/// What one hint brought into the room.
pub(crate) struct Session {
    /// Sides that must be read, because a hint or a mark names them.
    pub(crate) named: BySide<bool>,
    /// Sides that are already in hand.
    pub(crate) seen: BySide<Option<Seen>>,
    /// What woke us, for history.
    pub(crate) cause: String,
    /// A seller shares the opportunity that came of the link's lead: whatever the lead says, the link is at work.
    pub(crate) heir_is_shared: bool,
}

/// A link while it is worked.
pub(crate) struct Work {
    pub(crate) link: Link,
    pub(crate) before: Link,
    pub(crate) revision: u64,
    pub(crate) worked: BySide<u64>,
    pub(crate) dirty: BySide<u64>,
    pub(crate) history: Vec<HistoryLine>,
}

/// How a round ended.
pub(crate) enum Turn {
    /// Go round.
    Again,
    /// Nothing more to do now: save and go home.
    Done,
    /// Somebody else has the link.
    Lost,
}

impl Work {
    pub(crate) fn of(stored: Stored, session: &mut Session) -> Self {
        for side in Side::ALL {
            if stored.is_dirty(side) {
                session.named[side] = true;
                session.seen[side] = None;
            }
        }
        Self {
            before: stored.link.clone(),
            link: stored.link,
            revision: stored.revision,
            worked: stored.worked,
            dirty: stored.dirty,
            history: Vec::new(),
        }
    }

    /// Forgets what this worker changed, so that its last save changes nothing.
    pub(crate) fn reset(&mut self) {
        self.link = self.before.clone();
        self.history.clear();
        self.dirty = self.worked;
    }
}

impl Session {
    /// The link has another record now: what was assumed of its bases holds no more.
    pub(crate) fn forget_assumptions(&mut self) {
        for side in Side::ALL {
            if self.seen[side].as_ref().is_some_and(|seen| seen.sight == Sight::Assumed) {
                self.seen[side] = None;
            }
        }
    }

    /// The fields of a side as decided upon: read, or its base.
    pub(crate) fn fields(&self, link: &Link, side: Side) -> Fields {
        match self.seen[side].as_ref().map(|seen| &seen.sight) {
            Some(Sight::Present(snapshot)) => snapshot.fields.clone(),
            _ => link.base[side].entries().map(|(id, entry)| (id.clone(), entry.reading.clone())).collect(),
        }
    }

    /// The version that a write to `side` is conditional on: the one read, or the one that it was assumed to be at.
    pub(crate) fn etag(&self, link: &Link, side: Side) -> Option<Etag> {
        match &self.seen[side].as_ref()?.sight {
            Sight::Present(snapshot) => snapshot.etag.clone(),
            Sight::Assumed => link.settled[side].as_ref().map(|settled| settled.etag.clone()),
            Sight::Absent | Sight::NotYet | Sight::Unreadable => None,
        }
    }
}

impl<S: Store> Engine<S> {
    /// Saves what changed. Says the marks so far, or `None` when the race is lost.
    pub(crate) async fn save(&self, work: &mut Work, worked: BySide<u64>) -> Result<Option<BySide<u64>>, Error> {
        if work.link == work.before && work.history.is_empty() && worked == work.worked {
            return Ok(Some(work.dirty));
        }
        let history = std::mem::take(&mut work.history);
        match self.store.save(&work.link, work.revision, worked, &history).await? {
            Saved::Saved { revision, dirty } => {
                (work.revision, work.worked) = (revision, worked);
                work.before = work.link.clone();
                Ok(Some(dirty))
            }
            Saved::Lost | Saved::Taken { .. } => Ok(None),
        }
    }

    pub(crate) fn note(&self, work: &mut Work, cause: &str, intent: Option<&Intent>, entries: &[Entry]) {
        let at = time::core((self.clock)());
        for entry in entries {
            if entry.kind == Kind::Conflict {
                tracing::info!(metric = "conflicts", link = %work.link.id, field = entry.field.as_str(), "an edit lost");
            }
            let mut line = HistoryLine::new(entry, &work.link.id, at, cause);
            line.intent = line.intent.or_else(|| intent.map(|intent| intent.id.clone()));
            work.history.push(line);
        }
    }

    pub(crate) fn park(&self, work: &mut Work, wait: Duration, code: Option<Code>) {
        work.link.not_before = Some(time::core((self.clock)()).plus_millis(time::millis(wait)));
        work.link.parked_for = code;
    }

    pub(crate) fn trouble(&self, work: &mut Work, side: Side, trouble: &Trouble) -> Turn {
        tracing::warn!(
            metric = "parked", link = %work.link.id, side = side.word(), code = trouble.code.word(), reason = trouble.reason,
            wait_seconds = trouble.wait.as_secs(), "parked"
        );
        self.park(work, trouble.wait, Some(trouble.code));
        Turn::Done
    }

    pub(crate) fn look_again(&self, work: &mut Work, problem: &Problem) {
        let minutes =
            1_u64.checked_shl(problem.looks.saturating_sub(1)).unwrap_or(BLOCKED_MINUTES_MAX).min(BLOCKED_MINUTES_MAX);
        self.park(work, Duration::from_secs(minutes * 60), None);
    }
}
