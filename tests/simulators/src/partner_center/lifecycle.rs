//! The states of a referral and the moves between them (partner-center-api 3.3).
//!
//! ```text
//! New/Pending --> New/Received
//!      |               |
//!      +-------+-------+--> Closed/Declined, Closed/Expired (the clock, after 14 days)
//!              v
//!        Active/Accepted --> Closed/Won, Closed/Lost            Closed is terminal
//! ```

use super::switches::Switches;

/// Days that a new incoming referral waits for an answer.
pub(super) const DAYS_TO_ANSWER: i64 = 14;

const SUBSTATUSES: &[(&str, &[&str])] = &[
    ("New", &["Pending", "Received"]),
    ("Active", &["Accepted"]),
    ("Closed", &["Won", "Lost", "Declined", "Expired", "Error"]),
];

const NEXT_STATUSES: &[(&str, &[&str])] =
    &[("New", &["New", "Active", "Closed"]), ("Active", &["Active", "Closed"]), ("Closed", &["Closed"])];

/// Moves that the table of statuses allows and a strict server would not.
const DOUBTFUL: &[(&str, &str)] = &[("Active", "Declined"), ("New", "Won"), ("New", "Lost")];

/// A status with its substatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State<'a> {
    pub(super) status: &'a str,
    pub(super) substatus: &'a str,
}

/// Why a caller may not move a referral from one state to another; none if it may.
pub(super) fn objection(from: State<'_>, to: State<'_>, switches: &Switches) -> Option<String> {
    if from == to {
        return None;
    }
    let engaged = switches.accept_engaged_substatus && (to.status, to.substatus) == ("Active", "Engaged");
    if !engaged && !allowed(SUBSTATUSES, to.status, to.substatus) {
        return Some(format!("Substatus {} is not valid for status {}.", to.substatus, to.status));
    }
    if !allowed(NEXT_STATUSES, from.status, to.status) || from.status == "Closed" {
        return Some(format!("A referral cannot go from {} to {}.", from.status, to.status));
    }
    if to.substatus == "Expired" {
        return Some("Only the system lets a referral expire.".to_owned());
    }
    if to.substatus == "Error" && !switches.accept_error_substatus {
        return Some("Substatus Error is not accepted.".to_owned());
    }
    if switches.strict_transitions && DOUBTFUL.contains(&(from.status, to.substatus)) {
        return Some(format!("A referral cannot go from {} to {}.", from.substatus, to.substatus));
    }
    None
}

fn allowed(table: &[(&str, &[&str])], key: &str, value: &str) -> bool {
    table.iter().any(|(name, values)| *name == key && values.contains(&value))
}
