//! True events are believed, in every form that is documented (partner-center-api 6.5).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use partner_center::events::{EventName, EventsConfig, Refusal, Verifier};
use rcgen::{DnType, DnValue, ExtendedKeyUsagePurpose};

use crate::arena::{Arena, MICROSOFT, MODES, config};
use crate::fixtures;
use crate::store::{Served, Store};
use crate::tree::{BODY, Fixed, NAME, ORGANIZATION, TREE, named, subject, true_params};

async fn arena() -> Arena {
    Arena::new(&Arc::new(Store::open().await))
}

fn pem(der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der)).into_bytes()
}

#[tokio::test]
async fn a_true_event_is_believed_in_both_headers_with_and_without_scheme() {
    let arena = arena().await;
    for mode in MODES {
        let event = arena.verify(&arena.delivery_in(mode)).await.unwrap();
        assert_eq!(event.name, EventName::ReferralUpdated);
        assert_eq!(event.referral.unwrap().as_str(), "11111111-aaaa-4bbb-8ccc-000000000001");
        assert_eq!(event.changed_at, Some("2026-11-23T05:00:00.5485487Z".parse().unwrap()));
        assert!(!event.stale && event.body_sha256.len() == 64);
    }
    let bare = arena.delivery().with("x-ms-signature", STANDARD.encode(&TREE.signature));
    assert!(arena.verify(&bare).await.is_ok());
    // A front door may add a credential of its own.
    let with_credential = arena.delivery().and("authorization", "AWS4-HMAC-SHA256 Credential=x");
    assert!(arena.verify(&with_credential).await.is_ok());
}

#[tokio::test]
async fn the_certificate_is_der_or_pem_and_may_have_company() {
    let mut arena = arena().await;
    let with_issuer = [pem(&TREE.leaf), TREE.intermediate_pems[0].clone().into_bytes()].concat();
    let explained = [b"subject=x\r\nissuer=y\r\n", pem(&TREE.leaf).as_slice()].concat();
    for file in [TREE.leaf.clone(), pem(&TREE.leaf), with_issuer, explained] {
        let address = arena.store.publish(Served::File(file));
        arena.pass(61);
        for mode in MODES {
            assert!(arena.verify(&arena.delivery_in(mode).certificate_at(&address)).await.is_ok(), "{mode}");
        }
    }
}

#[tokio::test]
async fn every_certificate_that_says_the_right_things_will_do() {
    let mut arena = arena().await;
    let mut printable = true_params();
    let organization = DnValue::PrintableString(ORGANIZATION.try_into().unwrap());
    printable.distinguished_name.push(DnType::OrganizationName, organization);
    let with_usages = |usages: Vec<ExtendedKeyUsagePurpose>| {
        let mut params = true_params();
        params.extended_key_usages = usages;
        params
    };
    let mut common_name_alone = named(&[], ORGANIZATION, NAME);
    common_name_alone.distinguished_name = subject(ORGANIZATION, NAME);
    for params in [
        printable,
        common_name_alone,
        named(&["other.microsoft.com", NAME], ORGANIZATION, "Notifications"),
        with_usages(vec![]),
        with_usages(vec![ExtendedKeyUsagePurpose::ServerAuth]),
        with_usages(vec![ExtendedKeyUsagePurpose::ClientAuth]),
        with_usages(vec![ExtendedKeyUsagePurpose::CodeSigning, ExtendedKeyUsagePurpose::ServerAuth]),
    ] {
        let address = arena.store.publish(Served::File(TREE.certified(&params)));
        arena.pass(61);
        let outcome = arena.verify(&arena.delivery().certificate_at(address)).await;
        assert!(outcome.is_ok(), "{outcome:?} for {params:?}");
    }
}

#[tokio::test]
async fn keys_of_2048_bits_and_more_sign_well() {
    let mut arena = arena().await;
    for (key, signature) in [
        (fixtures::PUBLIC_2048, fixtures::SHA256_2048),
        (fixtures::PUBLIC_3072, fixtures::SHA256_3072),
        (fixtures::PUBLIC_4096, fixtures::SHA256_4096),
    ] {
        let certificate = true_params().signed_by(&Fixed::new(key), &TREE.issuing).unwrap().der().to_vec();
        let address = arena.store.publish(Served::File(certificate));
        arena.pass(61);
        let delivery = arena.delivery().signed(&STANDARD.decode(signature).unwrap()).certificate_at(address);
        assert!(arena.verify(&delivery).await.is_ok());
    }
}

#[tokio::test]
async fn without_its_issuer_a_certificate_leads_nowhere_and_the_reason_says_so() {
    let arena = arena().await;
    let folder = arena.store.folder();
    let lacking = EventsConfig { intermediates: Vec::new(), ..config(&[folder]) };
    let verifier = Verifier::new(lacking).unwrap();
    let delivery = arena.delivery();
    let refusal = verifier.verify(&delivery.headers, &delivery.body, arena.now).await.unwrap_err();
    assert!(matches!(&refusal, Refusal::Signature { reason } if reason.contains("intermediates")), "{refusal}");
}

#[tokio::test]
async fn an_intermediate_is_no_anchor() {
    let arena = arena().await;
    let rootless = EventsConfig { trusted_roots: Vec::new(), ..config(&[arena.store.folder()]) };
    let verifier = Verifier::new(rootless).unwrap();
    let delivery = arena.delivery();
    assert!(verifier.verify(&delivery.headers, &delivery.body, arena.now).await.is_err());
}

#[tokio::test]
async fn signed_nonsense_is_malformed_and_an_old_event_is_stale() {
    let arena = arena().await;
    let signed = |body: &str| arena.delivery().body(body).signed(&TREE.sign(body.as_bytes()));
    for body in ["", "{", "[]", "{}", r#"{"EventName":"referral-updated","ResourceUri":"https://x/msft"}"#] {
        let outcome = arena.verify(&signed(body)).await;
        assert!(matches!(outcome, Err(Refusal::Malformed { .. })), "{body}: {outcome:?}");
    }
    let old = BODY.replace("2026-11-23", "2026-10-23");
    assert!(arena.verify(&signed(&old)).await.unwrap().stale);
    let unheard = BODY.replace("referral-updated", "invoice-ready");
    assert_eq!(arena.verify(&signed(&unheard)).await.unwrap().name, EventName::Other("invoice-ready".to_owned()));
}

#[test]
fn what_cannot_work_is_said_at_once() {
    let right = config(&[MICROSOFT.to_owned()]);
    assert!(Verifier::new(right.clone()).is_ok());
    for (key, wrong) in [
        (
            "certificate_urls",
            EventsConfig { certificate_urls: vec!["http://store.example/cert/".to_owned()], ..right.clone() },
        ),
        (
            "certificate_urls",
            EventsConfig { certificate_urls: vec!["https://127.0.0.1/cert/".to_owned()], ..right.clone() },
        ),
        ("trusted_roots", EventsConfig { trusted_roots: vec!["no PEM and no file".to_owned()], ..right.clone() }),
        (
            "trusted_roots",
            EventsConfig {
                trusted_roots: vec!["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".to_owned()],
                ..right.clone()
            },
        ),
        (
            "intermediates",
            EventsConfig {
                intermediates: vec!["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----".to_owned()],
                ..right.clone()
            },
        ),
        ("signer_name", EventsConfig { signer_name: " ".to_owned(), ..right.clone() }),
        ("signer_organization", EventsConfig { signer_organization: String::new(), ..right.clone() }),
    ] {
        assert_eq!(Verifier::new(wrong).err().unwrap().key, key);
    }
}
