//! The control routes: what the handle offers, over HTTP.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::caller::{Caller, document, started, text};
use crate::receiver::Receiver;

async fn control(caller: &Caller, method: Method, path: &str, body: Option<Value>) -> Response {
    let mut request = caller.http.request(method, format!("{}/control{path}", caller.pc.url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

async fn post(caller: &Caller, path: &str, body: Value) -> u16 {
    control(caller, Method::POST, path, Some(body)).await.status().as_u16()
}

async fn get(caller: &Caller, path: &str) -> Value {
    document(control(caller, Method::GET, path, None).await).await
}

#[tokio::test]
async fn a_seller_invites_and_edits() {
    let caller = started().await;
    let made = control(&caller, Method::POST, "/referrals", Some(json!({ "name": "By hand" }))).await;
    let id = text(&document(made).await, "/id").to_owned();
    assert_eq!(post(&caller, &format!("/referrals/{id}/edit"), json!({ "/details/dealValue": 12.5 })).await, 204);
    let deal = get(&caller, &format!("/referrals/{id}")).await;
    assert_eq!((text(&deal, "/name"), deal["details"]["dealValue"].to_string()), ("By hand", "12.5".to_owned()));
    assert_eq!(get(&caller, "/referrals").await.as_array().unwrap().len(), 2);
    assert_eq!(post(&caller, &format!("/referrals/{id}/edit"), json!({ "name": 1 })).await, 400);
    assert_eq!(post(&caller, "/referrals/unknown/edit", json!({ "/name": "x" })).await, 404);
    assert_eq!(post(&caller, &format!("/referrals/{id}/hide"), json!({ "hidden": true })).await, 204);
    assert_eq!(caller.get(&id).await.status(), 404);
    for path in ["bump", "expire"] {
        let answer = control(&caller, Method::POST, &format!("/referrals/{id}/{path}"), None).await;
        assert_eq!(answer.status(), 204, "{path}");
    }
    assert_eq!(text(&get(&caller, &format!("/referrals/{id}")).await, "/substatus"), "Expired");
}

#[tokio::test]
async fn events_are_held_and_released() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    assert_eq!(post(&caller, "/register", json!({ "url": receiver.url() })).await, 204);
    assert_eq!(post(&caller, "/events", json!({ "events": "hold" })).await, 204);
    caller.pc.invite(json!({ "type": "Independent" }));
    let events = get(&caller, "/events").await;
    assert_eq!(events, json!({ "events": "hold", "held": 1, "registered": receiver.url() }));
    assert_eq!(post(&caller, "/events/release", json!({ "release": "twice" })).await, 204);
    assert_eq!(control(&caller, Method::POST, "/events/settled", None).await.status(), 204);
    assert_eq!(receiver.names(), ["referral-created", "referral-created"]);
    assert_eq!(get(&caller, "/deliveries").await[1]["outcome"], json!("delivered"));
    assert_eq!(post(&caller, "/events", json!({ "events": "eat" })).await, 400);
}

#[tokio::test]
async fn given_up_events_are_replayed_and_any_body_is_signed() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    post(&caller, "/register", json!({ "url": receiver.url() })).await;
    post(&caller, "/switches", json!({ "delivery_attempts": 1 })).await;
    receiver.answer(&[500]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    assert_eq!(control(&caller, Method::POST, "/events/replay", None).await.status(), 204);
    caller.pc.settled().await;
    assert_eq!(receiver.delivered().len(), 2);
    let delivered = receiver.delivered().pop().unwrap();
    let url = format!("{}/control/sign", caller.pc.url());
    let signed = document(caller.http.post(url).body(delivered.body.clone()).send().await.unwrap()).await;
    for name in ["x-ms-signature", "X-MS-Certificate-Url", "X-MS-Signature-Algorithm"] {
        assert_eq!(signed[name].as_str(), delivered.header(name), "{name}");
    }
}

#[tokio::test]
async fn switches_change_by_name_and_unknown_ones_are_refused() {
    let caller = started().await;
    let answer =
        control(&caller, Method::POST, "/switches", Some(json!({ "page_size": 2, "stale_etag": "conflict" }))).await;
    let switches = document(answer).await;
    assert_eq!((&switches["page_size"], &switches["stale_etag"]), (&json!(2), &json!("conflict")));
    assert_eq!(get(&caller, "/switches").await, switches);
    assert_eq!(post(&caller, "/switches", json!({ "page_sice": 3 })).await, 400);
}

#[tokio::test]
async fn tokens_and_the_person_behind_them() {
    let mut caller = started().await;
    assert_eq!(post(&caller, "/tokens/revoke", json!({ "access": true })).await, 204);
    assert_eq!(caller.list(&[]).await.status(), 401);
    caller.sign_in().await;
    assert_eq!(post(&caller, "/tokens/revoke", json!({ "refresh": true })).await, 204);
    let consented = document(control(&caller, Method::POST, "/tokens/consent", None).await).await;
    assert_eq!(text(&consented, "/refresh_token"), caller.pc.refresh_token());
    assert_eq!(text(&get(&caller, "/settings").await, "/refresh_token"), caller.pc.refresh_token());
    let person = control(&caller, Method::POST, "/person", Some(json!({ "role": "none" }))).await;
    assert_eq!(document(person).await["mfa"], json!(true));
    assert_eq!(caller.list(&[]).await.status(), 403);
    assert_eq!(post(&caller, "/person", json!({ "role": "king" })).await, 400);
}

#[tokio::test]
async fn the_clock_moves_over_http() {
    let caller = started().await;
    let id = caller.pc.invite(json!({}));
    assert_eq!(post(&caller, "/clock", json!({ "advance_seconds": 15 * 24 * 60 * 60 })).await, 200);
    caller.pc.bump(&id);
    assert_eq!(text(&caller.pc.referral(&id).unwrap(), "/substatus"), "Expired");
}
