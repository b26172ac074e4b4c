//! What the two doors let in, on AWS.

use anyhow::Result;
use e2e::{Lambda, World};
use serde_json::{Value, json};
use simulators::dataverse::Dataverse;
use simulators::harness::Events;

/// A request in payload format 2.0.
fn request(method: &str, path: &str, headers: &Value, body: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": "",
        "headers": headers, "requestContext": { "http": { "method": method, "path": path } },
        "body": body, "isBase64Encoded": false,
    })
}

async fn status(door: &Lambda, event: Value) -> u64 {
    let answer = door.invoke(event).await;
    answer.ok().and_then(|answer| answer["statusCode"].as_u64()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_paths_and_other_methods_are_not_answered() -> Result<()> {
    let world = World::open_with(|_| {}).await?;
    let http = reqwest::Client::new();
    for (method, path) in [("GET", "/dataverse/changes"), ("POST", "/"), ("PUT", "/partner-center/events")] {
        let url = format!("{}{path}", world.stack.doors());
        assert_eq!(http.request(method.parse()?, url).send().await?.status(), 404, "{method} {path}: the front door");
    }
    for (function, path) in [("webhook-ingest", "/partner-center/events"), ("crm-change", "/dataverse/changes")] {
        let door = world.stack.function(function);
        assert_eq!(status(&door, request("POST", "/elsewhere", &json!({}), "")).await, 404, "{function}");
        assert_eq!(status(&door, request("GET", path, &json!({}), "")).await, 405, "{function}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_floods_are_turned_away_before_anything_is_read() -> Result<()> {
    let world = World::open_with(|_| {}).await?;
    let events = world.stack.function("webhook-ingest");
    let changes = world.stack.function("crm-change");
    let (path, signature) = ("/partner-center/events", json!({ "x-ms-signature": "Signature AAAA" }));
    assert_eq!(status(&events, request("POST", path, &json!({}), "{}")).await, 401);
    assert_eq!(status(&events, request("POST", path, &signature, "{}")).await, 401);
    assert_eq!(status(&events, request("POST", path, &json!({}), &"x".repeat(64 * 1024 + 1))).await, 413);
    let path = "/dataverse/changes";
    assert_eq!(status(&changes, request("POST", path, &json!({}), "{}")).await, 401);
    let both = json!({ "x-cosell-key": format!("{key},{key}", key = Dataverse::WEBHOOK_KEY) });
    assert_eq!(status(&changes, request("POST", path, &both, "{}")).await, 401, "two keys are none");
    let key = json!({ "x-cosell-key": Dataverse::WEBHOOK_KEY });
    assert_eq!(status(&changes, request("POST", path, &key, "no JSON")).await, 400);
    assert_eq!(status(&changes, request("POST", path, &key, &"x".repeat(1024 * 1024 + 1))).await, 413);
    let unknown = json!({
        "PrimaryEntityName": "task", "PrimaryEntityId": "5e0c1c1e-0000-0000-0000-000000000000", "MessageName": "Create",
        "OperationId": "5e0c1c1e-0000-0000-0000-000000000001",
    });
    assert_eq!(status(&changes, request("POST", path, &key, &unknown.to_string())).await, 200);
    world.until("it is counted", || world.figure("uninteresting", Some("table")) >= 1.0).await?;
    assert_eq!(world.stack.depth().await?, (0, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_comes_again_is_queued_once() -> Result<()> {
    let world = World::open().await?;
    world.stack.hand_out(false);
    world.events(Events::Hold);
    let deal = world.new_deal("Fabrikam: ERP");
    world.share(deal);
    world.events(Events::Deliver);
    world.release(simulators::harness::Release::Twice);
    world.dataverse.settled().await;
    let (waiting, ..) = world.stack.depth().await?;
    let deliveries = world.dataverse.deliveries().len();
    assert!(u64::try_from(deliveries)? >= 2 * waiting && waiting > 0, "{deliveries} deliveries, {waiting} hints");
    world.stack.hand_out(true);
    world.until("the id comes back", || !world.column(deal, "cosell_referralid").is_empty()).await?;
    world.rest().await?;
    assert_eq!(world.referrals_of(deal), 1);
    Ok(())
}
