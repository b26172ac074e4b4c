//! The two doors through which hints come: Partner Center events and Dataverse changes.
//!
//! A door looks at size, then at the signature or key, then at syntax, in that order (design section 7). It believes
//! nothing else that it is sent: what it queues is "look at this id on this side". It answers 200 only once that is
//! durable, and 503 for anything transient, because Dataverse delivers once more after a 503 and after nothing else
//! (dataverse-api 5.6).
//!
//! | | Partner Center events | Dataverse changes |
//! |---|---|---|
//! | 200 | queued, queued before, stale, or no matter of ours | queued, queued before, or another table |
//! | 400 | signed, and no event | no entity, message or GUID |
//! | 401 | the signature does not hold | the key is wrong, missing or there twice |
//! | 413 | over 64 KiB | over 1 MiB |
//! | 503 | the certificate cannot be fetched, or the queue be written | the queue cannot be written |
//!
//! A door knows no transport: whoever listens reads headers and body, decodes base64 if its front door encodes, and
//! sends the [`Answer`].

mod changes;
mod events;

pub use changes::ChangesDoor;
pub use events::EventsDoor;

use http::StatusCode;

/// Where Partner Center's events arrive.
pub const EVENTS_PATH: &str = "/partner-center/events";
/// Where Dataverse's changes arrive.
pub const CHANGES_PATH: &str = "/dataverse/changes";
/// The header that carries the Dataverse key.
pub const KEY_HEADER: &str = "x-cosell-key";
/// Largest event body, in bytes.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// Largest change body, in bytes.
pub const CHANGE_BYTES_MAX: usize = 1024 * 1024;

/// What a door answers: a status, and a few words without anything of the request in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Why.
    pub text: &'static str,
}

/// When a sender should come again, in seconds: both try by their own clocks, so it is a courtesy.
const COME_AGAIN_SECONDS: u32 = 5;

impl Answer {
    /// What `Retry-After` says, if the sender is asked to come again.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u32> {
        (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(COME_AGAIN_SECONDS)
    }

    pub(crate) const QUEUED: Self = Self { status: StatusCode::OK, text: "queued" };
    pub(crate) const DUPLICATE: Self = Self { status: StatusCode::OK, text: "queued before" };

    /// Taken, and nothing follows from it. `what` is for the figures: `event`, `table`, `age`.
    pub(crate) fn uninteresting(what: &'static str) -> Self {
        tracing::info!(metric = "uninteresting", code = what, "not ours to sync");
        Self { status: StatusCode::OK, text: "not ours to sync" }
    }

    pub(crate) fn refused(status: StatusCode, text: &'static str) -> Self {
        tracing::debug!(metric = "refused", code = status.as_str(), "refused");
        Self { status, text }
    }

    pub(crate) fn sent(sent: Result<queue::Sent, queue::Error>) -> Self {
        match sent {
            Ok(queue::Sent::Queued) => {
                tracing::info!(metric = "events", code = "queued", "a hint is queued");
                Self::QUEUED
            }
            Ok(queue::Sent::Duplicate) => {
                tracing::info!(metric = "events", code = "duplicate", "the hint was queued before");
                Self::DUPLICATE
            }
            Err(error) => {
                tracing::error!(%error, "a hint could not be queued; the sender is asked to come again");
                Self::refused(StatusCode::SERVICE_UNAVAILABLE, "try again")
            }
        }
    }
}
