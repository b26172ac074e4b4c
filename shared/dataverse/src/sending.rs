//! One request to the Web API: its headers, its token, the gate before it, the one retry after a 401.
//!
//! What a failed answer means is in `verdict.rs`. The installer, which needs headers of its own, uses [`Request`] too.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::address::{last_id_in, option};
use crate::client::Client;
use crate::error::Error;
use crate::tracking::Link;
use crate::verdict;

/// The largest answer we read, in bytes: a page of 5,000 rows fits many times over.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// What must be true of the row for a write to happen (dataverse-api 2.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// There is no such row yet: `If-None-Match: *`.
    MustNotExist,
    /// The row still has this etag: `If-Match: W/"..."`.
    Matches(String),
    /// There is such a row, in whatever version: `If-Match: *`. Without it a PATCH would re-create a deleted row.
    MustExist,
}

/// A request to the Web API, below `{url}/api/data/v9.2/`.
#[derive(Clone)]
pub struct Request {
    method: Method,
    target: Target,
    headers: Vec<(HeaderName, String)>,
    body: Option<Value>,
    precondition: Option<Precondition>,
}

#[derive(Clone)]
enum Target {
    Path(String),
    Link(Link),
}

/// A success.
pub struct Answer {
    /// 200, 201 or 204.
    pub status: StatusCode,
    /// The JSON body, if there is one.
    pub body: Option<Value>,
    /// The GUID in `OData-EntityId`, where the server sends it.
    pub entity_id: Option<Uuid>,
}

impl Request {
    /// A request for `path`, which is relative to the service root and percent-encoded already.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self::to(method, Target::Path(path.into()))
    }

    pub(crate) fn following(link: &Link) -> Self {
        Self::to(Method::GET, Target::Link(link.clone()))
    }

    fn to(method: Method, target: Target) -> Self {
        Self { method, target, headers: Vec::new(), body: None, precondition: None }
    }

    /// Adds a header beside the mandatory ones: `Prefer`, `Consistency`, `MSCRM.SolutionUniqueName` in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((HeaderName::from_static(name), value.into()));
        self
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Makes the write conditional.
    #[must_use]
    pub fn precondition(mut self, precondition: Precondition) -> Self {
        self.precondition = Some(precondition);
        self
    }

    /// Marks what this write causes: webhook calls show the text in `SharedVariables` (dataverse-api 2.3).
    #[must_use]
    pub fn tag(mut self, tag: Option<&str>) -> Self {
        if let (Some(tag), Target::Path(path)) = (tag, &mut self.target) {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&option("tag", tag));
        }
        self
    }

    /// The mandatory headers of dataverse-api 2.2, the precondition, then the request's own.
    fn header_map(&self, authorization: &HeaderValue) -> Result<HeaderMap, Error> {
        let (if_match, if_none_match) = match &self.precondition {
            None => (None, "null"),
            Some(Precondition::MustNotExist) => (None, "*"),
            Some(Precondition::Matches(etag)) => (Some(etag.as_str()), "null"),
            Some(Precondition::MustExist) => (Some("*"), "null"),
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.clone());
        let mut add = |name: HeaderName, value: &str| {
            let value = HeaderValue::from_str(value).map_err(|_| Error::Configuration {
                reason: format!("the value of header {name} for Dataverse has characters that no header can carry"),
            })?;
            headers.insert(name, value);
            Ok(())
        };
        add(HeaderName::from_static("accept"), "application/json")?;
        add(HeaderName::from_static("odata-version"), "4.0")?;
        add(HeaderName::from_static("odata-maxversion"), "4.0")?;
        add(HeaderName::from_static("if-none-match"), if_none_match)?;
        add(HeaderName::from_static("x-ms-client-request-id"), &Uuid::new_v4().to_string())?;
        if let Some(if_match) = if_match {
            add(HeaderName::from_static("if-match"), if_match)?;
        }
        if self.body.is_some() {
            add(HeaderName::from_static("content-type"), "application/json; charset=utf-8")?;
        }
        for (name, value) in &self.headers {
            add(name.clone(), value)?;
        }
        Ok(headers)
    }
}

/// An answer before it is judged.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// Sends one request. A 401 is answered once with a fresh token; nothing else is repeated.
    ///
    /// # Errors
    /// Any but `DeltaExpired`, which only links cause.
    pub async fn send(&self, request: &Request) -> Result<Answer, Error> {
        let authorization = self.permission().await?;
        let mut reply = self.attempt(request, &authorization).await?;
        if reply.refuses_token() {
            self.tokens.discard(&authorization).await;
            let authorization = self.permission().await?;
            reply = self.attempt(request, &authorization).await?;
            if reply.refuses_token() {
                return Err(self.tokens.refuse("the API refuses a fresh token").await);
            }
        }
        self.judge(request, &reply)
    }

    /// A token, unless the gate is closed before or after it is fetched.
    async fn permission(&self) -> Result<HeaderValue, Error> {
        self.pass_the_gate()?;
        let authorization = self.tokens.authorization().await?;
        self.pass_the_gate()?;
        Ok(authorization)
    }

    fn pass_the_gate(&self) -> Result<(), Error> {
        match self.gate.closed_for() {
            None => Ok(()),
            Some(left) => Err(Error::NotSent {
                reason: format!("it asked us to stay away for another {} s", left.as_secs()),
                retry_after: Some(left),
                source: None,
            }),
        }
    }

    async fn attempt(&self, request: &Request, authorization: &HeaderValue) -> Result<Reply, Error> {
        let url = self.url_of(&request.target)?;
        let path = url.path().to_owned();
        let mut builder = self.http.request(request.method.clone(), url).headers(request.header_map(authorization)?);
        if let Some(body) = &request.body {
            builder = builder.body(body.to_string());
        }
        let response = builder.send().await.map_err(transport_error)?;
        let (status, headers) = (response.status(), response.headers().clone());
        // The query string is left out: filters hold names and addresses of people.
        let request_id = header_text(&headers, "x-ms-service-request-id");
        let status_code = status.as_u16();
        tracing::debug!(metric = "calls", code = "crm", method = %request.method, path, status = status_code, request_id, "dataverse answered");
        match body_of(response).await {
            Ok(body) => Ok(Reply { status, headers, body }),
            // Of a failure the status says enough.
            Err(_) if !status.is_success() => Ok(Reply { status, headers, body: Vec::new() }),
            Err(error) => Err(error),
        }
    }

    fn url_of(&self, target: &Target) -> Result<Url, Error> {
        match target {
            Target::Path(path) => Url::parse(&format!("{}{path}", self.root))
                .map_err(|_| Error::Configuration { reason: "a path for Dataverse makes no address".to_owned() }),
            Target::Link(link) => self.url_of_link(link),
        }
    }

    fn judge(&self, request: &Request, reply: &Reply) -> Result<Answer, Error> {
        if !reply.status.is_success() {
            let retry_after = header_text(&reply.headers, "retry-after");
            let precondition = request.precondition.as_ref();
            let error = verdict::error_of(reply.status, retry_after.as_deref(), &reply.body, precondition);
            if let Error::Throttled { retry_after } | Error::Unavailable { retry_after } = &error {
                self.gate.close_for(*retry_after);
            }
            return Err(error);
        }
        let body = match reply.body.trim_ascii() {
            [] => None,
            text => Some(serde_json::from_slice(text).map_err(|_| Error::Unreadable {
                what: format!("status {} with a body that is not JSON", reply.status.as_u16()),
            })?),
        };
        let entity_id = header_text(&reply.headers, "odata-entityid").and_then(|address| last_id_in(&address));
        Ok(Answer { status: reply.status, body, entity_id })
    }
}

impl Reply {
    fn refuses_token(&self) -> bool {
        verdict::refuses_token(self.status, &self.body)
    }
}

/// Reads a body under a size limit. A body that breaks off leaves the outcome unknown.
pub(crate) async fn body_of(mut response: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken_off)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Error::Unreadable { what: format!("an answer of more than {LARGEST_ANSWER} bytes") });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn transport_error(error: reqwest::Error) -> Error {
    if error.is_builder() {
        return Error::Configuration { reason: "a request for Dataverse cannot be built".to_owned() };
    }
    if error.is_connect() {
        let reason = "no connection could be made".to_owned();
        return Error::NotSent { reason, retry_after: None, source: Some(error.without_url()) };
    }
    broken_off(error)
}

fn broken_off(error: reqwest::Error) -> Error {
    let reason = if error.is_timeout() { "no answer in time" } else { "the connection broke" };
    Error::UnknownOutcome { reason: reason.to_owned(), source: Some(error.without_url()) }
}
