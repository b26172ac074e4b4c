//! The brake: a run that would change more deals than `max_writes_per_run` stops, and waits for a person (design section
//! 4 "Brakes"). A run is one `poll_interval`.
//!
//! What counts is a write that changes a mapped field of, or closes, a pair that was linked before the run began; what
//! is new and what only tells the seller does not. A brake that has gripped stays so until `cosell retry --brake`.

use std::time::Duration;

use jiff::Timestamp;
use store::Store;
use sync_core::Code;

use crate::session::{Turn, Work};
use crate::{Engine, Error, time};

/// The run in which the brake gripped; empty once it was released.
const GRIPPED: &str = "brake.gripped";
/// How often it was released; each time a new count begins.
const RELEASES: &str = "brake.releases";
/// Parked links look again after this, should a release ever miss them.
const LOOK_AGAIN: Duration = Duration::from_secs(60 * 60);
/// Counters are kept for this many runs.
const RUNS_KEPT: i64 = 10;

impl<S: Store> Engine<S> {
    /// Whether the brake has gripped and waits for a person.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn brake_gripped(&self) -> Result<bool, Error> {
        Ok(self.store.cursor(GRIPPED).await?.is_some_and(|run| !run.is_empty()))
    }

    /// Lets one more window of writes through.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn release_brake(&self) -> Result<(), Error> {
        let releases: u64 = self.store.cursor(RELEASES).await?.and_then(|n| n.parse().ok()).unwrap_or(0);
        self.store.set_cursor(RELEASES, &(releases + 1).to_string()).await?;
        Ok(self.store.set_cursor(GRIPPED, "").await?)
    }

    /// Parks the link if a change of its deal would be one write too many.
    pub(crate) async fn brake(&self, work: &mut Work) -> Result<Option<Turn>, Error> {
        let (run, began, ends) = self.run();
        if work.link.linked_at.is_none_or(|linked| linked >= began) {
            return Ok(None);
        }
        let gripped = self.brake_gripped().await?;
        if !gripped {
            let releases = self.store.cursor(RELEASES).await?.unwrap_or_default();
            let counter = format!("brake.{run}.{releases}");
            let most = u64::from(self.settings.sync.max_writes_per_run);
            if self.store.count(&counter, most, ends).await? {
                return Ok(None);
            }
            self.store.set_cursor(GRIPPED, &run.to_string()).await?;
            tracing::error!(
                code = Code::Brake.word(),
                max_writes_per_run = most,
                "too many changes in one run: the rest waits; look at `cosell plan`, then `cosell retry --brake`"
            );
        }
        self.park(work, LOOK_AGAIN, Some(Code::Brake));
        Ok(Some(Turn::Done))
    }

    /// The number of the present run, when it began, and until when its count matters.
    fn run(&self) -> (i64, sync_core::Timestamp, sync_core::Timestamp) {
        let now: Timestamp = (self.clock)();
        let length = time::millis(self.settings.sync.poll_interval).max(1);
        let run = now.as_millisecond().div_euclid(length);
        let at = |run: i64| sync_core::Timestamp::from_millis(run.saturating_mul(length));
        (run, at(run), at(run.saturating_add(RUNS_KEPT)))
    }
}
