//! The three headers of a signed event (partner-center-api 6.5): each exactly once, each of the one form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use rustls_pki_types::SignatureVerificationAlgorithm;

use super::Refusal;

/// All headers together have at most this many bytes.
const HEADER_BYTES_MAX: usize = 8 * 1024;
/// RSA of 2048, 3072 or 4096 bits.
const SIGNATURE_BYTES: [usize; 3] = [256, 384, 512];

/// What the headers claim.
pub(super) struct Signed {
    pub(super) signature: Vec<u8>,
    pub(super) certificate_url: String,
    pub(super) algorithm: &'static dyn SignatureVerificationAlgorithm,
}

impl Signed {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > HEADER_BYTES_MAX {
            return Err(Refusal::signature("the headers are over 8 KiB"));
        }
        // Front doors tamper with `Authorization`, so the header that we register for goes first.
        let token = match only(headers, "x-ms-signature")? {
            Some(token) => token,
            None => only(headers, "authorization")?.ok_or_else(|| Refusal::signature("there is no signature"))?,
        };
        let certificate_url = only(headers, "x-ms-certificate-url")?;
        let algorithm = only(headers, "x-ms-signature-algorithm")?;
        Ok(Self {
            signature: decoded(token)?,
            certificate_url: certificate_url.ok_or_else(|| Refusal::signature("no certificate is named"))?.to_owned(),
            algorithm: known(algorithm.ok_or_else(|| Refusal::signature("no algorithm is named"))?)?,
        })
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refusal::signature(format!("{name} comes twice")));
    }
    let text = |value: &'a http::HeaderValue| value.to_str();
    first.map(text).transpose().map_err(|_| Refusal::signature(format!("{name} is no text")))
}

/// `Signature <base64>`; Microsoft's own sample takes the part after the space, others the value as it is.
fn decoded(token: &str) -> Result<Vec<u8>, Refusal> {
    let encoded = match token.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("signature") => rest,
        Some(_) => return Err(Refusal::signature("the signature has another scheme")),
        None => token,
    };
    let signature = STANDARD.decode(encoded).map_err(|_| Refusal::signature("the signature is no base64"))?;
    match SIGNATURE_BYTES.contains(&signature.len()) {
        true => Ok(signature),
        false => Err(Refusal::signature("the signature has an impossible length")),
    }
}

/// A closed list: the header never names an algorithm to a library.
fn known(algorithm: &str) -> Result<&'static dyn SignatureVerificationAlgorithm, Refusal> {
    match algorithm.to_ascii_lowercase().as_str() {
        "rsa-sha256" => Ok(webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256),
        "rsa-sha384" => Ok(webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA384),
        "rsa-sha512" => Ok(webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA512),
        _ => Err(Refusal::signature("the algorithm is not one of rsa-sha256, rsa-sha384, rsa-sha512")),
    }
}
