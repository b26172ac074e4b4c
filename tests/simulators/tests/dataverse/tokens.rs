//! Who gets in (dataverse-api 1.1, 1.2).

use std::time::Duration;

use serde_json::{Value, json};
use simulators::dataverse::Dataverse;

use crate::caller::{read, send, started, text};

#[tokio::test]
async fn a_token_for_client_credentials_has_the_documented_shape() {
    let caller = started().await;
    let answer = caller.token(&[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"].as_u64(), Some(3599));
    assert_eq!(answer.body["ext_expires_in"].as_u64(), Some(3599));
    assert!(answer.body.get("refresh_token").is_none());
}

#[tokio::test]
async fn the_v1_endpoint_takes_a_resource_and_answers_numbers_as_text() {
    let caller = started().await;
    let url = caller.dv.url();
    let form = [
        ("client_id", Dataverse::CLIENT_ID),
        ("client_secret", Dataverse::CLIENT_SECRET),
        ("grant_type", "client_credentials"),
        ("resource", url.as_str()),
    ];
    let answer = caller.token_at("oauth2/token", &form).await;
    assert_eq!((answer.status, &answer.body["expires_in"]), (200, &json!("3599")));
}

#[tokio::test]
async fn refusals_of_the_sign_in_service_carry_their_number() {
    let caller = started().await;
    let elsewhere = "https://elsewhere.example/.default";
    let without_default = caller.dv.url();
    let two = format!("{0}/.default {0}/user_impersonation", caller.dv.url());
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Fields<'_>, u16, &str, u64); 8] = [
        (&[("client_secret", "wrong")], 401, "invalid_client", 7000215),
        (&[("client_secret", "")], 401, "invalid_client", 7000218),
        (&[("client_id", "00000000-0000-4000-8000-000000000000")], 400, "unauthorized_client", 700016),
        (&[("scope", &without_default)], 400, "invalid_scope", 1_002_012),
        (&[("scope", &two)], 400, "invalid_scope", 1_002_012),
        (&[("scope", elsewhere)], 400, "invalid_resource", 500011),
        (&[("grant_type", "password")], 400, "unsupported_grant_type", 70003),
        (&[("scope", "")], 400, "invalid_request", 900144),
    ];
    for (fields, status, error, number) in cases {
        let answer = caller.token(fields).await;
        assert_eq!((answer.status, text(&answer.body, "/error")), (status, error), "{fields:?}");
        assert_eq!(answer.body["error_codes"], json!([number]));
        assert!(text(&answer.body, "/error_description").starts_with(&format!("AADSTS{number}: ")));
        for member in ["timestamp", "trace_id", "correlation_id"] {
            assert!(!text(&answer.body, &format!("/{member}")).is_empty());
        }
    }
}

#[tokio::test]
async fn the_configuration_document_leads_to_the_token_endpoint() {
    let caller = started().await;
    let tenant = Dataverse::TENANT_ID;
    let url = format!("{}/{tenant}/v2.0/.well-known/openid-configuration", caller.dv.url());
    let answer = read(caller.http.get(url).send().await.unwrap()).await;
    let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", caller.dv.url());
    assert_eq!(text(&answer.body, "/token_endpoint"), endpoint);
}

#[tokio::test]
async fn a_missing_stale_or_revoked_token_is_a_401_without_json() {
    let mut caller = started().await;
    let expect_challenge = |answer: &crate::caller::Answer| {
        assert_eq!((answer.status, &answer.body), (401, &Value::Null));
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer authorization_uri="), "{challenge}");
        assert!(challenge.contains(Dataverse::TENANT_ID) && challenge.contains("resource_id="), "{challenge}");
    };
    let unsigned = caller.http.get(format!("{}WhoAmI()", caller.root()));
    expect_challenge(&send(unsigned).await);
    caller.clock.advance(Duration::from_secs(3600));
    expect_challenge(&caller.get("WhoAmI()").await);
    caller.sign_in().await;
    assert_eq!(caller.get("WhoAmI()").await.status, 200);
    caller.dv.revoke_access_tokens();
    expect_challenge(&caller.get("WhoAmI()").await);
    caller.dv.switches(|switches| switches.unauthorized_html = false);
    assert_eq!(caller.get("WhoAmI()").await.text, "");
}

#[tokio::test]
async fn an_app_without_an_enabled_user_is_not_a_member() {
    let caller = started().await;
    let user = caller.got("WhoAmI()").await["UserId"].as_str().unwrap().parse().unwrap();
    caller.dv.edit("systemuser", user, json!({ "isdisabled": true }));
    assert_eq!(caller.get("WhoAmI()").await.refusal(), (403, "0x80040225"));
    caller.dv.edit("systemuser", user, json!({ "isdisabled": false, "applicationid": null }));
    assert_eq!(caller.get("WhoAmI()").await.refusal(), (403, "0x80072560"));
    caller.dv.switches(|switches| switches.missing_user_status = 401);
    assert_eq!(caller.get("WhoAmI()").await.refusal(), (401, "0x80072560"));
}

#[tokio::test]
async fn every_answer_carries_version_and_request_id() {
    let caller = started().await;
    let answer = caller.get("WhoAmI()").await;
    assert_eq!(answer.header("odata-version"), Some("4.0"));
    assert!(answer.header("req_id").is_some() && answer.header("x-ms-service-request-id").is_some());
    assert_eq!(answer.header("content-type"), Some("application/json; odata.metadata=minimal"));
    for member in ["BusinessUnitId", "UserId", "OrganizationId"] {
        assert!(!text(&answer.body, &format!("/{member}")).is_empty());
    }
}

#[tokio::test]
async fn paths_that_lead_nowhere_are_no_odata_errors() {
    let caller = started().await;
    let nowhere = send(caller.http.get(format!("{}/api/date/v9.2/WhoAmI", caller.dv.url()))).await;
    assert_eq!(nowhere.status, 404);
    assert!(text(&nowhere.body, "/Message").starts_with("No HTTP resource was found"));
    // Within the service they are, and the case counts.
    assert_eq!(caller.get("Opportunities").await.refusal(), (404, "0x8006088a"));
    assert_eq!(caller.get("Opportunities").await.message(), "Resource not found for the segment 'Opportunities'.");
}
