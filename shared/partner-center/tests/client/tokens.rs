//! Signing in (partner-center-api 1): two audiences for one refresh token, both endpoints, rotation, refusals.

use std::time::Duration;

use partner_center::{Custody, Error, ListQuery};
use secrecy::ExposeSecret;
use simulators::harness::{Fault, FaultRule};
use simulators::partner_center::{MfaRefusal, Role};

use crate::stage::{COLLECTION, Stage};

const TOKENS: &str = "/oauth2/";

#[tokio::test]
async fn each_host_has_its_own_token_and_its_own_cache() {
    let stage = Stage::start().await;
    let client = stage.client();
    for _ in 0..3 {
        client.list(&ListQuery::default()).await.unwrap();
        assert_eq!(client.registration().await.unwrap(), None);
    }
    // The simulator refuses a token at the host that it is not for.
    assert_eq!(stage.statuses(TOKENS), [Some(200); 2]);
}

#[tokio::test]
async fn callers_that_need_a_token_at_once_redeem_once() {
    let stage = Stage::start().await;
    let client = std::sync::Arc::new(stage.client());
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.list(&ListQuery::default()).await.map(|page| page.referrals.len()) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 0);
    }
    assert_eq!(stage.statuses(TOKENS), [Some(200)]);
}

#[tokio::test]
async fn v1_writes_numbers_as_text_and_is_asked_first() {
    let stage = Stage::start().await;
    stage.client().list(&ListQuery::default()).await.unwrap();
    assert!(stage.requests(TOKENS)[0].path_and_query.ends_with("/oauth2/token"));
}

#[tokio::test]
async fn a_service_without_v1_is_asked_at_v2_from_then_on() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.token_seconds = 0);
    stage
        .pc
        .harness()
        .add_fault(FaultRule { times: None, ..FaultRule::once("POST", "/oauth2/token", Fault::status(404)) });
    // The token ends at once, so that the API refuses it and another one is asked for.
    assert!(matches!(stage.client().list(&ListQuery::default()).await, Err(Error::SignIn { .. })));
    let paths: Vec<_> = stage.requests(TOKENS).into_iter().map(|entry| entry.path_and_query).collect();
    let at_v2: Vec<_> = paths.iter().map(|path| path.contains("/v2.0/")).collect();
    assert_eq!(at_v2, [false, true, true], "{paths:?}");
}

#[tokio::test]
async fn a_token_is_renewed_early_and_used_to_its_end_if_that_fails() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.token_seconds = 100);
    let client = stage.client();
    client.list(&ListQuery::default()).await.unwrap();
    pass(Duration::from_secs(60)).await;
    let outage = FaultRule { times: None, ..FaultRule::once("POST", TOKENS, Fault::status(503)) };
    stage.pc.harness().add_fault(outage);
    client.list(&ListQuery::default()).await.unwrap();
    client.list(&ListQuery::default()).await.unwrap();
    assert_eq!(stage.statuses(TOKENS), [Some(200), Some(503)], "the old token still lives; the service is left alone");
    pass(Duration::from_secs(35)).await;
    let error = client.list(&ListQuery::default()).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }) && error.was_not_executed(), "{error}");
    stage.pc.harness().clear_faults();
    pass(Duration::from_secs(60)).await;
    client.list(&ListQuery::default()).await.unwrap();
}

/// Lets time pass for the client, and for it alone.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_rotated_token_is_kept_and_a_new_sign_in_wins() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.single_use_refresh_tokens = true);
    let folder = tempfile::tempdir().unwrap();
    let configured = stage.pc.refresh_token();
    for _ in 0..3 {
        // As after a restart: the configured token is used up, the kept one is not.
        let client = stage.keeper(folder.path(), &configured);
        client.list(&ListQuery::default()).await.unwrap();
        client.registration().await.unwrap();
    }
    stage.pc.revoke_refresh_tokens();
    let client = stage.keeper(folder.path(), &configured);
    assert!(matches!(client.list(&ListQuery::default()).await, Err(Error::SignIn { .. })));
    let signed_in_again = stage.pc.consent();
    stage.keeper(folder.path(), &signed_in_again).list(&ListQuery::default()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_runs_uses_a_new_sign_in_by_itself() {
    let stage = Stage::start().await;
    let folder = tempfile::tempdir().unwrap();
    let configured = stage.pc.refresh_token();
    let client = stage.keeper(folder.path(), &configured);
    stage.pc.revoke_refresh_tokens();
    assert!(matches!(client.list(&ListQuery::default()).await, Err(Error::SignIn { .. })));
    let custody = Custody::File { directory: folder.path().to_owned(), configured: Some(configured.into()) };
    custody.begin_anew(&stage.pc.consent().into()).unwrap();
    pass(Duration::from_secs(61)).await;
    client.list(&ListQuery::default()).await.unwrap();
}

#[tokio::test]
async fn a_token_that_another_process_kept_is_used() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.single_use_refresh_tokens = true);
    let folder = tempfile::tempdir().unwrap();
    let configured = stage.pc.refresh_token();
    let (one, other) = (stage.keeper(folder.path(), &configured), stage.keeper(folder.path(), &configured));
    one.list(&ListQuery::default()).await.unwrap();
    other.list(&ListQuery::default()).await.unwrap();
    one.registration().await.unwrap();
}

#[tokio::test]
async fn a_token_that_cannot_be_kept_is_used_all_the_same() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.single_use_refresh_tokens = true);
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("a file, not a folder");
    std::fs::write(&occupied, "").unwrap();
    let client = stage.keeper(&occupied, &stage.pc.refresh_token());
    client.list(&ListQuery::default()).await.unwrap();
    client.registration().await.unwrap();
}

#[tokio::test]
async fn who_only_redeems_stores_nothing_and_hands_the_newest_to_whoever_keeps_it() {
    let stage = Stage::start().await;
    stage.pc.switches(|switches| switches.single_use_refresh_tokens = true);
    let newest = stage.client().sign_in().await.unwrap();
    assert_eq!(newest.expose_secret(), stage.pc.refresh_token(), "of two redemptions the second");
    assert_eq!(stage.statuses(TOKENS), [Some(200); 2], "proven for both hosts");
    let worker = stage.client();
    worker.list(&ListQuery::default()).await.unwrap();
    let error = worker.registration().await.unwrap_err();
    assert!(matches!(error, Error::SignIn { .. }), "it redeems the configured token each time: {error}");
}

#[tokio::test]
async fn a_dead_refresh_token_asks_for_a_person_and_not_again_and_again() {
    let stage = Stage::start().await;
    let client = stage.client();
    let secret = stage.pc.refresh_token();
    stage.pc.revoke_refresh_tokens();
    for _ in 0..5 {
        let error = client.list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::SignIn { .. }) && error.was_not_executed());
        assert!(error.retry_after().is_some_and(|wait| !wait.is_zero()));
        let text = format!("{error} {error:?} {client:?}");
        assert!(text.contains("invalid_grant AADSTS50173") && !text.contains(&secret), "{text}");
    }
    assert_eq!(stage.statuses(TOKENS), [Some(400)]);
    assert!(stage.requests(COLLECTION).is_empty());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_then_a_person_is_asked() {
    let stage = Stage::start().await;
    let client = stage.client();
    client.list(&ListQuery::default()).await.unwrap();
    stage.pc.revoke_access_tokens();
    client.list(&ListQuery::default()).await.unwrap();
    assert_eq!(stage.statuses(COLLECTION), [Some(200), Some(401), Some(200)]);

    stage.pc.harness().clear_requests();
    stage.pc.harness().add_fault(FaultRule { times: None, ..FaultRule::once("GET", COLLECTION, Fault::status(401)) });
    for _ in 0..3 {
        let error = client.list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::SignIn { .. }), "{error}");
    }
    assert_eq!(stage.statuses(COLLECTION), [Some(401); 2], "a forced refresh, and no more");
}

#[tokio::test]
async fn a_missing_second_factor_is_a_matter_of_signing_in_whatever_envelope_tells_it() {
    for (refusal, named) in [
        (MfaRefusal::InnerCode, true),
        (MfaRefusal::OuterCode, true),
        (MfaRefusal::PartnerCenterEnvelope, true),
        (MfaRefusal::NoCode, false),
    ] {
        let stage = Stage::start().await;
        stage.pc.set_mfa(false);
        stage.pc.switches(|switches| switches.mfa_refusal = refusal);
        let error = stage.client().list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::SignIn { .. }), "{refusal:?}: {error}");
        assert_eq!(error.to_string().contains("900421"), named, "{error}");
    }
}

#[tokio::test]
async fn a_missing_role_is_no_matter_of_signing_in() {
    let stage = Stage::start().await;
    stage.pc.set_role(Role::None);
    let error = stage.client().list(&ListQuery::default()).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error}");
    assert_eq!(stage.statuses(TOKENS), [Some(200)]);
}

#[tokio::test]
async fn a_throttled_sign_in_service_is_left_alone_for_as_long_as_it_says() {
    let stage = Stage::start().await;
    stage.pc.harness().add_fault(FaultRule::once("POST", TOKENS, Fault::too_many_requests("17")));
    let client = stage.client();
    for _ in 0..3 {
        let error = client.list(&ListQuery::default()).await.unwrap_err();
        assert!(matches!(error, Error::NotSent { .. }), "{error}");
        let wait = error.retry_after().unwrap();
        assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(17), "{wait:?}");
    }
    assert_eq!(stage.statuses(TOKENS), [Some(429)]);
}
