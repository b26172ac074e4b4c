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
use crate::{Custody, Error};

/// How long before its end a token is renewed; half the life of tokens that live shorter than twice that.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// A token this close to its end is not used any more: the request may arrive after it.
const TOO_LATE: Duration = Duration::from_secs(10);
/// How long no sign-in is tried after it was refused: a person has to act.
const REFUSED_WAIT: Duration = Duration::from_secs(60);
/// How long no sign-in is tried after the network failed, so that those who queue fail together.
const UNREACHABLE_WAIT: Duration = Duration::from_secs(1);
/// What we assume if the answer names no lifetime.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The tokens behind one refresh token.
pub(crate) struct Tokens {
    http: reqwest::Client,
    authority: String,
    client_id: String,
    client_secret: SecretString,
    custody: Custody,
    /// The documented endpoint is v1; one that answers 404 or 405 there is asked at v2 from then on.
    v2: AtomicBool,
    gate: Gate,
    /// Held while redeeming: two redemptions at once could lose a rotated token.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cached: HashMap<String, Cached>,
    refusal: Option<Refusal>,
}

struct Cached {
    authorization: HeaderValue,
    renew_at: Instant,
    expires_at: Instant,
}

/// Why the gate is closed.
enum Refusal {
    SignIn(String),
    Unreachable(String),
}

/// One answer of the token endpoint.
struct Redeemed {
    cached: Cached,
    refresh_token: Option<SecretString>,
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

    async fn renewed(&self, state: &mut State, audience: &str) -> Result<HeaderValue, Error> {
        if let (Some(left), Some(refusal)) = (self.gate.closed_for(), &state.refusal) {
            return Err(refusal.error(left));
        }
        match self.redeem(audience).await {
            Ok(redeemed) => {
                if let Some(rotated) = &redeemed.refresh_token
                    && let Err(error) = self.custody.keep(rotated.expose_secret())
                {
                    // The access token is good all the same; the next redemption tries again.
                    tracing::error!(%error, "a rotated refresh token could not be kept");
                }
                let authorization = redeemed.cached.authorization.clone();
                state.cached.insert(audience.to_owned(), redeemed.cached);
                state.refusal = None;
                Ok(authorization)
            }
            Err((refusal, wait)) => Err(self.close(state, refusal, wait)),
        }
    }

    fn close(&self, state: &mut State, refusal: Refusal, wait: Duration) -> Error {
        self.gate.close_for(wait);
        let error = refusal.error(wait);
        state.refusal = Some(refusal);
        error
    }

    async fn redeem(&self, audience: &str) -> Result<Redeemed, (Refusal, Duration)> {
        if !self.v2.load(Ordering::Relaxed) {
            match self.ask("oauth2/token", ("resource", audience.to_owned()), "openid").await? {
                Some(redeemed) => return Ok(redeemed),
                None => self.v2.store(true, Ordering::Relaxed),
            }
        }
        let scope = format!("{}/.default offline_access", audience.trim_end_matches('/'));
        let redeemed = self.ask("oauth2/v2.0/token", ("scope", scope), "").await?;
        redeemed.ok_or_else(|| {
            (Refusal::SignIn("no token endpoint at partner_center.authority_url".to_owned()), REFUSED_WAIT)
        })
    }

    /// Asks one endpoint; `None` when there is no such endpoint.
    async fn ask(
        &self,
        endpoint: &str,
        target: (&str, String),
        scope: &str,
    ) -> Result<Option<Redeemed>, (Refusal, Duration)> {
        let unreachable = |what: &str| (Refusal::Unreachable(what.to_owned()), UNREACHABLE_WAIT);
        let url = Url::parse(&format!("{}/{endpoint}", self.authority))
            .map_err(|_| (Refusal::SignIn("authority_url and tenant_id make no address".to_owned()), REFUSED_WAIT))?;
        let refresh_token = self.custody.current();
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose_secret()),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
            (target.0, &target.1),
        ];
        if !scope.is_empty() {
            form.push(("scope", scope));
        }
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
            return Err((Refusal::SignIn(refusal_text(status, &answer)), REFUSED_WAIT));
        }
        match Redeemed::read(&answer, asked_at) {
            Some(redeemed) => Ok(Some(redeemed)),
            None => Err((Refusal::SignIn("the answer holds no usable token".to_owned()), REFUSED_WAIT)),
        }
    }
}

impl Refusal {
    fn error(&self, left: Duration) -> Error {
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
        for (value, seconds) in [(json!(3599), 3599), (json!("3599"), 3599), (json!("soon"), 600), (json!(null), 600)] {
            assert_eq!(lifetime(Some(&value)), Duration::from_secs(seconds), "{value}");
        }
    }

    #[test]
    fn a_refusal_keeps_names_and_drops_prose() {
        let answer =
            json!({ "error": "invalid_grant", "error_codes": [50173], "error_description": "for ada@contoso.com" });
        assert_eq!(refusal_text(StatusCode::BAD_REQUEST, &answer), "invalid_grant AADSTS50173 (HTTP 400)");
    }
}
