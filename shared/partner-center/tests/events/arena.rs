//! Where one class of forgeries meets a verifier of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use partner_center::events::{Event, EventsConfig, Refusal, Verifier};

use crate::store::{Served, Store};
use crate::tree::{BODY, NAME, ORGANIZATION, TREE};

/// Where Microsoft publishes its certificates.
pub(crate) const MICROSOFT: &str = "https://3psostorageacct.blob.core.windows.net/cert/";

/// The two headers that a signature may come in.
pub(crate) const MODES: [&str; 2] = ["x-ms-signature", "authorization"];

/// One request.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    /// A header in place of all that have its name.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.insert(header_name(name), header_value(value));
        self
    }

    /// One more header.
    pub(crate) fn and(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.append(header_name(name), header_value(value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Another signature in the same header.
    pub(crate) fn signed(self, signature: &[u8]) -> Self {
        let token = format!("Signature {}", STANDARD.encode(signature));
        let mode = self.mode();
        self.with(mode, token)
    }

    pub(crate) fn mode(&self) -> &'static str {
        MODES.into_iter().find(|mode| self.headers.contains_key(*mode)).unwrap()
    }

    pub(crate) fn certificate_at(self, address: impl AsRef<[u8]>) -> Self {
        self.with("x-ms-certificate-url", address)
    }
}

fn header_name(name: &str) -> HeaderName {
    name.parse().unwrap()
}

fn header_value(value: impl AsRef<[u8]>) -> HeaderValue {
    HeaderValue::from_bytes(value.as_ref()).unwrap()
}

/// Whether a header can hold this: what cannot be sent cannot be a forgery.
pub(crate) fn can_be_sent(value: &str) -> bool {
    HeaderValue::from_bytes(value.as_bytes()).is_ok()
}

/// Forgeries on their way to a verifier.
pub(crate) type Attack<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A verifier, its clock, and how much it has seen.
pub(crate) struct Arena {
    pub(crate) store: Arc<Store>,
    pub(crate) verifier: Verifier,
    pub(crate) now: Timestamp,
    /// Forgeries refused so far.
    pub(crate) refused: usize,
}

/// Who may sign, with certificates from these folders.
pub(crate) fn config(folders: &[String]) -> EventsConfig {
    EventsConfig {
        certificate_urls: folders.to_vec(),
        signer_organization: ORGANIZATION.to_owned(),
        signer_name: NAME.to_owned(),
        trusted_roots: vec![TREE.root_pem.clone()],
        intermediates: TREE.intermediate_pems.clone(),
    }
}

impl Arena {
    /// An arena whose verifier believes certificates from the store, and from Microsoft's.
    pub(crate) fn new(store: &Arc<Store>) -> Self {
        store.put(&format!("{NAME}.cer"), Served::File(TREE.leaf.clone()));
        let verifier = Verifier::new(config(&[store.folder(), MICROSOFT.to_owned()])).unwrap();
        Self { store: store.clone(), verifier, now: "2026-11-23T12:00:00Z".parse().unwrap(), refused: 0 }
    }

    /// Where the true certificate is.
    pub(crate) fn address(&self) -> String {
        format!("{}{NAME}.cer", self.store.folder())
    }

    /// A true delivery with the signature in this header.
    pub(crate) fn delivery_in(&self, mode: &str) -> Delivery {
        let delivery = Delivery { headers: HeaderMap::new(), body: BODY.into() };
        delivery
            .with("content-type", "application/json")
            .with("x-ms-certificate-url", self.address())
            .with("x-ms-signature-algorithm", "rsa-sha256")
            .with(mode, format!("Signature {}", STANDARD.encode(&TREE.signature)))
    }

    /// A true delivery.
    pub(crate) fn delivery(&self) -> Delivery {
        self.delivery_in(MODES[0])
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(crate) async fn verify(&self, delivery: &Delivery) -> Result<Event, Refusal> {
        self.verifier.verify(&delivery.headers, &delivery.body, self.now).await
    }

    /// A forgery. It must be refused, and for good: not only for now.
    pub(crate) async fn refuse(&mut self, forgery: Delivery) {
        let outcome = self.verify(&forgery).await;
        let refused = matches!(outcome, Err(Refusal::Signature { .. } | Refusal::TooLarge));
        assert!(refused, "{outcome:?} for {:?} and {:?}", forgery.headers, String::from_utf8_lossy(&forgery.body));
        self.refused += 1;
    }

    /// A forgery that names an address nobody has named before, a minute later: so that it is looked at and not merely
    /// turned away because too many were asked for.
    pub(crate) async fn refuse_with(&mut self, certificate: Vec<u8>, forgery: Delivery) {
        let address = self.store.publish(Served::File(certificate));
        self.pass(61);
        self.refuse(forgery.certificate_at(&address)).await;
        assert_eq!(self.store.count(&address), 1, "it was looked at");
    }

    /// A forgery that cannot be judged, or must not be.
    pub(crate) async fn keep_out(&mut self, forgery: Delivery) {
        let outcome = self.verify(&forgery).await;
        let kept_out = matches!(outcome, Err(Refusal::Signature { .. } | Refusal::Transient { .. }));
        assert!(kept_out, "{outcome:?} for {:?}", forgery.headers);
        self.refused += 1;
    }

    /// The verifier is not one that refuses everything.
    pub(crate) async fn believe(&self) {
        for mode in MODES {
            let outcome = self.verify(&self.delivery_in(mode)).await;
            assert!(outcome.is_ok(), "{mode}: {outcome:?}");
        }
    }
}
