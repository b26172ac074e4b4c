//! Hints in order per group, with redelivery and dead letters.
//!
//! The semantics are those of SQS FIFO, because that is the other implementation: one message of a group in flight at a
//! time, a message that is not acknowledged comes back, and the same deduplication id is swallowed for five minutes
//! even after the first copy is gone.

pub mod batch;
mod hint;
mod sqlite;
pub mod sqs;

pub use hint::{Entity, Hint, HintSide, Message};
pub use sqlite::{Options, SqliteQueue};
pub use sqs::SqsQueue;

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

/// What became of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is durable. SQS also says so of a duplicate: it takes it, and does not deliver it.
    Queued,
    /// The same deduplication id was sent less than five minutes ago. SQS does not tell.
    Duplicate,
}

/// Proof of having received a message; void once the message is visible again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt(pub(crate) String);

impl Receipt {
    /// The receipt that Lambda hands over with a message.
    #[must_use]
    pub fn of_handle(handle: impl Into<String>) -> Self {
        Self(handle.into())
    }
}

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What to acknowledge it with.
    pub receipt: Receipt,
    /// The message.
    pub message: Message,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages that wait.
    pub waiting: u32,
    /// Messages that are being worked.
    pub in_flight: u32,
    /// Messages that nobody could work.
    pub dead: u32,
    /// When the oldest waiting message was sent. SQS does not tell; the age is a metric of CloudWatch.
    pub oldest: Option<Timestamp>,
}

/// Why the queue did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Try again.
    #[error("the queue cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored message can't be read; it was written by another version.
    #[error("message {id} in the queue cannot be read: {reason}")]
    Corrupt {
        /// Which one.
        id: String,
        /// Why.
        reason: String,
    },
}

/// A queue of hints.
pub trait Queue: Send + Sync + 'static {
    /// Makes a message durable.
    fn send(&self, message: Message) -> impl Future<Output = Result<Sent, Error>> + Send;
    /// Takes up to `max` messages, at most one per group.
    fn receive(&self, max: usize) -> impl Future<Output = Result<Vec<Delivery>, Error>> + Send;
    /// Drops a message that was worked. Of a void receipt nothing is dropped: somebody else has the message.
    fn acknowledge(&self, receipt: &Receipt) -> impl Future<Output = Result<(), Error>> + Send;
    /// Hands a message back, to be received again after a while; its group waits with it. SQS counts the receive all the
    /// same: to wait without using up tries, park the link and acknowledge (reliability 2.1).
    fn release(&self, receipt: &Receipt, after: Duration) -> impl Future<Output = Result<(), Error>> + Send;
    /// How full it is.
    fn depth(&self) -> impl Future<Output = Result<Depth, Error>> + Send;
}
