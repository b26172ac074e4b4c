//! Partner Center's door (partner-center-api 6, design section 7).

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use doors::{Answer, EVENT_BYTES_MAX, EventsDoor};
use http::{HeaderMap, HeaderName};
use jiff::{SignedDuration, Timestamp};
use partner_center::events::{EventsConfig, Verifier};
use queue::{Entity, HintSide};
use serde_json::{Value, json};
use simulators::harness::{Clock, Fault, FaultRule};
use simulators::partner_center::{Forgery, PartnerCenter};

use crate::hall::{Hall, now, said};

const ID: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const QUEUED: (u16, &str) = (200, "queued");
const UNINTERESTING: (u16, &str) = (200, "not ours to sync");

struct Stage {
    pc: PartnerCenter,
    door: EventsDoor,
    hall: Hall,
}

impl Stage {
    async fn new() -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let pc = PartnerCenter::start(address, 3, Clock::default()).await.unwrap();
        let verifier = Verifier::new(EventsConfig {
            certificate_urls: vec![pc.certificate_folder()],
            signer_organization: "Microsoft Corporation".to_owned(),
            signer_name: "pcnotifications-dispatch.microsoft.com".to_owned(),
            trusted_roots: vec![pc.root_pem()],
            intermediates: pc.intermediates_pem(),
        });
        Self { pc, door: EventsDoor::new(verifier.unwrap()), hall: Hall::new().await }
    }

    fn signed(&self, body: &[u8]) -> HeaderMap {
        let headers = self.pc.sign(body).unwrap();
        headers.into_iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    async fn receive(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        self.door.receive(&self.hall.queue, headers, body, now()).await
    }

    /// What is answered to a body that Microsoft signed.
    async fn deliver(&self, body: &Value) -> (u16, &'static str) {
        let body = body.to_string().into_bytes();
        said(&self.receive(&self.signed(&body), &body).await)
    }
}

fn event(name: &str, resource: &str, at: Timestamp) -> Value {
    json!({
        "EventName": name,
        "ResourceUri": resource,
        "ResourceName": "referral",
        "AuditUri": null,
        "ResourceChangeUtcDate": at.to_string(),
    })
}

fn about(id: &str) -> String {
    format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{id}")
}

#[tokio::test]
async fn every_event_about_a_referral_becomes_a_hint_with_its_id_and_nothing_else() {
    let stage = Stage::new().await;
    for name in ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"] {
        assert_eq!(stage.deliver(&event(name, &about(ID), now())).await, QUEUED, "{name}");
        let hints = stage.hall.hints().await;
        assert_eq!(hints.len(), 1, "{name}");
        let hint = &hints[0];
        assert_eq!((hint.side, hint.entity), (HintSide::PartnerCenter, Entity::Referral));
        assert_eq!((hint.id.as_str(), hint.cause.as_str()), (ID, "event"));
    }
}

#[tokio::test]
async fn the_rest_of_the_feed_is_taken_and_left() {
    let stage = Stage::new().await;
    let test = "http://api.partnercenter.microsoft.com/webhooks/v1/registration/validationEvents/11111111-aaaa-4bbb-8ccc-000000000001";
    let names = [
        "test-created",
        "invoice-ready",
        "subscription-updated",
        "granular-admin-relationship-expired",
        "referral-sung",
        "",
    ];
    for name in names {
        for resource in [test, &about(ID), "nowhere"] {
            assert_eq!(stage.deliver(&event(name, resource, now())).await, UNINTERESTING, "{name} {resource}");
        }
    }
    let hours = SignedDuration::from_hours;
    for impossible in [now() - hours(15 * 24), now() + hours(1)] {
        assert_eq!(
            stage.deliver(&event("referral-updated", &about(ID), impossible)).await,
            UNINTERESTING,
            "{impossible}"
        );
    }
    assert_eq!(stage.hall.waiting().await, 0);
    assert_eq!(
        stage.deliver(&event("referral-updated", &about(ID), now() - hours(13 * 24))).await,
        QUEUED,
        "a late try"
    );
}

#[tokio::test]
async fn what_is_signed_and_no_event_is_malformed() {
    let stage = Stage::new().await;
    let mut bodies: Vec<Vec<u8>> =
        ["", "{", "[]", "7", "null", "{}", r#"{"EventName":null}"#, r#"{"ResourceUri":"x"}"#]
            .iter()
            .map(|body| body.as_bytes().to_vec())
            .collect();
    let no_guids =
        ["", "msft", "1", "..", "11111111-aaaa-4bbb-8ccc-00000000000", "%31", "11111111-aaaa-4bbb-8ccc-000000000001x"];
    bodies.extend(no_guids.map(|id| event("referral-updated", &about(id), now()).to_string().into_bytes()));
    bodies.extend([b"\xff\xfe".to_vec(), "[".repeat(60_000).into_bytes()]);
    for body in bodies {
        let answer = stage.receive(&stage.signed(&body), &body).await;
        assert_eq!(said(&answer), (400, "not an event"), "{:.60}", String::from_utf8_lossy(&body));
    }
    assert_eq!(stage.hall.waiting().await, 0);
}

#[tokio::test]
async fn size_goes_before_signature_and_signature_before_syntax() {
    let stage = Stage::new().await;
    let large = vec![b' '; EVENT_BYTES_MAX + 1];
    for headers in [HeaderMap::new(), stage.signed(&large)] {
        assert_eq!(stage.receive(&headers, &large).await.status, 413);
    }
    assert_eq!(stage.receive(&stage.signed(b"another"), b"no event").await.status, 401);
    assert_eq!(stage.receive(&HeaderMap::new(), b"no event").await.status, 401);
    assert_eq!(stage.receive(&stage.signed(b"no event"), b"no event").await.status, 400);
    let just_fits = format!("{}{}", event("referral-updated", &about(ID), now()), " ".repeat(EVENT_BYTES_MAX));
    let just_fits = &just_fits.as_bytes()[..EVENT_BYTES_MAX];
    assert_eq!(said(&stage.receive(&stage.signed(just_fits), just_fits).await), QUEUED);
}

#[tokio::test]
async fn every_forgery_is_refused_and_queues_nothing() {
    let stage = Stage::new().await;
    for forgery in [
        Forgery::Unsigned,
        Forgery::OtherAlgorithm,
        Forgery::OtherOrganization,
        Forgery::OtherName,
        Forgery::Expired,
        Forgery::OtherRoot,
        Forgery::OtherFolder,
    ] {
        stage.pc.switches(|switches| switches.forgery = forgery);
        let answer = stage.deliver(&event("referral-updated", &about(ID), now())).await;
        assert_eq!(answer, (401, "the signature does not hold"), "{forgery:?}");
    }
    stage.pc.switches(|switches| switches.forgery = Forgery::None);
    let (body, other) = (event("referral-updated", &about(ID), now()).to_string(), "{}");
    assert_eq!(stage.receive(&stage.signed(other.as_bytes()), body.as_bytes()).await.status, 401);
    assert_eq!(stage.hall.waiting().await, 0);
}

#[tokio::test]
async fn the_same_event_again_is_one_hint_and_another_change_of_the_referral_is_another() {
    let stage = Stage::new().await;
    let first = event("referral-updated", &about(ID), now());
    assert_eq!(stage.deliver(&first).await, QUEUED);
    for _ in 0..9 {
        assert_eq!(stage.deliver(&first).await, (200, "queued before"));
    }
    assert_eq!(stage.hall.waiting().await, 1);
    stage.hall.hints().await;
    assert_eq!(stage.deliver(&first).await, (200, "queued before"), "worked already");
    let second = event("referral-updated", &about(ID), now());
    assert_ne!(first, second);
    assert_eq!(stage.deliver(&second).await, QUEUED, "an edit a moment later");
    assert_eq!(stage.deliver(&event("related-referral-updated", &about(ID), now())).await, QUEUED);
}

#[tokio::test]
async fn nothing_is_acknowledged_that_is_not_on_disk_and_nothing_is_swallowed_afterwards() {
    let stage = Stage::new().await;
    let change = event("referral-updated", &about(ID), now());
    stage.hall.break_down().await;
    for _ in 0..2 {
        let body = change.to_string().into_bytes();
        let answer = stage.receive(&stage.signed(&body), &body).await;
        assert_eq!((said(&answer), answer.retry_after_seconds()), ((503, "try again"), Some(5)));
    }
    stage.hall.repair().await;
    assert_eq!(stage.deliver(&change).await, QUEUED);
    assert_eq!(stage.hall.hints().await.len(), 1);
}

#[tokio::test]
async fn a_certificate_store_that_is_away_is_no_reason_to_refuse_for_good() {
    let stage = Stage::new().await;
    let change = event("referral-updated", &about(ID), now());
    stage.pc.harness().add_fault(FaultRule::once("GET", "/cert/", Fault::status(500)));
    assert_eq!(stage.deliver(&change).await, (503, "try again"));
}

#[tokio::test]
async fn the_address_in_an_event_is_never_called() {
    let stage = Stage::new().await;
    let spy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    spy.set_nonblocking(true).unwrap();
    let host = spy.local_addr().unwrap();
    for uri in [
        format!("http://{host}/{ID}"),
        format!("https://{host}/engagements/v1/referrals/{ID}?x={ID}"),
        format!("//{host}/{ID}/"),
    ] {
        assert_eq!(stage.deliver(&event("referral-updated", &uri, now())).await, QUEUED);
        assert_eq!(stage.hall.hints().await[0].id, ID, "the id alone is taken from it");
    }
    assert!(spy.accept().is_err(), "somebody was called");
}

#[tokio::test]
async fn an_id_is_the_same_in_every_spelling() {
    let stage = Stage::new().await;
    for id in [ID.to_uppercase(), format!("{{{ID}}}"), ID.replace('-', ""), format!("{ID}/"), format!("{ID}?a=1#b")] {
        assert_eq!(stage.deliver(&event("referral-updated", &about(&id), now())).await, QUEUED, "{id}");
        assert_eq!(stage.hall.hints().await[0].id, ID, "{id}");
    }
}
