//! A receiver of webhook calls: keeps each request as it came and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use simulators::harness::{Clock, Harness, Server};

use crate::caller::{Caller, started};

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Clone, Default)]
struct Shared {
    calls: Arc<Mutex<Vec<Call>>>,
    /// Statuses of the answers to come; 200 once they are used up.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

pub(crate) struct Receiver {
    server: Server,
    shared: Shared,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let router = Router::new().route("/hook", post(receive)).with_state(shared.clone());
        let server = Server::start(router, Harness::new(Clock::default(), &[])).await.unwrap();
        Self { server, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/hook", self.server.url())
    }

    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.shared.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// Message and table of each call.
    pub(crate) fn told(&self) -> Vec<String> {
        let told = |call: &Call| {
            let context = call.context();
            format!("{} {}", context["MessageName"].as_str().unwrap(), context["PrimaryEntityName"].as_str().unwrap())
        };
        self.calls().iter().map(told).collect()
    }
}

impl Call {
    pub(crate) fn context(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The names of the target's attributes, in the order of the body.
    pub(crate) fn attributes(&self) -> Vec<String> {
        let context = self.context();
        let attributes = context["InputParameters"][0]["value"]["Attributes"].as_array().unwrap();
        attributes.iter().map(|pair| pair["key"].as_str().unwrap().to_owned()).collect()
    }
}

/// The value behind a key in a list of pairs.
pub(crate) fn pair<'a>(pairs: &'a Value, key: &str) -> Option<&'a Value> {
    pairs.as_array()?.iter().find(|pair| pair["key"] == key).map(|pair| &pair["value"])
}

async fn receive(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let query = uri.query().unwrap_or_default().to_owned();
    shared.calls.lock().unwrap().push(Call { query, headers, body });
    let status = shared.answers.lock().unwrap().pop_front().unwrap_or(200);
    (StatusCode::from_u16(status).unwrap(), [("Location", "/hook")]).into_response()
}

/// A simulator that tells a receiver everything.
pub(crate) async fn listening() -> (Caller, Receiver) {
    let caller = started().await;
    let receiver = Receiver::start().await;
    caller.dv.register(&receiver.url());
    caller.dv.switches(|switches| switches.retry_spacing_milliseconds = 1);
    (caller, receiver)
}
