//! The Web API over HTTP (dataverse-api 2.1, 2.2): limits and tokens first, then the call, then the headers that every
//! answer carries.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::dispatch::dispatch;
use super::reply::{Call, Reply};
use crate::dataverse::answers::Refused;
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::handle::Dataverse;
use crate::dataverse::odata::payload::ContentIds;
use crate::dataverse::protection::Left;
use crate::dataverse::simulator::Simulator;
use crate::dataverse::world::World;

/// The versions that answer alike (2.1).
const VERSIONS: [&str; 3] = ["v9.0", "v9.1", "v9.2"];
/// What a request may hold: the largest that a note takes (6.3).
const BODY_MOST: usize = 128 * 1024 * 1024;
/// What an address may hold outside of a batch (2.9).
const ADDRESS_MOST: usize = 32 * 1024;
const JSON: &str = "application/json; odata.metadata=minimal";

pub(crate) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/api/data/{version}", any(root))
        .route("/api/data/{version}/", any(root))
        .route("/api/data/{version}/{*path}", any(call))
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .fallback(nowhere)
        .with_state(simulator)
}

/// The front door's own 404, which is not OData (2.12).
async fn nowhere(uri: Uri) -> Response {
    let message = format!("No HTTP resource was found that matches the request URI '{uri}'.");
    (StatusCode::NOT_FOUND, axum::Json(json!({ "Message": message }))).into_response()
}

async fn root(
    State(simulator): State<Arc<Simulator>>,
    Path(version): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&simulator, &version, method, &uri, headers, body).await
}

async fn call(
    State(simulator): State<Arc<Simulator>>,
    Path((version, _)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&simulator, &version, method, &uri, headers, body).await
}

async fn answer(
    simulator: &Simulator,
    version: &str,
    method: Method,
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !VERSIONS.contains(&version) {
        let message = format!("No HTTP resource was found that matches the request URI '{uri}'.");
        return (StatusCode::NOT_FOUND, axum::Json(json!({ "Message": message }))).into_response();
    }
    if uri.path_and_query().is_some_and(|address| address.as_str().len() > ADDRESS_MOST) {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    if simulator.identity.check(&headers, &simulator.url).is_err() {
        return unauthorized(simulator);
    }
    let switches = simulator.read(|world| world.switches.clone());
    let left = match simulator.protection.enter(simulator.clock.now(), &switches) {
        Ok(left) => left,
        Err(refused) => return finish(Err(refused), None),
    };
    if switches.processing_milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(switches.processing_milliseconds)).await;
    }
    // The path as it came: only its own reader may decode it.
    let path = uri.path().strip_prefix("/api/data/").and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
    let call = Call {
        method,
        path: path.to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
        content_ids: ContentIds::new(),
    };
    let reply = simulator.change(|world| {
        application_user(world)?;
        world.attempt(|world| dispatch(world, &call))
    });
    simulator
        .protection
        .leave(reply.as_ref().map_or(0, |reply| reply.further_operations * switches.request_cost_milliseconds));
    finish(reply, Some(left))
}

/// The app must have a user here, and it must not be disabled (1.2, 1.3).
fn application_user(world: &World) -> Result<(), Refused> {
    let status = world.switches.missing_user_status;
    let application = Uuid::try_parse(Dataverse::CLIENT_ID).unwrap_or_default();
    let user = world.store.get("systemuser", world.ids.application_user);
    let user = user.filter(|row: &&Row| row.get("applicationid") == Some(&Datum::Id(application)));
    match user {
        None => Err(Refused::new(status, "0x80072560", "The user is not a member of the organization.")),
        Some(user) if user.boolean("isdisabled") => {
            Err(Refused::new(status, "0x80040225", "The specified user is disabled."))
        }
        Some(_) => Ok(()),
    }
}

/// The challenge by which some clients find the tenant; the body is nothing that a JSON reader likes (1.2).
fn unauthorized(simulator: &Simulator) -> Response {
    let challenge = format!(
        "Bearer authorization_uri={}/{}/oauth2/authorize, resource_id={}/",
        simulator.url,
        Dataverse::TENANT_ID,
        simulator.url
    );
    let html = simulator.read(|world| world.switches.unauthorized_html);
    let body = if html { "<!DOCTYPE html><html><body>401 - Unauthorized: Access is denied.</body></html>" } else { "" };
    let mut answer = (StatusCode::UNAUTHORIZED, body).into_response();
    let headers = answer.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if html {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

fn finish(reply: Result<Reply, Refused>, left: Option<Left>) -> Response {
    let (reply, retry_after) = match reply {
        Ok(reply) => (reply, None),
        Err(refused) => (Reply::refused(&refused), refused.retry_after),
    };
    let mut answer =
        Response::new(reply.body.as_ref().map_or_else(Body::empty, |body| Body::from(Reply::text_of(body))));
    *answer.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let request_id = Uuid::new_v4().to_string();
    add("req_id", &request_id);
    add("x-ms-service-request-id", &request_id);
    match (&reply.content_type, &reply.body) {
        (Some(content_type), _) => add("content-type", content_type),
        (None, Some(Value::String(_))) => add("content-type", "text/plain"),
        (None, Some(_)) => add("content-type", JSON),
        (None, None) => {}
    }
    if let Some(left) = left {
        add("x-ms-ratelimit-burst-remaining-xrm-requests", &left.requests.to_string());
        let seconds = left.milliseconds / 1000;
        add("x-ms-ratelimit-time-remaining-xrm-requests", &format!("{seconds}.{:03}", left.milliseconds % 1000));
    }
    if let Some(entity) = &reply.entity {
        add("odata-entityid", entity);
        add("location", entity);
    }
    if let Some(etag) = &reply.etag {
        add("etag", etag);
    }
    // Whoever keeps the cookie stays on one web server and meets its limits sooner (3.1).
    add("set-cookie", "ARRAffinity=5f8d2a1c; path=/; secure; HttpOnly");
    if let Some(applied) = &reply.preference_applied {
        add("preference-applied", applied);
    }
    if let Some(seconds) = retry_after {
        add("retry-after", &seconds.to_string());
    }
    answer
}
