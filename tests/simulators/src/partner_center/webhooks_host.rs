//! The routes of the webhooks host: register, view, update, validate (partner-center-api 6.1). A second POST is refused
//! with 409; a PUT replaces whatever is there, whoever made it. By switch also the addresses that events name (6.3).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answers::{self, WebhookRefused};
use super::entry::{self, By};
use super::event::Event;
use super::referral;
use super::simulator::Simulator;
use super::stamp::date_header;
use super::webhooks::{Attempt, OTHER_EVENTS, REFERRAL_EVENTS, Registration, TEST_EVENT, Validation};
use super::world::World;

const NONE_REGISTERED: WebhookRefused =
    WebhookRefused { status: 404, code: "1000", description: "The registration was not found." };
const TAKEN: WebhookRefused =
    WebhookRefused { status: 409, code: "409", description: "A registration exists; update it." };
const NO_METHOD: WebhookRefused =
    WebhookRefused { status: 405, code: "405", description: "The method is not allowed for this resource." };
const NO_LENGTH: WebhookRefused =
    WebhookRefused { status: 411, code: "411", description: "Content-Length is required." };
const NO_ROUTE: WebhookRefused =
    WebhookRefused { status: 404, code: "1000", description: "The resource was not found." };

pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/webhooks/v1/registration", get(view).post(register).put(update).delete(unregister))
        .route("/webhooks/v1/registration/events", get(event_names))
        .route("/webhooks/v1/registration/validationEvents", post(validate))
        .route("/webhooks/v1/registration/validationEvents/{id}", get(validation))
        .route("/engagements/v1/referrals/{id}", get(referral_of_an_event))
        .method_not_allowed_fallback(async || NO_METHOD)
        .layer(middleware::from_fn_with_state(simulator.clone(), enter))
        .with_state(simulator)
}

/// Limits and tokens first; then the headers that every answer echoes (2.3).
async fn enter(State(simulator): State<Arc<Simulator>>, mut request: Request, next: Next) -> Response {
    let given =
        ["ms-requestid", "ms-correlationid", "x-locale"].map(|name| (name, request.headers().get(name).cloned()));
    let mut answer = match entry::webhooks(&simulator, request.headers()) {
        Ok(by) => {
            request.extensions_mut().insert(by);
            next.run(request).await
        }
        Err(refused) => *refused,
    };
    answer.headers_mut().extend(date_header(simulator.clock.now()));
    for (name, value) in given {
        let own = || match name {
            "x-locale" => HeaderValue::from_static("en-US"),
            _ => HeaderValue::from_str(&Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("")),
        };
        answer.headers_mut().insert(name, value.unwrap_or_else(own));
    }
    answer
}

async fn event_names() -> Json<Vec<&'static str>> {
    Json(REFERRAL_EVENTS.iter().chain(&[TEST_EVENT]).chain(OTHER_EVENTS).copied().collect())
}

async fn view(State(simulator): State<Arc<Simulator>>) -> Response {
    simulator.read(|world| match world.webhooks.registrations.last() {
        Some(registration) => Json(shown(registration, world, false)).into_response(),
        None => NONE_REGISTERED.into_response(),
    })
}

async fn register(State(simulator): State<Arc<Simulator>>, Extension(by): Extension<By>, body: Bytes) -> Response {
    simulator.change(|world| match read(world, by, &body) {
        Ok(wanted) if world.webhooks.is_taken(&wanted.events, world.switches.registration_per_event) => {
            TAKEN.into_response()
        }
        Ok(wanted) => take_slot(world, wanted),
        Err(refused) => refused.into_response(),
    })
}

async fn update(State(simulator): State<Arc<Simulator>>, Extension(by): Extension<By>, body: Bytes) -> Response {
    simulator.change(|world| match read(world, by, &body) {
        _ if world.webhooks.registrations.is_empty() => NONE_REGISTERED.into_response(),
        Ok(wanted) => take_slot(world, wanted),
        Err(refused) => refused.into_response(),
    })
}

async fn unregister(State(simulator): State<Arc<Simulator>>) -> Response {
    simulator.change(|world| {
        if !world.switches.delete_registration {
            return NO_METHOD.into_response();
        }
        match std::mem::take(&mut world.webhooks.registrations).is_empty() {
            true => NONE_REGISTERED.into_response(),
            false => StatusCode::NO_CONTENT.into_response(),
        }
    })
}

fn take_slot(world: &mut World, wanted: Registration) -> Response {
    let answer = Json(shown(&wanted, world, true)).into_response();
    world.webhooks.put(wanted, world.switches.registration_per_event);
    answer
}

fn read(world: &mut World, by: By, body: &[u8]) -> Result<Registration, WebhookRefused> {
    read_members(world, by, body).map_err(|description| WebhookRefused { status: 400, code: "3000", description })
}

/// Reads a registration. Members are taken in any case, as the documentation and the swagger disagree.
fn read_members(world: &mut World, by: By, body: &[u8]) -> Result<Registration, &'static str> {
    let members: Map<String, Value> = serde_json::from_slice(body).map_err(|_| "The body must be a registration.")?;
    let member = |wanted: &str| {
        members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or(&Value::Null, |(_, value)| value)
    };
    let url = member("WebhookUrl").as_str().and_then(|text| url::Url::parse(text).ok());
    let url = url.filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    let url = url.ok_or("WebhookUrl must be an absolute URL.")?;
    let events = member("WebhookEvents").as_array().ok_or("WebhookEvents must be a list of event names.")?;
    let known = |event: &Value| {
        let mut names = REFERRAL_EVENTS.iter().chain(&[TEST_EVENT]).chain(OTHER_EVENTS);
        names.find(|name| event == **name).map(|name| (*name).to_owned())
    };
    let events = events.iter().map(known).collect::<Option<_>>().ok_or("WebhookEvents holds an unknown event name.")?;
    let before = world.webhooks.registrations.last();
    let subscriber_id = before.map(|before| before.subscriber_id.clone()).unwrap_or_else(|| world.stamps.id());
    let in_ms_signature = member("SignatureTokenToMsSignatureHeader") == &Value::Bool(true);
    let (by_app, changed_at) = (by == By::App, world.stamps.now());
    Ok(Registration { subscriber_id, url: url.into(), events, in_ms_signature, by_app, changed_at })
}

fn shown(registration: &Registration, world: &World, with_subscriber: bool) -> Value {
    let mut shown = json!({ "WebhookUrl": registration.url, "WebhookEvents": registration.events });
    if with_subscriber || world.switches.full_registration_answers {
        shown["SubscriberId"] = json!(registration.subscriber_id);
    }
    if world.switches.full_registration_answers {
        shown["SignatureTokenToMsSignatureHeader"] = json!(registration.in_ms_signature);
        shown["LastModifiedTimestamp"] = json!(registration.changed_at);
    }
    shown
}

async fn validate(State(simulator): State<Arc<Simulator>>, headers: HeaderMap) -> Response {
    if !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING) {
        return NO_LENGTH.into_response();
    }
    simulator.change(|world| {
        let now = world.stamps.now();
        if world.webhooks.registrations.is_empty() {
            return NONE_REGISTERED.into_response();
        }
        let Some(url) = world.registration_for(TEST_EVENT).map(|registration| registration.url.clone()) else {
            let description = "The registration lacks test-created.";
            return WebhookRefused { status: 400, code: "3000", description }.into_response();
        };
        if let Some(seconds) = world.webhooks.validation_wait(now) {
            return answers::throttled(seconds);
        }
        let correlation_id = world.stamps.id();
        world.webhooks.begin_validation(&correlation_id, &url, now);
        simulator.deliveries.tell(Event::validation(&correlation_id, now));
        Json(json!({ "correlationId": correlation_id })).into_response()
    })
}

async fn validation(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    simulator.read(|world| match world.webhooks.validation(&id, world.stamps.now()) {
        Some(validation) => Json(validation_shown(validation, world)).into_response(),
        None => {
            WebhookRefused { status: 404, code: "1000", description: "The validation was not found." }.into_response()
        }
    })
}

fn validation_shown(validation: &Validation, world: &World) -> Value {
    json!({
        "correlationId": validation.correlation_id,
        "partnerId": world.organization_id,
        "status": if validation.ended { "completed" } else { world.switches.validation_under_way.as_str() },
        "callbackUrl": validation.callback_url,
        "results": validation.attempts.iter().map(attempt_shown).collect::<Vec<_>>(),
    })
}

/// The address that an event names, if it is a route at all (9, point 17).
async fn referral_of_an_event(State(simulator): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    simulator.change(|world| {
        let found = world.find(&id).filter(|stored| world.switches.resource_uri_route && world.sees(stored));
        match found {
            Some(stored) => Json(referral::shown(&stored.document, &world.switches)).into_response(),
            None => NO_ROUTE.into_response(),
        }
    })
}

fn attempt_shown(attempt: &Attempt) -> Value {
    json!({
        "responseCode": attempt.status.map(status_name).unwrap_or_default(),
        "responseMessage": "",
        "systemError": attempt.status.is_none(),
        // No zone, though it is UTC.
        "dateTimeUtc": attempt.at.strftime("%Y-%m-%dT%H:%M:%S.%7f").to_string(),
    })
}

/// The .NET name of a status: its reason without spaces.
fn status_name(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| reason.replace([' ', '-', '\''], ""))
}
