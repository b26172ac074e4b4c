//! The Lambda Runtime API of one execution environment: `next`, `response`, `error`.
//!
//! As on Lambda, an environment works one invocation at a time, polls for the next one when it is done, and is started
//! by its first invocation.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Result;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// What an invocation came to.
pub(crate) type Outcome = Result<Value, Value>;

/// One invocation on its way in.
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) event: Value,
    pub(crate) deadline: SystemTime,
    pub(crate) outcome: oneshot::Sender<Outcome>,
}

/// The API of one environment.
pub(crate) struct RuntimeApi {
    pub(crate) address: String,
    pub(crate) invocations: mpsc::Sender<Invocation>,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    incoming: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    running: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    init_error: Mutex<Option<Value>>,
    first_poll: Mutex<Option<SystemTime>>,
}

impl RuntimeApi {
    pub(crate) async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (invocations, incoming) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            incoming: tokio::sync::Mutex::new(incoming),
            running: Mutex::default(),
            init_error: Mutex::default(),
            first_poll: Mutex::default(),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, invocations, shared, serving })
    }

    /// When the function first asked for an invocation.
    pub(crate) fn first_poll(&self) -> Option<SystemTime> {
        *lock(&self.shared.first_poll)
    }

    /// Nobody waits for the running invocation any more.
    pub(crate) fn forget(&self) {
        lock(&self.shared.running).take();
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    lock(&shared.first_poll).get_or_insert_with(SystemTime::now);
    let Some(invocation) = shared.incoming.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = invocation.deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
    let mut headers = HeaderMap::new();
    let mut header = |name: &'static str, value: String| {
        headers
            .extend(HeaderValue::from_str(&value).ok().map(|value| (axum::http::HeaderName::from_static(name), value)));
    };
    header("lambda-runtime-aws-request-id", invocation.id.clone());
    header("lambda-runtime-deadline-ms", deadline.to_string());
    header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:000000000000:function:e2e".to_owned());
    header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned());
    *lock(&shared.running) = Some((invocation.id, invocation.outcome));
    (headers, Json(invocation.event)).into_response()
}

fn settle(shared: &Shared, id: &str, outcome: Outcome) -> StatusCode {
    let mut running = lock(&shared.running);
    match running.take_if(|(running, _)| running == id) {
        Some((_, waiting)) => {
            let _ = waiting.send(outcome);
            StatusCode::ACCEPTED
        }
        None => StatusCode::FORBIDDEN,
    }
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&shared, &id, Ok(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&shared, &id, Err(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    *lock(&shared.init_error) = serde_json::from_slice(&body).ok();
    StatusCode::ACCEPTED
}
