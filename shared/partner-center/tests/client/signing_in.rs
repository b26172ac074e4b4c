//! The first refresh token (partner-center-api 1.2, 1.3): a browser is sent, a code comes back, both hosts are asked.

use std::collections::BTreeMap;

use partner_center::{Client, Config, Custody, SignIn, SignInError};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use simulators::harness::{Fault, FaultRule};
use simulators::partner_center::{PartnerCenter, Role};
use url::Url;

use crate::stage::Stage;

const PORT: u16 = 49_152;

async fn begun(stage: &Stage) -> SignIn {
    SignIn::begin(stage.config(), PORT).await.unwrap()
}

/// What a browser does: it goes to the address, and is sent back with a query.
async fn query_of(sign_in: &SignIn) -> String {
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let answer = browser.get(sign_in.address().clone()).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let back: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    assert_eq!((back.host_str(), back.port()), (Some("localhost"), Some(PORT)));
    back.query().unwrap().to_owned()
}

async fn code_of(sign_in: &SignIn) -> SecretString {
    sign_in.answer(&query_of(sign_in).await).unwrap().unwrap()
}

fn fix_of(error: &SignInError) -> &str {
    match error {
        SignInError::Person(obstacle) => &obstacle.fix,
        SignInError::Service(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_sign_in_ends_with_a_token_that_works_at_both_hosts() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.single_use_refresh_tokens = true);
    let sign_in = begun(&stage).await;
    let token = sign_in.redeem(&code_of(&sign_in).await).await.unwrap();
    let newest = sign_in.prove(token).await.unwrap();
    assert_eq!(newest.expose_secret(), stage.pc.refresh_token(), "what proving rotated is what is kept");
    let custody = Custody::ReadOnly { configured: newest };
    Client::new(Config { custody, ..stage.config() }).unwrap().sign_in().await.unwrap();
    for path in ["/v1.0/engagements/referrals", "/webhooks/v1/registration"] {
        assert_eq!(stage.requests(path).len(), 1, "one request proves {path}");
    }
}

#[tokio::test]
async fn the_address_asks_for_what_the_exchange_needs_and_gives_nothing_away() {
    let stage = Stage::start().await;
    let sign_in = begun(&stage).await;
    let address = sign_in.address();
    assert!(address.path().ends_with("/oauth2/v2.0/authorize"));
    let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(value("redirect_uri").unwrap(), format!("http://localhost:{PORT}"));
    assert_eq!(value("code_challenge_method").unwrap(), "S256");
    assert_eq!(value("code_challenge").unwrap().len(), 43);
    assert_eq!(value("scope").unwrap(), "https://api.partner.microsoft.com/.default offline_access openid");
    assert!(!address.as_str().contains(PartnerCenter::CLIENT_SECRET));
    let other = begun(&stage).await;
    assert_ne!(other.address().query(), address.query(), "state and verifier are never used twice");
}

#[tokio::test]
async fn a_service_without_v2_is_asked_at_v1() {
    let stage = Stage::start().await;
    let gone = FaultRule { times: None, ..FaultRule::once("POST", "/oauth2/v2.0/token", Fault::status(404)) };
    stage.pc.harness().add_fault(gone);
    let sign_in = begun(&stage).await;
    assert!(sign_in.address().path().ends_with("/oauth2/authorize"));
    let token = sign_in.redeem(&code_of(&sign_in).await).await.unwrap();
    sign_in.prove(token).await.unwrap();
}

#[tokio::test]
async fn a_code_with_another_sign_ins_state_is_not_redeemed() {
    let stage = Stage::start().await;
    let (ours, theirs) = (begun(&stage).await, begun(&stage).await);
    let slipped = query_of(&theirs).await;
    let error = ours.answer(&slipped).unwrap().unwrap_err();
    assert!(error.to_string().contains("another sign-in"), "{error}");
    let without = slipped.split('&').next().unwrap();
    assert!(ours.answer(without).unwrap().is_err(), "no state is no better");
    // Even with the code in hand: the verifier is the other's.
    let code = theirs.answer(&slipped).unwrap().unwrap();
    let error = ours.redeem(&code).await.unwrap_err();
    assert!(error.to_string().contains("AADSTS501481"), "{error}");
}

#[tokio::test]
async fn what_is_no_answer_is_passed_over_and_a_no_is_an_answer() {
    let stage = Stage::start().await;
    let sign_in = begun(&stage).await;
    for query in ["", "x=1", "code=", "state=abc"] {
        assert!(sign_in.answer(query).is_none(), "{query}");
    }
    let address = sign_in.address().clone();
    let state = address.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    let no = format!("error=access_denied&error_description=AADSTS65004%3A+no+thanks&state={state}");
    let error = sign_in.answer(&no).unwrap().unwrap_err();
    assert!(error.to_string().contains("access_denied AADSTS65004"), "{error}");
    assert!(fix_of(&error).contains("run `cosell login` again"));
}

#[tokio::test]
async fn a_wrong_app_is_said_before_anybody_is_sent_anywhere() {
    let stage = Stage::start().await;
    for (config, fix) in [
        (Config { tenant_id: "0000".to_owned(), ..stage.config() }, "partner_center.tenant_id"),
        (Config { client_id: "0000".to_owned(), ..stage.config() }, "partner_center.client_id"),
        (Config { client_secret: SecretString::from("old"), ..stage.config() }, "make a new client secret"),
    ] {
        let error = SignIn::begin(config, PORT).await.err().unwrap();
        assert!(fix_of(&error).contains(fix), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_needs_no_person() {
    let stage = Stage::start().await;
    let outage = FaultRule { times: None, ..FaultRule::once("POST", "/oauth2/", Fault::status(503)) };
    stage.pc.harness().add_fault(outage);
    assert!(matches!(SignIn::begin(stage.config(), PORT).await, Err(SignInError::Service(_))));
}

#[tokio::test]
async fn what_the_account_lacks_is_named_host_by_host() {
    let stage = Stage::start().await;
    let sign_in = begun(&stage).await;
    stage.pc.set_role(Role::None);
    let token = sign_in.redeem(&code_of(&sign_in).await).await.unwrap();
    let error = sign_in.prove(token).await.unwrap_err();
    assert!(fix_of(&error).contains("role Referrals admin"), "{error}");

    stage.pc.set_role(Role::ReferralsAdmin);
    stage.pc.set_mfa(false);
    let token = sign_in.redeem(&code_of(&sign_in).await).await.unwrap();
    let error = sign_in.prove(token).await.unwrap_err();
    assert!(fix_of(&error).contains("second factor"), "{error}");

    stage.pc.set_mfa(true);
    let no_consent = Fault::Answer {
        status: 400,
        headers: BTreeMap::new(),
        body: json!({ "error": "invalid_grant", "error_codes": [65001] }),
    };
    let token = sign_in.redeem(&code_of(&sign_in).await).await.unwrap();
    // The first redemption of the proof is for the referrals.
    stage.pc.harness().add_fault(FaultRule::once("POST", "/oauth2/token", no_consent).skip(1));
    let error = sign_in.prove(token).await.unwrap_err();
    assert!(fix_of(&error).contains("`user_impersonation` of `Microsoft Partner Center`"), "{error}");
}
