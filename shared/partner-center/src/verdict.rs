//! From a failed answer to an [`Error`]: by code, then by status (partner-center-api 4.10 to 4.12).

use std::time::SystemTime;

use discretion::without_contact_data;
use http::StatusCode;
use serde_json::Value;

use crate::Error;

/// The code of a token that was got without a second factor (partner-center-api 1.4).
const MFA_MISSING: &str = "900421";

/// What a failed answer says, in any of the four shapes: the referrals envelope, Partner Center's, the throttle's, text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The deepest code.
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Complaint {
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(root)) = serde_json::from_slice(body) else {
            let text = String::from_utf8_lossy(body);
            // HTML of a front door says nothing that a status does not.
            let text = if text.trim_start().starts_with('<') { "" } else { text.trim() };
            return Self { code: String::new(), message: without_contact_data(text) };
        };
        let mut complaint = Self::default();
        let root = Value::Object(root);
        let mut at = Some(root.get("error").filter(|error| error.is_object()).unwrap_or(&root));
        while let Some(level) = at {
            if let Some(code) = word(level, &["code", "statusCode"]) {
                complaint.code = code;
            }
            if let Some(message) = word(level, &["message", "description", "error_description"]) {
                complaint.message = without_contact_data(&message);
            }
            at = level.get("innerError").or_else(|| level.get("innererror")).filter(|inner| inner.is_object());
        }
        complaint
    }

    pub(crate) fn misses_second_factor(&self) -> bool {
        self.code == MFA_MISSING
    }
}

fn word(level: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match level.get(*name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// The error behind an answer that is not a success. `conditional` tells that an `If-Match` was sent.
pub(crate) fn error_of(status: StatusCode, retry_after: Option<&str>, body: &[u8], conditional: bool) -> Error {
    let Complaint { code, message } = Complaint::read(body);
    let wait = || throttle::retry_after(retry_after, SystemTime::now());
    let number = status.as_u16();
    match (number, code.as_str()) {
        (429 | 507 | 509, _) => Error::Throttled { retry_after: wait() },
        (503 | 423, _) | (_, "serviceNotAvailable") => Error::Unavailable { retry_after: wait() },
        (404 | 410, _) | (_, "itemNotFound") => Error::NotFound { message },
        (409 | 412, _) | (_, "preconditionFailed" | "resourceModified") if conditional => Error::Stale { message },
        (403, _) | (_, "accessDenied") => Error::Denied { message },
        (408 | 500 | 502 | 504, _) => {
            Error::UnknownOutcome { reason: format!("{number} {code} {message}"), source: None }
        }
        (300..=399, _) => Error::Configuration {
            reason: format!("Partner Center answered with a redirect ({number}); check partner_center.referrals_url"),
        },
        _ => Error::Rejected { status: number, code, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str, conditional: bool) -> Error {
        error_of(StatusCode::from_u16(status).unwrap(), Some("7"), body.as_bytes(), conditional)
    }

    #[test]
    fn all_four_shapes_are_read() {
        let nested =
            r#"{"error":{"code":"unauthenticated","message":"a","innerError":{"code":"900421","message":"b"}}}"#;
        for (body, code, message) in [
            (nested, "900421", "b"),
            (r#"{"code":1000,"description":"not found","data":[],"source":"x"}"#, "1000", "not found"),
            (r#"{"statusCode":429,"message":"Try again in 57 seconds."}"#, "429", "Try again in 57 seconds."),
            ("plain words to ada@contoso.com", "", "plain words to [e-mail]"),
            ("<html>front door</html>", "", ""),
        ] {
            let complaint = Complaint::read(body.as_bytes());
            assert_eq!((complaint.code.as_str(), complaint.message.as_str()), (code, message), "{body}");
        }
    }

    #[test]
    fn a_status_says_what_to_do_next() {
        assert!(matches!(judged(429, "{}", false), Error::Throttled { retry_after } if retry_after.as_secs() == 7));
        assert!(matches!(judged(503, "", false), Error::Unavailable { .. }));
        assert!(matches!(judged(412, "{}", true), Error::Stale { .. }));
        assert!(matches!(judged(409, "{}", true), Error::Stale { .. }));
        assert!(matches!(judged(409, "{}", false), Error::Rejected { status: 409, .. }));
        assert!(matches!(judged(404, "{}", true), Error::NotFound { .. }));
        assert!(matches!(judged(403, "{}", true), Error::Denied { .. }));
        assert!(matches!(judged(500, "{}", true), Error::UnknownOutcome { .. }));
        assert!(matches!(judged(400, r#"{"error":{"code":"invalidRequest"}}"#, true), Error::Rejected { .. }));
        assert!(matches!(judged(302, "", true), Error::Configuration { .. }));
    }
}
