//! Signing in: form, cache, single flight, the one retry after a 401, refusals.

use dataverse::Error;
use serde_json::json;

use crate::support::{Server, error, who};

#[tokio::test]
async fn the_token_is_asked_for_with_an_encoded_secret_and_the_default_scope() {
    let server = Server::start().await;
    server.will(200, &[], who()).will(200, &[], who());
    let client = server.client();
    client.who_am_i().await.unwrap();
    client.who_am_i().await.unwrap();
    let asked = server.sign_ins();
    assert_eq!(asked.len(), 1, "the token is kept");
    assert_eq!(asked[0].target, "/tenant/oauth2/v2.0/token");
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&client_id=client&client_secret=s3cr%7Et%2B%2F%26%3D\
         &scope=https%3A%2F%2Forg.crm4.dynamics.com%2F.default"
    );
}

#[tokio::test]
async fn every_form_of_lifetime_is_kept_and_a_spent_one_is_not() {
    let cases = [(json!(3599), 1), (json!("3599"), 1), (json!(null), 1), (json!(0), 2), (json!("0"), 2)];
    for (expires_in, sign_ins) in cases {
        let server = Server::start().await;
        let token = json!({ "access_token": "t", "expires_in": expires_in });
        server.will_sign_in(200, &[], &token).will_sign_in(200, &[], &token);
        server.will(200, &[], who()).will(200, &[], who());
        let client = server.client();
        client.who_am_i().await.unwrap();
        client.who_am_i().await.unwrap();
        assert_eq!(server.sign_ins().len(), sign_ins, "{expires_in}");
    }
}

#[tokio::test]
async fn many_callers_share_one_sign_in() {
    let server = Server::start().await;
    for _ in 0..8 {
        server.will(200, &[], who());
    }
    let client = server.client();
    let call = || client.who_am_i();
    let answers = tokio::join!(call(), call(), call(), call(), call(), call(), call(), call());
    assert!(answers.0.is_ok() && answers.7.is_ok());
    assert_eq!((server.calls().len(), server.sign_ins().len()), (8, 1));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let stale = [(401, "<html>".to_owned()), (403, error("0x8005F101", "expired").to_string())];
    for (status, body) in stale {
        let server = Server::start().await;
        server.will(status, &[], body).will(200, &[], who());
        server.client().who_am_i().await.unwrap();
        let seen = server.calls();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].header("authorization"), Some("Bearer token-1"));
        assert_eq!(seen[1].header("authorization"), Some("Bearer token-2"));
        assert_eq!(server.sign_ins().len(), 2);
    }
}

#[tokio::test]
async fn a_second_401_shuts_the_door() {
    let server = Server::start().await;
    server.will(401, &[], "").will(401, &[], "");
    let client = server.client();
    for _ in 0..3 {
        let error = client.who_am_i().await.unwrap_err();
        assert!(matches!(error, Error::SignIn { .. }), "{error:?}");
        assert!(error.was_not_executed());
    }
    assert_eq!((server.calls().len(), server.sign_ins().len()), (2, 2), "the door stays shut");
}

#[tokio::test]
async fn a_refused_application_shuts_the_door_and_names_the_reason_without_prose() {
    let cases = [
        (401, "invalid_client", Some(7_000_215)),
        (400, "unauthorized_client", Some(700_016)),
        (400, "invalid_scope", None),
        (404, "tenant_not_found", None),
    ];
    for (status, name, number) in cases {
        let server = Server::start().await;
        let codes: Vec<u64> = number.into_iter().collect();
        let body = json!({ "error": name, "error_description": "secret of ada@contoso.com", "error_codes": codes });
        server.will_sign_in(status, &[], body);
        let client = server.client();
        let error = client.who_am_i().await.unwrap_err();
        assert!(matches!(error, Error::SignIn { .. }), "{error:?}");
        assert!(error.to_string().contains(name) && !error.to_string().contains("ada"), "{error}");
        assert!(number.is_none_or(|number| error.to_string().contains(&format!("AADSTS{number}"))));
        assert!(error.retry_after().unwrap().as_secs() > 50);
        assert!(matches!(client.who_am_i().await, Err(Error::SignIn { .. })));
        assert_eq!((server.calls().len(), server.sign_ins().len()), (0, 1), "{name}");
    }
}

#[tokio::test]
async fn a_busy_sign_in_service_means_that_nothing_was_sent() {
    for status in [429, 500, 503] {
        let server = Server::start().await;
        server.will_sign_in(status, &[("retry-after", "40")], "");
        let client = server.client();
        for _ in 0..2 {
            let error = client.who_am_i().await.unwrap_err();
            assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
            assert!((30..=40).contains(&error.retry_after().unwrap().as_secs()));
        }
        assert_eq!((server.calls().len(), server.sign_ins().len()), (0, 1), "{status}");
    }
}

#[tokio::test]
async fn an_answer_without_a_token_is_a_failed_sign_in() {
    for body in ["", "<html>portal</html>", "{}", r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#] {
        let server = Server::start().await;
        server.will_sign_in(200, &[], body);
        assert!(matches!(server.client().who_am_i().await, Err(Error::SignIn { .. })), "{body}");
        assert_eq!(server.calls().len(), 0);
    }
}

#[tokio::test]
async fn a_refused_token_is_not_used_again_when_no_other_is_to_be_had() {
    let server = Server::start().await;
    server.will_sign_in(200, &[], json!({ "access_token": "long", "expires_in": 3599 }));
    server.will_sign_in(503, &[("retry-after", "60")], "");
    server.will(200, &[], who()).will(401, &[], "");
    let client = server.client();
    client.who_am_i().await.unwrap();
    for _ in 0..2 {
        let error = client.who_am_i().await.unwrap_err();
        assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
    }
    assert_eq!(server.calls().len(), 2);
}
