//! The one registration of a tenant (partner-center-api 6.1).

use reqwest::Method;
use serde_json::{Value, json};
use simulators::harness::Events;

use crate::caller::{Caller, document, started, text};
use crate::receiver::Receiver;

fn body(url: &str) -> Value {
    json!({ "WebhookUrl": url, "WebhookEvents": ["referral-created", "referral-updated"] })
}

async fn send(caller: &Caller, method: Method, body: &Value) -> (u16, Value) {
    let answer = caller.webhooks(method, "").json(body).send().await.unwrap();
    (answer.status().as_u16(), document(answer).await)
}

#[tokio::test]
async fn there_is_one_slot_and_a_second_post_is_a_conflict() {
    let caller = started().await;
    let view = async || caller.webhooks(Method::GET, "").send().await.unwrap();
    assert_eq!(view().await.status(), 404);
    assert_eq!(send(&caller, Method::PUT, &body("https://a.example/")).await.0, 404);
    let (status, first) = send(&caller, Method::POST, &body("https://a.example/hook")).await;
    assert_eq!(status, 200);
    assert_eq!(text(&first, "/WebhookUrl"), "https://a.example/hook");
    assert!(first["SubscriberId"].is_string());
    let (status, refused) = send(&caller, Method::POST, &body("https://b.example/hook")).await;
    assert_eq!(status, 409);
    assert!(refused["code"].is_string() && refused["description"].is_string());
    assert_eq!(text(&document(view().await).await, "/WebhookUrl"), "https://a.example/hook");
    let (status, second) = send(&caller, Method::PUT, &body("https://b.example/hook")).await;
    assert_eq!((status, &second["SubscriberId"]), (200, &first["SubscriberId"]));
    assert_eq!(caller.pc.registered().as_deref(), Some("https://b.example/hook"), "the feed is taken over");
}

#[tokio::test]
async fn a_view_shows_the_documented_members_and_by_switch_those_of_the_swagger() {
    let caller = started().await;
    let mut wanted = body("https://a.example/hook");
    wanted["SignatureTokenToMsSignatureHeader"] = json!(true);
    send(&caller, Method::POST, &wanted).await;
    let view = async || document(caller.webhooks(Method::GET, "").send().await.unwrap()).await;
    let thin = view().await;
    assert_eq!(thin.as_object().unwrap().keys().collect::<Vec<_>>(), ["WebhookEvents", "WebhookUrl"]);
    caller.pc.switches(|switches| switches.full_registration_answers = true);
    assert_eq!(view().await["SignatureTokenToMsSignatureHeader"], json!(true));
}

#[tokio::test]
async fn a_registration_that_cannot_be_is_refused() {
    let caller = started().await;
    let cases = [
        json!({ "WebhookEvents": [] }),
        json!({ "WebhookUrl": "not a url", "WebhookEvents": [] }),
        json!({ "WebhookUrl": "ftp://a.example", "WebhookEvents": [] }),
        json!({ "WebhookUrl": "https://a.example" }),
        json!({ "WebhookUrl": "https://a.example", "WebhookEvents": ["referral-vanished"] }),
        json!([]),
    ];
    for case in cases {
        let (status, refused) = send(&caller, Method::POST, &case).await;
        assert_eq!((status, text(&refused, "/code")), (400, "3000"), "{case}");
    }
    assert!(caller.pc.registered().is_none());
}

#[tokio::test]
async fn members_may_be_in_camel_case() {
    let caller = started().await;
    let case = json!({ "webhookUrl": "https://a.example/hook", "webhookEvents": ["referral-created"] });
    assert_eq!(send(&caller, Method::POST, &case).await.0, 200);
}

#[tokio::test]
async fn a_registration_is_deleted_by_switch_alone() {
    let caller = started().await;
    let delete = || caller.webhooks(Method::DELETE, "").send();
    send(&caller, Method::POST, &body("https://a.example/hook")).await;
    assert_eq!(text(&document(delete().await.unwrap()).await, "/code"), "405");
    caller.pc.switches(|switches| switches.delete_registration = true);
    assert_eq!(delete().await.unwrap().status(), 204);
    assert_eq!(delete().await.unwrap().status(), 404);
    assert!(caller.pc.registered().is_none());
}

#[tokio::test]
async fn by_switch_each_event_has_a_registration_of_its_own() {
    let (caller, one, other) = (started().await, Receiver::start().await, Receiver::start().await);
    let body = |receiver: &Receiver, event: &str| json!({ "WebhookUrl": receiver.url(), "WebhookEvents": [event] });
    caller.pc.switches(|switches| switches.registration_per_event = true);
    assert_eq!(send(&caller, Method::POST, &body(&one, "referral-created")).await.0, 200);
    assert_eq!(send(&caller, Method::POST, &body(&other, "referral-created")).await.0, 409);
    assert_eq!(send(&caller, Method::POST, &body(&other, "referral-updated")).await.0, 200);
    let id = caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.edit(&id, "/name", json!("x"));
    caller.pc.settled().await;
    assert_eq!(
        (one.names(), other.names()),
        (vec!["referral-created".to_owned()], vec!["referral-updated".to_owned()])
    );
    assert_eq!(send(&caller, Method::PUT, &body(&other, "referral-created")).await.0, 200);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    assert_eq!((one.names().len(), other.names().len()), (1, 2), "the feed is taken over");
}

#[tokio::test]
async fn a_refused_caller_is_told_the_scheme() {
    let caller = started().await;
    let url = format!("{}/webhooks/v1/registration", caller.pc.url());
    let answer = caller.http.get(url).bearer_auth("made up").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("OAuth realm=urn:cpsvc:cpid:"));
}

#[tokio::test]
async fn the_event_names_are_listed_and_headers_echoed() {
    let caller = started().await;
    let request = caller.webhooks(Method::GET, "/events").header("MS-RequestId", "mine");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["MS-RequestId"], "mine");
    assert!(answer.headers().contains_key("MS-CorrelationId"));
    let names = document(answer).await;
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for name in ["referral-created", "related-referral-updated", "test-created", "invoice-ready"] {
        assert!(names.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_validation_needs_a_registration_for_it() {
    let caller = started().await;
    let ask = || caller.validate();
    let lengthless = caller.webhooks(Method::POST, "/validationEvents").send().await.unwrap();
    assert_eq!(lengthless.status(), 411);
    assert_eq!(ask().await.status(), 404);
    send(&caller, Method::POST, &body("http://127.0.0.1:1/")).await;
    assert_eq!(ask().await.status(), 400, "test-created is missing");
    send(&caller, Method::PUT, &json!({ "WebhookUrl": "http://127.0.0.1:1/", "WebhookEvents": ["test-created"] }))
        .await;
    caller.pc.events(Events::Hold);
    caller.pc.switches(|switches| switches.validation_under_way = "running".to_owned());
    let asked = document(ask().await).await;
    let path = format!("/validationEvents/{}", text(&asked, "/correlationId"));
    let under_way = document(caller.webhooks(Method::GET, &path).send().await.unwrap()).await;
    assert_eq!((text(&under_way, "/status"), &under_way["results"]), ("running", &json!([])));
    let unknown = caller.webhooks(Method::GET, "/validationEvents/unknown").send().await.unwrap();
    assert_eq!((unknown.status().as_u16(), text(&document(unknown).await, "/code")), (404, "1000"));
}
