//! The guards that keep a link safe. Taking one away must break something that the oracle sees.

/// Which guards stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guards {
    /// A vendor refuses an update of another version than the one that was read.
    pub(crate) if_match: bool,
    /// The store refuses a save of another revision than the one that was loaded.
    pub(crate) revision_check: bool,
    /// The intent and its history are saved before the effect.
    pub(crate) intent_before_effect: bool,
    /// After an unknown outcome nothing is judged until the request can no longer land.
    pub(crate) quiesce_wait: bool,
    /// A request that was decided too long ago is not sent.
    pub(crate) send_window: bool,
    /// Evidence counts from when it was asked for, not from when it is judged.
    pub(crate) evidence_ages: bool,
    /// The CRM record says which intent wrote it last.
    pub(crate) stamp: bool,
    /// Each side's base is what that side returned.
    pub(crate) per_side_base: bool,
    /// The CRM refuses a second record for the same referral.
    pub(crate) unique_key: bool,
}

impl Guards {
    pub(crate) const ALL: Self = Self {
        if_match: true,
        revision_check: true,
        intent_before_effect: true,
        quiesce_wait: true,
        send_window: true,
        evidence_ages: true,
        stamp: true,
        per_side_base: true,
        unique_key: true,
    };
}
