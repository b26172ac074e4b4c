//! Preconditions, upserts and alternate keys (dataverse-api 2.7, 2.8).

use serde_json::{Value, json};

use crate::caller::{deal, send, started, text};

const ABSENT: &str = "opportunities(00000000-0000-4000-8000-000000000001)";

#[tokio::test]
async fn the_table_of_preconditions_holds_line_by_line() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let path = format!("opportunities({id})");
    let name = |name: &str| json!({ "name": name });
    assert_eq!(caller.patch(&path, &[], &name("1")).await.status, 204);
    assert_eq!(caller.patch(&path, &[("If-Match", "*")], &name("2")).await.status, 204);
    let present = caller.patch(&path, &[("If-None-Match", "*")], &name("3")).await;
    assert_eq!((present.status, present.message()), (412, "A record with matching key values already exists."));
    let stale = caller.patch(&path, &[("If-Match", "W/\"1\"")], &name("4")).await;
    assert_eq!(stale.refusal(), (412, "0x80060882"));
    assert_eq!(stale.message(), "The version of the existing record doesn't match the RowVersion property provided.");
    assert_eq!(caller.got(&path).await["name"], "2");
    let forbidden = caller.patch(ABSENT, &[("If-Match", "*")], &name("5")).await;
    assert_eq!(forbidden.refusal(), (404, "0x80040217"));
    assert!(forbidden.message().starts_with("opportunity With Id = 00000000-0000-4000-8000-000000000001 Does Not"));
    assert_eq!(caller.patch(ABSENT, &[("If-None-Match", "*")], &name("6")).await.status, 204);
    assert_eq!(caller.got(ABSENT).await["name"], "6");
    // The header that defeats caches says nothing about the row.
    assert_eq!(caller.patch(&path, &[("If-None-Match", "null")], &name("7")).await.status, 204);
}

#[tokio::test]
async fn an_etag_guards_changes_and_deletions() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let path = format!("opportunities({id})");
    let first = caller.get(&path).await.etag();
    let number: u64 = first.trim_start_matches("W/\"").trim_end_matches('"').parse().unwrap();
    assert_eq!(caller.patch(&path, &[("If-Match", &first)], &json!({ "name": "Renamed" })).await.status, 204);
    let second = caller.get(&path).await.etag();
    assert!(second.trim_start_matches("W/\"").trim_end_matches('"').parse::<u64>().unwrap() > number);
    assert_eq!(caller.delete(&path, &[("If-Match", &first)]).await.refusal(), (412, "0x80060882"));
    assert_eq!(caller.delete(&path, &[("If-Match", &second)]).await.status, 204);
    // Versions count up over all tables.
    let account = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let account = caller.get(&format!("accounts({account})")).await.etag();
    assert!(account.trim_start_matches("W/\"").trim_end_matches('"').parse::<u64>().unwrap() > number + 2);
}

#[tokio::test]
async fn equal_values_move_the_etag_too() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let path = format!("opportunities({id})");
    let before = caller.get(&path).await.etag();
    caller.changed(&path, &json!({ "name": "Deal" })).await;
    assert_ne!(caller.get(&path).await.etag(), before);
}

#[tokio::test]
async fn a_plain_patch_brings_a_deleted_row_back() {
    let caller = started().await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    let path = format!("opportunities({id})");
    assert_eq!(caller.delete(&path, &[]).await.status, 204);
    assert_eq!(caller.get(&path).await.refusal(), (404, "0x80040217"));
    assert_eq!(caller.patch(&path, &[], &json!({ "description": "ghost" })).await.status, 204);
    let ghost = caller.got(&path).await;
    assert_eq!((&ghost["name"], text(&ghost, "/description")), (&Value::Null, "ghost"));
}

#[tokio::test]
async fn an_upsert_by_key_makes_or_changes_one_row() {
    let caller = started().await;
    let path = "opportunities(cosell_referralid='ref_1-A')";
    let upsert = |body: Value| {
        send(caller.api(reqwest::Method::PATCH, path).header("Prefer", "return=representation").json(&body))
    };
    let made = upsert(deal("Deal")).await;
    assert_eq!((made.status, text(&made.body, "/cosell_referralid")), (201, "ref_1-A"));
    // Of a row that exists, the key's own columns in the body are ignored.
    let changed = upsert(json!({ "name": "Renamed", "cosell_referralid": "other" })).await;
    assert_eq!((changed.status, text(&changed.body, "/cosell_referralid")), (200, "ref_1-A"));
    assert_eq!(changed.body["opportunityid"], made.body["opportunityid"]);
    // Of one that does not, the body's values win.
    let body = json!({ "name": "Another", "cosell_referralid": "ref_3" });
    let other = caller.patch("opportunities(cosell_referralid='ref_2')", &[], &body).await;
    assert_eq!(caller.dv.row("opportunity", other.entity_id()).unwrap()["cosell_referralid"], "ref_3");
    let missing = caller.patch("opportunities(cosell_referralid='ref_9')", &[("If-Match", "*")], &deal("x")).await;
    assert_eq!(missing.refusal(), (404, "0x80060891"));
}

#[tokio::test]
async fn key_values_compare_without_case() {
    let caller = started().await;
    let id = caller.patch("opportunities(cosell_referralid='Ref-1')", &[], &deal("Deal")).await.entity_id();
    assert_eq!(caller.got("opportunities(cosell_referralid='rEF-1')").await["opportunityid"], json!(id));
}

#[tokio::test]
async fn refused_characters_in_keys_are_refused_even_encoded() {
    let caller = started().await;
    for character in ["%2F", "%3C", "%3E", "%2A", "%25", "%26", "%3A", "%5C", "%3F", "%2B", "*", "&", ":", "+"] {
        let path = format!("opportunities(cosell_referralid='a{character}b')");
        let answer = caller.get(&path).await;
        assert_eq!((answer.status, answer.message()), (400, "Bad Request - Error in query syntax."), "{character}");
        assert_eq!(caller.patch(&path, &[], &deal("Deal")).await.status, 400, "{character}");
    }
    // An apostrophe is doubled, then encoded.
    let path = "opportunities(cosell_referralid='O%27%27Neil')";
    let made = caller.patch(path, &[], &deal("Deal")).await;
    assert_eq!(caller.dv.row("opportunity", made.entity_id()).unwrap()["cosell_referralid"], "O'Neil");
    assert_eq!(caller.get(path).await.status, 200);
}

#[tokio::test]
async fn unknown_keys_are_refused() {
    let caller = started().await;
    for key in ["name='Deal'", "cosell_referralid='a',name='b'", "nothere='x'"] {
        let answer = caller.get(&format!("opportunities({key})")).await;
        assert_eq!(answer.status, 400, "{key}");
        assert!(
            answer.message().starts_with(
                "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.opportunity'."
            ),
            "{}",
            answer.message()
        );
    }
    let id = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    assert_eq!(caller.get(&format!("accounts(accountid={id})")).await.status, 200, "the primary key by name");
}

#[tokio::test]
async fn an_alternate_key_is_unique_but_null_is_no_value() {
    let caller = started().await;
    let with_key = |key: Value| json!({ "name": "Deal", "cosell_referralid": key });
    let first = caller.created("opportunities", &with_key(json!("ref-1"))).await;
    let second = caller.created("opportunities", &with_key(Value::Null)).await;
    caller.created("opportunities", &with_key(Value::Null)).await;
    let taken = caller.post("opportunities", &with_key(json!("REF-1"))).await;
    assert_eq!(taken.refusal(), (412, "0x80060892"));
    assert!(taken.message().contains("A record with the same value for cosell_referralid already exists"));
    let path = format!("opportunities({second})");
    assert_eq!(caller.patch(&path, &[], &with_key(json!("ref-1"))).await.refusal(), (412, "0x80060892"));
    // Freed by a change or a deletion, the value may be taken again.
    caller.changed(&format!("opportunities({first})"), &with_key(json!("ref-2"))).await;
    caller.changed(&path, &with_key(json!("ref-1"))).await;
    assert_eq!(caller.delete(&path, &[]).await.status, 204);
    caller.created("opportunities", &with_key(json!("ref-1"))).await;
}
