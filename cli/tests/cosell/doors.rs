//! The doors of a running `serve`: size, then signature or key, then syntax; nothing that was acknowledged is lost.

use serde_json::json;
use simulators::dataverse::Dataverse;
use simulators::partner_center::Forgery;

use crate::stage::Stage;

#[tokio::test]
async fn the_dataverse_door_checks_size_key_and_syntax_in_this_order() {
    let stage = Stage::set().await;
    let serve = stage.serve().await;
    let http = reqwest::Client::new();
    let post = |key: Option<&str>, body: String| {
        let request = http.post(format!("{}/dataverse/changes", serve.url)).body(body);
        let request = match key {
            Some(key) => request.header("x-cosell-key", key),
            None => request,
        };
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let right = Some(Dataverse::WEBHOOK_KEY);
    assert_eq!(post(None, " ".repeat(1024 * 1024 + 1)).await, 413);
    assert_eq!(post(None, "not JSON".to_owned()).await, 401);
    assert_eq!(post(Some("wrong"), "not JSON".to_owned()).await, 401);
    assert_eq!(post(right, "not JSON".to_owned()).await, 400);
    assert_eq!(post(right, "{}".to_owned()).await, 400);
    let change = |entity: &str| {
        let id = "6a1c3c1e-0000-4000-8000-000000000001";
        json!({ "PrimaryEntityName": entity, "PrimaryEntityId": id, "MessageName": "Update", "OperationId": id })
            .to_string()
    };
    assert_eq!(post(right, change("opportunity")).await, 200);
    assert_eq!(post(right, change("opportunity")).await, 200, "a duplicate is no error");
    assert_eq!(post(right, change("annotation")).await, 200, "what is not ours to sync is no error");
}

#[tokio::test]
async fn the_partner_center_door_takes_only_what_is_signed_and_small() {
    let stage = Stage::set().await;
    let serve = stage.serve().await;
    let http = reqwest::Client::new();
    let events = format!("{}/partner-center/events", serve.url);
    let status = |body: String| {
        let request = http.post(&events).body(body);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(status(" ".repeat(64 * 1024 + 1)).await, 413);
    assert_eq!(status("{}".to_owned()).await, 401);

    stage.partner_center.register(&events);
    for (forgery, answer) in [(Forgery::TamperedBody, 401), (Forgery::OtherRoot, 401), (Forgery::None, 200)] {
        stage.partner_center.switches(|switches| {
            switches.forgery = forgery;
            switches.delivery_attempts = 1;
        });
        let _ = stage.partner_center.invite(json!({}));
        stage.partner_center.settled().await;
        let delivered = stage.partner_center.deliveries();
        let last = delivered.iter().rev().find(|one| one.event_name == "referral-created").unwrap();
        assert_eq!(last.tries, [Some(answer)], "{forgery:?}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_not_doors() {
    let stage = Stage::set().await;
    let serve = stage.serve().await;
    let http = reqwest::Client::new();
    for (path, expected) in [("/partner-center/events", 405), ("/dataverse/changes", 405), ("/", 404), ("/x", 404)] {
        let status = http.get(format!("{}{path}", serve.url)).send().await.unwrap().status().as_u16();
        assert_eq!(status, expected, "{path}");
    }
    let health: serde_json::Value =
        http.get(format!("{}/health", serve.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!((&health["status"], &health["brake"]), (&json!("ok"), &json!(false)));
}

#[tokio::test]
async fn a_dead_token_shows_in_health() {
    let stage = Stage::set().await;
    stage.partner_center.revoke_refresh_tokens();
    let serve = stage.serve().await;
    let http = reqwest::Client::new();
    let code = || async {
        let health = http.get(format!("{}/health", serve.url)).send().await.unwrap();
        health.json::<serde_json::Value>().await.unwrap()["trouble"]["code"].clone()
    };
    while code().await.is_null() {
        tokio::task::yield_now().await;
    }
    assert_eq!(code().await, "consent-expired");
}
