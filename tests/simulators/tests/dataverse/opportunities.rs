//! The life of an opportunity (dataverse-api 6.1, 6.4).

use serde_json::{Value, json};

use crate::caller::{Answer, Caller, deal, started, text};

async fn with_a_deal() -> (Caller, String) {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    (caller, id.to_string())
}

async fn close(caller: &Caller, action: &str, status: i64, id: &str, more: Value) -> Answer {
    let mut activity = json!({ "subject": "Closed", "opportunityid@odata.bind": format!("/opportunities({id})") });
    activity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.post(action, &json!({ "Status": status, "OpportunityClose": activity })).await
}

fn state(row: &Value) -> (i64, i64) {
    (row["statecode"].as_i64().unwrap(), row["statuscode"].as_i64().unwrap())
}

#[tokio::test]
async fn winning_writes_value_and_date_from_the_close_activity() {
    let (caller, id) = with_a_deal().await;
    let more = json!({ "actualrevenue": 20000.5, "actualend": "2027-03-30", "description": "Signed" });
    let answer = close(&caller, "WinOpportunity", 3, &id, more).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let row = caller.got(&format!("opportunities({id})")).await;
    assert_eq!(state(&row), (1, 3));
    assert_eq!(
        (row["actualvalue"].to_string(), text(&row, "/actualclosedate")),
        ("20000.5000".to_owned(), "2027-03-30")
    );
    let activity = &caller.rows("opportunitycloses").await[0];
    assert_eq!(state(activity), (1, 2), "Completed");
    assert_eq!((&activity["opportunitystatecode"], &activity["opportunitystatuscode"]), (&json!(1), &json!(3)));
    assert_eq!(text(activity, "/_opportunityid_value"), id);
}

#[tokio::test]
async fn losing_takes_a_reason_or_the_default() {
    for (status, expected) in [(4, 4), (5, 5), (-1, 4)] {
        let (caller, id) = with_a_deal().await;
        assert_eq!(close(&caller, "LoseOpportunity", status, &id, json!({})).await.status, 204);
        assert_eq!(state(&caller.got(&format!("opportunities({id})")).await), (2, expected));
    }
    let (caller, id) = with_a_deal().await;
    caller.dv.switches(|switches| switches.close_with_default_status = false);
    assert_eq!(close(&caller, "LoseOpportunity", -1, &id, json!({})).await.refusal(), (400, "0x80048408"));
}

#[tokio::test]
async fn closing_is_refused_with_a_foreign_status_without_a_deal_and_twice() {
    let (caller, id) = with_a_deal().await;
    for (action, status) in [("WinOpportunity", 4), ("WinOpportunity", 1), ("LoseOpportunity", 3)] {
        assert_eq!(close(&caller, action, status, &id, json!({})).await.refusal(), (400, "0x80048408"));
    }
    assert!(caller.dv.rows("opportunityclose").is_empty(), "no activity of a refusal stays");
    let without = caller.post("WinOpportunity", &json!({ "Status": 3, "OpportunityClose": { "subject": "x" } })).await;
    assert_eq!(without.refusal(), (400, "0x80043b15"));
    let nothing = caller.post("WinOpportunity", &json!({ "Status": 3 })).await;
    assert_eq!(nothing.refusal(), (400, "0x80048d19"));
    assert_eq!(close(&caller, "WinOpportunity", 3, &id, json!({})).await.status, 204);
    for (action, status) in [("WinOpportunity", 3), ("LoseOpportunity", 4)] {
        assert_eq!(close(&caller, action, status, &id, json!({})).await.refusal(), (400, "0x80040515"));
    }
}

#[tokio::test]
async fn an_update_cannot_close_unless_switched() {
    let (caller, id) = with_a_deal().await;
    let path = format!("opportunities({id})");
    for (state, word) in [(1, "Win"), (2, "Lose")] {
        let answer = caller.patch(&path, &[], &json!({ "statecode": state })).await;
        assert_eq!(answer.refusal(), (400, "0x80100005"));
        assert!(answer.message().contains(&format!("use the {word} message instead")), "{}", answer.message());
    }
    caller.dv.switches(|switches| switches.patch_cannot_close = false);
    caller.changed(&path, &json!({ "statecode": 2, "statuscode": 5 })).await;
    assert_eq!(state(&caller.got(&path).await), (2, 5));
}

#[tokio::test]
async fn a_closed_opportunity_is_read_only_until_it_is_reopened() {
    let (caller, id) = with_a_deal().await;
    let path = format!("opportunities({id})");
    assert_eq!(close(&caller, "WinOpportunity", 3, &id, json!({})).await.status, 204);
    let refused = caller.patch(&path, &[("If-Match", "*")], &json!({ "description": "late" })).await;
    assert_eq!(refused.refusal(), (400, "0x8004022e"));
    let both = json!({ "statecode": 0, "statuscode": 1, "description": "late" });
    assert_eq!(caller.patch(&path, &[], &both).await.refusal(), (400, "0x8004022e"));
    caller.changed(&path, &json!({ "statecode": 0, "statuscode": 1 })).await;
    assert_eq!(state(&caller.got(&path).await), (0, 1));
    assert_eq!(state(&caller.rows("opportunitycloses").await[0]), (2, 3), "the close activity is cancelled");
    caller.changed(&path, &json!({ "description": "in time" })).await;
    caller.dv.switches(|switches| switches.reopen_with_other_columns = true);
    assert_eq!(close(&caller, "LoseOpportunity", 4, &id, json!({})).await.status, 204);
    caller.changed(&path, &both).await;
    assert_eq!(caller.got(&path).await["description"], "late");
}

#[tokio::test]
async fn a_status_belongs_to_a_state() {
    let (caller, id) = with_a_deal().await;
    let path = format!("opportunities({id})");
    caller.changed(&path, &json!({ "statuscode": 2 })).await;
    assert_eq!(state(&caller.got(&path).await), (0, 2));
    // The state that it has already changes nothing.
    caller.changed(&path, &json!({ "statecode": 0 })).await;
    assert_eq!(state(&caller.got(&path).await), (0, 2));
    for wrong in [json!({ "statuscode": 4 }), json!({ "statecode": 0, "statuscode": 3 }), json!({ "statuscode": 9 })] {
        assert_eq!(caller.patch(&path, &[], &wrong).await.refusal(), (400, "0x80048408"), "{wrong}");
    }
}

#[tokio::test]
async fn closing_is_an_update_to_steps_unless_switched_off() {
    for fires in [true, false] {
        let (caller, id) = with_a_deal().await;
        let receiver = crate::receiver::Receiver::start().await;
        caller.dv.register(&receiver.url());
        caller.dv.switches(|switches| switches.closing_fires_update = fires);
        assert_eq!(close(&caller, "WinOpportunity", 3, &id, json!({})).await.status, 204);
        caller.dv.settled().await;
        assert_eq!(receiver.told().len(), usize::from(fires));
        if fires {
            let named = receiver.calls()[0].attributes();
            assert!(named.contains(&"statecode".to_owned()) && named.contains(&"statuscode".to_owned()));
        }
    }
}

#[tokio::test]
async fn customer_and_parent_follow_each_other() {
    let caller = started().await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let other = caller.created("accounts", &json!({ "name": "Contoso" })).await;
    let contact = caller.created("contacts", &json!({ "firstname": "Ana", "lastname": "Example" })).await;
    let bound = |property: &str, address: String| {
        let mut body = deal("Deal");
        body[format!("{property}@odata.bind")] = json!(address);
        body
    };
    let made = async |body: &Value| {
        let id = caller.created("opportunities", body).await;
        caller.dv.row("opportunity", id).unwrap()
    };
    let row = made(&bound("parentaccountid", format!("/accounts({account})"))).await;
    assert_eq!(row["_customerid_value"], json!(account));
    let row = made(&bound("customerid_account", format!("/accounts({account})"))).await;
    assert_eq!(row["_parentaccountid_value"], json!(account));
    let row = made(&bound("customerid_contact", format!("/contacts({contact})"))).await;
    assert_eq!((&row["_parentcontactid_value"], &row["_parentaccountid_value"]), (&json!(contact), &Value::Null));
    let path = format!("opportunities({})", text(&row, "/opportunityid"));
    caller.changed(&path, &json!({ "parentaccountid@odata.bind": format!("/accounts({other})") })).await;
    assert_eq!(caller.got(&path).await["_customerid_value"], json!(other), "an account comes before a contact");
}

#[tokio::test]
async fn sellers_win_lose_and_reopen() {
    let (caller, id) = with_a_deal().await;
    let id = id.parse().unwrap();
    let row = || caller.dv.row("opportunity", id).unwrap();
    caller.dv.win(id);
    assert_eq!((state(&row()), row()["actualvalue"].to_string()), ((1, 3), "25000.0000".to_owned()));
    caller.dv.reopen("opportunity", id);
    assert_eq!(state(&row()), (0, 1));
    caller.dv.lose(id, 5);
    assert_eq!(state(&row()), (2, 5));
    assert_eq!(caller.dv.try_edit("opportunity", id, json!({ "name": "x" })).unwrap_err().code, "0x8004022e");
}
