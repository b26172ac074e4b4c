//! The routes of the referrals host: who may call, what is read from the request, what the answer carries
//! (partner-center-api 2, 4.1).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answers::{self, Refused};
use super::choices::SkipTokenAt;
use super::referral;
use super::simulator::Simulator;
use super::stamp::{date_header, seven_digits};
use super::world::World;
use super::{change, create, entry, list};

const COLLECTION: &str = "/v1.0/engagements/referrals";
const PRINTED: &str = "/v1.0/referrals";

pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route(COLLECTION, get(list_referrals).post(create_referral))
        .route("/v1.0/engagements/referrals/{id}", get(get_referral).patch(patch_referral).put(put_referral))
        .route(PRINTED, get(list_referrals))
        .method_not_allowed_fallback(async || Refused::method())
        .layer(middleware::from_fn_with_state(simulator.clone(), enter))
        .with_state(simulator)
}

/// Limits and tokens first; then the headers that every answer carries (2.3).
async fn enter(State(simulator): State<Arc<Simulator>>, request: Request, next: Next) -> Response {
    let client_request_id = request.headers().get("client-request-id").cloned();
    let asks_for_mfa =
        request.headers().contains_key("validatemfa") && simulator.read(|world| world.switches.mfa_header);
    let mut answer = match entry::referrals(&simulator, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => *refused,
    };
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.insert("request-id", id);
    }
    if let Ok(moment) = HeaderValue::from_str(&seven_digits(simulator.clock.now())) {
        headers.insert("timestamp", moment);
    }
    headers.extend(date_header(simulator.clock.now()));
    headers.insert("x-ms-ags-diagnostic", HeaderValue::from_static(r#"{"ServerInfo":{"Slice":"simulator"}}"#));
    if let Some(id) = client_request_id {
        headers.insert("client-request-id", id);
    }
    if asks_for_mfa {
        let compliant = simulator.read(|world| world.person.mfa);
        headers.insert("ismfacompliant", HeaderValue::from_static(if compliant { "true" } else { "false" }));
    }
    answer
}

async fn create_referral(State(simulator): State<Arc<Simulator>>, headers: HeaderMap, body: Bytes) -> Response {
    let body = match json_body(&headers, &body) {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let request_id = headers.get("ms-requestid").and_then(|id| id.to_str().ok()).map(str::to_owned);
    simulator.change(|world| {
        let again = request_id.as_ref().filter(|_| world.switches.request_id_is_idempotent);
        let made = match again.and_then(|id| world.creates.get(id).cloned()) {
            Some(id) => Ok(id),
            None => create::create(world, &simulator.organization_name, body),
        };
        let id = match made {
            Ok(id) => id,
            Err(refused) => return refused.into_response(),
        };
        if let Some(request_id) = request_id {
            world.creates.insert(request_id, id.clone());
        }
        let mut document = stored(world, &id);
        if world.switches.create_answer_omits_closing_date
            && let Some(details) = document["details"].as_object_mut()
        {
            details.remove("closingDateTime");
        }
        with_etag(world, answers::status(world.switches.create_status), document)
    })
}

async fn list_referrals(State(simulator): State<Arc<Simulator>>, uri: Uri) -> Response {
    let options: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let with_token = options.iter().any(|(name, _)| name == "$skiptoken");
    let own_url = format!("{}{COLLECTION}", simulator.url);
    simulator.change(|world| {
        let taken_here = match world.switches.skip_token_at {
            SkipTokenAt::Collection => uri.path() == COLLECTION,
            SkipTokenAt::Printed => (uri.path() == PRINTED) == with_token,
            SkipTokenAt::Both => uri.path() == COLLECTION || with_token,
        };
        if !taken_here {
            return Refused::not_found().into_response();
        }
        match list::list(world, &options, &own_url) {
            Ok(page) => Json(page).into_response(),
            Err(refused) => refused.into_response(),
        }
    })
}

async fn get_referral(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    simulator.change(|world| {
        if !world.find(&id).is_some_and(|stored| world.sees(stored)) {
            return Refused::not_found().into_response();
        }
        let mut document = stored(world, &id);
        document["@odata.context"] =
            json!("http://api.partner.microsoft.com/v1.0/engagments/referrals/$metadata#Referrals/$entity");
        with_etag(world, StatusCode::OK, document)
    })
}

async fn patch_referral(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = match json_body(&headers, &body) {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let wants_document = headers
        .get_all("prefer")
        .iter()
        .any(|prefer| prefer.to_str().is_ok_and(|prefer| prefer.contains("return=representation")));
    simulator.change(|world| match change::patch(world, &id, &headers, &body) {
        Ok(()) if wants_document => with_etag(world, StatusCode::OK, stored(world, &id)),
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refused.into_response(),
    })
}

async fn put_referral(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = match json_body(&headers, &body) {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    simulator.change(|world| match change::put(world, &id, &headers, body) {
        Ok(()) => with_etag(world, StatusCode::OK, stored(world, &id)),
        Err(refused) => refused.into_response(),
    })
}

fn stored(world: &World, id: &str) -> Value {
    world.find(id).map(|stored| referral::shown(&stored.document, &world.switches)).unwrap_or_default()
}

fn with_etag(world: &World, status: StatusCode, document: Value) -> Response {
    let etag = HeaderValue::from_str(referral::text(&document, "eTag")).ok().filter(|_| world.switches.etag_header);
    let mut answer = (status, Json(document)).into_response();
    if let Some(etag) = etag {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer
}

/// The body of a write: JSON, and said to be JSON, not JSON Patch (2.2).
fn json_body(headers: &HeaderMap, body: &Bytes) -> Result<Value, Refused> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Refused::media_type());
    }
    serde_json::from_slice(body).map_err(|error| Refused::invalid(format!("The body is not JSON: {error}")))
}
