//! What stops a hint from being worked at all.

/// Only our own store and our own data. What a vendor answers parks or blocks a link, and is no error here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be read or written: work the hint again.
    #[error("the store is not available")]
    Store(#[from] store::Error),
    /// The queue could not be written: poll or wake again.
    #[error("the queue is not available")]
    Queue(#[from] queue::Error),
    /// A vendor could not be asked while polling: poll again after the wait.
    #[error("{side} could not be polled: {reason}")]
    Poll {
        /// Which vendor.
        side: &'static str,
        /// What it said, without contact data.
        reason: String,
        /// What the settings or a person can do about it, from the closed list.
        code: sync_core::Code,
        /// How long to leave it alone.
        wait: std::time::Duration,
    },
}
