//! The control routes: the handle over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Answer, Caller, send, started, text};
use crate::receiver::Receiver;

async fn control(caller: &Caller, method: Method, path: &str, body: Value) -> Answer {
    let request = caller.http.request(method, format!("{}/control/{path}", caller.dv.url()));
    send(if body.is_null() { request } else { request.json(&body) }).await
}

#[tokio::test]
async fn everything_that_the_handle_does_is_a_route() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    let get = async |path: &str| control(&caller, Method::GET, path, Value::Null).await;
    let post = async |path: &str, body: Value| control(&caller, Method::POST, path, body).await;
    let settings = get("settings").await.body;
    assert_eq!(text(&settings, "/url"), caller.dv.url());
    assert_eq!(post("register", json!({ "url": receiver.url() })).await.status, 204);
    assert_eq!(post("register", json!({ "url": "nowhere" })).await.status, 400);
    let made = post("rows/opportunity", json!({ "name": "Deal", "estimatedvalue": 100 })).await.body;
    let id = text(&made, "/id").to_owned();
    assert_eq!(post(&format!("rows/opportunity/{id}/edit"), json!({ "name": "Renamed" })).await.status, 204);
    assert_eq!(text(&get(&format!("rows/opportunity/{id}")).await.body, "/name"), "Renamed");
    assert_eq!(get("rows/opportunity").await.body.as_array().unwrap().len(), 1);
    let refused = post("rows/opportunity", json!({ "nothere": 1 })).await;
    assert_eq!(refused.refusal(), (400, "0x80048d19"));
    assert_eq!(post(&format!("opportunities/{id}/win"), json!({ "actualrevenue": 90 })).await.status, 204);
    assert_eq!(post(&format!("opportunities/{id}/reopen"), Value::Null).await.status, 204);
    assert_eq!(post(&format!("opportunities/{id}/lose"), json!({ "status": 5 })).await.status, 204);
    assert_eq!(get(&format!("rows/opportunity/{id}")).await.body["statuscode"], json!(5));
    assert_eq!(post("events/settled", Value::Null).await.status, 204);
    assert_eq!(receiver.calls().len(), get("deliveries").await.body.as_array().unwrap().len());
    let lead =
        text(&post("rows/lead", json!({ "subject": "Lead", "lastname": "Example" })).await.body, "/id").to_owned();
    assert_eq!(post(&format!("leads/{lead}/disqualify"), json!({ "status": 5 })).await.status, 204);
    assert_eq!(post(&format!("leads/{lead}/reopen"), Value::Null).await.status, 204);
    assert_eq!(post(&format!("leads/{lead}/qualify"), Value::Null).await.status, 200);
    let other = text(&post("rows/account", json!({ "name": "Other" })).await.body, "/id").to_owned();
    let master = get("rows/account").await.body.as_array().unwrap().clone();
    let master = master.iter().find(|row| text(row, "/accountid") != other).unwrap()["accountid"].clone();
    let merge = json!({ "table": "account", "master": master, "subordinate": other });
    assert_eq!(post("merge", merge).await.status, 204);
    assert_eq!(post(&format!("rows/opportunity/{id}/delete"), Value::Null).await.status, 204);
    assert_eq!(get(&format!("rows/opportunity/{id}")).await.status, 404);
}

#[tokio::test]
async fn events_switches_privileges_and_tokens_are_routes_too() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    caller.dv.register(&receiver.url());
    let get = async |path: &str| control(&caller, Method::GET, path, Value::Null).await.body;
    let post = async |path: &str, body: Value| control(&caller, Method::POST, path, body).await;
    assert_eq!(post("events", json!({ "events": "hold" })).await.status, 204);
    caller.dv.create("lead", json!({ "subject": "Lead" }));
    let events = get("events").await;
    assert_eq!(
        (&events["events"], &events["held"], &events["endpoints"]),
        (&json!("hold"), &json!(1), &json!([receiver.url()]))
    );
    assert_eq!(post("events/release", json!({ "release": "twice" })).await.status, 204);
    assert_eq!(post("events/settled", Value::Null).await.status, 204);
    assert_eq!(receiver.calls().len(), 2);
    assert_eq!(post("events", json!({ "events": "sometimes" })).await.status, 400);
    let switches = post("switches", json!({ "money_scale": 2, "expired_delta_status": 410 })).await.body;
    assert_eq!((&switches["money_scale"], &get("switches").await["expired_delta_status"]), (&json!(2), &json!(410)));
    assert_eq!(post("switches", json!({ "nothere": true })).await.status, 400);
    let denied = post("privileges", json!({ "prvReadAccount": "none" })).await.body;
    assert_eq!(denied, json!({ "prvreadaccount": "none" }));
    assert_eq!(caller.get("accounts").await.status, 403);
    assert_eq!(control(&caller, Method::DELETE, "privileges", Value::Null).await.status, 204);
    assert_eq!(caller.get("accounts").await.status, 200);
    assert_eq!(post("tokens/revoke", Value::Null).await.status, 204);
    assert_eq!(caller.get("accounts").await.status, 401);
}

#[tokio::test]
async fn the_harness_answers_too_and_logs_no_control_requests() {
    let caller = started().await;
    caller.get("WhoAmI()").await;
    let log = control(&caller, Method::GET, "requests", Value::Null).await.body;
    let paths: Vec<&str> = log.as_array().unwrap().iter().map(|entry| text(entry, "/path_and_query")).collect();
    assert_eq!(paths.len(), 2);
    assert!(paths[0].ends_with("/oauth2/v2.0/token") && paths[1].ends_with("/WhoAmI()"), "{paths:?}");
}
