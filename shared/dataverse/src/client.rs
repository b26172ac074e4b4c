//! The calls: read a row, query, write under a precondition, run an action, ask who we are.

use std::fmt;
use std::time::Duration;

use http::Method;
use secrecy::SecretString;
use serde_json::{Map, Value};
use throttle::Gate;
use url::Url;
use uuid::Uuid;

use crate::address::{self, Key, Query};
use crate::error::Error;
use crate::row::Row;
use crate::sending::{Answer, Precondition, Request};
use crate::token::Tokens;
use crate::tracking::Link;

/// Asks which table a lookup points to, without which `customerid` cannot be told to be an account.
const ANNOTATIONS: &str = r#"odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname""#;

/// The longest time that making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an unused connection is kept. Shorter than the server's patience: a write on a connection that the server
/// has just given up would end as an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the environment is and how to sign in to it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The root of the environment: `https://org.crm4.dynamics.com`. Plain http only on a loopback address.
    pub url: Url,
    /// The sign-in service: `https://login.microsoftonline.com`.
    pub authority_url: Url,
    /// The Entra tenant.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// The audience of tokens, normally the same as `url`.
    pub audience: String,
    /// The longest time that one request may take.
    pub timeout: Duration,
}

/// A client of one environment as one application. Share it: token, gate and connections are per client.
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) url: Url,
    pub(crate) root: String,
    pub(crate) tokens: Tokens,
    pub(crate) gate: Gate,
}

/// One conditional write.
pub struct Write<'a> {
    /// The columns to write, and `...@odata.bind` for lookups.
    pub body: &'a Map<String, Value>,
    /// What must be true of the row.
    pub precondition: Precondition,
    /// The columns to return; at least one.
    pub select: &'a [&'a str],
    /// A mark that webhook calls caused by this write carry.
    pub tag: Option<&'a str>,
}

/// What a write left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The row as it is now; `None` if the server answered 204, leaving its new values and etag unknown.
    pub row: Option<Row>,
    /// The primary key, where `OData-EntityId` names it.
    pub id: Option<Uuid>,
    /// Whether the row is new.
    pub created: bool,
}

/// The application user behind our token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhoAmI {
    /// `systemuserid`.
    pub user_id: Uuid,
    /// The business unit of the user.
    pub business_unit_id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
}

impl Client {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// `Configuration` if an address is neither https nor loopback http.
    pub fn new(config: Config) -> Result<Self, Error> {
        demand_safe("url", &config.url)?;
        demand_safe("authority_url", &config.authority_url)?;
        // No cookie store: ARRAffinity would pin us to one web server and its limits (dataverse-api 3.1). No redirects:
        // the token must not travel elsewhere.
        let http = reqwest::Client::builder()
            .user_agent(concat!("cosell/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()
            .map_err(|error| Error::Configuration { reason: format!("no HTTP client can be made: {error}") })?;
        let tokens = Tokens::new(&config, http.clone())?;
        let root = format!("{}/api/data/v9.2/", config.url.as_str().trim_end_matches('/'));
        Ok(Self { http, url: config.url, root, tokens, gate: Gate::default() })
    }

    /// Reads one row. `expand` is the text of `$expand`, not yet percent-encoded.
    ///
    /// # Errors
    /// `NotFound`, `ColumnMissing` and the errors of every call.
    pub async fn get(&self, set: &str, key: &Key, select: &[&str], expand: Option<&str>) -> Result<Row, Error> {
        let mut path = format!("{}?{}", address::row_path(set, key)?, address::select_option(select)?);
        if let Some(expand) = expand {
            path.push('&');
            path.push_str(&address::option("$expand", expand));
        }
        let answer = self.send(&Request::new(Method::GET, path).header("prefer", ANNOTATIONS)).await?;
        Ok(Row::new(object_of(answer)?))
    }

    /// Whether the last sign-in was refused, not merely out of reach.
    pub async fn sign_in_refused(&self) -> bool {
        self.tokens.refused().await
    }

    /// Reads all rows that match, page by page.
    ///
    /// # Errors
    /// `ColumnMissing` and the errors of every call; half a result is never returned.
    pub async fn query(&self, set: &str, query: &Query<'_>) -> Result<Vec<Row>, Error> {
        let mut request = Request::new(Method::GET, format!("{set}?{}", address::query_options(query)?));
        let mut rows = Vec::new();
        let mut last: Option<Link> = None;
        loop {
            let page = Page::read(self.send(&request.header("prefer", ANNOTATIONS)).await?)?;
            rows.extend(page.rows.into_iter().map(Row::new));
            match page.next {
                None => return Ok(rows),
                Some(next) if last.as_ref() == Some(&next) => {
                    return Err(Error::Unreadable { what: "a page that names itself as the next one".to_owned() });
                }
                Some(next) => {
                    request = Request::following(&next);
                    last = Some(next);
                }
            }
        }
    }

    /// Creates or updates one row under a precondition (PATCH), and returns it as it is now.
    ///
    /// # Errors
    /// `Stale`, `Exists`, `NotFound`, `Closed`, `CurrencyLocked`, `TooLong`, `ColumnMissing`, `Rejected` and the
    /// errors of every call.
    pub async fn upsert(&self, set: &str, key: &Key, write: &Write<'_>) -> Result<Written, Error> {
        let path = format!("{}?{}", address::row_path(set, key)?, address::select_option(write.select)?);
        let request = Request::new(Method::PATCH, path)
            .header("prefer", format!("return=representation,{ANNOTATIONS}"))
            .precondition(write.precondition.clone())
            .body(Value::Object(write.body.clone()))
            .tag(write.tag);
        let answer = self.send(&request).await?;
        let id = answer.entity_id;
        let row = if answer.body.is_some() { Some(Row::new(object_of(answer)?)) } else { None };
        // The precondition leaves no choice: 204 is the same for both (dataverse-api 2.7).
        Ok(Written { row, id, created: write.precondition == Precondition::MustNotExist })
    }

    /// Runs an action (POST): `WinOpportunity`, `leads(...)/Microsoft.Dynamics.CRM.QualifyLead`. Returns its result, if any.
    ///
    /// # Errors
    /// `AlreadyClosed`, `NotFound`, `Rejected` and the errors of every call.
    pub async fn action(&self, path: &str, body: &Value, tag: Option<&str>) -> Result<Option<Value>, Error> {
        let request = Request::new(Method::POST, path).body(body.clone()).tag(tag);
        Ok(self.send(&request).await?.body)
    }

    /// Asks who we are: the health check of the API.
    ///
    /// # Errors
    /// The errors of every call.
    pub async fn who_am_i(&self) -> Result<WhoAmI, Error> {
        let row = Row::new(object_of(self.send(&Request::new(Method::GET, "WhoAmI()")).await?)?);
        let id =
            |name: &str| row.id_of(name).ok_or_else(|| Error::Unreadable { what: format!("WhoAmI without a {name}") });
        Ok(WhoAmI {
            user_id: id("UserId")?,
            business_unit_id: id("BusinessUnitId")?,
            organization_id: id("OrganizationId")?,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("root", &self.root).finish_non_exhaustive()
    }
}

/// A page of rows, with the links that may follow it.
pub(crate) struct Page {
    pub(crate) rows: Vec<Map<String, Value>>,
    pub(crate) next: Option<Link>,
    pub(crate) delta: Option<Link>,
}

impl Page {
    pub(crate) fn read(answer: Answer) -> Result<Self, Error> {
        let mut page = object_of(answer)?;
        let Some(Value::Array(values)) = page.remove("value") else {
            return Err(Error::Unreadable { what: "a page without an array of rows".to_owned() });
        };
        let row = |value| match value {
            Value::Object(row) => Ok(row),
            _ => Err(Error::Unreadable { what: "a row that is not an object".to_owned() }),
        };
        let rows = values.into_iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let mut link = |name: &str| match page.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(Link::from(text))),
            Some(_) => Err(Error::Unreadable { what: format!("a {name} that is not text") }),
        };
        Ok(Self { rows, next: link("@odata.nextLink")?, delta: link("@odata.deltaLink")? })
    }
}

fn object_of(answer: Answer) -> Result<Map<String, Value>, Error> {
    match answer.body {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(Error::Unreadable { what: format!("status {} without an object", answer.status.as_u16()) }),
    }
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
            reason: format!("dataverse.{setting} must be an https address (plain http only on a loopback address)"),
        }),
    }
}
