//! Verifies Partner Center's signed events and reads them (reliability 1.3, partner-center-api 6).
//!
//! Fail closed, cheap checks first: headers, sizes, the certificate's address, then the certificate (fetched only from
//! the configured folders, and cached), its chain and its names, the signature over the raw body, and only then JSON.

mod headers;

mod certificate_store;
mod folder;
mod public_address;

mod certificate;
mod message;

use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use certificate::Trust;
use certificate_store::CertificateStore;
use folder::Folder;
use headers::Signed;

pub use message::{Event, EventName};

/// The largest body, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Who may sign an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsConfig {
    /// Folders that certificates may come from, with a `/` at the end.
    pub certificate_urls: Vec<String>,
    /// Organization in the certificate.
    pub signer_organization: String,
    /// Name in the certificate.
    pub signer_name: String,
    /// More anchors: PEM text, or paths of PEM files.
    pub trusted_roots: Vec<String>,
    /// Not anchors: PEM text, or paths of PEM files.
    pub intermediates: Vec<String>,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ConfigError {
    /// Which key of `[partner_center.events]`.
    pub key: &'static str,
    /// What is wrong.
    pub reason: String,
}

/// Why an event is not believed, or not now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is over 64 KiB.
    #[error("the body is over 64 KiB")]
    TooLarge,
    /// It is not signed by whom we trust.
    #[error("{reason}")]
    Signature {
        /// What is wrong.
        reason: String,
    },
    /// It is signed, and makes no sense.
    #[error("{reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// It cannot be judged now.
    #[error("{reason}")]
    Transient {
        /// Why not.
        reason: String,
    },
}

impl Refusal {
    fn signature(reason: impl Into<String>) -> Self {
        Self::Signature { reason: reason.into() }
    }
}

/// Verifies events. Share it: certificates are cached.
pub struct Verifier {
    certificates: CertificateStore,
    trust: Trust,
}

impl Verifier {
    /// A verifier that believes these signers.
    ///
    /// # Errors
    /// A signer without a name, a folder that is no address, a PEM that cannot be read.
    pub fn new(config: EventsConfig) -> Result<Self, ConfigError> {
        for (key, text) in [("signer_organization", &config.signer_organization), ("signer_name", &config.signer_name)]
        {
            if text.trim().is_empty() {
                return Err(ConfigError { key, reason: "is empty: whoever has any certificate could sign".to_owned() });
            }
        }
        let folders = config.certificate_urls.iter().map(|text| Folder::new(text)).collect::<Result<Vec<_>, _>>()?;
        let certificates = CertificateStore::new(folders, &config.signer_name)?;
        Ok(Self { certificates, trust: Trust::new(&config)? })
    }

    /// Believes an event, or says why not.
    ///
    /// # Errors
    /// See [`Refusal`]; each is one answer of the door.
    pub async fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Event, Refusal> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        let signed = Signed::read(headers)?;
        let address = &signed.certificate_url;
        let certificate = self.certificates.get(address, now).await?;
        if let Err(refusal) = self.trust.check(&certificate, &signed, body, now) {
            // Perhaps it was renewed under the same address.
            let renewed = self.certificates.newer_than(&certificate, address, now).await.ok_or(refusal)?;
            self.trust.check(&renewed, &signed, body, now)?;
        }
        let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        Event::read(body, digest, now)
    }
}
