//! Where events go (partner-center-api 6.1).

use partner_center::{Claim, Error, Registration, claim};
use simulators::partner_center::PartnerCenter;

use crate::stage::Stage;

const OURS: &str = "http://127.0.0.1:1/partner-center/events";

fn wanted(existing: Option<&Registration>, overwrite: bool) -> Registration {
    match claim(existing, OURS, overwrite) {
        Claim::Register(wanted) | Claim::Update(wanted) => wanted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_free_feed_is_registered_and_then_settled() {
    let stage = Stage::start().await;
    let client = stage.client();
    assert_eq!(client.registration().await.unwrap(), None);
    let first = wanted(None, false);
    client.register(&first).await.unwrap();
    for full in [false, true] {
        stage.pc.switches(|switches| switches.full_registration_answers = full);
        let existing = client.registration().await.unwrap().unwrap();
        assert_eq!(existing.in_ms_signature, full.then_some(true));
        assert_eq!(claim(Some(&existing), OURS, false), Claim::Settled);
    }
    let error = client.register(&first).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { status: 409, .. }), "{error}");
}

#[tokio::test]
async fn somebody_elses_feed_is_taken_over_only_on_demand() {
    let stage = Stage::start().await;
    let client = stage.client();
    stage.pc.register("https://crm.example/hook?code=hush");
    let existing = client.registration().await.unwrap();
    assert_eq!(claim(existing.as_ref(), OURS, false), Claim::Taken { host: "crm.example".to_owned() });
    client.update_registration(&wanted(existing.as_ref(), true)).await.unwrap();
    assert_eq!(stage.pc.registered().as_deref(), Some(OURS));
}

#[tokio::test]
async fn a_test_event_tells_what_was_answered() {
    let stage = Stage::start().await;
    let client = stage.client();
    let answers = format!("{}/{}/oauth2/token", stage.pc.url(), PartnerCenter::TENANT_ID);
    stage.pc.register(&answers); // Answers something, if not what it should.
    stage.pc.switches(|switches| switches.delivery_attempts = 1);
    let id = client.request_test_event().await.unwrap();
    stage.pc.settled().await;
    let result = client.test_event(&id).await.unwrap();
    assert_eq!((result.status.as_str(), result.answers), ("completed", vec!["BadRequest".to_owned()]));
    client.request_test_event().await.unwrap();
    let error = client.request_test_event().await.unwrap_err();
    assert!(matches!(error, Error::Throttled { .. }), "two a minute: {error}");
    assert!(matches!(stage.client().test_event("unknown/../x").await, Err(Error::NotFound { .. })));
}
