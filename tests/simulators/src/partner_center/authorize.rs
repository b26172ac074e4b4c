//! The sign-in page, where nobody has to sign in: the person agrees at once and is sent back with a code
//! (partner-center-api 1.2, 1.3 step A).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri, header};
use url::Url;

use super::grants::{needed, tenant_exists};
use super::handle::PartnerCenter;
use super::oauth::{Denied, Form, field};
use super::refresh_tokens::Code;
use super::simulator::Simulator;

pub(super) async fn authorize(
    State(simulator): State<Arc<Simulator>>,
    Path(tenant): Path<String>,
    uri: Uri,
) -> Response {
    let query: Form = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    match back(&simulator, &tenant, &query) {
        Ok(back) => (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response(),
        Err(denied) => denied.answer(&simulator),
    }
}

/// Where the browser is sent: the redirect address with code and state.
fn back(simulator: &Simulator, tenant: &str, query: &Form) -> Result<Url, Denied> {
    tenant_exists(tenant)?;
    if !needed(query, "client_id")?.eq_ignore_ascii_case(PartnerCenter::CLIENT_ID) {
        return Err(Denied::new(400, "unauthorized_client", 700016, "The application was not found in the directory."));
    }
    if needed(query, "response_type")? != "code" || !matches!(field(query, "response_mode"), None | Some("query")) {
        let description = "Only response_type code with response_mode query is simulated.";
        return Err(Denied::new(400, "unsupported_response_type", 70005, description));
    }
    let redirect_uri = needed(query, "redirect_uri")?;
    let mut back = Url::parse(redirect_uri)
        .map_err(|_| Denied::new(400, "invalid_request", 90102, "The redirect_uri is not a valid address."))?;
    let challenge = field(query, "code_challenge");
    if challenge.is_some() && field(query, "code_challenge_method") != Some("S256") {
        return Err(Denied::new(400, "invalid_request", 501491, "Only code_challenge_method S256 is simulated."));
    }
    let code = Code { redirect_uri: redirect_uri.to_owned(), challenge: challenge.map(str::to_owned) };
    back.query_pairs_mut().append_pair("code", &simulator.refresh_tokens().issue_code(code));
    if let Some(state) = field(query, "state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    Ok(back)
}
