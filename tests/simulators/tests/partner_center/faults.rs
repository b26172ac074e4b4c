//! What can go wrong on the way, before and after the deed, and what the log keeps of it.

use serde_json::json;
use simulators::harness::{Fault, FaultRule};

use crate::caller::{COLLECTION, document, private_deal, replace, started, text};

#[tokio::test]
async fn a_fault_before_the_deed_leaves_nothing_behind() {
    let caller = started().await;
    caller.pc.harness().add_fault(FaultRule::once("POST", COLLECTION, Fault::status(500)));
    assert_eq!(caller.create(&private_deal()).await.status(), 500);
    assert!(caller.pc.referrals().is_empty());
    caller.pc.harness().add_fault(FaultRule::once("POST", COLLECTION, Fault::CutBefore));
    let request = caller.referrals(reqwest::Method::POST, COLLECTION).json(&private_deal());
    assert!(request.send().await.is_err());
    assert!(caller.pc.referrals().is_empty());
    assert_eq!(caller.create(&private_deal()).await.status(), 200);
}

#[tokio::test]
async fn a_fault_after_the_deed_hides_that_it_was_done() {
    let caller = started().await;
    let fault = Fault::AnswerAfterCommit { status: 504, body: json!(null) };
    caller.pc.harness().add_fault(FaultRule::once("POST", COLLECTION, fault));
    assert_eq!(caller.create(&private_deal()).await.status(), 504);
    assert_eq!(caller.pc.referrals().len(), 1);
    let id = text(&caller.pc.referrals()[0], "/id").to_owned();
    caller.pc.harness().add_fault(FaultRule::once("PATCH", &id, Fault::CutAfterCommit));
    let url = format!("{COLLECTION}/{id}");
    let request = caller.referrals(reqwest::Method::PATCH, &url).json(&replace("/name", json!("Done")));
    assert!(request.send().await.is_err());
    assert_eq!(text(&caller.got(&id).await, "/name"), "Done");
}

#[tokio::test]
async fn the_sign_in_service_can_fail_too() {
    let caller = started().await;
    let token = caller.pc.refresh_token();
    caller.pc.harness().add_fault(FaultRule::once("POST", "/oauth2/token", Fault::too_many_requests("17")));
    let answer = caller.token_v1(&[("refresh_token", &token), ("resource", "https://api.partner.microsoft.com")]).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["Retry-After"].to_str().unwrap()), (429, "17"));
    assert_eq!(caller.pc.refresh_token(), token, "nothing was redeemed");
}

#[tokio::test]
async fn a_rule_counts_what_it_skips_and_how_often_it_strikes() {
    let caller = started().await;
    let rule = FaultRule::once("GET", COLLECTION, Fault::status(503)).skip(1).times(2);
    caller.pc.harness().add_fault(rule);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(caller.list(&[]).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[tokio::test]
async fn the_log_has_the_preconditions_and_no_control() {
    let caller = started().await;
    let deal = caller.created(&private_deal()).await;
    caller.pc.harness().clear_requests();
    let (id, etag) = (text(&deal, "/id"), text(&deal, "/eTag"));
    caller.patch(id, Some(etag), &replace("/name", json!("x"))).await;
    caller.http.get(format!("{}/control/referrals", caller.pc.url())).send().await.unwrap();
    let requests = caller.pc.harness().requests();
    assert_eq!(requests.len(), 1);
    let entry = &requests[0];
    assert_eq!((entry.method.as_str(), entry.status, entry.write), ("PATCH", Some(204), true));
    assert_eq!(entry.if_match.as_deref(), Some(etag));
    let shown = serde_json::to_string(&requests).unwrap();
    assert!(!shown.contains("Bearer") && !shown.contains("client_secret"));
}

#[tokio::test]
async fn rules_come_over_http_with_their_numbers() {
    let caller = started().await;
    let url = format!("{}/control/faults", caller.pc.url());
    let rule = json!({
        "method": "GET", "times": 1,
        "fault": { "kind": "answer", "status": 503, "headers": { "Retry-After": "5" }, "body": { "error": { "code": "serviceNotAvailable" } } },
    });
    assert_eq!(caller.http.post(&url).json(&rule).send().await.unwrap().status(), 204);
    let answer = caller.list(&[]).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["Retry-After"].to_str().unwrap()), (503, "5"));
    assert_eq!(text(&document(answer).await, "/error/code"), "serviceNotAvailable");
}
