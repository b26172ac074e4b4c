//! Who may come in: request limits, then tokens, MFA and roles (partner-center-api 1.1, 1.4, 1.6, 4.12).

use std::sync::{Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use jiff::Timestamp;

use super::answers::{self, Refused, WebhookRefused};
use super::simulator::Simulator;
use super::world::Role;

/// Flag of a token that an app got for itself, with no person behind it.
pub(super) const APP_ONLY: &str = "app";
/// Flag of a token got with a second factor.
pub(super) const MFA: &str = "mfa";

/// Requests in the present window. Refused ones count too.
#[derive(Debug, Default)]
pub(super) struct Meter {
    window: Mutex<Option<(Timestamp, u32)>>,
}

impl Meter {
    /// Counts a request. Answers the seconds to wait if it is one too many.
    fn count(&self, now: Timestamp, allowed: Option<u32>, window_seconds: u64) -> Option<u64> {
        let allowed = allowed?;
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |began: Timestamp| now.duration_since(began).as_secs().unsigned_abs();
        let (began, requests) = window.filter(|(began, _)| age(*began) < window_seconds).unwrap_or((now, 0));
        *window = Some((began, requests + 1));
        (requests >= allowed).then(|| window_seconds - age(began))
    }
}

/// Whether a request may use the referrals host.
pub(super) fn referrals(simulator: &Simulator, headers: &HeaderMap) -> Result<(), Box<Response>> {
    limit(simulator, &simulator.referrals_meter)?;
    let grant = simulator.identity.check(headers, &simulator.referrals_audience);
    let grant = grant.map_err(|_| boxed(Refused::unauthenticated()))?;
    // No person behind the token: not offered for referrals (1.7).
    if grant.flags.contains(APP_ONLY) {
        return Err(boxed(Refused::access_denied()));
    }
    if !grant.flags.contains(MFA) {
        return Err(boxed(Refused::no_mfa()));
    }
    if simulator.read(|world| world.person.role == Role::None) {
        return Err(boxed(Refused::access_denied()));
    }
    Ok(())
}

/// Whether a request may use the webhooks host. An app may come alone (6.1).
pub(super) fn webhooks(simulator: &Simulator, headers: &HeaderMap) -> Result<(), Box<Response>> {
    limit(simulator, &simulator.webhooks_meter)?;
    let refused = |code, description| boxed(WebhookRefused { status: 401, code, description });
    let grant = simulator.identity.check(headers, &simulator.webhooks_audience);
    let grant = grant.map_err(|_| refused("400", "Access denied."))?;
    if grant.flags.contains(APP_ONLY) || grant.flags.contains(MFA) {
        return Ok(());
    }
    Err(refused("900421", "Multi-factor authentication is required."))
}

fn limit(simulator: &Simulator, meter: &Meter) -> Result<(), Box<Response>> {
    let (allowed, seconds) =
        simulator.read(|world| (world.switches.throttle_requests, world.switches.throttle_window_seconds));
    match meter.count(simulator.clock.now(), allowed, seconds) {
        None => Ok(()),
        Some(wait) => Err(Box::new(answers::throttled(wait))),
    }
}

fn boxed(refused: impl IntoResponse) -> Box<Response> {
    Box::new(refused.into_response())
}
