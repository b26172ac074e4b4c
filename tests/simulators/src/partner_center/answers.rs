//! What the two hosts answer when they refuse: the referrals envelope (partner-center-api 4.10), the Partner Center
//! envelope (4.11) and the throttling shape (4.12).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

/// A refusal of the referrals host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    status: u16,
    code: &'static str,
    inner: Option<(&'static str, &'static str)>,
    message: String,
    target: &'static str,
}

impl Refused {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, inner: None, message: message.into(), target: "referral" }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalidRequest", message)
    }

    /// 401. The sample spells the code in another way than the table does.
    pub(super) fn unauthenticated(as_in_sample: bool) -> Self {
        let code = if as_in_sample { "unAuthorized" } else { "unauthenticated" };
        Self::new(401, code, "The caller is not authenticated.")
    }

    pub(super) fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    pub(super) fn with_inner(self, code: &'static str, message: &'static str) -> Self {
        Self { inner: Some((code, message)), ..self }
    }

    pub(super) fn access_denied() -> Self {
        Self::new(403, "accessDenied", "Access denied")
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "itemNotFound", "The resource could not be found.")
    }

    pub(super) fn modified(status: u16, code: &'static str) -> Self {
        Self::new(status, code, "The resource has changed since it was last read.")
    }

    pub(super) fn precondition_missing(status: u16) -> Self {
        let code = if status == 412 { "preconditionFailed" } else { "invalidRequest" };
        Self::new(status, code, "If-Match is required.")
    }

    pub(super) fn method() -> Self {
        Self::new(405, "invalidRequest", "The method is not allowed for this resource.")
    }

    pub(super) fn media_type() -> Self {
        Self::new(415, "invalidRequest", "Content-Type must be application/json.")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message, "target": self.target });
        if let Some((code, message)) = self.inner {
            error["innerError"] = json!({ "code": code, "message": message });
        }
        (status(self.status), Json(json!({ "error": error }))).into_response()
    }
}

/// A refusal of the webhooks host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WebhookRefused {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) description: &'static str,
}

impl IntoResponse for WebhookRefused {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.code, "description": self.description, "data": [], "source": "PartnerCenter" });
        let mut answer = (status(self.status), Json(body)).into_response();
        if self.status == 401 {
            let scheme = HeaderValue::from_static("OAuth realm=urn:cpsvc:cpid:00000000-0000-4000-8000-000000000000");
            answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        answer
    }
}

/// The 429 of either host.
pub(super) fn throttled(seconds: u64) -> Response {
    let message = format!("Rate limit is exceeded. Try again in {seconds} seconds.");
    let body: Value = json!({ "statusCode": 429, "message": message });
    (StatusCode::TOO_MANY_REQUESTS, [("Retry-After", seconds.to_string())], Json(body)).into_response()
}

/// A status from a number that a switch may have set; an impossible one shows itself as 500.
pub(super) fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
