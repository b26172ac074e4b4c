//! What is kept of a field when it changes, so that no edit is ever lost without a trace.

use crate::{FieldId, IntentId, Reading, Side};

/// What happened to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value was written to `side`.
    Written,
    /// A value was taken over as it stood; nothing was written.
    Adopted,
    /// Both sides had moved: `from` lost.
    Conflict,
    /// The vendor, a direction or the end of the deal refused the value.
    Refused,
}

impl Kind {
    /// The word in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Adopted => "adopted",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
        }
    }
}

/// One line of history, saved together with the intent that causes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The side that the line is about.
    pub side: Side,
    /// The field.
    pub field: FieldId,
    /// What `side` held before.
    pub from: Reading,
    /// What `side` holds, or is asked to hold, now.
    pub to: Reading,
    /// What happened.
    pub kind: Kind,
    /// Of a conflict: the value that stays and the value that is kept only here.
    pub winner_and_loser: Option<(Reading, Reading)>,
    /// The rule that decided, in a few words.
    pub rule: &'static str,
    /// The intent, if there is one.
    pub intent: Option<IntentId>,
}
