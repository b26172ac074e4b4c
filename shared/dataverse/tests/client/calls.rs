//! Requests as they go over the wire, and answers as they come back.

use dataverse::{Error, Precondition, Query, Request, Write, quoted};
use http::Method;
use serde_json::{Map, Value, json};

use crate::support::{ID, Server, by_referral, primary, who};

const SELECT: &[&str] = &["name", "estimatedvalue"];

fn body() -> Map<String, Value> {
    // As text: a literal in the code would pass through a binary fraction.
    serde_json::from_str(r#"{"name":"Azure","estimatedvalue":25000.10000000000000000001}"#).unwrap()
}

fn write(body: &Map<String, Value>, precondition: Precondition) -> Write<'_> {
    Write { body, precondition, select: SELECT, tag: None }
}

#[tokio::test]
async fn a_read_carries_every_mandatory_header() {
    let server = Server::start().await;
    server.will(200, &[], r#"{"@odata.etag":"W/\"1\"","name":"x","estimatedvalue":25000.0000}"#);
    let expand = "parentaccountid($select=name;$filter=name eq 'A&B')";
    let row = server.client().get("opportunities", &primary(), SELECT, Some(expand)).await.unwrap();
    assert_eq!(row.etag(), Some("W/\"1\""));
    assert_eq!(row.get("estimatedvalue").unwrap().to_string(), "25000.0000");

    let seen = &server.calls()[0];
    assert_eq!(seen.method, Method::GET);
    assert_eq!(
        seen.target,
        format!(
            "/api/data/v9.2/opportunities({ID})?$select=name,estimatedvalue&$expand=parentaccountid%28%24select%3Dname\
             %3B%24filter%3Dname%20eq%20%27A%26B%27%29"
        )
    );
    assert_eq!(seen.header("authorization"), Some("Bearer token-1"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(seen.header("odata-version"), Some("4.0"));
    assert_eq!(seen.header("odata-maxversion"), Some("4.0"));
    assert_eq!(seen.header("if-none-match"), Some("null"));
    assert_eq!(seen.header("if-match"), None);
    assert_eq!(seen.header("content-type"), None);
    assert_eq!(seen.header("user-agent"), Some(concat!("cosell/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen.header("prefer"), Some(r#"odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname""#));
}

#[tokio::test]
async fn an_alternate_key_stands_in_the_path() {
    let server = Server::start().await;
    server.will(200, &[], "{}");
    server.client().get("opportunities", &by_referral("Ref_1-2"), &["name"], None).await.unwrap();
    assert_eq!(server.calls()[0].target, "/api/data/v9.2/opportunities(cosell_referralid='Ref_1-2')?$select=name");
}

#[tokio::test]
async fn a_key_that_cannot_be_addressed_is_not_sent() {
    let server = Server::start().await;
    let error = server.client().get("opportunities", &by_referral("a/b"), &["name"], None).await.unwrap_err();
    assert!(matches!(error, Error::Configuration { .. }));
    assert_eq!(server.calls().len() + server.sign_ins().len(), 0);
}

#[tokio::test]
async fn each_precondition_has_its_header() {
    let etag = r#"W/"536530""#;
    let cases = [
        (Precondition::MustNotExist, 201, None, Some("*"), true),
        (Precondition::Matches(etag.to_owned()), 200, Some(etag), Some("null"), false),
        (Precondition::MustExist, 200, Some("*"), Some("null"), false),
    ];
    let server = Server::start().await;
    let client = server.client();
    for (precondition, status, if_match, if_none_match, created) in cases {
        server.will(status, &[], r#"{"@odata.etag":"W/\"2\"","estimatedvalue":25000.10000000000000000001}"#);
        let body = body();
        let written = client.upsert("opportunities", &primary(), &write(&body, precondition)).await.unwrap();
        assert_eq!(written.created, created);
        let row = written.row.unwrap();
        assert_eq!(row.etag(), Some("W/\"2\""));
        assert_eq!(row.get("estimatedvalue").unwrap().to_string(), "25000.10000000000000000001");

        let seen = &server.calls()[0];
        assert_eq!(seen.method, Method::PATCH);
        assert_eq!(seen.target, format!("/api/data/v9.2/opportunities({ID})?$select=name,estimatedvalue"));
        assert_eq!(seen.header("if-match"), if_match);
        assert_eq!(seen.header("if-none-match"), if_none_match);
        assert_eq!(seen.header("content-type"), Some("application/json; charset=utf-8"));
        assert!(seen.header("prefer").unwrap().starts_with("return=representation,"));
        assert!(seen.body.contains("25000.10000000000000000001"), "{}", seen.body);
    }
}

#[tokio::test]
async fn a_write_may_answer_without_its_row() {
    let server = Server::start().await;
    let address = format!("{}api/data/v9.2/opportunities({ID})", server.url);
    server.will(204, &[("odata-entityid", &address)], "");
    let body = body();
    let written = server
        .client()
        .upsert("opportunities", &by_referral("r1"), &write(&body, Precondition::MustNotExist))
        .await
        .unwrap();
    assert_eq!((written.row, written.id, written.created), (None, Some(ID), true));
}

#[tokio::test]
async fn a_tag_rides_on_writes_and_actions() {
    let server = Server::start().await;
    let client = server.client();
    server.will(200, &[], "{}").will(204, &[], "").will(200, &[], r#"{"value":[]}"#);
    let body = body();
    let tagged = Write { tag: Some("cosell:7f3a&x"), ..write(&body, Precondition::MustExist) };
    client.upsert("opportunities", &primary(), &tagged).await.unwrap();
    let close = json!({ "Status": 3 });
    let nothing = client.action("WinOpportunity", &close, Some("cosell:1")).await.unwrap();
    assert_eq!(nothing, None);
    let path = format!("leads({ID})/Microsoft.Dynamics.CRM.QualifyLead");
    let result = client.action(&path, &close, None).await.unwrap();
    assert_eq!(result, Some(json!({ "value": [] })));

    let seen = server.calls();
    assert!(seen[0].target.ends_with("&tag=cosell%3A7f3a%26x"), "{}", seen[0].target);
    assert_eq!(seen[1].target, "/api/data/v9.2/WinOpportunity?tag=cosell%3A1");
    assert_eq!((seen[1].method.clone(), seen[1].body.as_str()), (Method::POST, r#"{"Status":3}"#));
    assert_eq!(seen[2].target, format!("/api/data/v9.2/{path}"));
}

#[tokio::test]
async fn a_query_gathers_all_pages_and_follows_links_byte_for_byte() {
    let server = Server::start().await;
    let cookie = "/api/data/v9.2/accounts?$select=name&$count=true&$skiptoken=%3Ccookie%20pagenumber=%222%22%20\
        pagingcookie=%22%253ccookie%2520page%253d%25221%2522%253e%253caccountid%2520last%253d%2522%257bA%257d%2522\
        %252f%253e%22%20istracking=%22False%22%20/%3E";
    let next = format!("{}{cookie}", server.url.as_str().trim_end_matches('/'));
    server
        .will(200, &[], json!({ "value": [{ "name": "a" }], "@odata.nextLink": next }))
        .will(200, &[], json!({ "value": [], "@odata.nextLink": format!("{next}&page=3") }))
        .will(200, &[], json!({ "value": [{ "name": "b" }] }));
    let query = Query { select: &["name"], filter: Some(format!("name eq {}", quoted("O'Neil"))), ..Query::default() };
    let rows = server.client().query("accounts", &query).await.unwrap();
    let names: Vec<_> = rows.iter().filter_map(|row| row.text("name")).collect();
    assert_eq!(names, ["a", "b"], "an empty page does not end the query");

    let seen = server.calls();
    assert_eq!(seen[0].target, "/api/data/v9.2/accounts?$select=name&$filter=name%20eq%20%27O%27%27Neil%27");
    assert_eq!(seen[1].target, cookie);
    assert_eq!(seen[2].target, format!("{cookie}&page=3"));
    assert!(seen[0].header("prefer").is_some());
    assert!(
        seen.iter().all(|page| page.header("prefer") == seen[0].header("prefer")),
        "the same headers on every page"
    );
}

#[tokio::test]
async fn a_query_never_ends_in_half_a_result() {
    let server = Server::start().await;
    let client = server.client();
    let query = Query { select: &["name"], ..Query::default() };
    let elsewhere =
        json!({ "value": [{ "name": "a" }], "@odata.nextLink": "http://127.0.0.1:1/api/data/v9.2/accounts" });
    let itself = json!({ "value": [], "@odata.nextLink": format!("{}x", server.url) });
    let broken = [json!({ "value": 3 }), json!([]), json!({}), json!({ "value": [1] }), elsewhere];
    for page in broken {
        server.will(200, &[], page);
        assert!(matches!(client.query("accounts", &query).await, Err(Error::Unreadable { .. })));
        assert_eq!(server.calls().len(), 1);
    }
    server.will(200, &[], &itself).will(200, &[], &itself);
    assert!(matches!(client.query("accounts", &query).await, Err(Error::Unreadable { .. })));
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn cookies_are_not_sent_back_and_redirects_not_followed() {
    let server = Server::start().await;
    let client = server.client();
    server.will(200, &[("set-cookie", "ARRAffinity=abc; Path=/; HttpOnly")], who()).will(200, &[], who()).will(
        302,
        &[("location", "/elsewhere")],
        "",
    );
    client.who_am_i().await.unwrap();
    client.who_am_i().await.unwrap();
    assert!(matches!(client.who_am_i().await, Err(Error::Configuration { .. })));
    let seen = server.calls();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|seen| seen.header("cookie").is_none()));
}

#[tokio::test]
async fn who_am_i_is_read() {
    let server = Server::start().await;
    server.will(200, &[], who()).will(200, &[], json!({ "UserId": "x" }));
    let client = server.client();
    assert_eq!(client.who_am_i().await.unwrap().user_id, ID);
    assert!(matches!(client.who_am_i().await, Err(Error::Unreadable { .. })));
    assert_eq!(server.calls()[0].target, "/api/data/v9.2/WhoAmI()");
}

#[tokio::test]
async fn the_installer_sends_headers_of_its_own() {
    let server = Server::start().await;
    server.will(204, &[("odata-entityid", &format!("http://x/solutions({ID})"))], "");
    let request = Request::new(Method::POST, "EntityDefinitions")
        .header("mscrm.solutionuniquename", "cosell")
        .header("consistency", "Strong")
        .body(json!({ "SchemaName": "cosell_Solution" }));
    let answer = server.client().send(&request).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.entity_id, answer.body), (204, Some(ID), None));
    assert_eq!(server.calls()[0].header("mscrm.solutionuniquename"), Some("cosell"));
}

#[tokio::test]
async fn a_line_break_in_an_etag_is_not_sent() {
    let server = Server::start().await;
    let body = body();
    let write = write(&body, Precondition::Matches("W/\"1\"\r\nx: y".to_owned()));
    let error = server.client().upsert("opportunities", &primary(), &write).await.unwrap_err();
    assert!(matches!(error, Error::Configuration { .. }));
    assert_eq!(server.calls().len(), 0);
}

#[tokio::test]
async fn plain_http_is_for_loopback_only() {
    let server = Server::start().await;
    for url in ["http://org.crm4.dynamics.com", "http://10.0.0.1", "ftp://127.0.0.1"] {
        let mut config = server.config();
        config.url = url.parse().unwrap();
        assert!(matches!(dataverse::Client::new(config), Err(Error::Configuration { .. })), "{url}");
        let mut config = server.config();
        config.authority_url = url.parse().unwrap();
        assert!(matches!(dataverse::Client::new(config), Err(Error::Configuration { .. })), "{url}");
    }
}
