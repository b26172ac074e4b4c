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
    /// Ended. Read-only on either side.
    Closed(Ending),
}

/// How a deal ended, as exactly as its side says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Won.
    Won,
    /// Lost after it was accepted; in the CRM also disqualified.
    Lost,
    /// Refused before it was accepted.
    Declined,
    /// Closed by the clock: nobody answered in time.
    Expired,
    /// Closed as an error.
    Error,
    /// Closed in a way that we do not know.
    Unclear,
}

/// What both sides can say of how a deal stands: the value of the status group. Exact substatuses and custom status
/// reasons are kept as they are, because only this is compared (design section 4 "Closing").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Not ended.
    Open,
    /// Ended well.
    Won,
    /// Ended in any other way.
    Lost,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 8] = [
        Self::Unanswered,
        Self::Open,
        Self::Closed(Ending::Won),
        Self::Closed(Ending::Lost),
        Self::Closed(Ending::Declined),
        Self::Closed(Ending::Expired),
        Self::Closed(Ending::Error),
        Self::Closed(Ending::Unclear),
    ];

    /// Whether the deal has ended.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// What is compared of it.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Unanswered | Self::Open => Class::Open,
            Self::Closed(Ending::Won) => Class::Won,
            Self::Closed(_) => Class::Lost,
        }
    }

    /// The word in the store and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Open => "open",
            Self::Closed(ending) => ending.word(),
        }
    }
}

impl Ending {
    /// Every ending.
    pub const ALL: [Self; 6] = [Self::Won, Self::Lost, Self::Declined, Self::Expired, Self::Error, Self::Unclear];

    /// The word in the store and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Error => "error",
            Self::Unclear => "unclear",
        }
    }
}

impl Class {
    /// The word that the field `status` holds.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// The class of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Won, Self::Lost].into_iter().find(|class| class.word() == word)
    }
}

/// What a side returned when read, in mapped fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
