//! What can go wrong, sorted by what the caller does next. How an answer becomes one of these: `verdict.rs`.

use std::time::Duration;

/// A failed call. Texts that come from Partner Center are stripped of contact data and cut to 300 characters.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 429: nothing was executed; every call of this principal waits.
    #[error("Partner Center throttles us for {} s", retry_after.as_secs())]
    Throttled {
        /// How long to stay away.
        retry_after: Duration,
    },
    /// 503: wait. A write may have been executed before the service went away.
    #[error("Partner Center is unavailable; next try in {} s", retry_after.as_secs())]
    Unavailable {
        /// How long to stay away.
        retry_after: Duration,
    },
    /// The request went out, and no answer tells what became of it. A read is repeated; a write is recovered from its
    /// intent.
    #[error("the outcome of a request to Partner Center is unknown: {reason}")]
    UnknownOutcome {
        /// What was seen instead of an answer.
        reason: String,
        /// The transport's error, without the address.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// Nothing was sent: no connection, no token for now, or a closed gate.
    #[error("nothing was sent to Partner Center: {reason}")]
    NotSent {
        /// Why.
        reason: String,
        /// When a try makes sense, if that is known.
        retry_after: Option<Duration>,
        /// The transport's error, without the address.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// The referral changed since its etag was read: read it and decide again.
    #[error("the referral changed in Partner Center since it was read")]
    Stale {
        /// Partner Center's words.
        message: String,
    },
    /// No such referral, or not one that the person behind our token may see.
    #[error("no such referral in Partner Center: {message}")]
    NotFound {
        /// Partner Center's words.
        message: String,
    },
    /// A role is missing.
    #[error("Partner Center denied access ({message}): the account behind the token needs the role Referrals admin")]
    Denied {
        /// Partner Center's words.
        message: String,
    },
    /// Somebody must sign in again.
    #[error("signing in to Partner Center failed: {reason}; run `cosell login`, with a second factor")]
    SignIn {
        /// What the sign-in service said: error name and AADSTS number.
        reason: String,
        /// No sign-in is tried for this long.
        retry_after: Duration,
    },
    /// The request makes no sense to Partner Center: repeating it is pointless until something changes.
    #[error("Partner Center refused the request ({status} {code}): {message}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// The deepest code.
        code: String,
        /// Partner Center's words.
        message: String,
    },
    /// A success that makes no sense to us.
    #[error("an answer of Partner Center cannot be read: {what}")]
    Unreadable {
        /// What was seen.
        what: String,
    },
    /// The settings cannot work.
    #[error("{reason}")]
    Configuration {
        /// What to change.
        reason: String,
    },
}

impl Error {
    /// Whether a write that ended so certainly changed nothing.
    #[must_use]
    pub fn was_not_executed(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::UnknownOutcome { .. } | Self::Unreadable { .. } => false,
            Self::Throttled { .. }
            | Self::NotSent { .. }
            | Self::Stale { .. }
            | Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::SignIn { .. }
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
