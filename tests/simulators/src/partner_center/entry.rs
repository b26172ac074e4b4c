//! Who may come in: request limits, then tokens, MFA and roles (partner-center-api 1.1, 1.4, 1.6, 4.12).

use std::sync::{Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use jiff::Timestamp;

use super::answers::{self, Refused, WebhookRefused};
use super::choices::MfaRefusal;
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

/// Who calls the webhooks host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    App,
    Person,
}

/// Whether a request may use the referrals host.
pub(super) fn referrals(simulator: &Simulator, headers: &HeaderMap) -> Result<(), Box<Response>> {
    limit(simulator, &simulator.referrals_meter)?;
    let (switches, role) = simulator.read(|world| (world.switches.clone(), world.person.role));
    let unauthenticated = || Refused::unauthenticated(switches.unauthenticated_as_in_sample);
    let grant = simulator.identity.check(headers, &simulator.referrals_audience);
    let grant = grant.map_err(|_| boxed(unauthenticated()))?;
    // No person behind the token: not offered for referrals (1.7).
    if grant.flags.contains(APP_ONLY) {
        return if switches.app_only_referrals { Ok(()) } else { Err(boxed(Refused::access_denied())) };
    }
    if !grant.flags.contains(MFA) {
        return Err(match switches.mfa_refusal {
            MfaRefusal::InnerCode => boxed(unauthenticated().with_inner(NO_MFA.code, NO_MFA.description)),
            MfaRefusal::OuterCode => boxed(unauthenticated().with_code(NO_MFA.code)),
            MfaRefusal::PartnerCenterEnvelope => boxed(NO_MFA),
            MfaRefusal::NoCode => boxed(unauthenticated()),
        });
    }
    if role == Role::None {
        return Err(boxed(Refused::access_denied()));
    }
    Ok(())
}

const NO_MFA: WebhookRefused =
    WebhookRefused { status: 401, code: "900421", description: "Multi-factor authentication is required." };
const DENIED: WebhookRefused = WebhookRefused { status: 401, code: "400", description: "Access denied." };

/// Whether a request may use the webhooks host, and who sends it. An app may come alone (6.1).
pub(super) fn webhooks(simulator: &Simulator, headers: &HeaderMap) -> Result<By, Box<Response>> {
    limit(simulator, &simulator.webhooks_meter)?;
    let grant = simulator.identity.check(headers, &simulator.webhooks_audience);
    let grant = grant.map_err(|_| boxed(DENIED))?;
    match (grant.flags.contains(APP_ONLY), grant.flags.contains(MFA)) {
        (true, _) => Ok(By::App),
        (false, true) => Ok(By::Person),
        (false, false) => Err(boxed(NO_MFA)),
    }
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
