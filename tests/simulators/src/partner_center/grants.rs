//! Who gets an access token (partner-center-api 1.3, 1.7): a person by refresh token or authorization code, and the app
//! for itself. The errors are those of the sign-in service, of which a client should read `error` and `error_codes`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::entry::{APP_ONLY, MFA};
use super::handle::PartnerCenter;
use super::oauth::{Denied, Form, Version, field};
use super::refresh_tokens::Dead;
use super::simulator::Simulator;

/// What a request for a token earned.
pub(super) struct Granted {
    pub(super) audience: String,
    pub(super) flags: Vec<&'static str>,
    pub(super) refresh_token: Option<String>,
}

/// Checks tenant, app, audience and grant, in this order.
pub(super) fn check(simulator: &Simulator, version: Version, tenant: &str, form: &Form) -> Result<Granted, Denied> {
    tenant_exists(tenant)?;
    let grant_type = needed(form, "grant_type")?;
    app(form)?;
    let audience = audience(simulator, version, form)?;
    match grant_type {
        "refresh_token" => {
            let token = needed(form, "refresh_token")?;
            let refresh_token = redeem(simulator, token)?;
            Ok(Granted { audience, flags: person_flags(simulator), refresh_token: Some(refresh_token) })
        }
        "authorization_code" => {
            check_code(simulator, form)?;
            let refresh_token = simulator.issue_refresh_token();
            Ok(Granted { audience, flags: person_flags(simulator), refresh_token: Some(refresh_token) })
        }
        "client_credentials" => Ok(Granted { audience, flags: vec![APP_ONLY], refresh_token: None }),
        other => {
            let description = format!("The app requested an unsupported grant type '{other}'.");
            Err(Denied::new(400, "unsupported_grant_type", 70003, description))
        }
    }
}

/// A tenant of another name is nobody's here; `common` finds the person's own.
pub(super) fn tenant_exists(tenant: &str) -> Result<(), Denied> {
    if [PartnerCenter::TENANT_ID, "common", "organizations"].iter().any(|known| known.eq_ignore_ascii_case(tenant)) {
        return Ok(());
    }
    Err(Denied::new(400, "invalid_request", 90002, format!("Tenant '{tenant}' not found.")))
}

pub(super) fn needed<'a>(form: &'a Form, name: &str) -> Result<&'a str, Denied> {
    field(form, name).ok_or_else(|| {
        let description = format!("The request body must contain the following parameter: '{name}'.");
        Denied::new(400, "invalid_request", 900144, description)
    })
}

fn app(form: &Form) -> Result<(), Denied> {
    let client_id = needed(form, "client_id")?;
    if !client_id.eq_ignore_ascii_case(PartnerCenter::CLIENT_ID) {
        let description = format!("Application with identifier '{client_id}' was not found in the directory.");
        return Err(Denied::new(400, "unauthorized_client", 700016, description));
    }
    match field(form, "client_secret") {
        Some(PartnerCenter::CLIENT_SECRET) => Ok(()),
        Some(_) => Err(Denied::new(401, "invalid_client", 7000215, "Invalid client secret provided.")),
        None => {
            let description = "The request body must contain 'client_assertion' or 'client_secret'.";
            Err(Denied::new(401, "invalid_client", 7000218, description))
        }
    }
}

/// `resource` on v1; on v2 the one scope that names an API.
fn audience(simulator: &Simulator, version: Version, form: &Form) -> Result<String, Denied> {
    let asked = match version {
        Version::One => needed(form, "resource")?,
        Version::Two => {
            let scopes = needed(form, "scope")?.split_whitespace();
            let mut apis = scopes.filter_map(|scope| {
                scope.strip_suffix("/.default").or_else(|| scope.strip_suffix("/user_impersonation"))
            });
            match (apis.next(), apis.next()) {
                (Some(api), None) => api,
                _ => {
                    return Err(Denied::new(400, "invalid_scope", 70011, "The provided value for scope is not valid."));
                }
            }
        }
    };
    let asked = asked.trim_end_matches('/');
    let known = [&simulator.referrals_audience, &simulator.webhooks_audience];
    known.into_iter().find(|known| known.as_str() == asked).cloned().ok_or_else(|| {
        let description = format!("The resource principal named {asked} was not found in the tenant.");
        Denied::new(400, "invalid_resource", 500011, description)
    })
}

fn redeem(simulator: &Simulator, token: &str) -> Result<String, Denied> {
    let switches = simulator.read(|world| world.switches.clone());
    let redeemed = simulator.refresh_tokens().redeem(token, simulator.clock.now(), &switches);
    redeemed.map_err(|dead| {
        let (number, description) = match dead {
            Dead::Unknown => (9002313, "Invalid request. Request is malformed or invalid."),
            Dead::Used => (70000, "The provided value for the input parameter 'refresh_token' is not valid."),
            Dead::Revoked => {
                (50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.")
            }
            Dead::Expired => (700082, "The refresh token has expired due to inactivity."),
        };
        Denied::new(400, "invalid_grant", number, description)
    })
}

/// A code works once, for the same redirect address, with the verifier of its challenge.
fn check_code(simulator: &Simulator, form: &Form) -> Result<(), Denied> {
    let code = simulator.refresh_tokens().take_code(needed(form, "code")?);
    let code = code.ok_or_else(|| Denied::new(400, "invalid_grant", 70008, "The code has expired or was redeemed."))?;
    if field(form, "redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(Denied::new(
            400,
            "invalid_client",
            500112,
            "The reply address does not match the one of the code.",
        ));
    }
    let Some(challenge) = code.challenge else { return Ok(()) };
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(needed(form, "code_verifier")?.as_bytes()));
    if digest == challenge {
        return Ok(());
    }
    Err(Denied::new(400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge."))
}

/// A second factor shows in the token (1.4).
fn person_flags(simulator: &Simulator) -> Vec<&'static str> {
    if simulator.read(|world| world.person.mfa) { vec![MFA] } else { Vec::new() }
}
