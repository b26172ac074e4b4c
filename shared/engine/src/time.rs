//! The clock that the engine is given, and the core's notion of a moment.

use std::sync::Arc;
use std::time::Duration;

use sync_core::Timestamp;

/// Tells the time. Given from outside, so that a simulation can tell another one.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// A moment as the core knows it.
pub(crate) fn core(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millisecond())
}

/// Whole milliseconds of a duration.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
