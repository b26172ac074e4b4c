//! The calls of the referrals host: create, get, list, engagement, patch (partner-center-api 4.1). Those of the webhooks
//! host are in `registration`.

use std::fmt;
use std::time::Duration;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde_json::{Value, json};
use throttle::Gate;
use url::Url;

use crate::sending::{Answer, Request};
use crate::token::Tokens;
use crate::{Custody, Error, ListQuery, NextLink, Page, Referral, ReferralId};

/// The collection of referrals. Some vendor texts print `engagments`, which is no route.
const COLLECTION: &str = "/v1.0/engagements/referrals";
/// The longest time that making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept: shorter than the server's patience, or a write on a connection that the server
/// has just given up would end as an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// What stands as it is in a query option (RFC 3986 unreserved).
const OPTION: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where Partner Center is and how to sign in to it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The sign-in service: `https://login.microsoftonline.com`.
    pub authority_url: Url,
    /// The Entra tenant of the partner account.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Who keeps the refresh token.
    pub custody: Custody,
    /// Host of the referrals API.
    pub referrals_url: Url,
    /// Host of the webhooks API.
    pub webhooks_url: Url,
    /// Token audience of the referrals API.
    pub referrals_audience: String,
    /// Token audience of the webhooks API.
    pub webhooks_audience: String,
    /// The longest time that one request may take.
    pub timeout: Duration,
}

/// One JSON Patch operation; no other is supported (partner-center-api 4.8).
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Sets a member.
    Add {
        /// JSON pointer.
        path: String,
        /// The new value.
        value: Value,
    },
    /// Changes a member that is there.
    Replace {
        /// JSON pointer.
        path: String,
        /// The new value.
        value: Value,
    },
}

/// A client of one partner account. Share it: tokens, gate and connections are per client.
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) tokens: Tokens,
    pub(crate) webhooks: Host,
    referrals: Host,
}

/// One of the two hosts. A token for one is none for the other, and each counts our requests by itself.
pub(crate) struct Host {
    pub(crate) audience: String,
    pub(crate) gate: Gate,
    base: String,
}

impl Client {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// `Configuration` if an address is neither https nor loopback http.
    pub fn new(config: Config) -> Result<Self, Error> {
        let urls = [
            ("authority_url", &config.authority_url),
            ("referrals_url", &config.referrals_url),
            ("webhooks_url", &config.webhooks_url),
        ];
        for (setting, url) in urls {
            demand_safe(setting, url)?;
        }
        // No redirects: the token must not travel elsewhere.
        let http = reqwest::Client::builder()
            .user_agent(concat!("cosell/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()
            .map_err(|error| Error::Configuration { reason: format!("no HTTP client can be made: {error}") })?;
        let tokens = Tokens::new(&config, http.clone());
        let referrals = Host::new(&config.referrals_url, config.referrals_audience);
        let webhooks = Host::new(&config.webhooks_url, config.webhooks_audience);
        Ok(Self { http, tokens, webhooks, referrals })
    }

    /// Redeems the refresh token for both hosts, which proves that it works, and returns the newest one: for whoever
    /// keeps it, if that is not this client (design section 6).
    ///
    /// # Errors
    /// `SignIn` if somebody must sign in again, `NotSent` if the sign-in service is not there.
    pub async fn sign_in(&self) -> Result<SecretString, Error> {
        self.tokens.sign_in(&[&self.referrals.audience, &self.webhooks.audience]).await
    }

    /// Makes a referral. `request_id` names the effect and is the same for every attempt at it. Never repeat this
    /// after an unknown outcome without looking for the referral first (partner-center-api 4.2).
    ///
    /// # Errors
    /// `Rejected` and the errors of every call.
    pub async fn create(&self, body: &Value, request_id: &str) -> Result<Referral, Error> {
        let mut request = self.referrals.request(Method::POST, COLLECTION, "")?;
        (request.body, request.request_id) = (Some(body), Some(request_id));
        referral_of(self.send(&request).await?)
    }

    /// Reads a referral.
    ///
    /// # Errors
    /// `NotFound` and the errors of every call.
    pub async fn get(&self, id: &ReferralId) -> Result<Referral, Error> {
        let request = self.referrals.request(Method::GET, &format!("{COLLECTION}/{id}"), "")?;
        referral_of(self.send(&request).await?)
    }

    /// Reads the first page of a list.
    ///
    /// # Errors
    /// The errors of every call.
    pub async fn list(&self, query: &ListQuery) -> Result<Page, Error> {
        self.page(COLLECTION, &encoded(&query.options())).await
    }

    /// Reads the page after another. The link's own host is never called, and its path only if ours has no such page
    /// (partner-center-api 4.5).
    ///
    /// # Errors
    /// The errors of every call.
    pub async fn next_page(&self, link: &NextLink) -> Result<Page, Error> {
        let page = match self.page(COLLECTION, link.query()).await {
            Err(Error::NotFound { .. }) if link.path() != COLLECTION => self.page(link.path(), link.query()).await,
            page => page,
        }?;
        match page.next.as_ref() == Some(link) {
            true => Err(Error::Unreadable { what: "a page that names itself as the next one".to_owned() }),
            false => Ok(page),
        }
    }

    /// Reads the members of an engagement that we may see.
    ///
    /// # Errors
    /// The errors of every call.
    pub async fn engagement(&self, engagement_id: &str) -> Result<Page, Error> {
        let filter = format!("engagementId eq '{}'", engagement_id.replace('\'', "''"));
        self.page(COLLECTION, &encoded(&[("$filter", filter)])).await
    }

    /// Changes a referral that is still at `etag`, and returns it as it is now; `None` if the answer has no body.
    ///
    /// # Errors
    /// `Stale`, `NotFound`, `Rejected` and the errors of every call.
    pub async fn patch(
        &self,
        id: &ReferralId,
        etag: &str,
        operations: &[Operation],
    ) -> Result<Option<Referral>, Error> {
        let body = Value::Array(operations.iter().map(Operation::json).collect());
        let mut request = self.referrals.request(Method::PATCH, &format!("{COLLECTION}/{id}"), "")?;
        (request.body, request.if_match) = (Some(&body), Some(etag));
        let answer = self.send(&request).await?;
        match answer.body {
            None => Ok(None),
            Some(_) => referral_of(answer).map(Some),
        }
    }

    /// Whether the last sign-in was refused, not merely out of reach.
    pub async fn sign_in_refused(&self) -> bool {
        self.tokens.refused().await
    }

    async fn page(&self, path: &str, query: &str) -> Result<Page, Error> {
        let answer = self.send(&self.referrals.request(Method::GET, path, query)?).await?;
        Page::read(answer.body.unwrap_or_default(), answer.server_date)
    }
}

impl Host {
    fn new(url: &Url, audience: String) -> Self {
        Self { audience, gate: Gate::default(), base: url.as_str().trim_end_matches('/').to_owned() }
    }

    /// A request with nothing in it yet. Whatever the path says, it goes to this host.
    pub(crate) fn request(&self, method: Method, path: &str, query: &str) -> Result<Request<'_>, Error> {
        let mark = if query.is_empty() { "" } else { "?" };
        let url = Url::parse(&format!("{}{path}{mark}{query}", self.base))
            .map_err(|_| Error::Configuration { reason: "a path for Partner Center makes no address".to_owned() })?;
        Ok(Request { host: self, method, url, body: None, if_match: None, request_id: None })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("referrals", &self.referrals.base).finish_non_exhaustive()
    }
}

impl Operation {
    fn json(&self) -> Value {
        let (op, path, value) = match self {
            Self::Add { path, value } => ("add", path, value),
            Self::Replace { path, value } => ("replace", path, value),
        };
        json!({ "op": op, "path": path, "value": value })
    }
}

/// Names stand as they are, values are percent-encoded, spaces as `%20`.
fn encoded(options: &[(&str, String)]) -> String {
    let pairs = options.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, OPTION)));
    pairs.collect::<Vec<_>>().join("&")
}

fn referral_of(answer: Answer) -> Result<Referral, Error> {
    let referral = answer.body.and_then(Referral::read);
    referral.ok_or_else(|| Error::Unreadable { what: "a success without a referral".to_owned() })
}

/// Tokens and secrets travel encrypted, or stay on this machine.
fn demand_safe(setting: &str, url: &Url) -> Result<(), Error> {
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        _ => Err(Error::Configuration {
            reason: format!(
                "partner_center.{setting} must be an https address (plain http only on a loopback address)"
            ),
        }),
    }
}
