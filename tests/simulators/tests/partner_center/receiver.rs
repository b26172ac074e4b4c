//! A receiver of events: keeps each request as it came and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use simulators::harness::{Clock, Harness, Server};
use tokio::sync::Notify;

/// One delivered request.
#[derive(Clone, Debug)]
pub(crate) struct Delivered {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Default)]
struct Shared {
    delivered: Arc<Mutex<Vec<Delivered>>>,
    /// Statuses of the answers to come; 200 once they are used up.
    answers: Arc<Mutex<VecDeque<u16>>>,
    arrived: Arc<Notify>,
}

pub(crate) struct Receiver {
    server: Server,
    shared: Shared,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let shared = Shared::default();
        let router = Router::new().route("/events", post(receive)).with_state(shared.clone());
        let server = Server::start(router, Harness::new(Clock::default(), &[])).await.unwrap();
        Self { server, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/events", self.server.url())
    }

    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.shared.answers.lock().unwrap().extend(statuses);
    }

    /// Waits for the next request.
    pub(crate) async fn next(&self) {
        self.shared.arrived.notified().await;
    }

    pub(crate) fn delivered(&self) -> Vec<Delivered> {
        self.shared.delivered.lock().unwrap().clone()
    }

    /// Name and resource of each delivered event.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let event = |delivered: &Delivered| {
            let event = delivered.event();
            let resource = event["ResourceUri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (event["EventName"].as_str().unwrap().to_owned(), resource)
        };
        self.delivered().iter().map(event).collect()
    }

    /// The names alone.
    pub(crate) fn names(&self) -> Vec<String> {
        self.events().into_iter().map(|(name, _)| name).collect()
    }
}

impl Delivered {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A redirect leads back here, where it would be answered like any other request.
async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    shared.delivered.lock().unwrap().push(Delivered { headers, body: body.to_vec() });
    shared.arrived.notify_one();
    let status = shared.answers.lock().unwrap().pop_front().unwrap_or(200);
    (StatusCode::from_u16(status).unwrap(), [("Location", "/events")]).into_response()
}
