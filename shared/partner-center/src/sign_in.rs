//! The first refresh token (partner-center-api 1.2, 1.3): a person signs in in a browser, and the code that comes back is
//! exchanged. Authorization code with PKCE (RFC 7636) on a loopback address (RFC 8252); who listens there is the caller's.
//!
//! ```text
//!  we                      browser                  sign-in service
//!   | ------ address ------> | ------ authorize ------> |   state, S256 of the verifier
//!   | <---- code, state ---- | <------ redirect ------- |
//!   | ------------- code, verifier, secret -----------> |
//!   | <---------------- refresh token ----------------- |   proven at both hosts before anybody keeps it
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;
use url::form_urlencoded;
use uuid::Uuid;

use crate::obstacle::{self, Api, Obstacle};
use crate::token::{Refusal, V1, V2};
use crate::{Client, Config, Custody, Error, ListQuery};

/// A sign-in that has begun.
pub struct SignIn {
    config: Config,
    client: Client,
    endpoint: &'static str,
    redirect: String,
    address: Url,
    state: SecretString,
    verifier: SecretString,
}

/// Why a sign-in did not end with a token that works.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A person must do something else first.
    #[error(transparent)]
    Person(#[from] Obstacle),
    /// The service cannot be reached, or answers nonsense: perhaps later.
    #[error(transparent)]
    Service(#[from] Error),
}

impl SignIn {
    /// Prepares a sign-in whose answer comes to this port. Asks the service for a token without having a code: so it
    /// shows which endpoint there is, and what is wrong with tenant, app or secret before a person is sent anywhere.
    ///
    /// # Errors
    /// `Service` if the service cannot be reached; `Person` if it does not know the tenant or the app.
    pub async fn begin(config: Config, port: u16) -> Result<Self, SignInError> {
        let client = Client::new(config.clone())?;
        // As registered, `http://localhost`, without a slash; Entra passes over the port (RFC 8252 7.3).
        let redirect = format!("http://localhost:{port}");
        let scope = scope(&config);
        let question = [("grant_type", "authorization_code"), ("scope", scope.as_str()), ("redirect_uri", &redirect)];
        let endpoint = match client.tokens.ask(V2, &question).await {
            Ok(None) => V1,
            Ok(Some(_)) => V2,
            Err((Refusal::SignIn(reason), _)) => match obstacle::of_the_app(&reason) {
                Some(obstacle) => return Err(obstacle.into()),
                None => V2,
            },
            Err((refusal, wait)) => return Err(refusal.error(wait).into()),
        };
        // Version 4 UUIDs are 122 bits of the system's randomness each; two in hexadecimal are a verifier's 64 characters.
        let random = || Uuid::new_v4().simple().to_string();
        let (state, verifier) = (SecretString::from(random()), SecretString::from(random() + &random()));
        let address = address(&config, endpoint, &redirect, &state, &verifier)?;
        Ok(Self { config, client, endpoint, redirect, address, state, verifier })
    }

    /// Where the person goes.
    #[must_use]
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// What came back to the loopback address, by its query; `None` if it is no answer at all.
    ///
    /// # Errors
    /// `Person` if the person did not agree, or if the answer belongs to another sign-in.
    pub fn answer(&self, query: &str) -> Option<Result<SecretString, SignInError>> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let (code, error) = (value("code").filter(|code| !code.is_empty()), value("error"));
        if code.is_none() && error.is_none() {
            return None;
        }
        let state = value("state").unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(self.state.expose_secret().as_bytes())) {
            return Some(Err(obstacle::of_another_sign_in().into()));
        }
        let refused = |error: &str| obstacle::of_the_person(error, value("error_description").unwrap_or_default());
        Some(match (code, error) {
            (_, Some(error)) => Err(refused(error).into()),
            (code, None) => Ok(SecretString::from(code.unwrap_or_default())),
        })
    }

    /// Exchanges the code for a refresh token.
    ///
    /// # Errors
    /// `Person` if the service refuses; `Service` if it cannot be reached.
    pub async fn redeem(&self, code: &SecretString) -> Result<SecretString, SignInError> {
        let scope = scope(&self.config);
        let asked = match self.endpoint {
            V2 => ("scope", scope.as_str()),
            _ => ("resource", self.config.referrals_audience.as_str()),
        };
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", &self.redirect),
            ("code_verifier", self.verifier.expose_secret()),
            asked,
        ];
        let answer = self.client.tokens.ask(self.endpoint, &grant).await;
        match answer.map_err(|(refusal, wait)| refusal.error(wait)) {
            Ok(Some(redeemed)) => redeemed.refresh_token.ok_or_else(|| obstacle::of_no_refresh_token().into()),
            Ok(None) => Err(Error::Unreadable { what: "a token endpoint that went away".to_owned() }.into()),
            Err(error) => Err(obstacle::told(Api::Referrals, error)),
        }
    }

    /// Proves a refresh token at both hosts, with one cheap request each, and returns the newest one that came of it.
    ///
    /// # Errors
    /// `Person` if a role, a consent or the second factor is missing; `Service` if a host cannot be reached.
    pub async fn prove(&self, token: SecretString) -> Result<SecretString, SignInError> {
        let held = Arc::new(Mutex::new(token));
        let client = Client::new(Config { custody: Custody::Held(Arc::clone(&held)), ..self.config.clone() })?;
        // What changed since now: the shortest list there is.
        let query = ListQuery { updated_since: Some(Timestamp::now()), ..ListQuery::default() };
        client.list(&query).await.map_err(|error| obstacle::told(Api::Referrals, error))?;
        client.registration().await.map_err(|error| obstacle::told(Api::Webhooks, error))?;
        let newest = held.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(newest.clone())
    }
}

/// One API and a refresh token that works for others of the same consent; `openid` as in 1.3.
fn scope(config: &Config) -> String {
    format!("{}/.default offline_access openid", config.referrals_audience.trim_end_matches('/'))
}

fn address(
    config: &Config,
    endpoint: &str,
    redirect: &str,
    state: &SecretString,
    verifier: &SecretString,
) -> Result<Url, Error> {
    let authority = config.authority_url.as_str().trim_end_matches('/');
    let mut address = Url::parse(&format!("{authority}/{}/{endpoint}/authorize", config.tenant_id))
        .map_err(|_| Error::Configuration { reason: "authority_url and tenant_id make no address".to_owned() })?;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret().as_bytes()));
    address.query_pairs_mut().extend_pairs([
        ("client_id", config.client_id.as_str()),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("redirect_uri", redirect),
        ("state", state.expose_secret()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        // A session of the browser that began without a second factor would give a token that is refused (1.4), and it
        // may be somebody else's than the service account's.
        ("prompt", "login"),
    ]);
    match endpoint {
        V2 => address.query_pairs_mut().append_pair("scope", &scope(config)),
        _ => address.query_pairs_mut().append_pair("resource", &config.referrals_audience),
    };
    Ok(address)
}
