//! Signatures and certificates of events, checked by a verifier of our own (partner-center-api 6.5).

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::json;
use simulators::partner_center::Forgery;
use webpki::aws_lc_rs::{ECDSA_P256_SHA256, RSA_PKCS1_2048_8192_SHA256};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::caller::{Caller, started};
use crate::receiver::{Delivered, Receiver};

/// 2026-11-24.
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_795_478_400));

/// What a careful receiver finds wrong with a delivery.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    Unsigned,
    Algorithm,
    Folder,
    Chain,
    Organization,
    Name,
    Signature,
}

async fn verify(caller: &Caller, delivered: &Delivered) -> Result<(), Wrong> {
    let token = delivered.header("x-ms-signature").or(delivered.header("authorization")).ok_or(Wrong::Unsigned)?;
    if delivered.header("x-ms-signature-algorithm") != Some("rsa-sha256") {
        return Err(Wrong::Algorithm);
    }
    let url = delivered.header("x-ms-certificate-url").unwrap();
    if !url.starts_with(&caller.pc.certificate_folder()) {
        return Err(Wrong::Folder);
    }
    let answer = caller.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let leaf = CertificateDer::from(answer.bytes().await.unwrap().to_vec());
    let signature = BASE64_STANDARD.decode(token.strip_prefix("Signature ").unwrap()).unwrap();
    judge(caller, &leaf, &delivered.body, &signature)
}

fn judge(caller: &Caller, leaf: &CertificateDer<'_>, body: &[u8], signature: &[u8]) -> Result<(), Wrong> {
    let root = CertificateDer::from_pem_slice(caller.pc.root_pem().as_bytes()).unwrap();
    let intermediates: Vec<CertificateDer<'_>> = caller.pc.intermediates_pem().iter().map(from_pem).collect();
    let certificate = EndEntityCert::try_from(leaf).unwrap();
    certificate
        .verify_for_usage(
            &[ECDSA_P256_SHA256, RSA_PKCS1_2048_8192_SHA256],
            &[anchor_from_trusted_cert(&root).unwrap()],
            &intermediates,
            NOW,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map_err(|_| Wrong::Chain)?;
    let (_, parsed) = X509Certificate::from_der(leaf).unwrap();
    let subject = parsed.subject();
    if subject.iter_organization().next().unwrap().as_str() != Ok("Microsoft Corporation") {
        return Err(Wrong::Organization);
    }
    if subject.iter_common_name().next().unwrap().as_str() != Ok("pcnotifications-dispatch.microsoft.com") {
        return Err(Wrong::Name);
    }
    certificate.verify_signature(RSA_PKCS1_2048_8192_SHA256, body, signature).map_err(|_| Wrong::Signature)
}

fn from_pem(pem: &String) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

async fn listening() -> (Caller, Receiver) {
    let (caller, receiver) = (started().await, Receiver::start().await);
    caller.pc.register(&receiver.url());
    (caller, receiver)
}

/// One fresh event.
async fn delivered(caller: &Caller, receiver: &Receiver) -> Delivered {
    caller.pc.invite(json!({ "type": "Independent" }));
    caller.pc.settled().await;
    receiver.delivered().pop().unwrap()
}

#[tokio::test]
async fn an_event_is_signed_by_the_published_certificate() {
    let (caller, receiver) = listening().await;
    let delivered = delivered(&caller, &receiver).await;
    assert_eq!(verify(&caller, &delivered).await, Ok(()));
    let url = delivered.header("x-ms-certificate-url").unwrap();
    assert_eq!(url, format!("{}pcnotifications-dispatch.microsoft.com.cer", caller.pc.certificate_folder()));
    let token = delivered.header("x-ms-signature").unwrap().strip_prefix("Signature ").unwrap();
    assert_eq!(token.len(), 344, "256 bytes in base64");
    assert!(delivered.header("authorization").is_none());
}

#[tokio::test]
async fn a_registration_chooses_the_header_of_the_signature() {
    let (caller, receiver) = (started().await, Receiver::start().await);
    let body = json!({ "WebhookUrl": receiver.url(), "WebhookEvents": ["referral-created"] });
    caller.webhooks(Method::POST, "").json(&body).send().await.unwrap();
    let delivered = delivered(&caller, &receiver).await;
    assert!(delivered.header("authorization").unwrap().starts_with("Signature "));
    assert!(delivered.header("x-ms-signature").is_none());
    assert_eq!(verify(&caller, &delivered).await, Ok(()));
}

#[tokio::test]
async fn every_forgery_is_wrong_in_its_own_way() {
    let (caller, receiver) = listening().await;
    let cases = [
        (Forgery::None, Ok(())),
        (Forgery::Unsigned, Err(Wrong::Unsigned)),
        (Forgery::TamperedBody, Err(Wrong::Signature)),
        (Forgery::OtherAlgorithm, Err(Wrong::Algorithm)),
        (Forgery::OtherOrganization, Err(Wrong::Organization)),
        (Forgery::OtherName, Err(Wrong::Name)),
        (Forgery::Expired, Err(Wrong::Chain)),
        (Forgery::OtherRoot, Err(Wrong::Chain)),
        (Forgery::OtherFolder, Err(Wrong::Folder)),
    ];
    for (forgery, expected) in cases {
        caller.pc.switches(|switches| switches.forgery = forgery);
        let delivered = delivered(&caller, &receiver).await;
        assert_eq!(verify(&caller, &delivered).await, expected, "{forgery:?}");
    }
}

#[tokio::test]
async fn certificates_are_der_or_by_switch_pem() {
    let caller = started().await;
    let url = format!("{}pcnotifications-dispatch.microsoft.com.cer", caller.pc.certificate_folder());
    let get = async || caller.http.get(&url).send().await.unwrap().bytes().await.unwrap();
    let der = get().await;
    assert_eq!(der[0], 0x30);
    caller.pc.switches(|switches| switches.certificates_as_pem = true);
    let pem = CertificateDer::from_pem_slice(&get().await).unwrap();
    assert_eq!(pem.as_ref(), der.as_ref());
    let unknown = caller.http.get(format!("{}nobody.cer", caller.pc.certificate_folder())).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
}
