//! Service protection (dataverse-api 3.1), and the faults of the harness.

use std::time::Duration;

use serde_json::json;
use simulators::harness::{Fault, FaultRule};

use crate::caller::{send, started, text};

#[tokio::test]
async fn too_many_requests_are_turned_away_for_longer_the_more_they_push() {
    let caller = started().await;
    caller.dv.switches(|switches| switches.limit_requests = Some(2));
    let left = |answer: &crate::caller::Answer| {
        answer.header("x-ms-ratelimit-burst-remaining-xrm-requests").unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(left(&caller.get("WhoAmI()").await), 1);
    assert_eq!(left(&caller.get("WhoAmI()").await), 0);
    let mut waits = Vec::new();
    for _ in 0..3 {
        let refused = caller.get("WhoAmI()").await;
        assert_eq!(refused.refusal(), (429, "0x80072322"));
        assert_eq!(refused.message(), "Number of requests exceeded the limit of 2 over time window of 300 seconds.");
        waits.push(refused.header("retry-after").unwrap().parse::<u64>().unwrap());
    }
    assert!(waits.is_sorted_by(|a, b| a < b) && waits[0] <= 300, "{waits:?}");
    caller.clock.advance(Duration::from_secs(waits[2]));
    assert_eq!(caller.get("WhoAmI()").await.status, 200);
}

#[tokio::test]
async fn too_much_execution_time_is_turned_away() {
    let caller = started().await;
    caller.dv.switches(|switches| {
        switches.limit_execution_milliseconds = Some(1000);
        switches.request_cost_milliseconds = 600;
    });
    assert_eq!(caller.get("WhoAmI()").await.header("x-ms-ratelimit-time-remaining-xrm-requests"), Some("0.400"));
    assert_eq!(caller.get("WhoAmI()").await.status, 200);
    let refused = caller.get("WhoAmI()").await;
    assert_eq!(refused.refusal(), (429, "0x80072321"));
    assert!(refused.message().starts_with("Combined execution time of incoming requests exceeded limit of 1000"));
    assert!(refused.header("retry-after").is_some());
}

#[tokio::test]
async fn a_batch_is_one_request_but_its_operations_take_time() {
    let caller = started().await;
    caller.dv.switches(|switches| {
        switches.limit_requests = Some(10);
        switches.limit_execution_milliseconds = Some(1000);
        switches.request_cost_milliseconds = 100;
    });
    let item = "--b\r\nContent-Type: application/http\r\n\r\nGET WhoAmI() HTTP/1.1\r\n\r\n\r\n";
    let batch = caller.api(reqwest::Method::POST, "$batch").header("Content-Type", "multipart/mixed; boundary=b");
    assert_eq!(send(batch.body(format!("{}--b--\r\n", item.repeat(5)))).await.status, 200);
    let after = caller.get("WhoAmI()").await;
    assert_eq!(after.header("x-ms-ratelimit-burst-remaining-xrm-requests"), Some("8"));
    assert_eq!(after.header("x-ms-ratelimit-time-remaining-xrm-requests"), Some("0.400"));
}

#[tokio::test]
async fn too_many_at_once_are_turned_away() {
    let caller = started().await;
    // Nobody is let in: the one that asks is one too many.
    caller.dv.switches(|switches| switches.limit_concurrent = Some(0));
    let refused = caller.get("WhoAmI()").await;
    assert_eq!(refused.refusal(), (429, "0x80072326"));
    assert_eq!(refused.message(), "Number of concurrent requests exceeded the limit of 0.");
}

#[tokio::test]
async fn faults_strike_before_and_after_the_deed() {
    let caller = started().await;
    let fault = |fault| caller.dv.harness().add_fault(FaultRule::once("POST", "accounts", fault));
    let body = json!({ "name": "Fabrikam" });
    fault(Fault::status(500));
    assert_eq!(caller.post("accounts", &body).await.status, 500);
    assert!(caller.dv.rows("account").is_empty());
    fault(Fault::AnswerAfterCommit { status: 500, body: json!(null) });
    assert_eq!(caller.post("accounts", &body).await.status, 500);
    assert_eq!(caller.dv.rows("account").len(), 1);
    fault(Fault::CutAfterCommit);
    assert!(caller.api(reqwest::Method::POST, "accounts").json(&body).send().await.is_err());
    assert_eq!(caller.dv.rows("account").len(), 2);
    let log = caller.dv.harness().requests();
    let last = log.last().unwrap();
    assert_eq!((last.method.as_str(), last.status, last.fault), ("POST", None, Some("cut_after_commit")));
    assert_eq!(text(&caller.dv.rows("account")[1], "/name"), "Fabrikam");
}
