//! The sign-in service (dataverse-api 1.1): client credentials at the v2 endpoint with a scope, at the v1 endpoint with a
//! resource, and the document that names both.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::handle::Dataverse;
use super::simulator::Simulator;

type Form = Vec<(String, String)>;
type Shared = State<Arc<Simulator>>;

/// A refusal in the shape of the sign-in service.
struct Denied {
    status: StatusCode,
    error: &'static str,
    number: u32,
    description: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/token", post(token_v1))
        .route("/{tenant}/oauth2/v2.0/token", post(token_v2))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
        .route("/common/discovery/instance", get(instances))
        .with_state(simulator)
}

async fn token_v1(State(simulator): Shared, Path(tenant): Path<String>, body: Bytes) -> Response {
    token(&simulator, Version::One, &tenant, &body)
}

async fn token_v2(State(simulator): Shared, Path(tenant): Path<String>, body: Bytes) -> Response {
    token(&simulator, Version::Two, &tenant, &body)
}

async fn configuration(State(simulator): Shared, Path(tenant): Path<String>) -> Json<Value> {
    let base = format!("{}/{tenant}", simulator.url);
    Json(json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "tenant_region_scope": "EU",
    }))
}

/// MSAL asks which clouds there are before it trusts an authority.
async fn instances(State(simulator): Shared) -> Json<Value> {
    let tenant = Dataverse::TENANT_ID;
    let host = simulator.url.split_once("://").map_or("", |(_, host)| host);
    Json(json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", simulator.url),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

fn token(simulator: &Simulator, version: Version, tenant: &str, body: &[u8]) -> Response {
    let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
    match check(simulator, version, tenant, &form) {
        Ok(()) => granted(simulator, version),
        Err(denied) => denied.answer(simulator),
    }
}

/// Checks tenant, grant, app, secret and audience, in this order.
fn check(simulator: &Simulator, version: Version, tenant: &str, form: &Form) -> Result<(), Denied> {
    if !tenant.eq_ignore_ascii_case(Dataverse::TENANT_ID) {
        return Err(Denied::new(400, "invalid_request", 90002, format!("Tenant '{tenant}' not found.")));
    }
    let grant_type = needed(form, "grant_type")?;
    if grant_type != "client_credentials" {
        let description = format!("The app requested an unsupported grant type '{grant_type}'.");
        return Err(Denied::new(400, "unsupported_grant_type", 70003, description));
    }
    let client_id = needed(form, "client_id")?;
    if !client_id.eq_ignore_ascii_case(Dataverse::CLIENT_ID) {
        let description = format!("Application with identifier '{client_id}' was not found in the directory.");
        return Err(Denied::new(400, "unauthorized_client", 700016, description));
    }
    match field(form, "client_secret") {
        Some(Dataverse::CLIENT_SECRET) => {}
        Some(_) => {
            let description = "Invalid client secret provided. Ensure the secret being sent in the request is the \
                               client secret value, not the client secret ID.";
            return Err(Denied::new(401, "invalid_client", 7000215, description));
        }
        None => {
            let description = "The request body must contain 'client_assertion' or 'client_secret'.";
            return Err(Denied::new(401, "invalid_client", 7000218, description));
        }
    }
    let asked = match version {
        Version::One => needed(form, "resource")?,
        // One resource, and nothing but its default scope.
        Version::Two => needed(form, "scope")?.strip_suffix("/.default").ok_or_else(|| {
            let description = "The provided value for scope is not valid. Client credential flows must have a scope \
                               value with /.default suffixed to the resource identifier.";
            Denied::new(400, "invalid_scope", 1_002_012, description)
        })?,
    };
    if asked.trim_end_matches('/') != simulator.url {
        let description = format!("The resource principal named {asked} was not found in the tenant.");
        return Err(Denied::new(400, "invalid_resource", 500011, description));
    }
    Ok(())
}

fn granted(simulator: &Simulator, version: Version) -> Response {
    let seconds = simulator.read(|world| world.switches.token_seconds);
    let access_token = simulator.identity.issue(&simulator.url, Duration::from_secs(seconds), &[]);
    let mut answer = json!({ "token_type": "Bearer", "access_token": access_token });
    match version {
        Version::One => {
            let now = simulator.clock.now().as_second();
            answer["expires_in"] = json!(seconds.to_string());
            answer["ext_expires_in"] = json!(seconds.to_string());
            answer["not_before"] = json!(now.to_string());
            answer["expires_on"] = json!((now + i64::try_from(seconds).unwrap_or_default()).to_string());
            answer["resource"] = json!(simulator.url);
        }
        Version::Two => {
            answer["expires_in"] = json!(seconds);
            answer["ext_expires_in"] = json!(seconds);
        }
    }
    ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(answer)).into_response()
}

fn needed<'a>(form: &'a Form, name: &str) -> Result<&'a str, Denied> {
    field(form, name).ok_or_else(|| {
        let description = format!("The request body must contain the following parameter: '{name}'.");
        Denied::new(400, "invalid_request", 900144, description)
    })
}

/// The value of a field; an empty one counts as none.
fn field<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

impl Denied {
    fn new(status: u16, error: &'static str, number: u32, description: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, error, number, description: description.into() }
    }

    fn answer(&self, simulator: &Simulator) -> Response {
        let body = json!({
            "error": self.error,
            "error_description": format!("AADSTS{}: {}", self.number, self.description),
            "error_codes": [self.number],
            "timestamp": simulator.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            "trace_id": Uuid::new_v4(),
            "correlation_id": Uuid::new_v4(),
        });
        (self.status, Json(body)).into_response()
    }
}
