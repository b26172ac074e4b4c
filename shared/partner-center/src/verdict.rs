//! From a failed answer to an [`Error`]: by code, then by status (partner-center-api 4.10 to 4.12).

use std::time::{Duration, SystemTime};

use discretion::without_contact_data;
use http::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::quoted_values::without_quoted_values;

/// How long no sign-in is tried after one was refused: a person has to act.
pub(crate) const REFUSED_WAIT: Duration = Duration::from_secs(60);

/// Texts are cut to this many bytes before they are cleaned.
const TEXT_BYTES_MAX: usize = 4 * 1024;

/// Codes that only a new sign-in mends, whatever the status (partner-center-api 1.4). The second is how it is spelled.
const SIGN_IN_CODES: &[(&str, &str)] = &[
    ("900421", "the refresh token was got without multi-factor authentication (900421)"),
    ("insufficent_claims", "Conditional Access asks for more than the token holds (insufficient_claims)"),
    ("insufficient_claims", "Conditional Access asks for more than the token holds (insufficient_claims)"),
];

/// What a failed answer says, in any of the four shapes: the referrals envelope, Partner Center's, the throttle's, text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The deepest code.
    pub(crate) code: String,
    /// The deepest words, clean.
    pub(crate) message: String,
}

impl Complaint {
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(root @ Value::Object(_)) = serde_json::from_slice(body) else {
            let text = String::from_utf8_lossy(&body[..body.len().min(TEXT_BYTES_MAX)]);
            // HTML of a front door says nothing that a status does not.
            let text = if text.trim_start().starts_with('<') { "" } else { text.trim() };
            return Self { code: String::new(), message: clean(text) };
        };
        let mut complaint = Self::default();
        let mut at = Some(root.get("error").filter(|error| error.is_object()).unwrap_or(&root));
        while let Some(level) = at {
            if let Some(code) = word(level, &["code", "statusCode", "error"]) {
                complaint.code = clean(&code);
            }
            if let Some(message) = word(level, &["message", "description", "error_description"]) {
                complaint.message = clean(&message);
            }
            at = level.get("innerError").or_else(|| level.get("innererror")).filter(|inner| inner.is_object());
        }
        complaint
    }

    /// Why somebody must sign in again, if the code says so.
    pub(crate) fn demands_sign_in(&self) -> Option<&'static str> {
        SIGN_IN_CODES.iter().find(|(code, _)| *code == self.code).map(|(_, reason)| *reason)
    }
}

fn clean(text: &str) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    without_contact_data(&without_quoted_values(&text[..end]))
}

/// The first of the members that says something: a text that is not empty, or a number.
fn word(level: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match level.get(*name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// The error behind an answer that is not a success. `conditional` tells that an `If-Match` was sent.
pub(crate) fn error_of(status: StatusCode, retry_after: Option<&str>, body: &[u8], conditional: bool) -> Error {
    let complaint = Complaint::read(body);
    let wait = || throttle::retry_after(retry_after, SystemTime::now());
    let number = status.as_u16();
    if let (400..=499, Some(reason)) = (number, complaint.demands_sign_in()) {
        return Error::SignIn { reason: reason.to_owned(), retry_after: REFUSED_WAIT };
    }
    let Complaint { code, message } = complaint;
    match (number, code.as_str()) {
        (429 | 507 | 509, _) => Error::Throttled { retry_after: wait() },
        (503, _) | (_, "serviceNotAvailable") => Error::Unavailable { retry_after: wait() },
        (300..=399, _) => Error::Configuration {
            reason: format!(
                "Partner Center answered with a redirect ({number}); check the addresses in partner_center"
            ),
        },
        (404 | 410, _) | (_, "itemNotFound") => Error::NotFound { message },
        (409 | 412, _) | (_, "preconditionFailed" | "resourceModified") if conditional => Error::Stale { message },
        (403, _) | (_, "accessDenied") => Error::Denied { message },
        (501 | 505, _) => Error::Rejected { status: number, code, message },
        // Of 500 and what gateways invent above it nobody knows what was done before. 423 is one locked referral: to be
        // looked at again, and no reason to keep away from all others.
        (408 | 423 | 500..=599, _) => {
            Error::UnknownOutcome { reason: format!("{number} {code} {message}").trim_end().to_owned(), source: None }
        }
        _ => Error::Rejected { status: number, code, message },
    }
}

#[cfg(test)]
mod tests;
