//! The log of requests: what was asked and what came of it. Leaves out bodies, tokens and every header but three.

use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use serde::Serialize;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestEntry {
    /// Counts up from 1; never starts again, so that gaps show a cleared log.
    pub sequence: u64,
    /// Simulated time of arrival.
    pub at: Timestamp,
    /// HTTP method, upper case.
    pub method: String,
    /// Path with its query, as sent.
    pub path_and_query: String,
    /// `If-Match`, as sent.
    pub if_match: Option<String>,
    /// `If-None-Match`, as sent.
    pub if_none_match: Option<String>,
    /// `Prefer`, as sent; several are joined by a comma.
    pub prefer: Option<String>,
    /// Status that the caller was given; none while in flight or when the connection was cut.
    pub status: Option<u16>,
    /// Neither GET nor HEAD.
    pub write: bool,
    /// Name of the fault that befell it.
    pub fault: Option<&'static str>,
}

impl RequestEntry {
    pub(super) fn of(sequence: u64, at: Timestamp, parts: &Parts, fault: Option<&'static str>) -> Self {
        Self {
            sequence,
            at,
            method: parts.method.to_string(),
            path_and_query: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            if_match: joined(&parts.headers, "if-match"),
            if_none_match: joined(&parts.headers, "if-none-match"),
            prefer: joined(&parts.headers, "prefer"),
            status: None,
            write: parts.method != http::Method::GET && parts.method != http::Method::HEAD,
            fault,
        }
    }
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    (!values.is_empty()).then(|| values.join(","))
}
