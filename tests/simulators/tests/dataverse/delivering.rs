//! How often a call is made, and what keeps it back (dataverse-api 5.6, 2.3).

use reqwest::Method;
use serde_json::json;
use simulators::dataverse::Outcome;
use simulators::harness::{Events, Release};

use crate::caller::{deal, send, text};
use crate::receiver::listening;

#[tokio::test]
async fn one_more_try_follows_a_bad_gateway_and_nothing_else() {
    let (caller, receiver) = listening().await;
    type Tries = &'static [Option<u16>];
    let cases: [(&[u16], Tries, Outcome); 8] = [
        (&[202], &[Some(202)], Outcome::Delivered),
        (&[503, 200], &[Some(503), Some(200)], Outcome::Delivered),
        (&[502, 504], &[Some(502), Some(504)], Outcome::Failed),
        (&[500], &[Some(500)], Outcome::Failed),
        (&[429], &[Some(429)], Outcome::Failed),
        (&[404], &[Some(404)], Outcome::Failed),
        (&[302], &[Some(302)], Outcome::Failed),
        (&[504, 400], &[Some(504), Some(400)], Outcome::Failed),
    ];
    for (answers, tries, outcome) in cases {
        receiver.answer(answers);
        caller.dv.create("lead", json!({ "subject": "Lead" }));
        caller.dv.settled().await;
        let delivery = caller.dv.deliveries().pop().unwrap();
        assert_eq!((delivery.tries.as_slice(), delivery.outcome), (tries, outcome));
    }
}

#[tokio::test]
async fn a_redelivery_is_the_same_job() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[503]);
    caller.dv.create("lead", json!({ "subject": "Lead" }));
    caller.dv.settled().await;
    let calls = receiver.calls();
    assert_eq!(calls[0].body, calls[1].body);
    let operation = caller.dv.deliveries()[0].operation_id;
    assert_eq!(calls[1].context()["OperationId"], json!(operation));
    caller.dv.switches(|switches| switches.new_operation_on_retry = true);
    receiver.answer(&[503]);
    caller.dv.create("lead", json!({ "subject": "Another" }));
    caller.dv.settled().await;
    let calls = receiver.calls();
    assert_ne!(calls[2].context()["OperationId"], calls[3].context()["OperationId"]);
    assert_eq!(calls[2].context()["CorrelationId"], calls[3].context()["CorrelationId"]);
}

#[tokio::test]
async fn a_failed_job_leaves_a_row_and_a_good_one_none() {
    let (caller, receiver) = listening().await;
    receiver.answer(&[200, 500]);
    caller.dv.create("lead", json!({ "subject": "Told" }));
    caller.dv.create("lead", json!({ "subject": "Not told" }));
    caller.dv.settled().await;
    let failed = "asyncoperations?$select=name,friendlymessage,errorcode,completedon,_owningextensionid_value\
                  &$filter=statuscode eq 31&$orderby=completedon desc";
    let rows = caller.rows(failed).await;
    assert_eq!((rows.len(), caller.dv.rows("asyncoperation").len()), (1, 1));
    assert_eq!(text(&rows[0], "/name"), "Cosell: lead Create");
    assert_eq!(rows[0]["errorcode"], json!(-2_147_155_455_i64));
    assert_eq!(rows[0]["asyncoperationid"], json!(caller.dv.deliveries()[1].operation_id));
    // Nobody at home is a failure too, after one more try.
    caller.dv.register("http://127.0.0.1:1/nobody");
    caller.dv.create("lead", json!({ "subject": "Nobody hears" }));
    caller.dv.settled().await;
    assert_eq!(caller.dv.deliveries()[2].tries, [None, None]);
    assert_eq!(caller.rows(failed).await.len(), 2);
}

#[tokio::test]
async fn held_calls_leave_in_the_order_wanted_and_lost_ones_never() {
    let (caller, receiver) = listening().await;
    let id = caller.dv.create("opportunity", deal("Deal"));
    caller.dv.settled().await;
    let cases = [
        (Release::InOrder, vec!["Update opportunity", "Create lead"]),
        (Release::Reversed, vec!["Create lead", "Update opportunity"]),
        (Release::Twice, vec!["Update opportunity", "Update opportunity", "Create lead", "Create lead"]),
    ];
    for (release, expected) in cases {
        let before = receiver.calls().len();
        caller.dv.events(Events::Hold);
        caller.dv.edit("opportunity", id, json!({ "name": "Renamed" }));
        caller.dv.create("lead", json!({ "subject": "Lead" }));
        caller.dv.settled().await;
        assert_eq!(receiver.calls().len(), before);
        caller.dv.events(Events::Deliver);
        caller.dv.release(release);
        caller.dv.settled().await;
        assert_eq!(receiver.told()[before..], expected, "{release:?}");
    }
    let before = receiver.calls().len();
    caller.dv.events(Events::Lose);
    caller.dv.edit("opportunity", id, json!({ "name": "Lost" }));
    caller.dv.events(Events::Deliver);
    caller.dv.release(Release::InOrder);
    caller.dv.settled().await;
    assert_eq!((receiver.calls().len(), caller.dv.deliveries().pop().unwrap().outcome), (before, Outcome::Lost));
}

#[tokio::test]
async fn own_writes_are_told_unless_they_bypass_the_step() {
    let (caller, receiver) = listening().await;
    let steps = caller.rows("sdkmessageprocessingsteps?$select=name").await;
    let step = steps.iter().find(|row| text(row, "/name") == "Cosell: lead Create").unwrap();
    let create = || caller.api(Method::POST, "leads").json(&json!({ "subject": "Lead" }));
    let told = async |request: reqwest::RequestBuilder| {
        let before = receiver.calls().len();
        assert_eq!(send(request).await.status, 204);
        caller.dv.settled().await;
        receiver.calls().len() - before
    };
    assert_eq!(told(create()).await, 1);
    let by_step = "MSCRM.BypassBusinessLogicExecutionStepIds";
    let id = text(step, "/sdkmessageprocessingstepid");
    assert_eq!(told(create().header(by_step, id)).await, 0);
    assert_eq!(told(create().header(by_step, "00000000-0000-4000-8000-000000000001")).await, 1);
    assert_eq!(told(create().header("MSCRM.BypassBusinessLogicExecution", "CustomSync,CustomAsync")).await, 0);
    assert_eq!(told(create().header("MSCRM.BypassBusinessLogicExecution", "CustomSync")).await, 1);
    caller.dv.switches(|switches| switches.step_ids_suppress_webhooks = false);
    assert_eq!(told(create().header(by_step, id)).await, 1);
    let denied = "prvBypassCustomBusinessLogic";
    caller.dv.set_privilege(denied, simulators::dataverse::Level::None);
    let refused = send(create().header("MSCRM.BypassBusinessLogicExecution", "CustomAsync")).await;
    assert_eq!(refused.refusal(), (403, "0x80040220"));
}
