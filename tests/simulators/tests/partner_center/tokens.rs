//! The token endpoints, and who may come in (partner-center-api 1).

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulators::partner_center::{PartnerCenter, Role};

use crate::caller::{COLLECTION, document, private_deal, refusal, started};

const REFERRALS: &str = PartnerCenter::REFERRALS_AUDIENCE;

#[tokio::test]
async fn v1_answers_numbers_as_text_and_v2_as_numbers() {
    let caller = started().await;
    let token = caller.pc.refresh_token();
    let one = document(caller.token_v1(&[("refresh_token", &token), ("resource", REFERRALS)]).await).await;
    assert_eq!(one["expires_in"], json!("3599"));
    assert_eq!(one["resource"], json!(REFERRALS));
    assert!(one["expires_on"].is_string() && one["not_before"].is_string());
    let scope = format!("{REFERRALS}/.default offline_access openid");
    let two = caller.token("oauth2/v2.0/token", &[("refresh_token", &token), ("scope", &scope)]).await;
    let two = document(two).await;
    assert_eq!(two["expires_in"], json!(3599));
    assert_eq!(two["token_type"], json!("Bearer"));
    assert!(two.get("resource").is_none());
    assert_eq!(two["id_token"].as_str().unwrap().split('.').count(), 3, "openid was asked");
    assert!(one.get("id_token").is_none());
}

#[tokio::test]
async fn v2_gives_a_refresh_token_to_those_who_ask_for_it() {
    let caller = started().await;
    let token = caller.pc.refresh_token();
    for (scope, expected) in [("/.default", false), ("/.default offline_access", true), ("/user_impersonation", false)]
    {
        let scope = format!("{REFERRALS}{scope}");
        let answer = caller.token("oauth2/v2.0/token", &[("refresh_token", &token), ("scope", &scope)]).await;
        assert_eq!(document(answer).await["refresh_token"].is_string(), expected, "{scope}");
    }
}

/// The fields of a request; the status, error and number of its refusal.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str, u64);

#[tokio::test]
async fn the_error_of_a_refused_grant_has_its_number() {
    let caller = started().await;
    let token = caller.pc.refresh_token();
    let cases: &[Case<'_>] = &[
        (&[("refresh_token", "nonsense"), ("resource", REFERRALS)], 400, "invalid_grant", 9002313),
        (&[("refresh_token", &token), ("resource", REFERRALS), ("client_secret", "x")], 401, "invalid_client", 7000215),
        (&[("refresh_token", &token), ("resource", REFERRALS), ("client_id", "x")], 400, "unauthorized_client", 700016),
        (&[("refresh_token", &token), ("resource", "https://graph.example")], 400, "invalid_resource", 500011),
        (&[("refresh_token", &token)], 400, "invalid_request", 900144),
        (&[("grant_type", "password"), ("resource", REFERRALS)], 400, "unsupported_grant_type", 70003),
    ];
    for (fields, status, error, number) in cases {
        let answer = caller.token_v1(fields).await;
        assert_eq!(answer.status(), *status, "{fields:?}");
        let body = document(answer).await;
        assert_eq!((&body["error"], &body["error_codes"]), (&json!(error), &json!([number])), "{fields:?}");
        assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")));
    }
}

#[tokio::test]
async fn another_tenant_is_not_found() {
    let caller = started().await;
    let url = format!("{}/00000000-0000-4000-8000-000000000000/oauth2/token", caller.pc.url());
    let answer = caller.http.post(url).form(&[("grant_type", "refresh_token")]).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(document(answer).await["error_codes"], json!([90002]));
}

async fn redeem(caller: &crate::caller::Caller, token: &str) -> (u16, Value) {
    let answer = caller.token_v1(&[("refresh_token", token), ("resource", REFERRALS)]).await;
    (answer.status().as_u16(), document(answer).await)
}

#[tokio::test]
async fn a_redeemed_refresh_token_rotates_and_the_old_one_works_unless_switched_off() {
    let caller = started().await;
    let first = caller.pc.refresh_token();
    let (_, answer) = redeem(&caller, &first).await;
    let second = answer["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(caller.pc.refresh_token(), second);
    assert_eq!(redeem(&caller, &first).await.0, 200);

    caller.pc.switches(|switches| switches.single_use_refresh_tokens = true);
    assert_eq!(redeem(&caller, &second).await.0, 200);
    let (status, answer) = redeem(&caller, &second).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    assert_eq!(redeem(&caller, &caller.pc.refresh_token()).await.0, 200);

    caller.pc.switches(|switches| switches.rotate_refresh_tokens = false);
    let last = caller.pc.refresh_token();
    assert_eq!(redeem(&caller, &last).await.1["refresh_token"], json!(last));
}

#[tokio::test]
async fn a_revoked_or_old_refresh_token_needs_a_new_consent() {
    let caller = started().await;
    caller.pc.revoke_refresh_tokens();
    let (status, answer) = redeem(&caller, &caller.pc.refresh_token()).await;
    assert_eq!((status, &answer["error_codes"]), (400, &json!([50173])));
    let consented = caller.pc.consent();
    assert_eq!(redeem(&caller, &consented).await.0, 200);
    caller.clock.advance(Duration::from_secs(91 * 24 * 60 * 60));
    let (status, answer) = redeem(&caller, &consented).await;
    assert_eq!((status, &answer["error_codes"]), (400, &json!([700082])));
}

#[tokio::test]
async fn each_host_takes_only_tokens_for_itself() {
    let caller = started().await;
    let token = caller.pc.refresh_token();
    let other = [("refresh_token", token.as_str()), ("resource", PartnerCenter::WEBHOOKS_AUDIENCE)];
    let other = document(caller.token_v1(&other).await).await["access_token"].as_str().unwrap().to_owned();
    let get = |bearer: &str| caller.http.get(format!("{}{COLLECTION}", caller.pc.url())).bearer_auth(bearer).send();
    assert_eq!(refusal(get(&other).await.unwrap()).await.1, "unauthenticated");
    assert_eq!(get("made up").await.unwrap().status(), 401);
    let mine = [("refresh_token", token.as_str()), ("resource", REFERRALS)];
    let mine = document(caller.token_v1(&mine).await).await["access_token"].as_str().unwrap().to_owned();
    assert_eq!(get(&mine).await.unwrap().status(), 200);
    let url = format!("{}/webhooks/v1/registration", caller.pc.url());
    let answer = caller.http.get(url).bearer_auth(&mine).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(document(answer).await["source"], json!("PartnerCenter"));
}

#[tokio::test]
async fn an_access_token_ends_and_can_be_revoked() {
    let mut caller = started().await;
    caller.clock.advance(Duration::from_secs(3600));
    assert_eq!(caller.list(&[]).await.status(), 401);
    caller.sign_in().await;
    assert_eq!(caller.list(&[]).await.status(), 200);
    caller.pc.revoke_access_tokens();
    assert_eq!(caller.list(&[]).await.status(), 401);
}

#[tokio::test]
async fn a_person_without_second_factor_or_role_is_refused() {
    let mut caller = started().await;
    caller.pc.set_mfa(false);
    caller.sign_in().await;
    let answer = caller.referrals(Method::GET, COLLECTION).header("ValidateMfa", "true").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["isMfaCompliant"], "false");
    assert_eq!(document(answer).await["error"]["innerError"]["code"], json!("900421"));
    caller.pc.set_mfa(true);
    caller.sign_in().await;
    caller.pc.set_role(Role::None);
    assert_eq!(refusal(caller.list(&[]).await).await.1, "accessDenied");
}

#[tokio::test]
async fn a_referrals_user_sees_the_deals_of_its_own_team() {
    let caller = started().await;
    let foreign = caller.created(&private_deal()).await;
    let mut own = private_deal();
    own["team"][0]["email"] = json!(PartnerCenter::PERSON_EMAIL);
    let own = caller.created(&own).await;
    caller.pc.set_role(Role::ReferralsUser);
    let rows = caller.rows(&[]).await;
    assert_eq!(rows.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&own["id"]]);
    assert_eq!(caller.get(foreign["id"].as_str().unwrap()).await.status(), 404);
}

#[tokio::test]
async fn an_app_alone_may_register_and_may_not_see_referrals() {
    let caller = started().await;
    let app = async |resource: &str| {
        let answer = caller.token_v1(&[("grant_type", "client_credentials"), ("resource", resource)]).await;
        let body = document(answer).await;
        assert!(body.get("refresh_token").is_none());
        body["access_token"].as_str().unwrap().to_owned()
    };
    let url = caller.pc.url();
    let token = app(PartnerCenter::WEBHOOKS_AUDIENCE).await;
    let events = format!("{url}/webhooks/v1/registration/events");
    assert_eq!(caller.http.get(events).bearer_auth(token).send().await.unwrap().status(), 200);
    let token = app(REFERRALS).await;
    assert_eq!(caller.http.get(format!("{url}{COLLECTION}")).bearer_auth(token).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn signing_in_by_code_needs_the_verifier_and_works_once() {
    let caller = started().await;
    let verifier = "a-verifier-of-at-least-forty-three-characters-in-length";
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let redirect_uri = "http://127.0.0.1:1/done";
    let page = format!("{}/common/oauth2/v2.0/authorize", caller.pc.url());
    let code = async || {
        let query = [
            ("client_id", PartnerCenter::CLIENT_ID),
            ("response_type", "code"),
            ("redirect_uri", redirect_uri),
            ("state", "s 1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let answer = caller.http.get(&page).query(&query).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        let hybrid = [("response_type", "code id_token")];
        assert_eq!(caller.http.get(&page).query(&query[..1]).query(&hybrid).send().await.unwrap().status(), 400);
        let back: reqwest::Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("state".to_owned(), "s 1".to_owned()));
        assert_eq!(back.path(), "/done");
        pairs[0].1.clone()
    };
    let redeem = async |code: &str, verifier: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
            ("resource", REFERRALS),
        ];
        document(caller.token_v1(&fields).await).await
    };
    assert_eq!(redeem(&code().await, "another verifier").await["error"], json!("invalid_grant"));
    let code = code().await;
    assert!(redeem(&code, verifier).await["refresh_token"].is_string());
    assert_eq!(redeem(&code, verifier).await["error"], json!("invalid_grant"));
}

#[tokio::test]
async fn too_many_requests_are_throttled_until_the_window_ends() {
    let caller = started().await;
    caller.pc.switches(|switches| switches.throttle_requests = Some(2));
    for _ in 0..2 {
        assert_eq!(caller.list(&[]).await.status(), 200);
    }
    let answer = caller.list(&[]).await;
    assert_eq!(answer.status(), 429);
    let seconds: u64 = answer.headers()["Retry-After"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(document(answer).await["statusCode"], json!(429));
    caller.clock.advance(Duration::from_secs(seconds));
    assert_eq!(caller.list(&[]).await.status(), 200);
}
