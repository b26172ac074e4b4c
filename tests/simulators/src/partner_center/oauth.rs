//! The token endpoints of the sign-in service (partner-center-api 1.2, 1.3, 1.8): v1 with `resource` and numbers as
//! text, v2 with `scope` and numbers as numbers. The grants are checked in `grants`, the sign-in page is `authorize`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::handle::PartnerCenter;
use super::simulator::Simulator;
use super::{authorize, grants};

/// The form of a request.
pub(super) type Form = Vec<(String, String)>;

/// A refusal in the shape of the sign-in service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denied {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) number: u32,
    pub(super) description: String,
}

/// Which of the two endpoints was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/token", post(token_v1))
        .route("/{tenant}/oauth2/v2.0/token", post(token_v2))
        .route("/{tenant}/oauth2/authorize", get(authorize::authorize))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::authorize))
        .with_state(simulator)
}

async fn token_v1(State(simulator): State<Arc<Simulator>>, Path(tenant): Path<String>, body: Bytes) -> Response {
    token(&simulator, Version::One, &tenant, &body)
}

async fn token_v2(State(simulator): State<Arc<Simulator>>, Path(tenant): Path<String>, body: Bytes) -> Response {
    token(&simulator, Version::Two, &tenant, &body)
}

fn token(simulator: &Simulator, version: Version, tenant: &str, body: &[u8]) -> Response {
    let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
    match grants::check(simulator, version, tenant, &form) {
        Ok(granted) => answer(simulator, version, &granted, &form),
        Err(denied) => denied.answer(simulator),
    }
}

fn answer(simulator: &Simulator, version: Version, granted: &grants::Granted, form: &Form) -> Response {
    let scopes = || field(form, "scope").unwrap_or_default().split_whitespace();
    let seconds = simulator.read(|world| world.switches.token_seconds);
    let access_token = simulator.identity.issue(&granted.audience, Duration::from_secs(seconds), &granted.flags);
    let mut answer = json!({ "token_type": "Bearer", "access_token": access_token });
    match version {
        Version::One => {
            let now = simulator.clock.now().as_second();
            answer["scope"] = json!("user_impersonation");
            answer["resource"] = json!(granted.audience);
            answer["expires_in"] = json!(seconds.to_string());
            answer["ext_expires_in"] = json!(seconds.to_string());
            answer["not_before"] = json!(now.to_string());
            answer["expires_on"] = json!((now + i64::try_from(seconds).unwrap_or_default()).to_string());
        }
        Version::Two => {
            answer["scope"] = json!(format!("{}/user_impersonation", granted.audience));
            answer["expires_in"] = json!(seconds);
            answer["ext_expires_in"] = json!(seconds);
        }
    }
    // v2 gives one to those who ask for it.
    let wanted = version == Version::One || scopes().any(|scope| scope == "offline_access");
    if let Some(refresh_token) = granted.refresh_token.as_ref().filter(|_| wanted) {
        answer["refresh_token"] = json!(refresh_token);
        if scopes().any(|scope| scope == "openid") {
            answer["id_token"] = json!(id_token(simulator));
        }
    }
    ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(answer)).into_response()
}

/// Who signed in, unsigned as v1 gives it.
fn id_token(simulator: &Simulator) -> String {
    let now = simulator.clock.now().as_second();
    let header = json!({ "typ": "JWT", "alg": "none" });
    let claims = json!({
        "aud": PartnerCenter::CLIENT_ID, "tid": PartnerCenter::TENANT_ID, "iat": now, "exp": now + 3600,
        "upn": simulator.read(|world| world.person.email.clone()),
    });
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.", part(&header), part(&claims))
}

/// The value of a field; an empty one counts as none.
pub(super) fn field<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

impl Denied {
    pub(super) fn new(status: u16, error: &'static str, number: u32, description: impl Into<String>) -> Self {
        Self { status, error, number, description: description.into() }
    }

    pub(super) fn answer(&self, simulator: &Simulator) -> Response {
        let body: Value = json!({
            "error": self.error,
            "error_description": format!("AADSTS{}: {}", self.number, self.description),
            "error_codes": [self.number],
            "timestamp": simulator.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            "trace_id": Uuid::new_v4().to_string(),
            "correlation_id": Uuid::new_v4().to_string(),
        });
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    }
}
