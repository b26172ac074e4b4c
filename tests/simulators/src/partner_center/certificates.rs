//! The certificate store: the file that the header of an event names (partner-center-api 6.5).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use super::simulator::Simulator;

/// `/elsewhere/` holds the same files: a receiver must not look there.
pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new().route("/cert/{file}", get(file)).route("/elsewhere/{file}", get(file)).with_state(simulator)
}

async fn file(State(simulator): State<Arc<Simulator>>, Path(file): Path<String>) -> Response {
    let as_pem = simulator.read(|world| world.switches.certificates_as_pem);
    match simulator.signer.certificate(&file, as_pem) {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
