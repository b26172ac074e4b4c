//! What a failure tells the caller to do next (partner-center-api 4.10 to 4.12).

use std::time::{Duration, SystemTime};

use partner_center::{Client, Config, Error, ListQuery};
use serde_json::{Value, json};
use simulators::harness::{Fault, FaultRule};

use crate::stage::{COLLECTION, Spy, Stage, deal};

fn answer(status: u16, body: Value) -> Fault {
    Fault::Answer { status, headers: Default::default(), body }
}

#[tokio::test]
async fn retry_after_is_honored_in_every_form_and_nothing_is_sent_meanwhile() {
    let in_an_hour = SystemTime::now() + Duration::from_secs(3_500);
    let date = httpdate::fmt_http_date(in_an_hour);
    for (form, shortest, longest) in [
        (Some("7"), 7, 7),
        (Some("57"), 57, 57),
        (Some(date.as_str()), 1_000, 3_500),
        (Some("Sun, 06 Nov 1994 08:49:37 GMT"), 30, 30),
        (Some("soon"), 30, 30),
        (Some(""), 30, 30),
        (Some("-5"), 30, 30),
        (Some("1.5"), 30, 30),
        (Some("0"), 30, 30),
        (Some("99999999999999999999"), 3_600, 3_600),
        (None, 30, 30),
    ] {
        let stage = Stage::start().await;
        let fault = form.map_or(Fault::status(429), Fault::too_many_requests);
        stage.fail_once("GET", fault);
        let client = stage.client();
        let error = client.list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::Throttled { .. }) && error.was_not_executed(), "{form:?}: {error}");
        let wait = error.retry_after().unwrap().as_secs();
        assert!((shortest..=longest).contains(&wait), "{form:?}: {wait}");
        let error = client.create(&deal(), "effect").await.unwrap_err();
        assert!(matches!(error, Error::NotSent { .. }) && error.was_not_executed(), "{form:?}: {error}");
        assert!(error.retry_after().unwrap().as_secs() <= longest);
        assert_eq!(stage.statuses(COLLECTION), [Some(429)], "{form:?}");
    }
}

#[tokio::test]
async fn the_shape_of_the_throttle_is_read_and_the_window_kept() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.throttle_requests = Some(1));
    let client = stage.client();
    client.list(&ListQuery::default()).await.unwrap();
    let error = client.list(&ListQuery::default()).await.unwrap_err();
    assert!(matches!(error, Error::Throttled { retry_after } if retry_after <= Duration::from_secs(60)), "{error}");
}

#[tokio::test]
async fn an_outage_keeps_us_away_and_a_write_may_have_been_done() {
    let stage = Stage::start().await;
    let unavailable = json!({ "error": { "code": "serviceNotAvailable", "message": "later" } });
    stage.fail_once("POST", answer(503, unavailable));
    let client = stage.client();
    let error = client.create(&deal(), "effect").await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }) && !error.was_not_executed(), "{error}");
    assert!(matches!(client.list(&ListQuery::default()).await, Err(Error::NotSent { .. })));
    assert_eq!(stage.statuses(COLLECTION), [Some(503)]);
}

/// What may befall a request, and whether it is carried out all the same.
fn ambiguous() -> Vec<(Fault, bool)> {
    let after = |status| Fault::AnswerAfterCommit { status, body: json!({ "error": { "code": "generalException" } }) };
    vec![
        (Fault::status(500), false),
        (Fault::status(502), false),
        (Fault::status(504), false),
        (after(500), true),
        (after(504), true),
        (Fault::CutBefore, false),
        (Fault::CutAfterCommit, true),
        (Fault::Delay { milliseconds: 600_000 }, false),
    ]
}

#[tokio::test]
async fn a_create_without_an_answer_has_an_unknown_outcome_and_is_not_repeated() {
    for (fault, done) in ambiguous() {
        let stage = Stage::start().await;
        // Long enough for a busy machine, short enough to wait for.
        let client = Client::new(Config { timeout: Duration::from_secs(3), ..stage.config() }).unwrap();
        stage.fail_once("POST", fault.clone());
        let error = client.create(&deal(), "effect").await.unwrap_err();
        assert!(matches!(error, Error::UnknownOutcome { .. }) && !error.was_not_executed(), "{fault:?}: {error}");
        assert_eq!(stage.requests(COLLECTION).len(), 1, "{fault:?}: never blindly again");
        assert_eq!(stage.pc.referrals().len(), usize::from(done), "{fault:?}");
        assert!(!format!("{error} {error:?}").contains("http://"), "no address: {error:?}");
    }
}

#[tokio::test]
async fn a_read_without_an_answer_is_repeated_at_once() {
    for (fault, _) in ambiguous() {
        let stage = Stage::start().await;
        let client = Client::new(Config { timeout: Duration::from_secs(3), ..stage.config() }).unwrap();
        stage.fail_once("GET", fault.clone());
        let error = client.list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::UnknownOutcome { .. }), "{fault:?}: {error}");
        client.list(&ListQuery::default()).await.unwrap();
    }
}

#[tokio::test]
async fn what_never_left_was_not_done() {
    let stage = Stage::start().await;
    let client = stage.client();
    client.list(&ListQuery::default()).await.unwrap();
    let closed = Spy::new().host(); // Nobody listens there any more.
    let referrals_url = format!("http://{closed}").parse().unwrap();
    let client = Client::new(Config { referrals_url, ..stage.config() }).unwrap();
    let error = client.create(&deal(), "effect").await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }) && error.was_not_executed(), "{error}");
}

#[tokio::test]
async fn every_shape_of_a_refusal_is_read_to_its_deepest_code() {
    let nested = |inner: &str| {
        let deepest = json!({ "code": "valueTooLong", "message": "The name is too long." });
        json!({ "error": { "code": "invalidRequest", "message": "Bad.", inner: { "code": "x", inner: deepest } } })
    };
    for (body, code, message) in [
        (json!({ "error": { "code": "invalidRequest", "message": "Bad." } }), "invalidRequest", "Bad."),
        (nested("innerError"), "valueTooLong", "The name is too long."),
        (nested("innererror"), "valueTooLong", "The name is too long."),
        (json!({ "code": 3000, "description": "Invalid.", "data": [], "source": "PC" }), "3000", "Invalid."),
        (json!({ "code": "3000", "description": "Invalid.", "data": [], "source": "PC" }), "3000", "Invalid."),
        (json!({ "statusCode": 422, "message": "Unprocessable." }), "422", "Unprocessable."),
        (json!("plain words, call ana@northwind.example"), "", "\"[value]\""),
        (Value::Null, "", ""),
    ] {
        let stage = Stage::start().await;
        stage.fail_once("POST", answer(422, body.clone()));
        let error = stage.client().create(&deal(), "effect").await.unwrap_err();
        let Error::Rejected { status, code: read, message: words } = &error else { panic!("{body}: {error}") };
        assert_eq!((*status, read.as_str()), (422, code), "{body}");
        assert_eq!(words, message, "{body}");
        assert!(error.was_not_executed());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (stage, spy) = (Stage::start().await, Spy::new());
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://{}{COLLECTION}", spy.host());
        let headers = [("Location".to_owned(), location)].into();
        stage.fail_once("GET", Fault::Answer { status, headers, body: Value::Null });
        let error = stage.client().list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::Configuration { .. }), "{status}: {error}");
        assert!(!spy.heard(), "{status}");
    }
}

#[tokio::test]
async fn a_success_that_makes_no_sense_is_no_success() {
    let stage = Stage::start().await;
    let client = stage.client();
    for body in [Value::Null, json!([]), json!({}), json!({ "id": "not a GUID" }), json!({ "value": [] })] {
        stage.fail_once("POST", answer(200, body.clone()));
        let error = client.create(&deal(), "effect").await.unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }) && !error.was_not_executed(), "{body}: {error}");
    }
}

#[tokio::test]
async fn tokens_and_secrets_travel_encrypted_or_stay_on_this_machine() {
    let stage = Stage::start().await;
    let with = |url: &str| Client::new(Config { referrals_url: url.parse().unwrap(), ..stage.config() });
    for safe in ["https://api.partner.microsoft.com", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"] {
        assert!(with(safe).is_ok(), "{safe}");
    }
    for unsafe_url in [
        "http://api.partner.microsoft.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
    ] {
        assert!(matches!(with(unsafe_url), Err(Error::Configuration { .. })), "{unsafe_url}");
    }
    let authority_url = "http://login.microsoftonline.com".parse().unwrap();
    assert!(Client::new(Config { authority_url, ..stage.config() }).is_err());
    let webhooks_url = "http://api.partnercenter.microsoft.com".parse().unwrap();
    assert!(Client::new(Config { webhooks_url, ..stage.config() }).is_err());
}

#[tokio::test]
async fn one_hosts_throttle_does_not_close_the_other() {
    let stage = Stage::start().await;
    stage.pc.harness().add_fault(FaultRule::once("GET", "/webhooks/", Fault::too_many_requests("60")));
    let client = stage.client();
    assert!(matches!(client.registration().await, Err(Error::Throttled { .. })));
    assert!(matches!(client.registration().await, Err(Error::NotSent { .. })));
    client.list(&ListQuery::default()).await.unwrap();
}
