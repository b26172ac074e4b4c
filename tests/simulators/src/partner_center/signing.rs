//! Who signs events, and the certificates that prove it (partner-center-api 6.5, reliability 1.3): a root, an
//! intermediate, and a leaf of Microsoft's dispatcher, of which the leaf alone is published. Also the forgeries that a
//! receiver must see through.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, date_time_ymd,
};

use super::choices::Forgery;

/// The organization that the certificate names.
const ORGANIZATION: &str = "Microsoft Corporation";

/// The name of the dispatcher, in the certificate and in the documentation's sample address.
const NAME: &str = "pcnotifications-dispatch.microsoft.com";

/// The key that signs and the certificates that go with it.
pub(super) struct Signer {
    key: RsaKeyPair,
    root: Certificate,
    intermediate: Certificate,
    /// By file name.
    leaves: Vec<(&'static str, Certificate)>,
}

/// What the headers of a delivery say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// `Signature` and base64.
    pub(super) token: String,
    pub(super) certificate_file: &'static str,
    pub(super) algorithm: &'static str,
}

/// The certificates that are published, true and false: file, organization, name, last year of validity, whether the
/// known root vouches for it.
const LEAVES: &[(&str, &str, &str, i32, bool)] = &[
    ("pcnotifications-dispatch.microsoft.com.cer", ORGANIZATION, NAME, 2049, true),
    ("other-organization.cer", "Contoso Ltd", NAME, 2049, true),
    ("other-name.cer", ORGANIZATION, "mail.microsoft.com", 2049, true),
    ("expired.cer", ORGANIZATION, NAME, 2021, true),
    ("other-root.cer", ORGANIZATION, NAME, 2049, false),
];

impl Signer {
    /// The signer of all simulators in this process: making an RSA key takes long.
    pub(super) fn shared() -> io::Result<Arc<Self>> {
        static SHARED: Mutex<Option<Arc<Signer>>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = &*shared {
            return Ok(signer.clone());
        }
        let signer = Arc::new(Self::new().map_err(io::Error::other)?);
        *shared = Some(signer.clone());
        Ok(signer)
    }

    fn new() -> Result<Self, rcgen::Error> {
        let leaf_key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
        let key = RsaKeyPair::from_pkcs8(leaf_key.serialized_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        let (root, root_issuer) = self_made("Simulated Root CA")?;
        let (_, strange_issuer) = self_made("Strange Root CA")?;
        let intermediate_key = KeyPair::generate()?;
        let intermediate_params = authority("Simulated Issuing CA 01")?;
        let intermediate = intermediate_params.signed_by(&intermediate_key, &root_issuer)?;
        let issuer = Issuer::new(intermediate_params, intermediate_key);
        let leaf = |&(file, organization, name, last_year, vouched): &(&'static str, &str, &str, i32, bool)| {
            let issuer = if vouched { &issuer } else { &strange_issuer };
            let signed = leaf(organization, name, last_year)?.signed_by(&leaf_key, issuer)?;
            Ok((file, signed))
        };
        let leaves = LEAVES.iter().map(leaf).collect::<Result<_, rcgen::Error>>()?;
        Ok(Self { key, root, intermediate, leaves })
    }

    pub(super) fn root_pem(&self) -> String {
        self.root.pem()
    }

    pub(super) fn intermediates_pem(&self) -> Vec<String> {
        vec![self.intermediate.pem()]
    }

    /// A published certificate, as DER or PEM.
    pub(super) fn certificate(&self, file: &str, as_pem: bool) -> Option<Vec<u8>> {
        let (_, certificate) = self.leaves.iter().find(|(name, _)| *name == file)?;
        Some(if as_pem { certificate.pem().into_bytes() } else { certificate.der().to_vec() })
    }

    /// Signs a body. A forgery names another certificate or algorithm than it should; what else it does to a request
    /// is up to `deliveries`.
    pub(super) fn sign(&self, body: &[u8], forgery: Forgery) -> Result<Signature, aws_lc_rs::error::Unspecified> {
        let (padding, algorithm) = match forgery {
            Forgery::OtherAlgorithm => (&RSA_PKCS1_SHA512, "rsa-sha512"),
            _ => (&RSA_PKCS1_SHA256, "rsa-sha256"),
        };
        let certificate_file = match forgery {
            Forgery::OtherOrganization => LEAVES[1].0,
            Forgery::OtherName => LEAVES[2].0,
            Forgery::Expired => LEAVES[3].0,
            Forgery::OtherRoot => LEAVES[4].0,
            _ => LEAVES[0].0,
        };
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(padding, &SystemRandom::new(), body, &mut signature)?;
        let token = format!("Signature {}", BASE64_STANDARD.encode(signature));
        Ok(Signature { token, certificate_file, algorithm })
    }
}

fn self_made(name: &str) -> Result<(Certificate, Issuer<'static, KeyPair>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let params = authority(name)?;
    Ok((params.self_signed(&key)?, Issuer::new(params, key)))
}

fn authority(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(ORGANIZATION, name, Vec::new(), 2049)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf(organization: &str, name: &str, last_year: i32) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(organization, name, vec![name.to_owned()], last_year)?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn named(
    organization: &str,
    name: &str,
    alternative_names: Vec<String>,
    last_year: i32,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(alternative_names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "US");
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(last_year, 12, 31);
    Ok(params)
}
