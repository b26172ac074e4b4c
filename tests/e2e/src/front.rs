//! The HTTP API: routes of the template, events of payload format 2.0, answers back.
//!
//! Every other body goes in as base64, as API Gateway does with types that it does not take for text.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::lambda::Lambda;

/// Functions by route key, `POST /dataverse/changes`.
pub(crate) type Routes = BTreeMap<String, Arc<Lambda>>;

/// An HTTP API that listens.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

struct Shared {
    routes: Routes,
    requests: AtomicU64,
}

impl Front {
    pub(crate) async fn open(routes: Routes) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { routes, requests: AtomicU64::new(0) });
        let router = Router::new().fallback(pass).with_state(shared);
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, serving })
    }
}

impl Drop for Front {
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
    let route = format!("{method} {}", uri.path());
    let Some(function) = shared.routes.get(&route) else {
        return (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#).into_response();
    };
    let as_base64 = shared.requests.fetch_add(1, Ordering::Relaxed) % 2 == 1;
    match function.invoke(event(&route, &method, &uri, &headers, &body, as_base64)).await {
        Ok(answer) => {
            let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            (status.unwrap_or(StatusCode::BAD_GATEWAY), answer["body"].as_str().unwrap_or_default().to_owned())
                .into_response()
        }
        // What API Gateway says when a function fails, or has no environment left.
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, r#"{"message":"Service Unavailable"}"#).into_response(),
    }
}

/// A request as payload format 2.0 has it: header names in lower case, values of the same name joined by commas.
pub(crate) fn event(
    route: &str,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    as_base64: bool,
) -> Value {
    let mut joined = Map::new();
    for name in headers.keys() {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        joined.insert(name.as_str().to_owned(), json!(values.join(",")));
    }
    let text = std::str::from_utf8(body).ok().filter(|_| !as_base64);
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": uri.path(),
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": joined,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "e2e",
            "domainName": "e2e.execute-api.eu-central-1.amazonaws.com",
            "http": {
                "method": method.as_str(), "path": uri.path(), "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "e2e",
            },
            "requestId": "e2e",
            "routeKey": route,
            "stage": "$default",
            "time": "25/Nov/2026:05:00:00 +0000",
            "timeEpoch": 1_795_582_800_000_i64,
        },
        "body": text.map_or_else(|| STANDARD.encode(body), str::to_owned),
        "isBase64Encoded": text.is_none(),
    })
}
