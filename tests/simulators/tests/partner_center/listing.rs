//! The list: pages, the odd next link, filters, order (partner-center-api 4.5).

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use simulators::partner_center::{NextLink, Paging, PartnerCenter, SkipTokenAt};

use crate::caller::{COLLECTION, Caller, document, private_deal, refusal, started, text};

/// So many deals of a seller's, newest last.
fn deals(caller: &Caller, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| caller.pc.invite(json!({ "type": "Independent", "name": format!("Deal {number}") })))
        .collect()
}

/// The next link's query, as it was printed.
fn token_of(page: &Value) -> Option<String> {
    page.get("@odata.nextLink").map(|link| link.as_str().unwrap().split_once('?').unwrap().1.to_owned())
}

async fn page(caller: &Caller, path: &str, query: &str) -> Value {
    let answer = caller.referrals(Method::GET, &format!("{path}?{query}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    document(answer).await
}

/// Ids of all pages, and the rows on each page.
async fn all_pages(caller: &Caller, first_query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    let mut query = first_query.to_owned();
    loop {
        let page = page(caller, COLLECTION, &query).await;
        let rows = page["value"].as_array().unwrap();
        assert_eq!(page["@odata.count"], json!(rows.len()), "the count is the page's");
        sizes.push(rows.len());
        ids.extend(rows.iter().map(|row| text(row, "/id").to_owned()));
        match token_of(&page) {
            Some(next) => query = next,
            None => return (ids, sizes),
        }
    }
}

#[tokio::test]
async fn pages_hold_100_rows_and_the_next_link_is_odd() {
    let caller = started().await;
    let made = deals(&caller, 250);
    let first = page(&caller, COLLECTION, "$orderby=updatedDateTime%20asc").await;
    let link = text(&first, "/@odata.nextLink");
    assert!(link.starts_with("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken="), "{link}");
    let token = link.split_once("$skiptoken=").unwrap().1;
    assert!(token.contains("%2f") && !token.contains('/'), "encoded already: {token}");
    let (ids, sizes) = all_pages(&caller, "$orderby=updatedDateTime%20asc").await;
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(ids, made, "the token remembers the order");
    let (ids, _) = all_pages(&caller, "").await;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>(), made.iter().collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn exactly_100_rows_are_one_page() {
    let caller = started().await;
    deals(&caller, 100);
    assert_eq!(all_pages(&caller, "").await.1, [100]);
    deals(&caller, 1);
    assert_eq!(all_pages(&caller, "").await.1, [100, 1]);
}

#[tokio::test]
async fn a_token_encoded_twice_is_refused() {
    let caller = started().await;
    deals(&caller, 101);
    let token = token_of(&page(&caller, COLLECTION, "").await).unwrap().replace('%', "%25");
    let answer = caller.referrals(Method::GET, &format!("{COLLECTION}?{token}")).send().await.unwrap();
    assert_eq!(refusal(answer).await.2, "The $skiptoken is not valid.");
}

#[tokio::test]
async fn where_a_token_is_taken_and_what_the_link_says_are_switches() {
    let caller = started().await;
    deals(&caller, 101);
    let token = token_of(&page(&caller, COLLECTION, "").await).unwrap();
    let rows = async |path: &str| {
        let answer = caller.referrals(Method::GET, &format!("{path}?{token}")).send().await.unwrap();
        answer.status().as_u16()
    };
    let printed = "/v1.0/referrals";
    for (at, collection, print) in
        [(SkipTokenAt::Collection, 200, 404), (SkipTokenAt::Printed, 404, 200), (SkipTokenAt::Both, 200, 200)]
    {
        caller.pc.switches(|switches| switches.skip_token_at = at);
        assert_eq!((rows(COLLECTION).await, rows(printed).await), (collection, print), "{at:?}");
    }
    caller.pc.switches(|switches| switches.next_link = NextLink::Own);
    let link = text(&page(&caller, COLLECTION, "").await, "/@odata.nextLink").to_owned();
    assert!(link.starts_with(&format!("{}{COLLECTION}?$skiptoken=", caller.pc.url())), "{link}");
}

#[tokio::test]
async fn a_row_that_moves_between_pages_hides_another_only_by_offset() {
    for (paging, seen) in [(Paging::AfterRow, 101), (Paging::Offset, 100)] {
        let caller = started().await;
        let made = deals(&caller, 101);
        caller.pc.switches(|switches| switches.paging = paging);
        let first = page(&caller, COLLECTION, "$orderby=updatedDateTime%20asc").await;
        caller.pc.edit(&made[0], "/name", json!("Moved to the end"));
        let rest = page(&caller, COLLECTION, &token_of(&first).unwrap()).await;
        let rows = [first, rest].map(|page| page["value"].as_array().unwrap().clone()).concat();
        let distinct: BTreeSet<&str> = rows.iter().map(|row| text(row, "/id")).collect();
        assert_eq!(distinct.len(), seen, "{paging:?}");
    }
}

#[tokio::test]
async fn the_documented_filters_work() {
    let caller = started().await;
    let own = caller.created(&private_deal()).await;
    let incoming = caller.pc.invite(json!({ "customerProfile": { "address": { "country": "US" } } }));
    let theirs = text(&caller.pc.microsoft_copy(&incoming).unwrap(), "/id").to_owned();
    let own_id = text(&own, "/id").to_owned();
    let engagement = text(&own, "/engagementId");
    let middle = text(&own, "/updatedDateTime");
    let cases: Vec<(String, Vec<&String>)> = vec![
        ("status eq 'New' and qualification eq 'SalesQualified'".into(), vec![&incoming]),
        ("customerProfile/address/country eq 'US' and direction eq 'Incoming'".into(), vec![&theirs, &incoming]),
        ("(type eq 'Shared' and direction eq 'Incoming')".into(), vec![&theirs, &incoming]),
        ("status eq 'Active' and team/any(t:t/email eq 'raj@adatum.example')".into(), vec![&own_id]),
        (format!("engagementId eq '{engagement}'"), vec![&own_id]),
        (format!("engagementId eq {}", engagement.to_uppercase()), vec![&own_id]),
        (format!("updatedDateTime ge {middle}"), vec![&own_id, &theirs, &incoming]),
        (format!("updatedDateTime gt {middle}"), vec![&theirs, &incoming]),
    ];
    for (filter, expected) in cases {
        let rows = caller.rows(&[("$filter", &filter), ("$orderby", "createdDateTime asc")]).await;
        let ids: Vec<&str> = rows.iter().map(|row| text(row, "/id")).collect();
        assert_eq!(ids, expected, "{filter}");
    }
}

#[tokio::test]
async fn other_filters_are_refused_unless_a_switch_allows_them() {
    let caller = started().await;
    let cases = [
        "status eq 'New' or status eq 'Active'",
        "status ne 'Closed'",
        "externalReferenceId eq 'crm-opp-000123'",
        "updatedDateTime le 2026-11-01T00:00:00Z",
    ];
    for filter in cases {
        let answer = caller.list(&[("$filter", filter)]).await;
        assert_eq!(refusal(answer).await.1, "invalidRequest", "{filter}");
    }
    caller.pc.switches(|switches| switches.undocumented_filters = true);
    for filter in cases {
        assert_eq!(caller.list(&[("$filter", filter)]).await.status(), 200, "{filter}");
    }
    for filter in ["status eq", "status eq 'New", "(status eq 'New'", "status eq 'New' 'Active'"] {
        assert_eq!(caller.list(&[("$filter", filter)]).await.status(), 400, "{filter}");
    }
}

#[tokio::test]
async fn order_select_and_top() {
    let caller = started().await;
    let made = deals(&caller, 5);
    caller.pc.edit(&made[0], "/name", json!("Newest"));
    let ids = async |options: &[(&str, &str)]| -> Vec<String> {
        caller.rows(options).await.iter().map(|row| text(row, "/id").to_owned()).collect()
    };
    assert_eq!(ids(&[("$orderby", "updatedDateTime desc"), ("$top", "2")]).await, [made[0].clone(), made[4].clone()]);
    assert_eq!(ids(&[("$orderby", "createdDateTime"), ("$top", "1")]).await, made[..1]);
    assert_eq!(caller.list(&[("$orderby", "name")]).await.status(), 400);
    assert_eq!(caller.list(&[("$search", "x")]).await.status(), 400);
    let rows = caller.rows(&[("$select", "id,status"), ("$top", "1")]).await;
    assert_eq!(rows[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "status"]);
}

#[tokio::test]
async fn the_list_shows_what_is_not_hidden_and_by_switch_ours_alone() {
    let caller = started().await;
    let id = caller.pc.invite(json!({}));
    assert_eq!(caller.rows(&[]).await.len(), 2);
    caller.pc.switches(|switches| switches.list_shows_related = false);
    let rows = caller.rows(&[]).await;
    assert_eq!(
        rows.iter().map(|row| text(row, "/organizationId")).collect::<Vec<_>>(),
        [PartnerCenter::ORGANIZATION_ID]
    );
    caller.pc.hide(&id, true);
    assert!(caller.rows(&[]).await.is_empty());
}
