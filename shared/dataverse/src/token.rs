//! Access tokens by client credentials (dataverse-api 1.1): cached, renewed early, fetched once for all who wait.

use std::time::{Duration, SystemTime};

use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use throttle::Gate;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::client::Config;
use crate::error::Error;
use crate::sending::{body_of, header_text};

/// How long before its end a token is renewed; half the life of tokens that live shorter than twice that.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// A token this close to its end is not used any more: the request may arrive after it.
const TOO_LATE: Duration = Duration::from_secs(10);

/// How long no sign-in is tried after it was refused: a person has to act, and hammering locks accounts.
const REFUSED_WAIT: Duration = Duration::from_secs(60);

/// How long no sign-in is tried after the network failed, so that those who queue fail together.
const UNREACHABLE_WAIT: Duration = Duration::from_secs(1);

/// What we assume if the answer names no lifetime.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The tokens of one application in one environment.
pub(crate) struct Tokens {
    http: reqwest::Client,
    endpoint: Url,
    client_id: String,
    client_secret: SecretString,
    scope: String,
    gate: Gate,
    state: Mutex<State>, // held while fetching: that is the single flight
}

#[derive(Default)]
struct State {
    cached: Option<Cached>,
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

impl Tokens {
    /// Prepares the token endpoint `{authority_url}/{tenant_id}/oauth2/v2.0/token` and the scope `{audience}/.default`.
    pub(crate) fn new(config: &Config, http: reqwest::Client) -> Result<Self, Error> {
        let authority = config.authority_url.as_str().trim_end_matches('/');
        let endpoint = Url::parse(&format!("{authority}/{}/oauth2/v2.0/token", config.tenant_id)).map_err(|_| {
            Error::Configuration { reason: "dataverse.authority_url and tenant_id make no address".to_owned() }
        })?;
        Ok(Self {
            http,
            endpoint,
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            scope: format!("{}/.default", config.audience.trim_end_matches('/')),
            gate: Gate::default(),
            state: Mutex::default(),
        })
    }

    /// The value of `Authorization`, fetched if the cached one is old or absent.
    ///
    /// If renewing fails, a token that still lives is used to its end.
    pub(crate) async fn authorization(&self) -> Result<HeaderValue, Error> {
        let mut state = self.state.lock().await;
        if let Some(cached) = &state.cached
            && Instant::now() < cached.renew_at
        {
            return Ok(cached.authorization.clone());
        }
        match self.renewed(&mut state).await {
            Ok(authorization) => Ok(authorization),
            Err(error) => match &state.cached {
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
    pub(crate) async fn discard(&self, refused: &HeaderValue) {
        let mut state = self.state.lock().await;
        if state.cached.as_ref().is_some_and(|cached| cached.authorization == *refused) {
            state.cached = None;
        }
    }

    /// Shuts the door after a fresh token was refused by the API.
    pub(crate) async fn refuse(&self, reason: &str) -> Error {
        let mut state = self.state.lock().await;
        state.cached = None;
        self.close(&mut state, Refusal::SignIn(reason.to_owned()), REFUSED_WAIT)
    }

    async fn renewed(&self, state: &mut State) -> Result<HeaderValue, Error> {
        if let (Some(left), Some(refusal)) = (self.gate.closed_for(), &state.refusal) {
            return Err(refusal.error(left));
        }
        match self.fetch().await {
            Ok(fresh) => {
                let authorization = fresh.authorization.clone();
                *state = State { cached: Some(fresh), refusal: None };
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

    async fn fetch(&self) -> Result<Cached, (Refusal, Duration)> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
            ("scope", &self.scope),
        ];
        let asked_at = Instant::now();
        let unreachable = |what: &str| (Refusal::Unreachable(what.to_owned()), UNREACHABLE_WAIT);
        let sent = self.http.post(self.endpoint.clone()).form(&form).send().await;
        let response = sent.map_err(|_| unreachable("the sign-in service cannot be reached"))?;
        let status = response.status();
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
        Cached::read(&answer, asked_at)
            .ok_or_else(|| (Refusal::SignIn("the answer holds no usable token".to_owned()), REFUSED_WAIT))
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

impl Cached {
    fn read(answer: &Value, asked_at: Instant) -> Option<Self> {
        let token = answer.get("access_token")?.as_str().filter(|token| !token.is_empty())?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        authorization.set_sensitive(true);
        let lifetime = lifetime(answer.get("expires_in"));
        let renew_at = asked_at + lifetime.saturating_sub(EARLY.min(lifetime / 2));
        Some(Self { authorization, renew_at, expires_at: asked_at + lifetime })
    }
}

/// Seconds as a number or as text, at most a day.
fn lifetime(expires_in: Option<&Value>) -> Duration {
    let seconds = match expires_in {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.map_or(ASSUMED_LIFETIME, |seconds| Duration::from_secs(seconds.min(24 * 60 * 60)))
}

/// `invalid_client AADSTS7000215`: the names, not the description.
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
            Cached::read(&answer, now).unwrap().renew_at - now
        };
        assert_eq!(renewal(3599), Duration::from_secs(3299));
        assert_eq!(renewal(100), Duration::from_secs(50));
        assert_eq!(renewal(0), Duration::ZERO);
    }

    #[tokio::test]
    async fn a_living_token_is_used_when_no_other_is_to_be_had() {
        let nobody_listens: Url = "http://127.0.0.1:1".parse().unwrap();
        let config = Config {
            url: nobody_listens.clone(),
            authority_url: nobody_listens,
            tenant_id: "tenant".to_owned(),
            client_id: "client".to_owned(),
            client_secret: SecretString::from("secret"),
            audience: "https://org.crm4.dynamics.com".to_owned(),
            timeout: Duration::from_secs(20),
        };
        for (seconds_left, usable) in [(60, true), (5, false)] {
            let tokens = Tokens::new(&config, reqwest::Client::new()).unwrap();
            let authorization = HeaderValue::from_static("Bearer old");
            let now = Instant::now();
            let expires_at = now + Duration::from_secs(seconds_left);
            tokens.state.lock().await.cached =
                Some(Cached { authorization: authorization.clone(), renew_at: now, expires_at });
            for _ in 0..2 {
                assert_eq!(tokens.authorization().await.is_ok_and(|token| token == authorization), usable);
            }
        }
    }

    #[test]
    fn the_token_does_not_print() {
        let cached = Cached::read(&json!({ "access_token": "hush", "expires_in": 1 }), Instant::now()).unwrap();
        assert!(!format!("{:?}", cached.authorization).contains("hush"));
    }

    #[test]
    fn a_refusal_keeps_names_and_drops_prose() {
        let answer = json!({ "error": "invalid_client", "error_codes": [7_000_215], "error_description": "AADSTS7000215: secret for ada" });
        assert_eq!(refusal_text(StatusCode::UNAUTHORIZED, &answer), "invalid_client AADSTS7000215 (HTTP 401)");
        assert_eq!(refusal_text(StatusCode::NOT_FOUND, &Value::Null), "refused (HTTP 404)");
    }
}
