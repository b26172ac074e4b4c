//! The control routes of this simulator, beside those of the harness: what [`PartnerCenter`] offers, over HTTP. Never
//! logged, never faulted, open to everybody.
//!
//! | route | body | does, answers |
//! |---|---|---|
//! | `GET /control/settings` | | what a client must know: addresses, ids, secrets, certificates |
//! | `GET /control/referrals` | | every referral as it is kept, hidden ones too |
//! | `POST /control/referrals` | members, or `{}` | a seller invites us: `{"id"}` of our own referral |
//! | `GET /control/referrals/{id}` | | one referral as it is kept |
//! | `POST /control/referrals/{id}/edit` | `{"/pointer": value, ...}` | a seller edits and saves once |
//! | `POST /control/referrals/{id}/bump` | | a change by the system alone |
//! | `POST /control/referrals/{id}/hide` | `{"hidden": bool}` | hides it from the API, or shows it |
//! | `POST /control/referrals/{id}/expire` | | lets it expire, whatever its date |
//! | `GET /control/events` | | `{"events", "held", "registered"}` |
//! | `POST /control/events` | `{"events": "deliver"\|"lose"\|"hold"}` | what becomes of events from now on |
//! | `POST /control/events/release` | `{"release": "in_order"\|"reversed"\|"twice"}` | lets held events leave |
//! | `POST /control/events/replay` | | lets events leave again that were given up |
//! | `POST /control/events/settled` | | answers when no delivery is under way |
//! | `POST /control/sign` | any bytes | the headers that this body would be delivered with, as an object |
//! | `GET /control/deliveries` | | what came of every event |
//! | `POST /control/register` | `{"url"}` | takes the registration slot for an address |
//! | `GET /control/switches` | | the switches |
//! | `POST /control/switches` | some members | changes them; answers all |
//! | `POST /control/tokens/consent` | | `{"refresh_token"}`, a new one |
//! | `POST /control/tokens/revoke` | `{"access": bool, "refresh": bool}` | kills tokens |
//! | `POST /control/person` | `{"role", "mfa", "email"}`, some | changes the person; answers it |
//!
//! What changes without an answer is 204; an unknown referral 404; a body that cannot be 400 with `{"error"}`.
//!
//! [`PartnerCenter`]: super::PartnerCenter

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::deliveries::Delivery;
use super::handle::{self, PartnerCenter};
use super::seller;
use super::simulator::Simulator;
use super::switches::Switches;
use crate::harness::control::bad_request;

type Shared = State<Arc<Simulator>>;

pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/control/settings", get(settings))
        .route("/control/referrals", get(referrals).post(invite))
        .route("/control/referrals/{id}", get(referral))
        .route("/control/referrals/{id}/edit", post(edit))
        .route("/control/referrals/{id}/bump", post(bump))
        .route("/control/referrals/{id}/hide", post(hide))
        .route("/control/referrals/{id}/expire", post(expire))
        .route("/control/events", get(events).post(set_events))
        .route("/control/events/release", post(release))
        .route("/control/events/replay", post(replay))
        .route("/control/events/settled", post(settled))
        .route("/control/sign", post(sign))
        .route("/control/deliveries", get(deliveries))
        .route("/control/register", post(register))
        .route("/control/switches", get(switches).post(set_switches))
        .route("/control/tokens/consent", post(consent))
        .route("/control/tokens/revoke", post(revoke))
        .route("/control/person", post(set_person))
        .with_state(simulator)
}

async fn settings(State(simulator): Shared) -> Json<Value> {
    Json(json!({
        "url": simulator.url,
        "tenant_id": PartnerCenter::TENANT_ID,
        "client_id": PartnerCenter::CLIENT_ID,
        "client_secret": PartnerCenter::CLIENT_SECRET,
        "refresh_token": simulator.refresh_tokens().newest(),
        "partner_id": PartnerCenter::PARTNER_ID,
        "organization_id": PartnerCenter::ORGANIZATION_ID,
        "referrals_audience": simulator.referrals_audience,
        "webhooks_audience": simulator.webhooks_audience,
        "certificate_folder": format!("{}/cert/", simulator.url),
        "root_pem": simulator.signer.root_pem(),
        "intermediates_pem": simulator.signer.intermediates_pem(),
    }))
}

async fn referrals(State(simulator): Shared) -> Json<Vec<Value>> {
    Json(simulator.read(|world| world.all().iter().map(|stored| stored.document.clone()).collect()))
}

async fn referral(State(simulator): Shared, Path(id): Path<String>) -> Response {
    let document = simulator.read(|world| world.find(&id).map(|stored| stored.document.clone()));
    document.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |document| Json(document).into_response())
}

async fn invite(State(simulator): Shared, Json(members): Json<Value>) -> Response {
    if !members.is_object() {
        return bad_request("the members of a deal must be an object");
    }
    let id = simulator.change(|world| seller::invite(world, &simulator.organization_name, members));
    Json(json!({ "id": id })).into_response()
}

async fn edit(State(simulator): Shared, Path(id): Path<String>, Json(members): Json<Value>) -> Response {
    let Value::Object(members) = members else { return bad_request("the members must be an object of JSON pointers") };
    if let Some(wrong) = members.keys().find(|pointer| !pointer.starts_with('/')) {
        return bad_request(&format!("{wrong} is no JSON pointer; it must start with a slash"));
    }
    let members: Vec<(&str, Value)> =
        members.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
    done(simulator.change(|world| seller::edit(world, &id, &members)))
}

async fn bump(State(simulator): Shared, Path(id): Path<String>) -> StatusCode {
    done_status(simulator.change(|world| {
        world.bump(&id);
        world.find(&id).is_some()
    }))
}

async fn hide(State(simulator): Shared, Path(id): Path<String>, Json(body): Json<Value>) -> Response {
    let Some(hidden) = body["hidden"].as_bool() else { return bad_request("hidden must be true or false") };
    done(simulator.change(|world| {
        world.hide(&id, hidden);
        world.find(&id).is_some()
    }))
}

async fn expire(State(simulator): Shared, Path(id): Path<String>) -> StatusCode {
    done_status(handle::expire(&simulator, &id))
}

async fn events(State(simulator): Shared) -> Json<Value> {
    let (events, held) = simulator.deliveries.events();
    Json(json!({ "events": events, "held": held, "registered": handle::registered(&simulator) }))
}

async fn set_events(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    match member(&body, "events") {
        Ok(events) => {
            simulator.deliveries.set_events(events);
            no_content()
        }
        Err(reason) => bad_request(&reason),
    }
}

async fn release(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    match member(&body, "release") {
        Ok(release) => {
            simulator.deliveries.release(release);
            no_content()
        }
        Err(reason) => bad_request(&reason),
    }
}

async fn replay(State(simulator): Shared) -> StatusCode {
    simulator.deliveries.replay();
    StatusCode::NO_CONTENT
}

async fn sign(State(simulator): Shared, body: Bytes) -> Response {
    match simulator.signed_headers(&body, "x-ms-signature") {
        Ok(headers) => Json(headers.into_iter().collect::<BTreeMap<_, _>>()).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn settled(State(simulator): Shared) -> StatusCode {
    simulator.deliveries.settled().await;
    StatusCode::NO_CONTENT
}

async fn deliveries(State(simulator): Shared) -> Json<Vec<Delivery>> {
    Json(simulator.deliveries.log())
}

async fn register(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    match body["url"].as_str().filter(|url| url::Url::parse(url).is_ok()) {
        Some(url) => {
            handle::register(&simulator, url);
            no_content()
        }
        None => bad_request("url must be an absolute URL"),
    }
}

async fn switches(State(simulator): Shared) -> Json<Switches> {
    Json(simulator.read(|world| world.switches.clone()))
}

async fn set_switches(State(simulator): Shared, Json(members): Json<Value>) -> Response {
    simulator.change(|world| match world.switches.overlaid(&members) {
        Ok(switches) => {
            world.switches = switches;
            Json(&world.switches).into_response()
        }
        Err(error) => bad_request(&error.to_string()),
    })
}

async fn consent(State(simulator): Shared) -> Json<Value> {
    Json(json!({ "refresh_token": simulator.issue_refresh_token() }))
}

async fn revoke(State(simulator): Shared, Json(body): Json<Value>) -> StatusCode {
    if body["access"] == json!(true) {
        simulator.identity.revoke_all();
    }
    if body["refresh"] == json!(true) {
        simulator.refresh_tokens().revoke_all();
    }
    StatusCode::NO_CONTENT
}

async fn set_person(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    let role = match body.get("role").map(|_| member(&body, "role")).transpose() {
        Ok(role) => role,
        Err(reason) => return bad_request(&reason),
    };
    simulator.change(|world| {
        let person = &mut world.person;
        person.role = role.unwrap_or(person.role);
        person.mfa = body["mfa"].as_bool().unwrap_or(person.mfa);
        if let Some(email) = body["email"].as_str() {
            person.email = email.to_owned();
        }
        Json(json!({ "role": person.role, "mfa": person.mfa, "email": person.email })).into_response()
    })
}

fn member<T: DeserializeOwned>(body: &Value, name: &str) -> Result<T, String> {
    serde_json::from_value(body[name].clone()).map_err(|error| format!("{name}: {error}"))
}

fn done(found: bool) -> Response {
    done_status(found).into_response()
}

fn done_status(found: bool) -> StatusCode {
    if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
