//! Change tracking: headers, pages, deletions, links, expiry.

use dataverse::{Error, Link};
use serde_json::json;
use uuid::Uuid;

use crate::support::{ID, Server, error};

/// Version and time with lower-case hexadecimal digits, as Dataverse writes them.
const DELTA: &str = "/api/data/v9.2/opportunities?$select=name&$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44";
const NEXT: &str = "/api/data/v9.2/opportunities?$select=name&$skiptoken=%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22\
    %253ccookie%2520page%253d%25221%2522%253e%22%20istracking=%22True%22%20/%3E";

fn link(server: &Server, path: &str) -> String {
    format!("{}{path}", server.url.as_str().trim_end_matches('/'))
}

#[tokio::test]
async fn a_pass_goes_from_page_to_page_and_its_links_survive_storage() {
    let server = Server::start().await;
    let client = server.client();
    let gone = Uuid::from_u128(9);
    server
        .will(200, &[], json!({ "value": [{ "name": "a", "opportunityid": ID.to_string() }], "@odata.nextLink": link(&server, NEXT) }))
        .will(200, &[], json!({ "value": [], "@odata.deltaLink": link(&server, DELTA) }))
        .will(
            200,
            &[],
            json!({ "@odata.context": "https://o/$metadata#opportunities(name)/$delta", "@odata.deltaLink": link(&server, DELTA),
                "value": [{ "@odata.etag": "W/\"9\"", "name": "b", "opportunityid": ID.to_string() },
                    { "@odata.context": "https://o/$metadata#opportunities/$deletedEntity", "id": gone.to_string(), "reason": "deleted" }] }),
        );
    let first = client.start_tracking("opportunities", &["name"], Some(2)).await.unwrap();
    assert_eq!((first.changed.len(), first.delta), (1, None));
    let second = client.follow(&first.next.unwrap(), Some(2)).await.unwrap();
    assert_eq!((second.changed.len(), second.next), (0, None));

    let stored = String::from(second.delta.unwrap());
    assert_eq!(stored, link(&server, DELTA));
    let third = client.follow(&Link::from(stored), None).await.unwrap();
    assert_eq!(third.changed[0].etag(), Some("W/\"9\""));
    assert_eq!(third.deleted, [gone]);

    let seen = server.calls();
    assert_eq!(seen[0].target, "/api/data/v9.2/opportunities?$select=name");
    assert_eq!(seen[0].header("prefer"), Some("odata.track-changes,odata.maxpagesize=2"));
    assert_eq!(seen[1].target, NEXT);
    assert_eq!(seen[1].header("prefer"), seen[0].header("prefer"));
    assert_eq!(seen[2].target, DELTA);
    assert_eq!(seen[2].header("prefer"), Some("odata.track-changes"));
    assert_eq!(seen[2].header("if-none-match"), Some("null"));
}

#[tokio::test]
async fn a_link_that_is_refused_means_a_full_pass() {
    let expired = "Version stamp associated with the client has expired. Please perform a full sync.";
    let cases = [
        (400, error("0x80044352", "x")),
        (500, error("0x80044352", "x")),
        (400, error("", expired)),
        (410, json!({})),
        (400, error("0x80040203", "after a restore")),
        (400, error("0x80060888", "Could not find a property named 'x'")),
        (404, json!({})),
        (412, json!({})),
    ];
    let server = Server::start().await;
    let client = server.client();
    for (status, body) in cases {
        server.will(status, &[], &body);
        let error = client.follow(&Link::from(link(&server, DELTA)), None).await.unwrap_err();
        assert!(matches!(error, Error::DeltaExpired), "{status} {body}: {error:?}");
    }
}

#[tokio::test]
async fn access_and_outages_do_not_cost_the_cursor() {
    let server = Server::start().await;
    let link = Link::from(link(&server, DELTA));
    let client = server.client();
    server.will(403, &[], error("0x80040220", "prvReadOpportunity"));
    assert!(matches!(client.follow(&link, None).await, Err(Error::Denied { .. })));
    server.will(500, &[], "");
    assert!(matches!(client.follow(&link, None).await, Err(Error::UnknownOutcome { .. })));
    server.will(400, &[], error("0x80072491", "not enabled"));
    assert!(matches!(client.follow(&link, None).await, Err(Error::Configuration { .. })));
    server.will(401, &[], "").will(401, &[], "");
    assert!(matches!(client.follow(&link, None).await, Err(Error::SignIn { .. })));
    let throttled = server.client();
    server.will(429, &[], "");
    assert!(matches!(throttled.follow(&link, None).await, Err(Error::Throttled { .. })));
}

#[tokio::test]
async fn the_token_does_not_travel_to_another_host() {
    let server = Server::start().await;
    let client = server.client();
    let host = server.url.authority().to_owned();
    for other in [
        format!("https://{host}{DELTA}"),
        format!("http://{host}.contoso.com{DELTA}"),
        format!("http://user@{host}{DELTA}"),
        format!("http://{host}@127.0.0.1:1{DELTA}"),
        "http://127.0.0.1:1/api/data/v9.2/opportunities".to_owned(),
        DELTA.to_owned(),
        String::new(),
    ] {
        let error = client.follow(&Link::from(other.clone()), None).await.unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{other}: {error:?}");
    }
    assert_eq!(server.calls().len(), 0);
}

#[tokio::test]
async fn a_page_that_leads_nowhere_or_hides_a_deletion_is_unreadable() {
    let server = Server::start().await;
    let client = server.client();
    let delta = link(&server, DELTA);
    let context = "https://o/$metadata#opportunities/$deletedEntity";
    for page in [
        json!({ "value": [] }),
        json!({ "value": [{ "@odata.context": context, "id": "x" }], "@odata.deltaLink": delta }),
        json!({ "value": [{ "@odata.context": context }], "@odata.deltaLink": delta }),
        json!({ "value": [], "@odata.deltaLink": 5 }),
    ] {
        server.will(200, &[], &page);
        let result = client.start_tracking("opportunities", &["name"], None).await;
        assert!(matches!(result, Err(Error::Unreadable { .. })), "{page}");
    }
}

#[test]
fn a_link_does_not_print_its_cookie() {
    assert_eq!(format!("{:?}", Link::from("https://o/?$skiptoken=name".to_owned())), "Link(..)");
}
