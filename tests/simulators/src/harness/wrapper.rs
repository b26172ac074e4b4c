//! The wrapper around a simulator's router: logs each request and lets the faults strike.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tower::ServiceExt;

use super::clock::Clock;
use super::fault::{self, Fault, FaultRule};
use super::log::RequestEntry;

/// The request log, the fault rules and the clock of one simulator. Copies share them.
#[derive(Clone, Debug)]
pub struct Harness {
    clock: Clock,
    passed_by: Arc<Vec<String>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<RequestEntry>,
    last_sequence: u64,
    faults: Vec<FaultRule>,
}

/// The connection must close with no answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut by a fault rule")]
pub(super) struct Cut;

impl Harness {
    /// A harness that leaves alone `/control/` and every path with one of `passed_by` in it: neither log nor faults.
    pub fn new(clock: Clock, passed_by: &[&str]) -> Self {
        let mut paths = vec!["/control/".to_owned()];
        paths.extend(passed_by.iter().map(|part| (*part).to_owned()));
        Self { clock, passed_by: Arc::new(paths), state: Arc::default() }
    }

    /// The clock that dates the log.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The requests since the log was last cleared, in order of arrival.
    pub fn requests(&self) -> Vec<RequestEntry> {
        self.state().requests.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.state().requests.clear();
    }

    /// Adds a rule after those that are there.
    pub fn add_fault(&self, rule: FaultRule) {
        self.state().faults.push(rule);
    }

    /// The rules as they stand, with what is left of `times` and `skip`.
    pub fn faults(&self) -> Vec<FaultRule> {
        self.state().faults.clone()
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Passes one request to the router, logged and with the fault that befalls it.
    pub(super) async fn serve(self, router: Router, parts: Parts, body: Bytes) -> Result<Response<Body>, Cut> {
        if self.passed_by.iter().any(|part| parts.uri.path().contains(part)) {
            return Ok(call(router, parts, body).await);
        }
        let (sequence, fault) = self.note_arrival(&parts);
        let answer = answer(fault, router, parts, body).await;
        self.note_answer(sequence, answer.as_ref().ok().map(|response| response.status().as_u16()));
        answer
    }

    fn note_arrival(&self, parts: &Parts) -> (u64, Option<Fault>) {
        let mut state = self.state();
        let path_and_query = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let fault = fault::take(&mut state.faults, parts.method.as_str(), path_and_query);
        state.last_sequence += 1;
        let entry = RequestEntry::of(state.last_sequence, self.clock.now(), parts, fault.as_ref().map(Fault::name));
        state.requests.push(entry);
        (state.last_sequence, fault)
    }

    fn note_answer(&self, sequence: u64, status: Option<u16>) {
        let mut state = self.state();
        if let Some(entry) = state.requests.iter_mut().find(|entry| entry.sequence == sequence) {
            entry.status = status;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(fault: Option<Fault>, router: Router, parts: Parts, body: Bytes) -> Result<Response<Body>, Cut> {
    match fault {
        None => Ok(call(router, parts, body).await),
        Some(Fault::Delay { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Ok(call(router, parts, body).await)
        }
        Some(Fault::Answer { status, headers, body }) => Ok(canned(status, &headers, &body)),
        Some(Fault::AnswerAfterCommit { status, body: answer }) => {
            call(router, parts, body).await;
            Ok(canned(status, &Default::default(), &answer))
        }
        Some(Fault::CutBefore) => Err(Cut),
        Some(Fault::CutAfterCommit) => {
            call(router, parts, body).await;
            Err(Cut)
        }
    }
}

async fn call(router: Router, parts: Parts, body: Bytes) -> Response<Body> {
    match router.oneshot(Request::from_parts(parts, Body::from(body))).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn canned(
    status: u16,
    headers: &std::collections::BTreeMap<String, String>,
    body: &serde_json::Value,
) -> Response<Body> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let sent = if body.is_null() {
        Body::empty()
    } else {
        builder = builder.header(http::header::CONTENT_TYPE, "application/json");
        Body::from(body.to_string())
    };
    // A rule with an impossible status or header shows itself as a 500 that names it.
    builder.body(sent).unwrap_or_else(|error| {
        let mut response = Response::new(Body::from(format!("a fault rule cannot be sent: {error}")));
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
