//! Links, intents, cursors and history, kept with compare-and-set.
//!
//! The semantics are those that DynamoDB can keep, because that is the other implementation: one conditional write per
//! link, small transactions for identity, no join or scan where it matters, expiry checked by code.

pub mod dynamodb;
mod history;
pub mod sqlite;
mod wire;

pub use dynamodb::DynamoStore;
pub use history::HistoryLine;
pub use sqlite::SqliteStore;

use std::future::Future;

use sync_core::{BySide, Link, LinkId, RecordId, RecordRef, ReferralId, Side, Timestamp};

/// A link as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The link.
    pub link: Link,
    /// Grows with every save.
    pub revision: u64,
    /// How often somebody who lost a race marked each side, so far.
    pub dirty: BySide<u64>,
    /// How many of these marks have been worked.
    pub worked: BySide<u64>,
}

impl Stored {
    /// Whether a mark on that side is still to be worked.
    #[must_use]
    pub fn is_dirty(&self, side: Side) -> bool {
        self.dirty[side] != self.worked[side]
    }
}

/// What a link is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKey<'a> {
    /// Our id.
    Id(&'a LinkId),
    /// The referral's.
    Referral(&'a ReferralId),
    /// The record's.
    Record(&'a RecordId),
}

/// What became of a new link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It is stored at this revision.
    New(u64),
    /// One of its ids belongs to another link.
    Taken,
}

/// What became of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is stored.
    Saved {
        /// The new revision.
        revision: u64,
        /// The marks so far.
        dirty: BySide<u64>,
    },
    /// Somebody else saved first; nothing was written.
    Lost,
    /// An id that the link gained belongs to this other link; nothing was written.
    Taken {
        /// The other link.
        by: LinkId,
    },
}

/// A link whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub link: LinkId,
    /// Its revision.
    pub revision: u64,
    /// When it was due.
    pub at: Timestamp,
    /// Its referral.
    pub referral: Option<ReferralId>,
    /// Its record.
    pub record: Option<RecordRef>,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Try again.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored link can't be read.
    #[error(
        "link {link} cannot be read ({reason}); it was written by another version: use that one, or restore a backup"
    )]
    Corrupt {
        /// Which link.
        link: String,
        /// Why.
        reason: String,
    },
    /// A link is larger than the store can hold.
    #[error("link {link} is too large for the store: shorten its longest text, or take that field out of the mapping")]
    TooLarge {
        /// Which link.
        link: String,
    },
    /// The folder can't hold a store.
    #[error("{folder} cannot hold the data ({reason}): choose another folder with --data")]
    Unwritable {
        /// Which folder.
        folder: String,
        /// Why.
        reason: String,
    },
}

/// Keeps links. Every method is one transaction.
pub trait Store: Send + Sync + 'static {
    /// The link of a key, read strongly.
    fn load(&self, key: LinkKey<'_>) -> impl Future<Output = Result<Option<Stored>, Error>> + Send;
    /// The links of an engagement.
    fn by_engagement(&self, engagement: &str) -> impl Future<Output = Result<Vec<LinkId>, Error>> + Send;
    /// Stores a new link; both its ids must be free.
    fn insert(&self, link: &Link, history: &[HistoryLine]) -> impl Future<Output = Result<Inserted, Error>> + Send;
    /// Stores a link if its revision is still `expected`, together with its history.
    fn save(
        &self,
        link: &Link,
        expected: u64,
        worked: BySide<u64>,
        history: &[HistoryLine],
    ) -> impl Future<Output = Result<Saved, Error>> + Send;
    /// Marks a side as changed, without touching the revision; the link is due at `due` at the latest.
    fn mark_dirty(&self, link: &LinkId, side: Side, due: Timestamp) -> impl Future<Output = Result<(), Error>> + Send;
    /// Links that are due, soonest first.
    fn due(&self, now: Timestamp, limit: usize) -> impl Future<Output = Result<Vec<Due>, Error>> + Send;
    /// A page of links, in the order of their ids.
    fn list(&self, after: Option<&LinkId>, limit: usize) -> impl Future<Output = Result<Vec<Stored>, Error>> + Send;
    /// The history of a link, oldest first.
    fn history(&self, link: &LinkId, limit: usize) -> impl Future<Output = Result<Vec<HistoryLine>, Error>> + Send;
    /// A cursor.
    fn cursor(&self, name: &str) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// Moves a cursor.
    fn set_cursor(&self, name: &str, value: &str) -> impl Future<Output = Result<(), Error>> + Send;
    /// Remembers a fact for good: the first writer wins. Says what stands.
    fn remember(&self, fact: &str, value: &str) -> impl Future<Output = Result<String, Error>> + Send;
    /// A remembered fact.
    fn fact(&self, fact: &str) -> impl Future<Output = Result<Option<String>, Error>> + Send;
    /// Whether a hint was worked, and that is still remembered.
    fn seen(&self, key: &str, now: Timestamp) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Remembers that a hint was worked.
    fn mark_seen(&self, key: &str, expires_at: Timestamp) -> impl Future<Output = Result<(), Error>> + Send;
    /// Notes which external reference a referral carries.
    fn note_reference(&self, reference: &str, referral: &ReferralId) -> impl Future<Output = Result<(), Error>> + Send;
    /// The referrals that carry an external reference.
    fn references(&self, reference: &str) -> impl Future<Output = Result<Vec<ReferralId>, Error>> + Send;
    /// Notes whose a solution row is.
    fn note_solution(&self, row: &str, link: &LinkId) -> impl Future<Output = Result<(), Error>> + Send;
    /// Adds one to a counter, unless that would take it above `most`. Says whether it did. Counters are never reset: a
    /// new one has a new name. It may be forgotten after `expires_at`.
    fn count(
        &self,
        counter: &str,
        most: u64,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
    /// Whose a solution row is.
    fn link_of_solution(&self, row: &str) -> impl Future<Output = Result<Option<LinkId>, Error>> + Send;
    /// Forgets history and worked hints that are older than their time; some at a time. Says how many. DynamoDB does so
    /// by itself, within days of an item's time, and here says none.
    fn prune(&self, now: Timestamp, history_days: u32) -> impl Future<Output = Result<usize, Error>> + Send;
}
