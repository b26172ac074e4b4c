//! What was seen of a side in this round.

use crate::{Blocker, Etag, Fields, IntentId};

/// How far a side has come with the deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// An incoming referral that nobody has accepted yet: Partner Center takes no edits from us.
    Unanswered,
    /// Being worked.
    #[default]
    Open,
    /// Ended: won, lost, declined, expired. Read-only on either side.
    Closed,
}

/// What a side returned when read, in mapped fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Every mapped field that could be read, rows of every direction.
    pub fields: Fields,
    /// The version that was read.
    pub etag: Option<Etag>,
    /// The intent that wrote last, where the side keeps a stamp (the CRM does).
    pub stamp: Option<IntentId>,
    /// How far the deal is.
    pub phase: Phase,
    /// Whether the seller wants it shared (`cosell_sync`); always true of a referral.
    pub shared: bool,
    /// What is missing before a referral can be made of this record.
    pub blockers: Vec<Blocker>,
}

/// One side, as seen in this round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Read.
    Present(Snapshot),
    /// Not read: its etag settles that it equals its base, and the conditional write will prove it.
    Assumed,
    /// Answered 404 by id. Alone never a proof that it is gone.
    Absent,
    /// There is nothing to read yet: this half of the pair is still to be made.
    NotYet,
    /// Could not be read: tokens, throttling, network, rights. Nothing is ever inferred from it.
    Unreadable,
}
