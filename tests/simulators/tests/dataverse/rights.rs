//! What a role allows (dataverse-api 1.3).

use serde_json::json;
use simulators::dataverse::Level;

use crate::caller::{deal, send, started, texts};

#[tokio::test]
async fn each_missing_privilege_is_a_403_that_names_it() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let path = format!("opportunities({id})");
    let bind = json!({ "parentaccountid@odata.bind": format!("/accounts({account})") });
    let existing = [("If-Match", "*")];
    let cases = ["prvReadOpportunity", "prvCreateOpportunity", "prvWriteOpportunity", "prvDeleteOpportunity"];
    for privilege in cases.into_iter().chain(["prvAppendOpportunity", "prvAppendToAccount"]) {
        caller.dv.set_privilege(privilege, Level::None);
        let answer = match privilege {
            "prvReadOpportunity" => caller.get(&path).await,
            "prvCreateOpportunity" => caller.post("opportunities", &deal("Another")).await,
            "prvWriteOpportunity" => caller.patch(&path, &existing, &json!({ "name": "Changed" })).await,
            "prvDeleteOpportunity" => caller.delete(&path, &[]).await,
            _ => caller.patch(&path, &existing, &bind).await,
        };
        assert_eq!(answer.refusal(), (403, "0x80040220"), "{privilege}");
        assert!(answer.message().contains(privilege), "{privilege}: {}", answer.message());
        caller.dv.reset_privileges();
    }
    assert_eq!(caller.dv.rows("opportunity").len(), 1);
    assert_eq!(caller.patch(&path, &existing, &bind).await.status, 204);
}

#[tokio::test]
async fn a_basic_level_reaches_own_rows_alone() {
    let caller = started().await;
    let own = caller.created("opportunities", &deal("Ours")).await;
    let other = caller.dv.create("opportunity", deal("A seller's"));
    caller.dv.set_privilege("prvReadOpportunity", Level::Basic);
    assert_eq!(texts(&caller.rows("opportunities?$select=name").await, "name"), ["Ours"]);
    assert_eq!(caller.get(&format!("opportunities({own})")).await.status, 200);
    assert_eq!(caller.get(&format!("opportunities({other})")).await.refusal(), (403, "0x80040220"));
}

#[tokio::test]
async fn change_tracking_needs_the_whole_table() {
    let caller = started().await;
    caller.dv.set_privilege("prvReadOpportunity", Level::Deep);
    let answer = caller.get_preferring("opportunities?$select=name", "odata.track-changes").await;
    assert_eq!(answer.refusal(), (403, "0x80040220"));
}

#[tokio::test]
async fn acting_as_another_user_needs_the_right_and_shows() {
    let caller = started().await;
    let seller = caller.dv.rows("systemuser").into_iter().find(|row| row["fullname"] == "Alex Seller").unwrap();
    let object = seller["azureactivedirectoryobjectid"].as_str().unwrap();
    let create = || caller.api(reqwest::Method::POST, "accounts").json(&json!({ "name": "Fabrikam" }));
    let made = send(create().header("CallerObjectId", object)).await;
    let account = caller.dv.row("account", made.entity_id()).unwrap();
    assert_eq!(account["_createdby_value"], seller["systemuserid"]);
    caller.dv.set_privilege("prvActOnBehalfOfAnotherUser", Level::None);
    assert_eq!(send(create().header("CallerObjectId", object)).await.refusal(), (403, "0x8004A110"));
}
