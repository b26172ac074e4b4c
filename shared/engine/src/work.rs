//! Works one hint.

use jiff::SignedDuration;
use queue::Message;
use store::Store;

use crate::find::CAUSE_DUE;
use crate::{Engine, Error, Point, time};

/// What became of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// Its link was brought to rest, or parked.
    Done,
    /// The very same hint was worked before: nothing was asked of anybody.
    Duplicate,
    /// It names nothing that is ours to sync.
    Uninteresting,
}

/// Partner Center keeps an event for ten attempts whose spacing is not published (partner-center-api 6.4); what we have
/// worked is remembered for longer than any of them could take.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(14 * 24);

impl<S: Store> Engine<S> {
    /// Works one hint. Doing it twice, late, or out of order does no harm.
    ///
    /// # Errors
    /// When the store is not available: the hint must be delivered again.
    pub async fn work(&self, message: &Message) -> Result<Worked, Error> {
        self.reach(Point::HintReceived);
        let now = (self.clock)();
        // A wake is ours, and meant each time.
        if message.hint.cause == CAUSE_DUE {
            return self.follow(&message.hint).await;
        }
        if self.store.seen(message.dedupe_id(), time::core(now)).await? {
            return Ok(Worked::Duplicate);
        }
        let worked = self.follow(&message.hint).await?;
        let expires = now.checked_add(REMEMBERED).unwrap_or(now);
        self.store.mark_seen(message.dedupe_id(), time::core(expires)).await?;
        Ok(worked)
    }
}
