//! Access tokens of two audiences for one refresh token (partner-center-api 1.1 to 1.3): cached, renewed early, redeemed
//! once for all who wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use throttle::Gate;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::client::Config;
use crate::sending::{body_of, header_text};
use crate::verdict::REFUSED_WAIT;
use crate::{Custody, Error};

/// How long before its end a token is renewed; half the life of tokens that live shorter than twice that.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// A token this close to its end is not used any more: the request may arrive after it.
const TOO_LATE: Duration = Duration::from_secs(10);
/// How long no sign-in is tried after the network failed, so that those who queue fail together.
const UNREACHABLE_WAIT: Duration = Duration::from_secs(1);
/// What we assume if the answer names no lifetime.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The documented endpoint (partner-center-api 1.2).
pub(crate) const V1: &str = "oauth2";
/// The one that works in practice.
pub(crate) const V2: &str = "oauth2/v2.0";

/// The tokens behind one refresh token.
pub(crate) struct Tokens {
    http: reqwest::Client,
    authority: String,
    client_id: String,
    client_secret: SecretString,
    custody: Custody,
    /// The documented endpoint is v1. A service that has none there and answers at v2 is asked there from then on.
    v2: AtomicBool,
    gate: Gate,
    /// Held while redeeming: two redemptions at once could lose a rotated token.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cached: HashMap<String, Cached>,
    refusal: Option<Refusal>,
    unkept: Option<Unkept>,
}

/// A rotated token that could not be kept: the newest all the same, until somebody replaces the one it came from.
struct Unkept {
    token: SecretString,
    redeemed: SecretString,
}

struct Cached {
    authorization: HeaderValue,
    renew_at: Instant,
    expires_at: Instant,
}

/// Why the gate is closed.
pub(crate) enum Refusal {
    SignIn(String),
    Unreachable(String),
}

/// One answer of the token endpoint.
pub(crate) struct Redeemed {
    cached: Cached,
    pub(crate) refresh_token: Option<SecretString>,
}

impl Tokens {
    pub(crate) fn new(config: &Config, http: reqwest::Client) -> Self {
        let authority = config.authority_url.as_str().trim_end_matches('/');
        Self {
            http,
            authority: format!("{authority}/{}", config.tenant_id),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            custody: config.custody.clone(),
            v2: AtomicBool::new(false),
            gate: Gate::default(),
            state: Mutex::default(),
        }
    }

    /// The value of `Authorization` for an audience. If renewing fails, a token that still lives is used to its end.
    pub(crate) async fn authorization(&self, audience: &str) -> Result<HeaderValue, Error> {
        let mut state = self.state.lock().await;
        if let Some(cached) = state.cached.get(audience)
            && Instant::now() < cached.renew_at
        {
            return Ok(cached.authorization.clone());
        }
        match self.renewed(&mut state, audience).await {
            Ok(authorization) => Ok(authorization),
            Err(error) => match state.cached.get(audience) {
                Some(cached) if Instant::now() + TOO_LATE < cached.expires_at => Ok(cached.authorization.clone()),
                _ => Err(error),
            },
        }
    }

    /// Whether the last sign-in was refused, not merely out of reach.
    pub(crate) async fn refused(&self) -> bool {
        matches!(self.state.lock().await.refusal, Some(Refusal::SignIn(_)))
    }

    /// Forgets a token that the API refused, unless another caller has replaced it by now.
    pub(crate) async fn discard(&self, audience: &str, refused: &HeaderValue) {
        let mut state = self.state.lock().await;
        if state.cached.get(audience).is_some_and(|cached| cached.authorization == *refused) {
            state.cached.remove(audience);
        }
    }

    /// Shuts the door after a fresh token was refused by the API.
    pub(crate) async fn refuse(&self, audience: &str, reason: &str) -> Error {
        let mut state = self.state.lock().await;
        state.cached.remove(audience);
        self.close(&mut state, Refusal::SignIn(reason.to_owned()), REFUSED_WAIT)
    }

    /// Redeems for each audience, whatever is cached. Returns the newest refresh token.
    pub(crate) async fn sign_in(&self, audiences: &[&str]) -> Result<SecretString, Error> {
        let mut state = self.state.lock().await;
        let mut newest = self.newest(&mut state)?;
        for audience in audiences {
            if let Some(rotated) = self.renew(&mut state, audience, &newest).await? {
                newest = rotated;
            }
        }
        Ok(newest)
    }

    async fn renewed(&self, state: &mut State, audience: &str) -> Result<HeaderValue, Error> {
        let newest = self.newest(state)?;
        self.renew(state, audience, &newest).await?;
        let cached = state.cached.get(audience).map(|cached| cached.authorization.clone());
        cached.ok_or_else(|| Error::NotSent { reason: "there is no token".to_owned(), retry_after: None, source: None })
    }

    fn newest(&self, state: &mut State) -> Result<SecretString, Error> {
        let current = self.custody.current();
        let is_in_place = |unkept: &Unkept| {
            current.as_ref().is_some_and(|current| current.expose_secret() == unkept.redeemed.expose_secret())
        };
        state.unkept = state.unkept.take().filter(is_in_place);
        let newest = state.unkept.as_ref().map(|unkept| unkept.token.clone()).or(current);
        newest.ok_or_else(|| Refusal::SignIn("nobody has signed in yet".to_owned()).error(REFUSED_WAIT))
    }

    /// Redeems a refresh token and caches what came of it. Returns another refresh token, if there is one now.
    async fn renew(
        &self,
        state: &mut State,
        audience: &str,
        refresh_token: &SecretString,
    ) -> Result<Option<SecretString>, Error> {
        if let (Some(left), Some(refusal)) = (self.gate.closed_for(), &state.refusal) {
            return Err(refusal.error(left));
        }
        match self.redeem(audience, refresh_token).await {
            Ok(redeemed) => {
                // No `await` between the answer and the file: a caller that gives up here would lose the token.
                self.keep(state, redeemed.refresh_token.clone(), refresh_token);
                state.cached.insert(audience.to_owned(), redeemed.cached);
                state.refusal = None;
                Ok(redeemed.refresh_token)
            }
            Err((refusal, wait)) => Err(self.close(state, refusal, wait)),
        }
    }

    /// Keeps the newest refresh token. If that fails the access token is good all the same, and the next redemption
    /// uses the newest one from memory and tries to keep it again.
    fn keep(&self, state: &mut State, rotated: Option<SecretString>, redeemed: &SecretString) {
        let before = state.unkept.take();
        let Some(token) = rotated.or_else(|| before.as_ref().map(|unkept| unkept.token.clone())) else { return };
        let redeemed = before.map_or_else(|| redeemed.clone(), |unkept| unkept.redeemed);
        if let Err(error) = self.custody.keep(&token, &redeemed) {
            tracing::error!(%error, "a rotated refresh token could not be kept: check the data folder");
            state.unkept = Some(Unkept { token, redeemed });
        }
    }

    fn close(&self, state: &mut State, refusal: Refusal, wait: Duration) -> Error {
        self.gate.close_for(wait);
        let error = refusal.error(wait);
        state.refusal = Some(refusal);
        error
    }

    async fn redeem(&self, audience: &str, refresh_token: &SecretString) -> Result<Redeemed, (Refusal, Duration)> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose_secret())];
        if !self.v2.load(Ordering::Relaxed) {
            let asked = [("resource", audience), ("scope", "openid")];
            if let Some(redeemed) = self.ask(V1, &[grant, asked].concat()).await? {
                return Ok(redeemed);
            }
        }
        let scope = format!("{}/.default offline_access", audience.trim_end_matches('/'));
        let redeemed = self.ask(V2, &[&grant[..], &[("scope", &scope)]].concat()).await?;
        let redeemed = redeemed.ok_or_else(|| {
            (Refusal::SignIn("no token endpoint at partner_center.authority_url".to_owned()), REFUSED_WAIT)
        })?;
        self.v2.store(true, Ordering::Relaxed);
        Ok(redeemed)
    }

    /// Asks one endpoint; `None` when there is no such endpoint.
    pub(crate) async fn ask(
        &self,
        endpoint: &str,
        grant: &[(&str, &str)],
    ) -> Result<Option<Redeemed>, (Refusal, Duration)> {
        let unreachable = |what: &str| (Refusal::Unreachable(what.to_owned()), UNREACHABLE_WAIT);
        let url = Url::parse(&format!("{}/{endpoint}/token", self.authority))
            .map_err(|_| (Refusal::SignIn("authority_url and tenant_id make no address".to_owned()), REFUSED_WAIT))?;
        let app = [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose_secret())];
        let form = [grant, &app].concat();
        let asked_at = Instant::now();
        let sent = self.http.post(url).form(&form).send().await;
        let response = sent.map_err(|_| unreachable("the sign-in service cannot be reached"))?;
        let status = response.status();
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            return Ok(None);
        }
        let retry_after = header_text(response.headers(), "retry-after");
        let body = body_of(response).await.map_err(|_| unreachable("the sign-in service broke off its answer"))?;
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            let wait = throttle::retry_after(retry_after.as_deref(), SystemTime::now());
            return Err((Refusal::Unreachable(format!("the sign-in service answers {}", status.as_u16())), wait));
        }
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if !status.is_success() {
            let text = refusal_text(status, &answer);
            return match answer.get("error").and_then(Value::as_str) {
                Some("temporarily_unavailable" | "server_error") => {
                    Err((Refusal::Unreachable(text), throttle::DEFAULT_WAIT))
                }
                _ => Err((Refusal::SignIn(text), REFUSED_WAIT)),
            };
        }
        match Redeemed::read(&answer, asked_at) {
            Some(redeemed) => Ok(Some(redeemed)),
            None => Err((Refusal::SignIn("the answer holds no usable token".to_owned()), REFUSED_WAIT)),
        }
    }
}

impl Refusal {
    pub(crate) fn error(&self, left: Duration) -> Error {
        match self {
            Self::SignIn(reason) => Error::SignIn { reason: reason.clone(), retry_after: left },
            Self::Unreachable(reason) => {
                Error::NotSent { reason: reason.clone(), retry_after: Some(left), source: None }
            }
        }
    }
}

impl Redeemed {
    fn read(answer: &Value, asked_at: Instant) -> Option<Self> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", text("access_token")?)).ok()?;
        authorization.set_sensitive(true);
        let lifetime = lifetime(answer.get("expires_in"));
        let renew_at = asked_at + lifetime.saturating_sub(EARLY.min(lifetime / 2));
        let cached = Cached { authorization, renew_at, expires_at: asked_at + lifetime };
        Some(Self { cached, refresh_token: text("refresh_token").map(SecretString::from) })
    }
}

/// Seconds as a number (v2) or as text (v1), at most a day.
fn lifetime(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.map_or(ASSUMED_LIFETIME, |seconds| Duration::from_secs(seconds.min(24 * 60 * 60)))
}

/// `invalid_grant AADSTS50173`: the names, not the description.
fn refusal_text(status: StatusCode, answer: &Value) -> String {
    let is_name = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name = answer.get("error").and_then(Value::as_str).filter(is_name).unwrap_or("refused");
    let number = answer.get("error_codes").and_then(|codes| codes.get(0)).and_then(Value::as_u64);
    let number = number.map(|number| format!(" AADSTS{number}")).unwrap_or_default();
    format!("{name}{number} (HTTP {})", status.as_u16())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_lifetime_is_read_as_number_and_as_text() {
        let cases = [
            (json!(3599), 3599),
            (json!("3599"), 3599),
            (json!(" 60 "), 60),
            (json!("soon"), 600),
            (json!(-5), 600),
            (json!(null), 600),
            (json!(0), 0),
            (json!(99_999_999_999_u64), 86_400),
        ];
        for (value, seconds) in cases {
            assert_eq!(lifetime(Some(&value)), Duration::from_secs(seconds), "{value}");
        }
        assert_eq!(lifetime(None), ASSUMED_LIFETIME);
    }

    #[test]
    fn a_token_is_renewed_five_minutes_early_or_at_half_its_life() {
        let now = Instant::now();
        let renewal = |seconds: u64| {
            let answer = json!({ "access_token": "t", "expires_in": seconds });
            Redeemed::read(&answer, now).unwrap().cached.renew_at - now
        };
        assert_eq!(renewal(3599), Duration::from_secs(3299));
        assert_eq!(renewal(100), Duration::from_secs(50));
        assert_eq!(renewal(0), Duration::ZERO);
    }

    #[test]
    fn tokens_do_not_print() {
        let answer = json!({ "access_token": "hush", "refresh_token": "hush", "expires_in": 1 });
        let redeemed = Redeemed::read(&answer, Instant::now()).unwrap();
        assert!(!format!("{:?} {:?}", redeemed.cached.authorization, redeemed.refresh_token).contains("hush"));
    }

    #[test]
    fn a_refusal_keeps_names_and_drops_prose() {
        let answer =
            json!({ "error": "invalid_grant", "error_codes": [50173], "error_description": "for ada@contoso.com" });
        assert_eq!(refusal_text(StatusCode::BAD_REQUEST, &answer), "invalid_grant AADSTS50173 (HTTP 400)");
        let prose = json!({ "error": "sorry, ada@contoso.com" });
        assert_eq!(refusal_text(StatusCode::BAD_REQUEST, &prose), "refused (HTTP 400)");
    }
}
