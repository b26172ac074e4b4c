//! What is told, to whom, how often (partner-center-api 6.2, 6.3, 6.4).

use reqwest::Method;
use serde_json::json;
use simulators::harness::{Events, Release};
use simulators::partner_center::{Outcome, RelatedEventId};

use crate::caller::{Caller, document, private_deal, replace, started, text};
use crate::receiver::Receiver;

async fn listening() -> (Caller, Receiver) {
    let caller = started().await;
    let receiver = Receiver::start().await;
    caller.pc.register(&receiver.url());
    caller.pc.switches(|switches| switches.retry_spacing_milliseconds = 1);
    (caller, receiver)
}

#[tokio::test]
async fn an_event_is_a_pointer_in_the_documented_shape() {
    let (caller, receiver) = listening().await;
    let deal = caller.created(&private_deal()).await;
    caller.pc.settled().await;
    let delivered = receiver.delivered();
    let body = String::from_utf8(delivered[0].body.clone()).unwrap();
    let date = text(&delivered[0].event(), "/ResourceChangeUtcDate").to_owned();
    let uri = format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{}", text(&deal, "/id"));
    let documented = format!(
        r#"{{"EventName":"referral-created","ResourceUri":"{uri}","ResourceName":"referral","AuditUri":null,"ResourceChangeUtcDate":"{date}"}}"#
    );
    assert_eq!(body, documented);
    assert!(date.ends_with("+00:00") && date.len() == "2026-11-23T05:00:00.5485487+00:00".len(), "{date}");
    assert_eq!(delivered[0].header("content-type"), Some("application/json"));
    assert_eq!(delivered.len(), 1);
}

#[tokio::test]
async fn our_own_write_comes_back_as_an_event() {
    let (caller, receiver) = listening().await;
    let deal = caller.created(&private_deal()).await;
    caller.patch(text(&deal, "/id"), None, &replace("/name", json!("Renamed"))).await;
    caller.pc.settled().await;
    assert_eq!(receiver.names(), ["referral-created", "referral-updated"]);
}

#[tokio::test]
async fn microsofts_copy_tells_related_events_of_its_own_id_or_by_switch_of_ours() {
    let (caller, receiver) = listening().await;
    let ours = caller.pc.invite(json!({}));
    let copy = caller.pc.microsoft_copy(&ours).unwrap();
    let theirs = text(&copy, "/id").to_owned();
    caller.pc.edit(&theirs, "/statusReason", json!("no seller"));
    caller.pc.switches(|switches| switches.related_event_id = RelatedEventId::Own);
    caller.pc.edit(&theirs, "/statusReason", json!("a seller"));
    caller.pc.settled().await;
    let event = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    let expected = [
        event("related-referral-created", &theirs),
        event("referral-created", &ours),
        event("related-referral-updated", &theirs),
        event("related-referral-updated", &ours),
    ];
    assert_eq!(receiver.events(), expected);
}

#[tokio::test]
async fn events_that_nobody_registered_for_are_gone_for_good() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    let id = caller.pc.invite(json!({ "type": "Independent" }));
    let body = json!({ "WebhookUrl": receiver.url(), "WebhookEvents": ["referral-updated"] });
    assert_eq!(caller.webhooks(Method::POST, "").json(&body).send().await.unwrap().status(), 200);
    caller.pc.invite(json!({}));
    caller.pc.edit(&id, "/name", json!("Told"));
    caller.pc.settled().await;
    assert_eq!(receiver.events(), [("referral-updated".to_owned(), id)]);
}

#[tokio::test]
async fn a_delivery_ends_at_the_first_success() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[503, 500, 404]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    let deliveries = caller.pc.deliveries();
    assert_eq!(deliveries[0].tries, [Some(503), Some(500), Some(404), Some(200)]);
    assert_eq!(deliveries[0].outcome, Outcome::Delivered);
    let bodies: Vec<_> = receiver.delivered().into_iter().map(|delivered| delivered.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "every try sends the same body");
}

#[tokio::test]
async fn after_ten_tries_an_event_is_given_up() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[500; 10]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    assert_eq!(receiver.delivered().len(), 10);
    assert_eq!(caller.pc.deliveries()[0].outcome, Outcome::GivenUp);
    // The next event is none the worse for it, and the lost one does not come back.
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    assert_eq!(receiver.delivered().len(), 11);
}

#[tokio::test]
async fn what_was_given_up_may_come_all_the_same() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[500; 10]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    caller.pc.replay();
    caller.pc.settled().await;
    let outcomes: Vec<_> = caller.pc.deliveries().into_iter().map(|delivery| delivery.outcome).collect();
    assert_eq!((receiver.delivered().len(), outcomes), (11, vec![Outcome::GivenUp, Outcome::Delivered]));
    caller.pc.replay();
    caller.pc.settled().await;
    assert_eq!(receiver.delivered().len(), 11, "it came");
}

#[tokio::test]
async fn one_change_may_be_told_several_times() {
    let (caller, receiver) = listening().await;
    caller.pc.switches(|switches| switches.copies_of_each_event = 3);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    let bodies: Vec<_> = receiver.delivered().into_iter().map(|delivered| delivered.body).collect();
    assert!(bodies.len() == 3 && bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn what_counts_as_a_success_is_2xx_or_200_alone() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[202, 204]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    caller.pc.switches(|switches| switches.only_200_is_success = true);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    let tries: Vec<_> = caller.pc.deliveries().into_iter().map(|delivery| delivery.tries).collect();
    assert_eq!(tries, [vec![Some(202)], vec![Some(204), Some(200)]]);
}

#[tokio::test]
async fn redirects_are_followed_by_switch_alone() {
    let (caller, receiver) = listening().await;
    caller.pc.switches(|switches| switches.follow_redirects = true);
    receiver.answer(&[307]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    assert_eq!((receiver.delivered().len(), &caller.pc.deliveries()[0].tries), (2, &vec![Some(200)]));
}

#[tokio::test]
async fn an_expiry_is_told_although_nobody_calls() {
    let (caller, receiver) = listening().await;
    caller.pc.invite(json!({ "type": "Independent" }));
    receiver.next().await;
    caller.clock.advance(std::time::Duration::from_secs(15 * 24 * 60 * 60));
    receiver.next().await;
    assert_eq!(receiver.names(), ["referral-created", "referral-updated"]);
}

#[tokio::test]
async fn redirects_are_not_followed_and_silence_is_a_failure() {
    let (caller, receiver) = listening().await;
    caller.pc.switches(|switches| switches.delivery_attempts = 2);
    receiver.answer(&[307, 302]);
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    caller.pc.register("http://127.0.0.1:1/nobody-listens-here");
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    let tries: Vec<_> = caller.pc.deliveries().into_iter().map(|delivery| delivery.tries).collect();
    assert_eq!(tries, [vec![Some(307), Some(302)], vec![None, None]]);
}

#[tokio::test]
async fn held_events_leave_in_the_order_wanted() {
    let (caller, receiver) = listening().await;
    let id = caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    let cases = [
        (Release::InOrder, vec!["referral-updated", "referral-created"]),
        (Release::Reversed, vec!["referral-created", "referral-updated"]),
        (Release::Twice, vec!["referral-updated", "referral-updated", "referral-created", "referral-created"]),
    ];
    for (release, expected) in cases {
        caller.pc.events(Events::Hold);
        let before = receiver.delivered().len();
        caller.pc.edit(&id, "/details/notes", json!(format!("{release:?}")));
        caller.pc.invite(json!({ "type": "Independent" }));
        caller.pc.settled().await;
        assert_eq!(receiver.delivered().len(), before);
        caller.pc.events(Events::Deliver);
        caller.pc.release(release);
        caller.pc.settled().await;
        assert_eq!(receiver.names()[before..], expected, "{release:?}");
    }
}

#[tokio::test]
async fn lost_events_never_come() {
    let (caller, receiver) = listening().await;
    caller.pc.events(Events::Lose);
    let id = caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.events(Events::Deliver);
    caller.pc.release(Release::InOrder);
    caller.pc.edit(&id, "/name", json!("Told"));
    caller.pc.settled().await;
    assert_eq!(receiver.names(), ["referral-updated"]);
    assert_eq!(caller.pc.deliveries()[0].outcome, Outcome::Lost);
}

#[tokio::test]
async fn a_validation_event_reports_each_try_by_name() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[500]);
    let answer = caller.validate().await;
    assert_eq!(answer.status(), 200);
    let asked = document(answer).await;
    let id = text(&asked, "/correlationId");
    let result = async || {
        let answer = caller.webhooks(Method::GET, &format!("/validationEvents/{id}")).send().await.unwrap();
        document(answer).await
    };
    caller.pc.settled().await;
    let event = receiver.delivered()[0].event();
    assert_eq!((text(&event, "/EventName"), text(&event, "/ResourceName")), ("test-created", "test"));
    assert!(text(&event, "/ResourceUri").starts_with("http://") && text(&event, "/ResourceUri").ends_with(id));
    let result = result().await;
    assert_eq!(text(&result, "/status"), "completed");
    let codes: Vec<_> = [0, 1].iter().map(|at| text(&result, &format!("/results/{at}/responseCode"))).collect();
    assert_eq!(codes, ["InternalServerError", "OK"]);
    let date = text(&result, "/results/0/dateTimeUtc");
    assert!(!date.ends_with('Z') && date.len() == "2026-11-23T05:00:00.1234567".len(), "no zone: {date}");
    // Two a minute.
    assert_eq!(caller.validate().await.status(), 200);
    let third = caller.validate().await;
    assert_eq!(third.status(), 429);
    let seconds = third.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    caller.clock.advance(std::time::Duration::from_secs(seconds));
    assert_eq!(caller.validate().await.status(), 200);
}
