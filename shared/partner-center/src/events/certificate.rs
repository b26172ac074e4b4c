//! Whether a certificate is one that may sign events, and whether it signed this one (reliability 1.3, points 6 and 7).

use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::headers::Signed;
use super::{ConfigError, EventsConfig, Refusal};

/// Whom we trust, and what the signer's certificate must say.
pub(super) struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    organization: String,
    name: String,
}

impl Trust {
    pub(super) fn new(config: &EventsConfig) -> Result<Self, ConfigError> {
        let mut anchors = webpki_roots::TLS_SERVER_ROOTS.to_vec();
        for certificate in certificates("trusted_roots", &config.trusted_roots)? {
            let anchor = anchor_from_trusted_cert(&certificate).map_err(|_| ConfigError {
                key: "trusted_roots",
                reason: "holds something that is no root".to_owned(),
            })?;
            anchors.push(anchor.to_owned());
        }
        Ok(Self {
            anchors,
            intermediates: certificates("intermediates", &config.intermediates)?,
            organization: config.signer_organization.clone(),
            name: config.signer_name.clone(),
        })
    }

    pub(super) fn check(
        &self,
        certificate: &CertificateDer<'_>,
        signed: &Signed,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let end_entity =
            EndEntityCert::try_from(certificate).map_err(|_| Refusal::signature("the certificate cannot be read"))?;
        self.check_chain(&end_entity, now)?;
        self.check_names(certificate)?;
        end_entity
            .verify_signature(signed.algorithm, body, &signed.signature)
            .map_err(|_| Refusal::signature("the signature does not fit the body"))
    }

    /// The published certificate is the leaf alone, and nothing is downloaded to complete the chain.
    fn check_chain(&self, end_entity: &EndEntityCert<'_>, now: Timestamp) -> Result<(), Refusal> {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let verify = |usage: KeyUsage| {
            let (anchors, intermediates) = (self.anchors.as_slice(), self.intermediates.as_slice());
            end_entity
                .verify_for_usage(ALL_VERIFICATION_ALGS, anchors, intermediates, time, usage, None, None)
                .map(|_| ())
        };
        let verified = verify(KeyUsage::server_auth()).or_else(|error| match error {
            Error::RequiredEkuNotFoundContext(_) => verify(KeyUsage::client_auth()),
            other => Err(other),
        });
        verified.map_err(|error| Refusal::signature(chain_fault(&error)))
    }

    /// Another certificate of the same organization must not do, nor the same name of another.
    fn check_names(&self, certificate: &CertificateDer<'_>) -> Result<(), Refusal> {
        let (_, parsed) = X509Certificate::from_der(certificate)
            .map_err(|_| Refusal::signature("the certificate's names cannot be read"))?;
        let organizations: Vec<_> = parsed.subject().iter_organization().map(|name| name.as_str().ok()).collect();
        if organizations != [Some(self.organization.as_str())] {
            return Err(Refusal::signature("the certificate belongs to another organization"));
        }
        let common = parsed.subject().iter_common_name().any(|name| name.as_str().ok() == Some(self.name.as_str()));
        let alternative = parsed.subject_alternative_name().ok().flatten().is_some_and(|names| {
            names.value.general_names.iter().any(|name| matches!(name, GeneralName::DNSName(dns) if *dns == self.name))
        });
        match common || alternative {
            true => Ok(()),
            false => Err(Refusal::signature("the certificate has another name")),
        }
    }
}

/// The faults that an operator can tell apart and do something about.
fn chain_fault(error: &Error) -> &'static str {
    match error {
        Error::UnknownIssuer => {
            "the certificate leads to no trusted root: partner_center.events.intermediates may lack its issuer"
        }
        Error::CertExpired { .. } => "the certificate has expired",
        Error::CertNotValidYet { .. } => "the certificate is not valid yet",
        _ => "the certificate's chain does not hold",
    }
}

/// Every certificate in PEM texts, or in files that they name.
fn certificates(key: &'static str, entries: &[String]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let mut found = Vec::new();
    for entry in entries {
        let wrong = |reason: String| ConfigError { key, reason };
        let pem = match entry.contains("-----BEGIN") {
            true => entry.clone(),
            false => {
                std::fs::read_to_string(entry).map_err(|error| wrong(format!("{entry} cannot be read ({error})")))?
            }
        };
        let before = found.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            found.push(certificate.map_err(|_| wrong("holds something that is no PEM certificate".to_owned()))?);
        }
        if found.len() == before {
            return Err(wrong("an entry holds no PEM certificate".to_owned()));
        }
    }
    Ok(found)
}
