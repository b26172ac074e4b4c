//! Batches and bulk actions (dataverse-api 2.10, 2.11).

use reqwest::Method;
use serde_json::json;

use crate::caller::{Answer, Caller, send, started, text};

/// A request of a batch or a change set, as the documentation writes it.
fn item(content_id: Option<u32>, method: &str, url: &str, headers: &str, body: &str) -> String {
    let id = content_id.map(|id| format!("Content-ID: {id}\r\n")).unwrap_or_default();
    let typed = if body.is_empty() { "" } else { "Content-Type: application/json; type=entry\r\n" };
    format!(
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{id}\r\n{method} {url} HTTP/1.1\r\n\
         {typed}{headers}\r\n{body}\r\n"
    )
}

fn joined(boundary: &str, parts: &[String]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}")).collect();
    format!("{parts}--{boundary}--\r\n")
}

fn change_set(items: &[String]) -> String {
    format!("Content-Type: multipart/mixed; boundary=\"changeset_C\"\r\n\r\n{}", joined("changeset_C", items))
}

async fn batch(caller: &Caller, parts: &[String], prefer: &str) -> Answer {
    sent(caller, joined("batch_B", parts), prefer).await
}

async fn sent(caller: &Caller, body: String, prefer: &str) -> Answer {
    let request = caller.api(Method::POST, "$batch").header("Content-Type", "multipart/mixed; boundary=\"batch_B\"");
    send(request.header("Prefer", prefer).body(body)).await
}

/// The status lines of an answer, in order.
fn statuses(answer: &Answer) -> Vec<&str> {
    let lines = answer.text.split("\r\n").filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.map(|line| line.split(' ').next().unwrap()).collect()
}

const URL: &str = "/api/data/v9.2";

#[tokio::test]
async fn a_change_set_refers_to_its_own_rows_and_a_query_follows() {
    let caller = started().await;
    let first = item(Some(1), "POST", &format!("{URL}/accounts"), "", r#"{"name":"Fabrikam"}"#);
    let second = r#"{"name":"Deal","customerid_account@odata.bind":"$1"}"#;
    let second = item(Some(2), "POST", &format!("{}opportunities", caller.root()), "", second);
    let third = item(Some(3), "PATCH", "$2", "", r#"{"description":"by reference"}"#);
    let through = item(Some(4), "POST", "$2/cosell_opportunity_cosell_solution", "", r#"{"cosell_name":"S"}"#);
    let query = item(None, "GET", &format!("{URL}/accounts?$select=name&$filter=name eq 'Fabrikam'"), "", "");
    let answer = batch(&caller, &[change_set(&[first, second, third, through]), query], "x").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("content-type").unwrap().starts_with("multipart/mixed; boundary=batchresponse_"));
    assert_eq!(statuses(&answer), ["204", "204", "204", "204", "200"]);
    assert!(answer.text.contains("Content-Type: multipart/mixed; boundary=changesetresponse_"));
    for id in 1..=4 {
        assert!(answer.text.contains(&format!("Content-ID: {id}\r\n")));
    }
    let address = format!("OData-EntityId: {}accounts(", caller.root());
    assert!(answer.text.contains(&address) && answer.text.contains("Location: "));
    let deal = &caller.dv.rows("opportunity")[0];
    assert_eq!(text(deal, "/description"), "by reference");
    assert_eq!(deal["_customerid_value"], caller.dv.rows("account")[0]["accountid"]);
    assert_eq!(caller.dv.rows("cosell_solution")[0]["_cosell_opportunityid_value"], deal["opportunityid"]);
}

#[tokio::test]
async fn a_failed_change_set_leaves_nothing_and_is_one_error() {
    let caller = started().await;
    let good = item(Some(1), "POST", &format!("{URL}/accounts"), "", r#"{"name":"Fabrikam"}"#);
    let bad = item(Some(2), "POST", &format!("{URL}/accounts"), "", r#"{"nothere":1}"#);
    let before = item(None, "POST", &format!("{URL}/accounts"), "", r#"{"name":"Before"}"#);
    let after = item(None, "POST", &format!("{URL}/accounts"), "", r#"{"name":"After"}"#);
    let parts = [before, change_set(&[good, bad]), after];
    let answer = batch(&caller, &parts, "x").await;
    assert_eq!((answer.status, statuses(&answer)), (400, vec!["204", "400"]));
    assert_eq!(caller.dv.rows("account").len(), 1, "what was done before stays done");
    // Told to go on, it goes on.
    let answer = batch(&caller, &parts, "odata.continue-on-error").await;
    assert_eq!((answer.status, statuses(&answer)), (200, vec!["204", "400", "204"]));
    assert_eq!(caller.dv.rows("account").len(), 3);
}

#[tokio::test]
async fn the_outer_status_is_that_of_the_failure_or_by_switch_400() {
    let caller = started().await;
    let missing = item(None, "GET", &format!("{URL}/accounts(00000000-0000-4000-8000-000000000001)"), "", "");
    assert_eq!(batch(&caller, std::slice::from_ref(&missing), "x").await.status, 404);
    caller.dv.switches(|switches| switches.failed_batch_keeps_status = false);
    assert_eq!(batch(&caller, &[missing], "x").await.status, 400);
}

#[tokio::test]
async fn headers_of_an_item_are_its_own() {
    let caller = started().await;
    let id = caller.created("accounts", &json!({ "name": "Fabrikam" })).await;
    let url = format!("{URL}/accounts({id})");
    let stale = item(None, "PATCH", &url, "If-Match: W/\"1\"\r\n", r#"{"name":"Stale"}"#);
    let shown =
        item(None, "PATCH", &format!("{url}?$select=name"), "Prefer: return=representation\r\n", r#"{"name":"Shown"}"#);
    let answer = batch(&caller, &[stale, shown], "odata.continue-on-error").await;
    assert_eq!(statuses(&answer), ["412", "200"]);
    assert!(answer.text.contains("0x80060882") && answer.text.contains(r#""name":"Shown""#));
}

#[tokio::test]
async fn batches_that_break_the_rules_are_refused() {
    let caller = started().await;
    let read = item(Some(1), "GET", &format!("{URL}/accounts"), "", "");
    let nested = item(None, "POST", &format!("{URL}/$batch"), "", "{}");
    let dangling =
        item(Some(1), "POST", &format!("{URL}/opportunities"), "", r#"{"customerid_account@odata.bind":"$9"}"#);
    for part in [change_set(&[read]), nested, change_set(std::slice::from_ref(&dangling))] {
        let answer = batch(&caller, &[part], "x").await;
        assert_eq!((answer.status, statuses(&answer)), (400, vec!["400"]));
    }
    let answer = batch(&caller, &[change_set(&[dangling])], "x").await;
    assert!(answer.text.contains("Content-ID Reference: '$9' does not exist in the batch context."));
    let many: Vec<String> = (0..1001).map(|_| item(None, "GET", &format!("{URL}/WhoAmI()"), "", "")).collect();
    assert_eq!(batch(&caller, &many, "x").await.status, 400);
    assert_eq!(sent(&caller, "--batch_B\r\n".to_owned(), "x").await.status, 400, "no closing boundary");
    let untyped = send(caller.api(Method::POST, "$batch").header("Content-Type", "application/json").body("{}")).await;
    assert_eq!(untyped.status, 415);
}

#[tokio::test]
async fn bare_line_feeds_are_refused_unless_switched_on() {
    let caller = started().await;
    let body = joined("batch_B", &[item(None, "GET", &format!("{URL}/WhoAmI()"), "", "")]).replace("\r\n", "\n");
    assert_eq!(sent(&caller, body.clone(), "x").await.status, 400);
    caller.dv.switches(|switches| switches.batch_requires_crlf = false);
    let answer = sent(&caller, body, "x").await;
    assert_eq!((answer.status, statuses(&answer)), (200, vec!["200"]));
}

#[tokio::test]
async fn bulk_actions_take_typed_targets_all_or_none() {
    let caller = started().await;
    let target = |name: &str| json!({ "@odata.type": "Microsoft.Dynamics.CRM.account", "name": name });
    let create = "accounts/Microsoft.Dynamics.CRM.CreateMultiple";
    let made = caller.post(create, &json!({ "Targets": [target("A"), target("B")] })).await;
    assert_eq!(made.status, 200);
    let ids = made.body["Ids"].as_array().unwrap().clone();
    let name = |at: usize| {
        let id = ids[at].as_str().unwrap().parse().unwrap();
        caller.dv.row("account", id).unwrap()["name"].clone()
    };
    assert_eq!((name(0), name(1)), (json!("A"), json!("B")));
    let update = "accounts/Microsoft.Dynamics.CRM.UpdateMultiple";
    let mut changed = [target("A2"), target("B2")];
    changed[0]["accountid"] = ids[0].clone();
    assert_eq!(caller.post(update, &json!({ "Targets": changed })).await.status, 400, "one lacks its id");
    assert_eq!(name(0), json!("A"));
    changed[1]["accountid"] = ids[1].clone();
    assert_eq!(caller.post(update, &json!({ "Targets": changed })).await.status, 204);
    assert_eq!((name(0), name(1)), (json!("A2"), json!("B2")));
    let untyped = caller.post(create, &json!({ "Targets": [{ "name": "C" }] })).await;
    assert_eq!(untyped.refusal(), (400, "0x80048d19"));
}

#[tokio::test]
async fn upsert_multiple_goes_by_key() {
    let caller = started().await;
    let path = "cosell_solutiondetails/Microsoft.Dynamics.CRM.UpsertMultiple";
    let target = |code: &str, name: &str| {
        json!({
            "@odata.type": "Microsoft.Dynamics.CRM.cosell_solutiondetail",
            "@odata.id": format!("cosell_solutiondetails(cosell_code='{code}')"),
            "cosell_name": name,
        })
    };
    let once = json!({ "Targets": [target("SOL-1", "One"), target("SOL-2", "Two")] });
    assert_eq!(caller.post(path, &once).await.status, 204);
    let again = json!({ "Targets": [target("SOL-2", "Two again"), target("SOL-3", "Three")] });
    assert_eq!(caller.post(path, &again).await.status, 204);
    let rows = caller.rows("cosell_solutiondetails?$select=cosell_code,cosell_name&$orderby=cosell_code").await;
    let names: Vec<&str> = rows.iter().map(|row| text(row, "/cosell_name")).collect();
    assert_eq!(names, ["One", "Two again", "Three"]);
}
