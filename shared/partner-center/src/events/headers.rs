//! The three headers of a signed event (partner-center-api 6.5): each exactly once, each of the one form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

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
        let encoded = match only(headers, "x-ms-signature")? {
            // Microsoft's own sample takes the part after the space, others the value as it is.
            Some(token) if !token.contains(' ') => token,
            Some(token) => after_scheme(token)?,
            None => match only(headers, "authorization")? {
                Some(token) => after_scheme(token)?,
                None => return Err(Refusal::signature("there is no signature")),
            },
        };
        let certificate_url = only(headers, "x-ms-certificate-url")?;
        let algorithm = only(headers, "x-ms-signature-algorithm")?;
        Ok(Self {
            signature: decoded(encoded)?,
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

/// `Signature <base64>`, spelled so.
fn after_scheme(token: &str) -> Result<&str, Refusal> {
    token.strip_prefix("Signature ").ok_or_else(|| Refusal::signature("the signature has another scheme"))
}

/// Strict: padded, canonical, nothing around it.
fn decoded(encoded: &str) -> Result<Vec<u8>, Refusal> {
    let signature = STANDARD.decode(encoded).map_err(|_| Refusal::signature("the signature is no base64"))?;
    match SIGNATURE_BYTES.contains(&signature.len()) {
        true => Ok(signature),
        false => Err(Refusal::signature("the signature has an impossible length")),
    }
}

/// The one algorithm: the header never names one to a library (partner-center-api 6.5).
fn known(algorithm: &str) -> Result<&'static dyn SignatureVerificationAlgorithm, Refusal> {
    match algorithm {
        "rsa-sha256" => Ok(RSA_PKCS1_2048_8192_SHA256),
        _ => Err(Refusal::signature("the algorithm is not rsa-sha256")),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const ADDRESS: &str = "https://store.example/cert/a.cer";

    /// What the headers are read as: the first byte of the signature.
    fn read(headers: &[(&str, &str)]) -> Result<u8, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Signed::read(&map).map(|signed| signed.signature[0])
    }

    fn encoded(first: u8, length: usize) -> String {
        STANDARD.encode([vec![first], vec![0; length - 1]].concat())
    }

    /// The headers of an event with this signature.
    fn with(name: &str, token: &str) -> Result<u8, Refusal> {
        read(&[(name, token), ("x-ms-certificate-url", ADDRESS), ("x-ms-signature-algorithm", "rsa-sha256")])
    }

    #[test]
    fn both_headers_are_read_and_the_one_we_register_for_goes_first() {
        let (one, two) = (encoded(1, 256), encoded(2, 256));
        assert_eq!(with("authorization", &format!("Signature {one}")), Ok(1));
        assert_eq!(with("x-ms-signature", &format!("Signature {one}")), Ok(1));
        assert_eq!(with("x-ms-signature", &one), Ok(1));
        let (one, two) = (format!("Signature {one}"), format!("Signature {two}"));
        let both = [
            ("authorization", two.as_str()),
            ("x-ms-signature", one.as_str()),
            ("x-ms-certificate-url", ADDRESS),
            ("x-ms-signature-algorithm", "rsa-sha256"),
        ];
        assert_eq!(read(&both), Ok(1));
    }

    #[test]
    fn a_signature_has_one_form() {
        for length in [256, 384, 512] {
            assert_eq!(with("x-ms-signature", &encoded(3, length)), Ok(3), "{length}");
        }
        let good = encoded(1, 256);
        let unpadded = good.trim_end_matches('=');
        // The last letter before the padding holds four bits that belong to no byte.
        let not_canonical = format!("{}B==", &good[..good.len() - 3]);
        for wrong in [
            "",
            "Signature",
            "Signature ",
            "!",
            unpadded,
            &not_canonical,
            &encoded(1, 255),
            &encoded(1, 257),
            &encoded(1, 1024),
            &format!("Signature  {good}"),
            &format!("Signature {good} {good}"),
            &format!("Signature {good},Signature {good}"),
            &format!("Bearer {good}"),
            &format!("signature {good}"),
            &format!("{good}\t"),
        ] {
            assert!(matches!(with("x-ms-signature", wrong), Err(Refusal::Signature { .. })), "{wrong}");
            assert!(matches!(with("authorization", wrong), Err(Refusal::Signature { .. })), "{wrong}");
        }
        assert!(with("authorization", &good).is_err(), "there the scheme is not optional");
    }

    #[test]
    fn each_header_comes_once() {
        let token = format!("Signature {}", encoded(1, 256));
        let all = [
            ("x-ms-signature", token.as_str()),
            ("x-ms-certificate-url", ADDRESS),
            ("x-ms-signature-algorithm", "rsa-sha256"),
        ];
        assert_eq!(read(&all), Ok(1));
        for (place, header) in all.iter().enumerate() {
            let mut without = all.to_vec();
            without.remove(place);
            assert!(matches!(read(&without), Err(Refusal::Signature { .. })), "{header:?}");
            let mut twice = all.to_vec();
            twice.push(*header);
            assert!(matches!(read(&twice), Err(Refusal::Signature { .. })), "{header:?}");
        }
    }

    #[test]
    fn no_other_algorithm_is_known() {
        let token = encoded(1, 256);
        let others = ["", "rsa-sha1", "rsa-sha512", "RSA-SHA256", "sha256", "none", "rsa-sha256 ", "hmac-sha256"];
        for algorithm in others {
            let headers = [
                ("x-ms-signature", token.as_str()),
                ("x-ms-certificate-url", ADDRESS),
                ("x-ms-signature-algorithm", algorithm),
            ];
            assert!(matches!(read(&headers), Err(Refusal::Signature { .. })), "{algorithm}");
        }
    }

    #[test]
    fn headers_have_an_end() {
        let (token, long) = (encoded(1, 256), "x".repeat(HEADER_BYTES_MAX));
        let headers = [
            ("x-ms-signature", token.as_str()),
            ("x-ms-certificate-url", ADDRESS),
            ("x-ms-signature-algorithm", "rsa-sha256"),
            ("x-filler", long.as_str()),
        ];
        assert!(read(&headers[..3]).is_ok() && read(&headers).is_err());
    }
}
