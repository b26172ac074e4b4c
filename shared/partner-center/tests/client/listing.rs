//! Lists and their odd next links (partner-center-api 4.5): the token goes to the configured host and to no other.

use std::collections::BTreeSet;

use partner_center::{Client, Direction, Error, ListQuery, Order, Page};
use serde_json::json;
use simulators::harness::Fault;
use simulators::partner_center::{NextLink, Paging, SkipTokenAt};

use crate::stage::{COLLECTION, Spy, Stage, deal};

/// All pages: the ids, and the rows of each page.
async fn all(client: &Client, query: &ListQuery) -> Result<(Vec<String>, Vec<usize>), Error> {
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    let mut page = client.list(query).await?;
    loop {
        sizes.push(page.referrals.len());
        ids.extend(page.referrals.iter().map(|referral| referral.id().as_str().to_owned()));
        match page.next {
            Some(next) => page = client.next_page(&next).await?,
            None => return Ok((ids, sizes)),
        }
    }
}

#[tokio::test]
async fn every_page_is_read_wherever_the_link_seems_to_lead() {
    for (link, token_at) in [
        (NextLink::AsDocumented, SkipTokenAt::Collection),
        (NextLink::AsDocumented, SkipTokenAt::Printed),
        (NextLink::AsDocumented, SkipTokenAt::Both),
        (NextLink::Own, SkipTokenAt::Collection),
    ] {
        let stage = Stage::start().await;
        stage.pc.switches(|switches| {
            switches.page_size = 3;
            switches.next_link = link;
            switches.skip_token_at = token_at;
        });
        let made: BTreeSet<String> = (0..8).map(|_| stage.pc.invite(json!({ "type": "Independent" }))).collect();
        let (ids, sizes) = all(&stage.client(), &ListQuery::default()).await.unwrap();
        assert_eq!(sizes, [3, 3, 2], "{link:?} {token_at:?}");
        assert_eq!(ids.iter().cloned().collect::<BTreeSet<_>>(), made);
    }
}

#[tokio::test]
async fn rows_that_move_while_paging_are_seen_twice_rather_than_never() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| {
        switches.page_size = 2;
        switches.paging = Paging::AfterRow;
    });
    let made: Vec<String> = (0..4).map(|_| stage.pc.invite(json!({ "type": "Independent" }))).collect();
    let client = stage.client();
    let first = client.list(&ListQuery::default()).await.unwrap();
    stage.pc.bump(&made[0]);
    let mut seen: Vec<String> = ids(&first);
    let mut next = first.next;
    while let Some(link) = next {
        let page = client.next_page(&link).await.unwrap();
        seen.extend(ids(&page));
        next = page.next;
    }
    assert_eq!(seen, [&made[0], &made[1], &made[2], &made[3], &made[0]].map(String::clone));
}

fn ids(page: &Page) -> Vec<String> {
    page.referrals.iter().map(|referral| referral.id().as_str().to_owned()).collect()
}

#[tokio::test]
async fn no_link_leads_away_from_the_configured_host() {
    let spy = Spy::new();
    let host = spy.host();
    for link in [
        format!("http://{host}/v1.0/referrals?$skiptoken=x"),
        format!("https://{host}/v1.0/referrals?$skiptoken=x"),
        format!("//{host}/v1.0/referrals?$skiptoken=x"),
        format!("http://127.0.0.1@{host}/v1.0/referrals?$skiptoken=x"),
        format!("@{host}/?$skiptoken=x"),
        format!(".{host}/?$skiptoken=x"),
        format!("http:/\\{host}/v1.0?$skiptoken=x"),
        format!("http://x/\\{host}/v1.0?$skiptoken=x"),
        format!("http://x//{host}/v1.0?$skiptoken=x"),
        format!("{host}?$skiptoken=x"),
        format!("?$skiptoken=x@{host}"),
    ] {
        let stage = Stage::start().await;
        let page = Fault::Answer {
            status: 200,
            headers: Default::default(),
            body: json!({ "value": [], "@odata.nextLink": link }),
        };
        stage.fail_once("GET", page);
        let client = stage.client();
        let first = client.list(&ListQuery::default()).await.unwrap();
        let error = client.next_page(&first.next.unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Rejected { .. } | Error::NotFound { .. }), "{link}: {error}");
        assert!(!spy.heard(), "{link}");
        let asked: Vec<_> = stage.requests("skiptoken").into_iter().map(|entry| entry.path_and_query).collect();
        assert!(asked[0].starts_with(&format!("{COLLECTION}?$skiptoken=x")), "{asked:?}");
    }
}

#[tokio::test]
async fn a_page_that_leads_to_itself_ends_with_an_error_and_not_never() {
    let stage = Stage::start().await;
    let body = json!({ "value": [], "@odata.nextLink": "http://x/v1.0/referrals?$skiptoken=same" });
    let page = || Fault::Answer { status: 200, headers: Default::default(), body: body.clone() };
    stage.fail_once("GET", page());
    stage.fail_once("GET", page());
    let client = stage.client();
    let first = client.list(&ListQuery::default()).await.unwrap();
    let error = client.next_page(&first.next.unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
}

#[tokio::test]
async fn the_feed_and_the_search_for_a_lost_create_ask_what_the_api_documents() {
    let stage = Stage::start().await;
    let client = stage.client();
    let ours = client.create(&deal(), "effect").await.unwrap();
    let invited = stage.pc.invite(json!({ "type": "Independent" }));
    let newest = client.get(&crate::stage::id(&invited)).await.unwrap();
    let since = ListQuery { updated_since: newest.updated(), ..ListQuery::default() };
    assert_eq!(ids(&client.list(&since).await.unwrap()), std::slice::from_ref(&invited));
    let outgoing =
        ListQuery { direction: Some(Direction::Outgoing), order: Order::CreatedDescending, ..ListQuery::default() };
    assert_eq!(ids(&client.list(&outgoing).await.unwrap()), [ours.id().as_str()]);
    let incoming =
        ListQuery { direction: Some(Direction::Incoming), order: Order::UpdatedDescending, ..ListQuery::default() };
    let page = client.list(&incoming).await.unwrap();
    assert_eq!(ids(&page), [invited]);
    let newest = newest.updated().unwrap();
    let age = newest.duration_since(page.server_date.unwrap()).abs();
    assert!(age < jiff::SignedDuration::from_hours(1), "the server's clock is read: {age:?}");
}

#[tokio::test]
async fn an_engagement_shows_its_members_and_a_quote_in_its_id_stays_a_letter() {
    let stage = Stage::start().await;
    let client = stage.client();
    let ours = client.get(&crate::stage::id(&stage.pc.invite(json!({})))).await.unwrap();
    let members = client.engagement(ours.engagement_id().unwrap()).await.unwrap();
    let organizations: BTreeSet<_> = members.referrals.iter().filter_map(|member| member.organization_id()).collect();
    assert_eq!(organizations.len(), 2);
    assert!(organizations.contains("msft"));
    let page = client.engagement("x' or status eq 'New").await.unwrap();
    assert!(page.referrals.is_empty());
}

#[tokio::test]
async fn a_thin_row_is_a_referral_all_the_same() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.thin_lists = true);
    stage.pc.invite(json!({}));
    let page = stage.client().list(&ListQuery::default()).await.unwrap();
    assert_eq!((page.referrals.len(), page.unreadable), (2, 0));
    assert!(page.referrals.iter().all(|row| row.raw().get("team").is_none() && row.etag().is_some()));
}
