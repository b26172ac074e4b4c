//! Change tracking (dataverse-api 4).

use std::time::Duration;

use serde_json::{Value, json};
use simulators::dataverse::Level;
use uuid::Uuid;

use crate::caller::{Answer, Caller, deal, started, text, texts};

const TRACKED: &str = "opportunities?$select=name";

async fn tracked(caller: &Caller, path: &str, more: &str) -> Answer {
    let answer = caller.get_preferring(path, &format!("odata.track-changes{more}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

/// The delta link of a first pass over few rows.
async fn from_now(caller: &Caller) -> String {
    tracked(caller, TRACKED, "").await.link("@odata.deltaLink").unwrap().to_owned()
}

fn names(answer: &Answer) -> Vec<&str> {
    texts(answer.body["value"].as_array().unwrap(), "name")
}

#[tokio::test]
async fn the_first_pass_is_everything_and_ends_with_a_link() {
    let caller = started().await;
    caller.created("opportunities", &deal("Deal")).await;
    let answer = tracked(&caller, TRACKED, "").await;
    assert_eq!(answer.header("preference-applied"), Some("odata.track-changes"));
    assert_eq!(names(&answer), ["Deal"]);
    let link = answer.link("@odata.deltaLink").unwrap();
    let (address, token) = link.split_once("&$deltatoken=").unwrap();
    assert_eq!(address, format!("{}{TRACKED}", caller.root()));
    // `919042%2108%2f22%2f2017%2008%3a10%3a44`
    let shape: String =
        token.chars().map(|character| if character.is_ascii_digit() { '9' } else { character }).collect();
    assert_eq!(shape, "999999%9999%9f99%9f9999%9999%9a99%9a99");
    assert!(token.contains("%21") && token.contains("%2f") && token.contains("%3a"));
}

#[tokio::test]
async fn a_poll_brings_changes_in_order_and_deletions_last() {
    let caller = started().await;
    let first = caller.created("opportunities", &deal("First")).await;
    let second = caller.created("opportunities", &deal("Second")).await;
    let gone = caller.created("opportunities", &deal("Gone")).await;
    let link = from_now(&caller).await;
    assert_eq!(caller.delete(&format!("opportunities({gone})"), &[]).await.status, 204);
    caller.dv.edit("opportunity", second, json!({ "name": "Second, changed" }));
    caller.changed(&format!("opportunities({first})"), &json!({ "name": "First, changed by us" })).await;
    let answer = tracked(&caller, &link, "").await;
    assert_eq!(names(&answer), ["Second, changed", "First, changed by us", "(null)"]);
    let rows = answer.body["value"].as_array().unwrap();
    assert!(rows[0].get("@odata.context").is_none(), "only deletions carry one");
    assert!(text(&answer.body, "/@odata.context").ends_with("$metadata#opportunities(name)/$delta"));
    let context = format!("{}$metadata#opportunities/$deletedEntity", caller.root());
    assert_eq!(rows[2], json!({ "@odata.context": context, "id": gone, "reason": "deleted" }));
    // Nothing new: nothing, and a link to go on.
    let link = answer.link("@odata.deltaLink").unwrap().to_owned();
    let quiet = tracked(&caller, &link, "").await;
    assert_eq!(quiet.body["value"], json!([]));
    assert!(quiet.link("@odata.deltaLink").is_some());
}

#[tokio::test]
async fn only_the_last_state_is_told_and_a_row_that_came_and_went_is_a_deletion() {
    let caller = started().await;
    let link = from_now(&caller).await;
    let id = caller.created("opportunities", &deal("1")).await;
    for name in ["2", "3"] {
        caller.changed(&format!("opportunities({id})"), &json!({ "name": name })).await;
    }
    let never_seen = caller.created("opportunities", &deal("Brief")).await;
    caller.dv.delete("opportunity", never_seen);
    let answer = tracked(&caller, &link, "").await;
    assert_eq!(names(&answer), ["3", "(null)"]);
    assert_eq!(answer.body["value"][1]["id"], json!(never_seen));
    // A row that is there again is no deletion.
    assert_eq!(caller.patch(&format!("opportunities({never_seen})"), &[], &deal("Back")).await.status, 204);
    assert_eq!(names(&tracked(&caller, &link, "").await), ["3", "Back"]);
}

/// Follows pages to the delta link; answers what each page held.
async fn pages(caller: &Caller, path: &str, size: u32) -> (Vec<Vec<Value>>, String) {
    let (mut pages, mut path) = (Vec::new(), path.to_owned());
    loop {
        let answer = tracked(caller, &path, &format!(",odata.maxpagesize={size}")).await;
        pages.push(answer.body["value"].as_array().unwrap().clone());
        match (answer.link("@odata.nextLink"), answer.link("@odata.deltaLink")) {
            (Some(next), None) => path = next.to_owned(),
            (None, Some(delta)) => return (pages, delta.to_owned()),
            both => panic!("a page must have one link: {both:?}"),
        }
    }
}

#[tokio::test]
async fn pages_lead_to_one_delta_link_and_lose_nothing() {
    let caller = started().await;
    let ids: Vec<Uuid> =
        (0..5).map(|number| caller.dv.create("opportunity", deal(&format!("Deal {number}")))).collect();
    let (first, link) = pages(&caller, TRACKED, 2).await;
    assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    for id in &ids[..3] {
        caller.dv.edit("opportunity", *id, json!({ "description": "changed" }));
    }
    for id in &ids[3..] {
        caller.dv.delete("opportunity", *id);
    }
    for size in [1, 2, 3, 4, 5, 6] {
        let (pages, _) = pages(&caller, &link, size).await;
        let told: Vec<Value> = pages.concat();
        let id = |row: &Value| row.get("opportunityid").or(row.get("id")).unwrap().as_str().unwrap().parse().unwrap();
        assert_eq!(told.iter().map(id).collect::<Vec<Uuid>>(), ids, "in order, pages of {size}");
    }
}

#[tokio::test]
async fn what_changes_during_a_pass_is_in_the_next_one() {
    let caller = started().await;
    for name in ["A", "B", "C"] {
        caller.dv.create("opportunity", deal(name));
    }
    let first = tracked(&caller, TRACKED, ",odata.maxpagesize=1").await;
    let row = first.body["value"][0]["opportunityid"].as_str().unwrap().parse().unwrap();
    caller.dv.edit("opportunity", row, json!({ "name": "Changed meanwhile" }));
    let (_, link) = pages(&caller, first.link("@odata.nextLink").unwrap(), 1).await;
    assert_eq!(names(&tracked(&caller, &link, "").await), ["Changed meanwhile"]);
}

#[tokio::test]
async fn options_that_do_not_go_with_it_are_refused_by_name() {
    let caller = started().await;
    for option in ["filter=name eq 'x'", "orderby=name", "expand=parentaccountid", "top=1"] {
        let answer = caller.get_preferring(&format!("opportunities?${option}"), "odata.track-changes").await;
        let name = option.split_once('=').unwrap().0;
        let expected = format!("The \"{name}\" query parameter isn't supported when Change Tracking is enabled.");
        assert_eq!((answer.status, answer.message()), (400, expected.as_str()));
    }
    let answer = caller.get_preferring("systemusers?$select=fullname", "odata.track-changes").await;
    assert_eq!(answer.refusal(), (400, "0x80072491"));
}

#[tokio::test]
async fn a_link_expires_after_the_days_that_the_organisation_says() {
    let mut caller = started().await;
    let link = from_now(&caller).await;
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    caller.clock.advance(days(7) - Duration::from_secs(60));
    caller.sign_in().await;
    tracked(&caller, &link, "").await;
    caller.clock.advance(Duration::from_secs(120));
    caller.sign_in().await;
    let expired = caller.get_preferring(&link, "odata.track-changes").await;
    assert_eq!(expired.refusal(), (400, "0x80044352"));
    assert_eq!(expired.message(), "Version stamp associated with the client has expired. Please perform a full sync.");
    caller.dv.switches(|switches| switches.expired_delta_status = 410);
    assert_eq!(caller.get_preferring(&link, "odata.track-changes").await.status, 410);
    let organization = caller.dv.rows("organization")[0]["organizationid"].as_str().unwrap().parse().unwrap();
    caller.dv.edit("organization", organization, json!({ "expirechangetrackingindays": 30 }));
    tracked(&caller, &link, "").await;
}

#[tokio::test]
async fn a_token_from_the_future_or_from_nowhere_is_refused() {
    let caller = started().await;
    let link = from_now(&caller).await;
    let (address, token) = link.split_once("$deltatoken=").unwrap();
    let (_, date) = token.split_once("%21").unwrap();
    for token in [format!("999999999%21{date}"), "nonsense".to_owned(), format!("x%21{date}")] {
        let answer = caller.get_preferring(&format!("{address}$deltatoken={token}"), "odata.track-changes").await;
        assert_eq!(answer.status, 400, "{token}");
    }
}

#[tokio::test]
async fn changes_are_counted() {
    let caller = started().await;
    let link = from_now(&caller).await;
    let id = caller.created("opportunities", &deal("Deal")).await;
    caller.created("opportunities", &deal("Another")).await;
    caller.dv.delete("opportunity", id);
    let token = link.split_once("$deltatoken=").unwrap().1;
    assert_eq!(caller.get(&format!("opportunities/$count?$deltatoken={token}")).await.text, "2");
    caller.dv.set_privilege("prvReadOpportunity", Level::None);
    assert_eq!(caller.get(&format!("opportunities/$count?$deltatoken={token}")).await.status, 403);
}
