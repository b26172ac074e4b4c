//! What can go wrong, sorted by what the caller does next. How an answer becomes one of these: `verdict.rs`.

use std::time::Duration;

/// A failed call. Texts that come from Dataverse are stripped of contact data and cut to 300 characters.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 429: nothing was executed; every call of this principal waits. The gate is closed for as long.
    #[error("Dataverse throttles this application for {} s", retry_after.as_secs())]
    Throttled {
        /// How long to stay away.
        retry_after: Duration,
    },
    /// 503: wait. A write may have been executed before the service went away.
    #[error("Dataverse is unavailable; next try in {} s", retry_after.as_secs())]
    Unavailable {
        /// How long to stay away.
        retry_after: Duration,
    },
    /// The request went out, and no answer tells what became of it: time-out, cut connection, 500, 502, 504, a lock
    /// or database time-out. A read is simply repeated; a write is recovered from its intent.
    #[error("the outcome of a request to Dataverse is unknown: {reason}")]
    UnknownOutcome {
        /// What was seen instead of an answer.
        reason: String,
        /// The transport's error, without the address.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// Nothing was sent: no connection, no token for now, or a closed gate.
    #[error("nothing was sent to Dataverse: {reason}")]
    NotSent {
        /// Why.
        reason: String,
        /// When a try makes sense, if that is known.
        retry_after: Option<Duration>,
        /// The transport's error, without the address.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// The row changed since its etag was read: read it and decide again.
    #[error("the row changed in Dataverse since it was read")]
    Stale,
    /// A row with this key exists already: read it.
    #[error("a row with this key exists in Dataverse already: {message}")]
    Exists {
        /// Dataverse's words.
        message: String,
    },
    /// No such row. On a write this may also be a row that the body refers to; the message names it.
    #[error("no such row in Dataverse: {message}")]
    NotFound {
        /// Dataverse's words.
        message: String,
    },
    /// A privilege or role is missing: an administrator has to grant it.
    #[error("Dataverse denied access ({code}): {message}")]
    Denied {
        /// The code, or empty.
        code: String,
        /// Dataverse's words, naming the privilege.
        message: String,
    },
    /// The application cannot sign in, or its fresh token is refused: a person has to mend client id, secret or tenant.
    #[error("signing in to Dataverse failed: {reason}; check tenant_id, client_id, client_secret and audience")]
    SignIn {
        /// What the sign-in service said: error name and AADSTS number.
        reason: String,
        /// No sign-in is tried for this long.
        retry_after: Duration,
    },
    /// The record is closed, and so read-only.
    #[error("the record is closed in Dataverse and cannot be changed")]
    Closed,
    /// The opportunity or lead to be closed is closed already: read its state.
    #[error("the record is closed in Dataverse already")]
    AlreadyClosed,
    /// The currency of the record cannot change any more.
    #[error("the currency of the record cannot be changed in Dataverse")]
    CurrencyLocked,
    /// A text is longer than its column.
    #[error("a text is too long for column {} in Dataverse", column.as_deref().unwrap_or("(not named)"))]
    TooLong {
        /// The column, if the message names it.
        column: Option<String>,
        /// Its length in UTF-16 units, if the message names it.
        max_length: Option<u32>,
    },
    /// A column, navigation property or table is not there: the schema differs from what the mapping expects.
    #[error("Dataverse has no {}: {message}; run `cosell check`", column.as_deref().unwrap_or("such column"))]
    ColumnMissing {
        /// The name, if the message has it.
        column: Option<String>,
        /// Dataverse's words.
        message: String,
    },
    /// The delta link is no longer good: read the table anew with `start_tracking`.
    #[error("the change tracking link is no longer valid; the table must be read anew")]
    DeltaExpired,
    /// Dataverse (or a plug-in of the customer) refuses this very content; repeating changes nothing.
    #[error("Dataverse rejected the request with {status} {code}: {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The code as `0x80040265`, in lower case, or empty.
        code: String,
        /// Dataverse's or the plug-in's words.
        message: String,
    },
    /// An answer that is not what the protocol promises. A write with such an answer was most likely executed.
    #[error("Dataverse answered something unreadable: {what}")]
    Unreadable {
        /// What was wrong with it; never its content.
        what: String,
    },
    /// Something that only a change of the settings, of the installed schema or of the program mends.
    #[error("{reason}")]
    Configuration {
        /// What and how to fix it.
        reason: String,
    },
}

impl Error {
    /// True if the request provably changed nothing in Dataverse, so that repeating it repeats no effect.
    #[must_use]
    pub fn was_not_executed(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::UnknownOutcome { .. } | Self::Unreadable { .. } => false,
            Self::Throttled { .. }
            | Self::NotSent { .. }
            | Self::Stale
            | Self::Exists { .. }
            | Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::SignIn { .. }
            | Self::Closed
            | Self::AlreadyClosed
            | Self::CurrencyLocked
            | Self::TooLong { .. }
            | Self::ColumnMissing { .. }
            | Self::DeltaExpired
            | Self::Rejected { .. }
            | Self::Configuration { .. } => true,
        }
    }

    /// How long to stay away, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } | Self::Unavailable { retry_after } | Self::SignIn { retry_after, .. } => {
                Some(*retry_after)
            }
            Self::NotSent { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
