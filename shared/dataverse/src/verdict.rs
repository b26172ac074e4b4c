//! From a failed answer to an [`Error`]: by code, then by wording, then by status (dataverse-api 2.12 and 3.1).
//!
//! One status is several things (412 is a stale etag, a taken key or a duplicate rule), and a plug-in can put any
//! text behind any status, so the code decides where there is one.

use std::time::SystemTime;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::sending::Precondition;
use discretion::without_contact_data;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    AlreadyClosed,
    Closed,
    ColumnMissing,
    CurrencyLocked,
    DeltaExpired,
    Denied,
    Exists,
    KeyMissing,
    NotFound,
    Rejected,
    RouteMissing,
    Stale,
    Throttled,
    TooLong,
    TrackingOff,
    UnknownOutcome,
}

/// Codes that mean one thing whatever the status. What is not here is judged by wording and status.
const CODES: &[(u32, Meaning)] = &[
    (0x8004_0217, Meaning::NotFound),       // ObjectDoesNotExist
    (0x8006_0891, Meaning::NotFound),       // RecordNotFoundByEntityKey
    (0x8004_0237, Meaning::Exists),         // DuplicateRecord
    (0x8006_0892, Meaning::Exists),         // DuplicateRecordEntityKey
    (0x8007_3002, Meaning::Exists),         // CrmSQLUniqueIndexOrConstraintViolation
    (0x8006_0882, Meaning::Stale),          // ConcurrencyVersionMismatch
    (0x8004_0220, Meaning::Denied),         // PrivilegeDenied
    (0x8004_8306, Meaning::Denied),         // unManagedIdsAccessDenied
    (0x8004_a110, Meaning::Denied),         // CannotActOnBehalfOfAnotherUser
    (0x8007_2560, Meaning::Denied),         // UserNotMemberOfOrg
    (0x8008_1018, Meaning::Denied),         // CannotQualifyLead: no right to create accounts
    (0x8004_022e, Meaning::Closed),         // CannotUpdateBecauseItIsReadOnly
    (0x8004_0230, Meaning::Closed),         // CannotUpdateObjectBecauseItIsInactive
    (0x8004_0515, Meaning::AlreadyClosed),  // OpportunityAlreadyInClosedState
    (0x8004_0519, Meaning::AlreadyClosed),  // LeadAlreadyInClosedState
    (0x8004_8479, Meaning::CurrencyLocked), // CannotUpdateOpportunityCurrency
    (0x8004_4331, Meaning::TooLong),        // StringLengthTooLong
    (0x8004_1103, Meaning::ColumnMissing),  // QueryBuilderNoAttribute
    (0x8006_088f, Meaning::KeyMissing),     // InvalidEntityKeyOperation
    (0x8006_0890, Meaning::KeyMissing),     // EntityKeyNotDefined
    (0x8007_2491, Meaning::TrackingOff),    // ChangeTrackingNotEnabledForEntity
    (0x8004_4352, Meaning::DeltaExpired),   // ExpiredVersionStamp
    (0x8007_2321, Meaning::Throttled),      // execution time
    (0x8007_2322, Meaning::Throttled),      // number of requests
    (0x8007_2326, Meaning::Throttled),      // concurrent requests
    (0x8007_2327, Meaning::Throttled),      // data source
    (0x8004_8544, Meaning::Throttled),      // data engine
    (0x8004_4339, Meaning::UnknownOutcome), // CouldNotObtainLockOnResource
    (0x8004_4150, Meaning::UnknownOutcome), // generic SQL error
    (0x8004_4151, Meaning::UnknownOutcome), // SQL time-out
    (0x8004_0216, Meaning::UnknownOutcome), // UnExpected
    (0x8004_0265, Meaning::Rejected),       // IsvAborted: a plug-in of the customer says no, often with a 500
    (0x8004_0224, Meaning::Rejected),       // IsvUnExpected
    (0x8004_0333, Meaning::Rejected),       // DuplicateRecordsFound, a 412 by a duplicate detection rule
    (0x8004_4182, Meaning::Rejected),       // SdkCorrelationTokenDepthTooHigh
];

/// Wordings that tell more than the code beside them, which may be generic, symbolic or absent. Lower case.
const WORDINGS: &[(&str, Meaning)] = &[
    ("version stamp associated with the client has expired", Meaning::DeltaExpired),
    ("could not find a property named", Meaning::ColumnMissing),
    ("undeclared property", Meaning::ColumnMissing),
    ("doesn't contain attribute with name", Meaning::ColumnMissing),
    ("invalid property '", Meaning::ColumnMissing),
    ("does not exist on type 'microsoft.dynamics.crm", Meaning::ColumnMissing),
    ("resource not found for the segment", Meaning::ColumnMissing),
    ("the key in the request uri is not valid for resource", Meaning::KeyMissing),
    ("no http resource was found", Meaning::RouteMissing),
    ("a record with matching key values already exists", Meaning::Exists),
];

/// Looked up after the wordings: the parser of addresses and payloads uses it for several faults of that kind.
const GENERIC_CODES: &[(u32, Meaning)] = &[(0x8006_0888, Meaning::ColumnMissing)];

/// Codes of a token that is not accepted, whatever the status (dataverse-api 1.2).
const TOKEN_CODES: [u32; 2] = [0x8005_f101, 0x8004_1d52];

/// Where a name stands in the wordings about missing columns; the quoted text that follows is the name.
const NAMES_FOLLOW: [&str; 6] =
    ["property named '", "undeclared property '", "with name = '", "invalid property '", "the property '", "segment '"];

/// Whether the answer says that the token is not accepted.
pub(crate) fn refuses_token(status: StatusCode, body: &[u8]) -> bool {
    status == StatusCode::UNAUTHORIZED
        || (status.is_client_error() && Complaint::read(body).number.is_some_and(|code| TOKEN_CODES.contains(&code)))
}

/// The error behind an answer that is not a success. `retry_after` is that header's text.
pub(crate) fn error_of(
    status: StatusCode,
    retry_after: Option<&str>,
    body: &[u8],
    precondition: Option<&Precondition>,
) -> Error {
    let complaint = Complaint::read(body);
    let wait = || throttle::retry_after(retry_after, SystemTime::now());
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Error::Throttled { retry_after: wait() };
    }
    match complaint.meaning() {
        None | Some(Meaning::UnknownOutcome) if status == StatusCode::SERVICE_UNAVAILABLE => {
            Error::Unavailable { retry_after: wait() }
        }
        // Told so of an etag that we did not send, the row is simply there.
        Some(Meaning::Stale) if matches!(precondition, Some(Precondition::MustNotExist)) => {
            complaint.error(Meaning::Exists, status)
        }
        Some(Meaning::Throttled) => Error::Throttled { retry_after: wait() },
        Some(meaning) => complaint.error(meaning, status),
        None if status.is_redirection() => Error::Configuration {
            reason: format!("Dataverse answered with a redirect ({}); check dataverse.url", status.as_u16()),
        },
        None => complaint.error(meaning_of_status(status, precondition), status),
    }
}

fn meaning_of_status(status: StatusCode, precondition: Option<&Precondition>) -> Meaning {
    match (status.as_u16(), precondition) {
        (403, _) => Meaning::Denied,
        (404, _) => Meaning::NotFound,
        (408 | 500 | 502 | 504, _) => Meaning::UnknownOutcome,
        (412, Some(Precondition::MustNotExist)) => Meaning::Exists,
        (412, Some(Precondition::Matches(_) | Precondition::MustExist)) => Meaning::Stale,
        _ => Meaning::Rejected,
    }
}

/// The code and words of an error body, whatever its form.
#[derive(Default)]
struct Complaint {
    number: Option<u32>,
    code: String,
    message: String,
}

impl Complaint {
    /// Reads OData's `{"error":{"code","message"}}`, the front door's `{"Message"}`, and nothing from HTML or emptiness.
    fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(root)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let error = root.get("error").and_then(Value::as_object).unwrap_or(&root);
        let code = text_of(error, &["code", "Code", "ErrorCode"]);
        let mut message = text_of(error, &["message", "Message", "error_description", "error"]);
        let inner = error.get("innererror").and_then(Value::as_object);
        let inner = inner.map(|inner| text_of(inner, &["message"])).unwrap_or_default();
        if !message.contains(&inner) {
            message = format!("{message} ({inner})");
        }
        Self { number: code_number(&code), code, message }
    }

    fn meaning(&self) -> Option<Meaning> {
        let by_code = |table: &[(u32, Meaning)]| {
            table.iter().find(|(code, _)| Some(*code) == self.number).map(|(_, meaning)| *meaning)
        };
        let lower = self.message.to_lowercase();
        let by_wording = || WORDINGS.iter().find(|(wording, _)| lower.contains(wording)).map(|(_, meaning)| *meaning);
        by_code(CODES).or_else(by_wording).or_else(|| by_code(GENERIC_CODES))
    }

    fn error(&self, meaning: Meaning, status: StatusCode) -> Error {
        let message = without_contact_data(&self.message);
        let code = match self.number {
            Some(number) => format!("{number:#010x}"),
            None => without_contact_data(&self.code),
        };
        match meaning {
            Meaning::AlreadyClosed => Error::AlreadyClosed,
            Meaning::Closed => Error::Closed,
            Meaning::CurrencyLocked => Error::CurrencyLocked,
            Meaning::DeltaExpired => Error::DeltaExpired,
            Meaning::Stale => Error::Stale,
            Meaning::ColumnMissing => Error::ColumnMissing { column: self.missing_name(), message },
            Meaning::Denied => Error::Denied { code, message },
            Meaning::Exists => Error::Exists { message },
            Meaning::NotFound => Error::NotFound { message },
            Meaning::TooLong => {
                Error::TooLong { column: self.quoted_after("length of the '"), max_length: self.max_length() }
            }
            Meaning::UnknownOutcome => {
                Error::UnknownOutcome { reason: format!("{} {code} {message}", status.as_u16()), source: None }
            }
            Meaning::Rejected | Meaning::Throttled => Error::Rejected { status: status.as_u16(), code, message },
            Meaning::KeyMissing => Error::Configuration {
                reason: format!(
                    "an alternate key is missing or not active yet in Dataverse; run `cosell check`: {message}"
                ),
            },
            Meaning::RouteMissing => Error::Configuration {
                reason: format!("Dataverse knows no such address; check dataverse.url: {message}"),
            },
            Meaning::TrackingOff => Error::Configuration {
                reason: format!("change tracking is off for a table in Dataverse; run `cosell install`: {message}"),
            },
        }
    }

    fn missing_name(&self) -> Option<String> {
        NAMES_FOLLOW.iter().find_map(|lead| self.quoted_after(lead))
    }

    fn max_length(&self) -> Option<u32> {
        self.quoted_after("maximum allowed length of '")?.parse().ok()
    }

    /// The text between `lead`, which ends in an apostrophe, and the next apostrophe; names only.
    fn quoted_after(&self, lead: &str) -> Option<String> {
        let start = self.message.to_ascii_lowercase().find(lead)? + lead.len();
        let (name, _) = self.message[start..].split_once('\'')?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.@".contains(&byte));
        (is_name && !name.is_empty()).then(|| without_contact_data(name))
    }
}

fn text_of(object: &Map<String, Value>, names: &[&str]) -> String {
    names
        .iter()
        .find_map(|name| match object.get(*name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Object(inner) => inner.get("value")?.as_str().map(str::to_owned),
            _ => None,
        })
        .unwrap_or_default()
}

/// `0x80040217` in either case, or the same as a signed number.
fn code_number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse::<i32>().ok().map(i32::cast_unsigned).filter(|number| *number != 0),
    }
}

#[cfg(test)]
mod tests;
