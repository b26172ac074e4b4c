//! The control routes of both simulators: the request log, the fault rules and the clock. Never logged, never faulted.
//!
//! | route | does |
//! |---|---|
//! | `GET /control/requests` | the log, an array of entries |
//! | `DELETE /control/requests` | clears it |
//! | `GET /control/faults` | the rules as they stand |
//! | `POST /control/faults` | adds a rule |
//! | `DELETE /control/faults` | removes all rules |
//! | `POST /control/clock` | `{"advance_seconds": n}` |

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use super::fault::FaultRule;
use super::log::RequestEntry;
use super::wrapper::Harness;

/// The routes, to be merged into a simulator's router.
pub fn routes(harness: Harness) -> Router {
    Router::new()
        .route("/control/requests", get(requests).delete(clear_requests))
        .route("/control/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/control/clock", post(advance))
        .with_state(harness)
}

async fn requests(State(harness): State<Harness>) -> Json<Vec<RequestEntry>> {
    Json(harness.requests())
}

async fn clear_requests(State(harness): State<Harness>) -> StatusCode {
    harness.clear_requests();
    StatusCode::NO_CONTENT
}

async fn faults(State(harness): State<Harness>) -> Json<Vec<FaultRule>> {
    Json(harness.faults())
}

/// Goes through a `Value`: an enum tagged inside cannot read numbers of arbitrary precision from text.
async fn add_fault(State(harness): State<Harness>, Json(rule): Json<Value>) -> Response {
    match serde_json::from_value(rule) {
        Ok(rule) => {
            harness.add_fault(rule);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => bad_request(&error.to_string()),
    }
}

async fn clear_faults(State(harness): State<Harness>) -> StatusCode {
    harness.clear_faults();
    StatusCode::NO_CONTENT
}

async fn advance(State(harness): State<Harness>, Json(body): Json<Value>) -> Response {
    match body["advance_seconds"].as_u64() {
        Some(seconds) => {
            harness.clock().advance(Duration::from_secs(seconds));
            Json(json!({ "now": harness.clock().now() })).into_response()
        }
        None => bad_request("advance_seconds must be a whole number"),
    }
}

/// A 400 of the control interface, which is no vendor's.
pub(crate) fn bad_request(reason: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": reason }))).into_response()
}
