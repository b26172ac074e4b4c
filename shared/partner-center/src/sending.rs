//! One request: its headers, its token, the gate before it, the one retry after a 401.

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::client::Host;
use crate::verdict::{self, Complaint};
use crate::{Client, Error};

/// The largest answer we read, in bytes: a page of 100 referrals fits many times over.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// A request to one of the hosts.
pub(crate) struct Request<'a> {
    pub(crate) host: &'a Host,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<&'a Value>,
    pub(crate) if_match: Option<&'a str>,
    /// The same for every attempt at one effect (partner-center-api 2.2).
    pub(crate) request_id: Option<&'a str>,
}

/// A success.
pub(crate) struct Answer {
    pub(crate) body: Option<Value>,
    pub(crate) server_date: Option<Timestamp>,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Client {
    /// Sends one request. A 401 is answered once with a fresh token; nothing else is repeated.
    pub(crate) async fn send(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let audience = &request.host.audience;
        let authorization = self.permission(request.host).await?;
        let mut reply = self.attempt(request, &authorization).await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            self.tokens.discard(audience, &authorization).await;
            let authorization = self.permission(request.host).await?;
            reply = self.attempt(request, &authorization).await?;
            if reply.status == StatusCode::UNAUTHORIZED {
                let demanded = Complaint::read(&reply.body).demands_sign_in();
                let reason = demanded.unwrap_or("the API refuses a fresh token");
                return Err(self.tokens.refuse(audience, reason).await);
            }
        }
        self.judge(request, &reply)
    }

    async fn permission(&self, host: &Host) -> Result<HeaderValue, Error> {
        pass_the_gate(host)?;
        let authorization = self.tokens.authorization(&host.audience).await?;
        pass_the_gate(host)?; // Another caller may have been sent away meanwhile.
        Ok(authorization)
    }

    async fn attempt(&self, request: &Request<'_>, authorization: &HeaderValue) -> Result<Reply, Error> {
        let trace = Uuid::new_v4().to_string();
        let mut builder = self
            .http
            .request(request.method.clone(), request.url.clone())
            .header(AUTHORIZATION, authorization.clone())
            .header("accept", "application/json")
            .header("client-request-id", &trace)
            .header("ms-correlationid", &trace)
            .header("ms-requestid", request.request_id.unwrap_or(&trace));
        if let Some(etag) = request.if_match {
            builder = builder.header("if-match", quoted(etag)).header("prefer", "return=representation");
        }
        if let Some(body) = request.body {
            // A PATCH too: not application/json-patch+json (partner-center-api 2.2).
            builder = builder.header("content-type", "application/json").body(body.to_string());
        } else if request.method != Method::GET {
            builder = builder.header("content-length", "0"); // Nobody else would say so (partner-center-api 6.1).
        }
        let response = builder.send().await.map_err(transport_error)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let request_id = header_text(&headers, "request-id");
        let path = request.url.path();
        let status_code = status.as_u16();
        tracing::debug!(metric = "calls", code = "partner_center", method = %request.method, path, status = status_code, request_id, "partner center answered");
        match body_of(response).await {
            Ok(body) => Ok(Reply { status, headers, body }),
            // Of a failure the status says enough.
            Err(_) if !status.is_success() => Ok(Reply { status, headers, body: Vec::new() }),
            Err(error) => Err(error),
        }
    }

    fn judge(&self, request: &Request<'_>, reply: &Reply) -> Result<Answer, Error> {
        if !reply.status.is_success() {
            let retry_after = header_text(&reply.headers, "retry-after");
            let conditional = request.if_match.is_some();
            let error = verdict::error_of(reply.status, retry_after.as_deref(), &reply.body, conditional);
            if let Error::Throttled { retry_after } | Error::Unavailable { retry_after } = &error {
                request.host.gate.close_for(*retry_after);
            }
            return Err(error);
        }
        let body = match reply.body.trim_ascii() {
            [] => None,
            text => Some(serde_json::from_slice(text).map_err(|_| Error::Unreadable {
                what: format!("status {} with a body that is not JSON", reply.status.as_u16()),
            })?),
        };
        Ok(Answer { body, server_date: server_date(&reply.headers) })
    }
}

fn pass_the_gate(host: &Host) -> Result<(), Error> {
    match host.gate.closed_for() {
        None => Ok(()),
        Some(left) => Err(Error::NotSent {
            reason: format!("it asked us to stay away for another {} s", left.as_secs()),
            retry_after: Some(left),
            source: None,
        }),
    }
}

/// The version as a header carries it: with its quotes (partner-center-api 2.4).
fn quoted(etag: &str) -> String {
    if etag.starts_with('"') || etag.starts_with("W/") || etag == "*" { etag.to_owned() } else { format!("\"{etag}\"") }
}

fn server_date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(&header_text(headers, "date")?).ok()?;
    Timestamp::try_from(date).ok()
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
        return Error::Configuration { reason: "a request for Partner Center cannot be built".to_owned() };
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
