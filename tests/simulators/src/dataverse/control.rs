//! The control routes of this simulator, beside those of the harness: what [`Dataverse`] offers, over HTTP. Never logged,
//! never faulted, open to everybody.
//!
//! | route | body | does, answers |
//! |---|---|---|
//! | `GET /control/settings` | | what a client must know: address, ids, secrets |
//! | `GET /control/rows/{table}` | | every row with every column |
//! | `POST /control/rows/{table}` | columns | a seller makes a row: `{"id"}` |
//! | `GET /control/rows/{table}/{id}` | | one row |
//! | `POST /control/rows/{table}/{id}/edit` | columns | a seller edits and saves once |
//! | `POST /control/rows/{table}/{id}/delete` | | a seller deletes it |
//! | `POST /control/opportunities/{id}/win` | `{"status", ...}` or `{}` | a seller wins it; other members go to the close activity |
//! | `POST /control/opportunities/{id}/lose` | `{"status", ...}` or `{}` | a seller loses it |
//! | `POST /control/opportunities/{id}/reopen` | | a seller reopens it |
//! | `POST /control/leads/{id}/qualify` | | a seller qualifies it: `{"id"}` of the opportunity |
//! | `POST /control/leads/{id}/disqualify` | `{"status"}` or `{}` | a seller disqualifies it |
//! | `POST /control/leads/{id}/reopen` | | a seller reactivates it |
//! | `POST /control/merge` | `{"table", "master", "subordinate"}` | a seller merges two rows |
//! | `GET /control/events` | | `{"events", "held", "endpoints"}` |
//! | `POST /control/events` | `{"events": "deliver"\|"lose"\|"hold"}` | what becomes of webhook calls from now on |
//! | `POST /control/events/release` | `{"release": "in_order"\|"reversed"\|"twice"}` | lets held calls leave |
//! | `POST /control/events/settled` | | answers when no call is under way |
//! | `GET /control/deliveries` | | what came of every call |
//! | `POST /control/register` | `{"url"}` | registers an address for all changes |
//! | `GET /control/switches` | | the switches |
//! | `POST /control/switches` | some members | changes them; answers all |
//! | `GET /control/privileges` | | the privileges that are not global |
//! | `POST /control/privileges` | `{"prvReadOpportunity": "none"\|"basic"\|...}` | sets some; answers all that are not global |
//! | `DELETE /control/privileges` | | every privilege is global again |
//! | `POST /control/tokens/revoke` | | kills all access tokens |
//!
//! What changes without an answer is 204; what is not there 404; a body that cannot be 400 with `{"error"}`; a refusal
//! of the platform has its own status and body.
//!
//! [`Dataverse`]: super::Dataverse

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answers::Answer;
use super::handle::{self, Dataverse};
use super::rules::opportunity::Closing;
use super::rules::rights::Level;
use super::seller;
use super::simulator::Simulator;
use super::switches::Switches;
use super::webhooks::Delivery;
use super::world::World;
use crate::harness::control::bad_request;

type Shared = State<Arc<Simulator>>;

pub(super) fn routes(simulator: Arc<Simulator>) -> Router {
    Router::new()
        .route("/control/settings", get(settings))
        .route("/control/rows/{table}", get(rows).post(create))
        .route("/control/rows/{table}/{id}", get(row))
        .route("/control/rows/{table}/{id}/edit", post(edit))
        .route("/control/rows/{table}/{id}/delete", post(delete))
        .route("/control/opportunities/{id}/{act}", post(opportunity))
        .route("/control/leads/{id}/{act}", post(lead))
        .route("/control/merge", post(merge))
        .route("/control/events", get(events).post(set_events))
        .route("/control/events/release", post(release))
        .route("/control/events/settled", post(settled))
        .route("/control/deliveries", get(deliveries))
        .route("/control/register", post(register))
        .route("/control/switches", get(switches).post(set_switches))
        .route("/control/privileges", get(privileges).post(set_privileges).delete(reset_privileges))
        .route("/control/tokens/revoke", post(revoke))
        .with_state(simulator)
}

async fn settings(State(simulator): Shared) -> Json<Value> {
    let ids = simulator.read(|world| world.ids);
    Json(json!({
        "url": simulator.url,
        "authority_url": simulator.url,
        "audience": simulator.url,
        "tenant_id": Dataverse::TENANT_ID,
        "client_id": Dataverse::CLIENT_ID,
        "client_secret": Dataverse::CLIENT_SECRET,
        "webhook_key": Dataverse::WEBHOOK_KEY,
        "organization_id": ids.organization,
        "application_user_id": ids.application_user,
        "seller_id": ids.seller,
    }))
}

async fn rows(State(simulator): Shared, Path(table): Path<String>) -> Json<Vec<Value>> {
    Json(simulator.read(|world| seller::rows(world, &table)))
}

async fn row(State(simulator): Shared, Path((table, id)): Path<(String, Uuid)>) -> Response {
    let row = simulator.read(|world| seller::row(world, &table, id));
    row.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |row| Json(row).into_response())
}

async fn create(State(simulator): Shared, Path(table): Path<String>, Json(columns): Json<Value>) -> Response {
    let made = act(&simulator, |world| seller::create(world, &table, columns));
    made.map_or_else(|refused| *refused, |id| Json(json!({ "id": id })).into_response())
}

async fn edit(
    State(simulator): Shared,
    Path((table, id)): Path<(String, Uuid)>,
    Json(columns): Json<Value>,
) -> Response {
    done(act(&simulator, |world| seller::edit(world, &table, id, columns)))
}

async fn delete(State(simulator): Shared, Path((table, id)): Path<(String, Uuid)>) -> Response {
    done(act(&simulator, |world| seller::delete(world, &table, id)))
}

async fn opportunity(
    State(simulator): Shared,
    Path((id, name)): Path<(Uuid, String)>,
    body: Option<Json<Map<String, Value>>>,
) -> Response {
    let mut activity = body.map(|Json(body)| body).unwrap_or_default();
    let status = activity.remove("status").and_then(|status| status.as_i64());
    let activity = Value::Object(activity);
    match name.as_str() {
        "win" => done(act(&simulator, |world| seller::close(world, id, Closing::Win, status.unwrap_or(3), activity))),
        "lose" => done(act(&simulator, |world| seller::close(world, id, Closing::Lose, status.unwrap_or(4), activity))),
        "reopen" => done(act(&simulator, |world| reopen(world, "opportunity", id))),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn lead(State(simulator): Shared, Path((id, name)): Path<(Uuid, String)>, body: Option<Json<Value>>) -> Response {
    let status = body.and_then(|Json(body)| body["status"].as_i64()).unwrap_or(4);
    match name.as_str() {
        "qualify" => {
            let made = act(&simulator, |world| seller::qualify(world, id));
            made.map_or_else(|refused| *refused, |id| Json(json!({ "id": id })).into_response())
        }
        "disqualify" => done(act(&simulator, |world| {
            seller::edit(world, "lead", id, json!({ "statecode": 2, "statuscode": status }))
        })),
        "reopen" => done(act(&simulator, |world| reopen(world, "lead", id))),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn reopen(world: &mut World, table: &str, id: Uuid) -> Answer<()> {
    seller::edit(world, table, id, json!({ "statecode": 0, "statuscode": 1 }))
}

async fn merge(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    let ids = (member::<Uuid>(&body, "master"), member::<Uuid>(&body, "subordinate"), member::<String>(&body, "table"));
    match ids {
        (Ok(master), Ok(subordinate), Ok(table)) => {
            done(act(&simulator, |world| seller::merge(world, &table, master, subordinate)))
        }
        (Err(reason), _, _) | (_, Err(reason), _) | (_, _, Err(reason)) => bad_request(&reason),
    }
}

async fn events(State(simulator): Shared) -> Json<Value> {
    let (events, held) = simulator.deliveries.events();
    let endpoints: Vec<String> = simulator.read(|world| {
        world.store.rows("serviceendpoint").filter_map(|row| row.text("url").map(str::to_owned)).collect()
    });
    Json(json!({ "events": events, "held": held, "endpoints": endpoints }))
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

async fn settled(State(simulator): Shared) -> StatusCode {
    simulator.deliveries.settled().await;
    StatusCode::NO_CONTENT
}

async fn deliveries(State(simulator): Shared) -> Json<Vec<Delivery>> {
    Json(simulator.deliveries.log())
}

async fn register(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    let Some(url) = body["url"].as_str() else { return bad_request("url must be an absolute URL") };
    match handle::register(&simulator, url) {
        Ok(()) => no_content(),
        Err(refusal) => bad_request(&refusal.to_string()),
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

async fn privileges(State(simulator): Shared) -> Json<BTreeMap<String, Level>> {
    Json(simulator.read(|world| world.rights.levels().clone()))
}

async fn set_privileges(State(simulator): Shared, Json(body): Json<Value>) -> Response {
    let levels: BTreeMap<String, Level> = match serde_json::from_value(body) {
        Ok(levels) => levels,
        Err(error) => return bad_request(&error.to_string()),
    };
    simulator.change(|world| {
        for (privilege, level) in levels {
            world.rights.set(&privilege, level);
        }
        Json(world.rights.levels().clone()).into_response()
    })
}

async fn reset_privileges(State(simulator): Shared) -> StatusCode {
    simulator.change(|world| world.rights.reset());
    StatusCode::NO_CONTENT
}

async fn revoke(State(simulator): Shared) -> StatusCode {
    simulator.identity.revoke_all();
    StatusCode::NO_CONTENT
}

fn act<T>(simulator: &Simulator, act: impl FnOnce(&mut World) -> Answer<T>) -> Result<T, Box<Response>> {
    simulator.change(|world| world.attempt(act)).map_err(|refused| {
        let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
        Box::new((status, Json(refused.body())).into_response())
    })
}

fn done(result: Result<(), Box<Response>>) -> Response {
    result.map_or_else(|refused| *refused, |()| no_content())
}

fn member<T: DeserializeOwned>(body: &Value, name: &str) -> Result<T, String> {
    serde_json::from_value(body[name].clone()).map_err(|error| format!("{name}: {error}"))
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
