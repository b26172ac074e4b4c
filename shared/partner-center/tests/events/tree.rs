//! Keys and certificates, made once: a root, intermediates good and bad, the signer's leaf, and strangers.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm,
    date_time_ymd,
};

/// What is signed.
pub(crate) const BODY: &str = r#"{"EventName":"referral-updated","ResourceUri":"https://api.partnercenter.microsoft.com/engagements/v1/referrals/11111111-aaaa-4bbb-8ccc-000000000001","ResourceName":"referral","AuditUri":null,"ResourceChangeUtcDate":"2026-11-23T05:00:00.5485487+00:00"}"#;
/// Whom we trust to sign.
pub(crate) const ORGANIZATION: &str = "Microsoft Corporation";
pub(crate) const NAME: &str = "pcnotifications-dispatch.microsoft.com";

/// Who vouches for a certificate.
pub(crate) type Authority = Issuer<'static, KeyPair>;

/// All keys and the certificates above the leaves.
pub(crate) struct Tree {
    /// The key behind the true certificate.
    pub(crate) key: KeyPair,
    pub(crate) rsa: RsaKeyPair,
    /// The key of somebody else.
    pub(crate) other_key: KeyPair,
    pub(crate) other_rsa: RsaKeyPair,
    /// The true certificate, and the true signature of [`BODY`].
    pub(crate) leaf: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) root_pem: String,
    /// Those that a careless operator has configured: the good one, and the bad ones below.
    pub(crate) intermediate_pems: Vec<String>,
    /// The good one.
    pub(crate) issuing: Authority,
    /// A root that nobody trusts, with the name of the good one.
    pub(crate) strange_root: Authority,
    /// Issuing authorities that must not be followed, by what is wrong with them.
    pub(crate) bad: Vec<(&'static str, Authority)>,
}

/// The tree of this process: making RSA keys takes long.
pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(Tree::grow);

impl Tree {
    fn grow() -> Self {
        let (key, rsa) = rsa_key();
        let (other_key, other_rsa) = rsa_key();
        let root_key = KeyPair::generate().unwrap();
        let root_params = authority("Test Root CA");
        let root_pem = root_params.self_signed(&root_key).unwrap().pem();
        let root = Issuer::new(root_params, root_key);
        let strange_root = Issuer::new(authority("Test Root CA"), KeyPair::generate().unwrap());
        let mut pems = Vec::new();
        let mut issue = |params: CertificateParams, by: &Authority| {
            let key = KeyPair::generate().unwrap();
            pems.push(params.signed_by(&key, by).unwrap().pem());
            Issuer::new(params, key)
        };
        let issuing = issue(authority("Test Issuing CA 01"), &root);
        let mut no_authority = authority("Test Issuing CA 02");
        no_authority.is_ca = IsCa::ExplicitNoCa;
        let silent = changed(authority("Test Issuing CA 03"), |params| params.is_ca = IsCa::NoCa);
        let mut last = authority("Test Issuing CA 04");
        last.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ended = date_time_ymd(2026, 11, 1);
        let past = changed(authority("Test Issuing CA 05"), |params| params.not_after = ended);
        let mut narrow = authority("Test Issuing CA 06");
        let excluded_subtrees = vec![GeneralSubtree::DnsName("microsoft.com".to_owned())];
        narrow.name_constraints = Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees });
        let mut for_mail = authority("Test Issuing CA 07");
        for_mail.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        let last = issue(last, &root);
        let bad = vec![
            ("CA:FALSE", issue(no_authority, &root)),
            ("no basic constraints", issue(silent, &root)),
            ("below a path length of 0", issue(authority("Test Issuing CA 14"), &last)),
            ("expired", issue(past, &root)),
            ("excludes the name", issue(narrow, &root)),
            ("for e-mail alone", issue(for_mail, &root)),
            ("of a strange root", issue(authority("Test Issuing CA 08"), &strange_root)),
            (
                "of the same name, with another key",
                Issuer::new(authority("Test Issuing CA 01"), KeyPair::generate().unwrap()),
            ),
        ];
        let leaf = true_params().signed_by(&key, &issuing).unwrap().der().to_vec();
        let signature = signed(&rsa, &RSA_PKCS1_SHA256, BODY.as_bytes());
        Self {
            leaf,
            signature,
            key,
            rsa,
            other_key,
            other_rsa,
            root_pem,
            intermediate_pems: pems,
            issuing,
            strange_root,
            bad,
        }
    }

    /// A certificate for the true key, by the good authority.
    pub(crate) fn certified(&self, params: &CertificateParams) -> Vec<u8> {
        self.certified_by(params, &self.issuing)
    }

    pub(crate) fn certified_by(&self, params: &CertificateParams, authority: &Authority) -> Vec<u8> {
        params.signed_by(&self.key, authority).unwrap().der().to_vec()
    }

    /// The true key's signature.
    pub(crate) fn sign(&self, body: &[u8]) -> Vec<u8> {
        signed(&self.rsa, &RSA_PKCS1_SHA256, body)
    }
}

/// A signature of any key and padding.
pub(crate) fn signed(key: &RsaKeyPair, padding: &'static dyn RsaEncoding, body: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(padding, &SystemRandom::new(), body, &mut signature).unwrap();
    signature
}

fn rsa_key() -> (KeyPair, RsaKeyPair) {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let rsa = RsaKeyPair::from_pkcs8(key.serialized_der()).unwrap();
    (key, rsa)
}

/// The same but for one thing.
pub(crate) fn changed(mut params: CertificateParams, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    change(&mut params);
    params
}

/// What the true certificate says.
pub(crate) fn true_params() -> CertificateParams {
    named(&[NAME], ORGANIZATION, NAME)
}

/// A leaf with these names.
pub(crate) fn named(alternative: &[&str], organization: &str, common: &str) -> CertificateParams {
    let alternative: Vec<String> = alternative.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(alternative).unwrap();
    params.distinguished_name = subject(organization, common);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 12, 31);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params
}

pub(crate) fn subject(organization: &str, common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "US");
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::CommonName, common);
    name
}

/// An authority of the true organization.
pub(crate) fn authority(common: &str) -> CertificateParams {
    let mut params = named(&[], ORGANIZATION, common);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = Vec::new();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

/// A public key whose private half nobody has any more.
pub(crate) struct Fixed(Vec<u8>);

impl Fixed {
    pub(crate) fn new(base64: &str) -> Self {
        Self(STANDARD.decode(base64).unwrap())
    }
}

impl PublicKeyData for Fixed {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}
