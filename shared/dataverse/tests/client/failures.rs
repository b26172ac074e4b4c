//! Waiting, and faults of the transport.

use std::time::Duration;

use dataverse::{Client, Config, Error, Precondition, Query, Write};
use serde_json::Map;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Server, error, primary, who};

const NOBODY_LISTENS: &str = "http://127.0.0.1:1";

#[tokio::test]
async fn nothing_is_sent_while_the_server_asks_us_to_stay_away() {
    let code = error("0x80072322", "Number of requests exceeded the limit of 6000");
    for (status, body) in [(429, String::new()), (429, code.to_string()), (400, code.to_string()), (503, String::new())]
    {
        let server = Server::start().await;
        let client = server.client();
        server.will(status, &[("retry-after", "300")], body);
        let first = client.who_am_i().await.unwrap_err();
        assert_eq!(first.retry_after(), Some(Duration::from_secs(300)));
        assert!(matches!(first, Error::Throttled { .. } | Error::Unavailable { .. }), "{first:?}");
        assert_eq!(first.was_not_executed(), status != 503);
        for _ in 0..5 {
            let error = client.who_am_i().await.unwrap_err();
            assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
            assert!(error.retry_after().is_some_and(|left| left > Duration::from_secs(200)));
        }
        assert_eq!((server.calls().len(), server.sign_ins().len()), (1, 1), "{status}");
    }
}

#[tokio::test]
async fn other_failures_close_no_gate() {
    let server = Server::start().await;
    let client = server.client();
    for status in [400, 403, 404, 412, 500, 502, 504] {
        server.will(status, &[("retry-after", "300")], "");
        client.who_am_i().await.unwrap_err();
    }
    server.will(200, &[], who());
    client.who_am_i().await.unwrap();
}

#[tokio::test]
async fn a_write_learns_from_its_precondition_what_a_bare_412_means() {
    let server = Server::start().await;
    let client = server.client();
    let body = Map::new();
    for (precondition, stale) in
        [(Precondition::MustNotExist, false), (Precondition::Matches("W/\"1\"".to_owned()), true)]
    {
        server.will(412, &[], "");
        let write = Write { body: &body, precondition, select: &["name"], tag: None };
        let error = client.upsert("opportunities", &primary(), &write).await.unwrap_err();
        assert_eq!(matches!(error, Error::Stale), stale, "{error:?}");
        assert_eq!(matches!(error, Error::Exists { .. }), !stale, "{error:?}");
    }
}

#[tokio::test]
async fn a_success_that_is_no_json_may_have_been_executed() {
    let server = Server::start().await;
    server.will(200, &[], "<html>");
    let error = server.client().who_am_i().await.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }) && !error.was_not_executed());
}

/// What a broken server does once it has read a request.
enum Fault {
    Cut,
    CutWithinTheBody,
    Silence,
}

/// A client whose Web API accepts connections and then misbehaves.
async fn client_of(fault: Fault, server: &Server, timeout: Duration) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            match fault {
                Fault::Cut => drop(socket),
                Fault::CutWithinTheBody => {
                    let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"UserId\":").await;
                }
                Fault::Silence => open.push(socket),
            }
        }
    });
    Client::new(Config { url, timeout, ..server.config() }).unwrap()
}

#[tokio::test]
async fn a_request_that_went_out_without_an_answer_has_an_unknown_outcome() {
    let cases = [
        (Fault::Cut, Duration::from_secs(20)),
        (Fault::CutWithinTheBody, Duration::from_secs(20)),
        (Fault::Silence, Duration::from_millis(300)),
    ];
    for (fault, timeout) in cases {
        let server = Server::start().await;
        let client = client_of(fault, &server, timeout).await;
        let query = Query {
            select: &["name"],
            filter: Some("emailaddress1 eq 'ada@contoso.com'".to_owned()),
            ..Query::default()
        };
        let error = client.query("contacts", &query).await.unwrap_err();
        assert!(matches!(error, Error::UnknownOutcome { .. }), "{error:?}");
        assert!(!error.was_not_executed());
        assert!(!format!("{error:?} {error}").contains("ada"), "the address is not part of the error: {error:?}");
    }
}

#[tokio::test]
async fn a_request_without_a_connection_was_not_sent() {
    let server = Server::start().await;
    let url = NOBODY_LISTENS.parse().unwrap();
    let client = Client::new(Config { url, ..server.config() }).unwrap();
    let error = client.who_am_i().await.unwrap_err();
    assert!(matches!(error, Error::NotSent { retry_after: None, .. }), "{error:?}");
    assert!(error.was_not_executed());
}

#[tokio::test]
async fn an_unreachable_sign_in_service_means_that_nothing_was_sent() {
    let server = Server::start().await;
    let authority_url = NOBODY_LISTENS.parse().unwrap();
    let client = Client::new(Config { authority_url, ..server.config() }).unwrap();
    assert!(matches!(client.who_am_i().await, Err(Error::NotSent { retry_after: Some(_), .. })));
    assert_eq!(server.calls().len(), 0);
}

#[tokio::test]
async fn the_secret_does_not_print() {
    let server = Server::start().await;
    server.will_sign_in(401, &[], r#"{"error":"invalid_client"}"#);
    let client = server.client();
    let error = client.who_am_i().await.unwrap_err();
    for printed in [format!("{:?}", server.config()), format!("{client:?}"), format!("{error:?}")] {
        assert!(!printed.contains("s3cr~t"), "{printed}");
    }
}
