//! What a vendor's error means for the link being worked: park it, or fold an outcome.

use std::time::Duration;

use sync_core::{Blocker, Code, Outcome, Side};

use crate::Error;

/// Why the link must wait, through no fault of the deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// From the closed list.
    pub(crate) code: Code,
    /// How long.
    pub(crate) wait: Duration,
    /// What the vendor said, without contact data.
    pub(crate) reason: String,
}

/// After a reset or a time-out of a read, and before a request that never left is made again.
const NETWORK_WAIT: Duration = Duration::from_secs(5);
/// Somebody must sign in again: we look whether they did.
const SIGN_IN_WAIT: Duration = Duration::from_secs(60);
/// A role is missing; a new one takes up to an hour to arrive (partner-center-api 1.6).
const ROLE_WAIT: Duration = Duration::from_secs(10 * 60);
/// The vendor's answer makes no sense to us, or the settings do not fit its schema.
const SCHEMA_WAIT: Duration = Duration::from_secs(5 * 60);

impl Trouble {
    fn new(code: Code, wait: Duration, error: &dyn std::fmt::Display) -> Self {
        Self { code, wait, reason: error.to_string() }
    }

    /// A Partner Center call failed.
    pub(crate) fn of_partner_center(error: &partner_center::Error) -> Self {
        use partner_center::Error as E;
        let (code, wait) = match error {
            E::Throttled { retry_after } | E::Unavailable { retry_after } => (Code::Throttled, *retry_after),
            E::NotSent { retry_after, .. } => (Code::Throttled, retry_after.unwrap_or(NETWORK_WAIT)),
            E::UnknownOutcome { .. } | E::Stale { .. } => (Code::Throttled, NETWORK_WAIT),
            E::SignIn { .. } => (Code::ConsentExpired, SIGN_IN_WAIT),
            E::Denied { .. } => (Code::AccessDenied, ROLE_WAIT),
            E::NotFound { .. } => (Code::Gone, SCHEMA_WAIT),
            E::Rejected { .. } | E::Unreadable { .. } | E::Configuration { .. } => (Code::Rejected, SCHEMA_WAIT),
        };
        Self::new(code, wait, error)
    }

    /// A Dataverse call failed.
    pub(crate) fn of_crm(error: &dataverse::Error) -> Self {
        use dataverse::Error as E;
        let (code, wait) = match error {
            E::Throttled { retry_after } | E::Unavailable { retry_after } => (Code::Throttled, *retry_after),
            E::NotSent { retry_after, .. } => (Code::Throttled, retry_after.unwrap_or(NETWORK_WAIT)),
            E::UnknownOutcome { .. } | E::Stale | E::Exists { .. } => (Code::Throttled, NETWORK_WAIT),
            E::SignIn { .. } => (Code::ConsentExpired, SIGN_IN_WAIT),
            E::Denied { .. } => (Code::AccessDenied, ROLE_WAIT),
            E::NotFound { .. } => (Code::Gone, SCHEMA_WAIT),
            _ => (Code::Rejected, SCHEMA_WAIT),
        };
        Self::new(code, wait, error)
    }
}

/// What became of a write to Partner Center that did not answer with success, and whether to wait.
pub(crate) fn partner_center_outcome(error: &partner_center::Error) -> (Outcome, Option<Trouble>) {
    use partner_center::Error as E;
    match error {
        E::Stale { .. } | E::NotFound { .. } => (Outcome::NotDone, None),
        E::Rejected { .. } => (Outcome::Refused(rejected("Partner Center", error)), None),
        error if error.was_not_executed() => (Outcome::NotDone, Some(Trouble::of_partner_center(error))),
        _ => (Outcome::Unknown, None),
    }
}

/// What became of a write to the CRM that did not answer with success, and whether to wait.
pub(crate) fn crm_outcome(error: &dataverse::Error) -> (Outcome, Option<Trouble>) {
    use dataverse::Error as E;
    match error {
        E::Stale | E::NotFound { .. } => (Outcome::NotDone, None),
        // Our key is taken, by an earlier attempt of ours or by somebody else: the stamp tells.
        E::Exists { .. } => (Outcome::Unknown, None),
        E::Closed | E::AlreadyClosed => (Outcome::NotDone, None),
        E::CurrencyLocked => {
            let text = "Currency cannot be changed any more: change it back in Partner Center".to_owned();
            (Outcome::Refused(Blocker { code: Code::CurrencyLocked, text }), None)
        }
        E::TooLong { .. } | E::ColumnMissing { .. } | E::Rejected { .. } => {
            (Outcome::Refused(rejected("Dynamics 365", error)), None)
        }
        error if error.was_not_executed() => (Outcome::NotDone, Some(Trouble::of_crm(error))),
        _ => (Outcome::Unknown, None),
    }
}

fn rejected(vendor: &str, error: &dyn std::fmt::Display) -> Blocker {
    Blocker { code: Code::Rejected, text: format!("{vendor} refused the change: {error}") }
}

impl Trouble {
    /// The same trouble before there is a link that could be parked.
    pub(crate) fn poll_error(self, side: Side) -> Error {
        Error::Poll { side: side.word(), reason: self.reason, code: self.code, wait: self.wait }
    }
}
