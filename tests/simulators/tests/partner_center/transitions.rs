//! States and the moves between them (partner-center-api 3.3, 5.1, 5.4).

use std::time::Duration;

use serde_json::json;

use crate::caller::{Caller, add, private_deal, refusal, replace, started, text, to_state};

const STATES: [(&str, &str); 8] = [
    ("New", "Pending"),
    ("New", "Received"),
    ("Active", "Accepted"),
    ("Closed", "Won"),
    ("Closed", "Lost"),
    ("Closed", "Declined"),
    ("Closed", "Expired"),
    ("Closed", "Error"),
];

/// The states that each of [`STATES`] may move to besides itself, by their places.
const MOVES: [&[usize]; 8] = [&[1, 2, 3, 4, 5], &[0, 2, 3, 4, 5], &[3, 4, 5], &[], &[], &[], &[], &[]];

/// A seller's deal in a state.
fn in_state(caller: &Caller, (status, substatus): (&str, &str)) -> String {
    caller.pc.invite(json!({ "type": "Independent", "status": status, "substatus": substatus }))
}

#[tokio::test]
async fn every_move_is_taken_or_refused_as_the_table_says() {
    let caller = started().await;
    for (from, allowed) in STATES.iter().zip(MOVES) {
        for (place, to) in STATES.iter().enumerate() {
            let id = in_state(&caller, *from);
            let answer = caller.patch(&id, None, &to_state(to.0, to.1)).await;
            let expected = if from == to || allowed.contains(&place) { 204 } else { 400 };
            assert_eq!(answer.status(), expected, "{from:?} to {to:?}");
        }
    }
}

#[tokio::test]
async fn status_and_substatus_must_fit_each_other() {
    let caller = started().await;
    for (status, substatus) in [("Active", "Won"), ("Closed", "Accepted"), ("New", "Lost"), ("Engaged", "Accepted")] {
        let id = in_state(&caller, ("New", "Pending"));
        assert_eq!(caller.patch(&id, None, &to_state(status, substatus)).await.status(), 400, "{status}/{substatus}");
    }
    let id = in_state(&caller, ("New", "Pending"));
    let alone = caller.patch(&id, None, &replace("/status", json!("Active"))).await;
    assert_eq!(alone.status(), 400, "status alone leaves a pair that does not fit");
}

#[tokio::test]
async fn doubtful_moves_are_refused_by_a_strict_server_and_error_taken_by_a_lenient_one() {
    let caller = started().await;
    caller.pc.switches(|switches| {
        switches.strict_transitions = true;
        switches.accept_error_substatus = true;
    });
    let cases = [
        (("Active", "Accepted"), ("Closed", "Declined"), 400),
        (("New", "Pending"), ("Closed", "Won"), 400),
        (("New", "Received"), ("Closed", "Lost"), 400),
        (("New", "Pending"), ("Closed", "Declined"), 204),
        (("Active", "Accepted"), ("Closed", "Error"), 204),
    ];
    for (from, to, expected) in cases {
        let id = in_state(&caller, from);
        assert_eq!(caller.patch(&id, None, &to_state(to.0, to.1)).await.status(), expected, "{from:?} to {to:?}");
    }
}

#[tokio::test]
async fn moves_are_dated() {
    let caller = started().await;
    let id = in_state(&caller, ("New", "Pending"));
    let new = caller.got(&id).await;
    assert!(new["acceptedDateTime"].is_null() && new["expirationDateTime"].is_string());
    caller.patch(&id, None, &to_state("Active", "Accepted")).await;
    let active = caller.got(&id).await;
    assert_eq!(active["acceptedDateTime"], active["updatedDateTime"]);
    assert!(active["expirationDateTime"].is_null() && active["closedDateTime"].is_null());
    caller.patch(&id, None, &to_state("Closed", "Won")).await;
    let closed = caller.got(&id).await;
    assert_eq!(closed["closedDateTime"], closed["updatedDateTime"]);
    assert_eq!(closed["acceptedDateTime"], active["acceptedDateTime"]);
}

#[tokio::test]
async fn a_closed_deal_takes_no_change_but_the_registration_of_a_won_one() {
    let caller = started().await;
    let registration = add("/registrations/-", json!({ "type": "AzureIPCoSell" }));
    for (substatus, expected) in [("Won", 204), ("Lost", 400)] {
        let id = in_state(&caller, ("Closed", substatus));
        let (_, _, message) = refusal(caller.patch(&id, None, &replace("/name", json!("x"))).await).await;
        assert_eq!(message, "No action is allowed on a referral in a terminal state.");
        assert_eq!(caller.patch(&id, None, &registration).await.status(), expected, "{substatus}");
    }
}

#[tokio::test]
async fn an_unanswered_deal_expires_after_14_days_and_an_answered_one_does_not() {
    let caller = started().await;
    let day = Duration::from_secs(24 * 60 * 60);
    let unanswered = in_state(&caller, ("New", "Received"));
    let answered = in_state(&caller, ("Active", "Accepted"));
    caller.clock.advance(14 * day - Duration::from_secs(60 * 60));
    caller.pc.bump(&answered);
    assert_eq!(text(&caller.pc.referral(&unanswered).unwrap(), "/status"), "New");
    caller.clock.advance(day);
    caller.pc.bump(&answered);
    let expired = caller.pc.referral(&unanswered).unwrap();
    assert_eq!((text(&expired, "/status"), text(&expired, "/substatus")), ("Closed", "Expired"));
    assert_eq!(text(&caller.pc.referral(&answered).unwrap(), "/status"), "Active");
}

#[tokio::test]
async fn one_deal_can_be_made_to_expire_at_once() {
    let caller = started().await;
    let (one, other) = (in_state(&caller, ("New", "Pending")), in_state(&caller, ("New", "Pending")));
    assert!(caller.pc.expire(&one));
    assert!(!caller.pc.expire(&one), "it is answered now");
    assert_eq!(text(&caller.got(&one).await, "/substatus"), "Expired");
    assert_eq!(text(&caller.got(&other).await, "/substatus"), "Pending");
}

#[tokio::test]
async fn sharing_is_one_way_and_freezes_the_customer_contact() {
    let caller = started().await;
    let deal = caller.created(&private_deal()).await;
    let id = text(&deal, "/id");
    let shared = "/consent/consentToShareReferralWithMicrosoftSellers";
    let contacts = add("/customerProfile/team/-", crate::caller::contact("ben@northwind.example"));
    assert_eq!(caller.patch(id, None, &contacts).await.status(), 204);
    assert_eq!(caller.patch(id, None, &replace(shared, json!(true))).await.status(), 204);
    assert_eq!(caller.patch(id, None, &replace(shared, json!(false))).await.status(), 400);
    assert_eq!(caller.patch(id, None, &contacts).await.status(), 400);
    assert_eq!(caller.patch(id, None, &replace("/name", json!("Still open"))).await.status(), 204);
}
