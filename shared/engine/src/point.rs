//! The places between two effects where a process may die, by name.

/// A place in the life of a hint. The worst moment to die is right here, so tests die here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// A door answered 200: the hint is durable.
    EventAcknowledged,
    /// A worker holds the hint, nothing else has happened.
    HintReceived,
    /// A new link was saved, with one half.
    LinkInserted,
    /// Both sides are known, nothing is decided.
    SidesRead,
    /// The intent is durable, the effect is not begun.
    IntentSaved,
    /// Partner Center answered a create.
    ReferralCreated,
    /// The CRM answered a create.
    RecordCreated,
    /// A vendor answered an update.
    SideUpdated,
    /// The outcome is folded in memory, not saved.
    OutcomeFolded,
    /// The link is at rest and saved, the hint is not acknowledged.
    LinkSaved,
    /// A page of a feed is queued, the cursor is not saved.
    PageQueued,
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 11] = [
        Self::EventAcknowledged,
        Self::HintReceived,
        Self::LinkInserted,
        Self::SidesRead,
        Self::IntentSaved,
        Self::ReferralCreated,
        Self::RecordCreated,
        Self::SideUpdated,
        Self::OutcomeFolded,
        Self::LinkSaved,
        Self::PageQueued,
    ];

    /// The point's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EventAcknowledged => "event-acknowledged",
            Self::HintReceived => "hint-received",
            Self::LinkInserted => "link-inserted",
            Self::SidesRead => "sides-read",
            Self::IntentSaved => "intent-saved",
            Self::ReferralCreated => "referral-created",
            Self::RecordCreated => "record-created",
            Self::SideUpdated => "side-updated",
            Self::OutcomeFolded => "outcome-folded",
            Self::LinkSaved => "link-saved",
            Self::PageQueued => "page-queued",
        }
    }

    /// The point of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.name() == name)
    }
}
