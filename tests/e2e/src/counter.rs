//! Between the functions and an emulator: passes every call on and counts it, because a call is what AWS bills.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A counter that listens.
pub(crate) struct Counter {
    url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    http: reqwest::Client,
    emulator: String,
    calls: Mutex<BTreeMap<String, u64>>,
    keys: Mutex<BTreeSet<String>>,
}

impl Counter {
    /// A counter in front of an emulator.
    pub(crate) async fn open(emulator: String) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            http: reqwest::Client::new(),
            emulator,
            calls: Mutex::default(),
            keys: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shared, serving })
    }

    /// Where functions call.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Calls since the last time this was asked, by operation.
    pub(crate) fn take(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The partition keys that single items were asked for by, since the last time this was asked.
    pub(crate) fn take_keys(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.shared.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    *shared.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(key) = asked["Key"]["pk"]["S"].as_str() {
        shared.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
    }
    let url = format!("{}{}", shared.emulator, uri.path_and_query().map_or("/", |path| path.as_str()));
    let mut passed = headers;
    passed.remove("host");
    match shared.http.request(method, url).headers(passed).body(body).send().await {
        Ok(answer) => {
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            // The body comes in one piece, so its length is told anew.
            headers.remove("transfer-encoding");
            headers.remove("content-length");
            match answer.bytes().await {
                Ok(body) => (status, headers, Body::from(body)).into_response(),
                Err(_) => StatusCode::BAD_GATEWAY.into_response(),
            }
        }
        // The emulator is away: 503 is what the SDK tries again.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
