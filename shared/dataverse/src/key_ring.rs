//! Who may call our webhook: whoever knows one of the live keys (reliability 1.4).
//!
//! Dataverse signs nothing; the shared key in the header is all there is (dataverse-api 5.1). Two keys may live at once,
//! so that a rotation loses no call.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The live keys, as digests.
#[derive(Clone)]
pub struct KeyRing {
    digests: Vec<[u8; 32]>,
}

impl KeyRing {
    /// Takes the live keys. Empty ones are left out; a ring without keys accepts nobody.
    #[must_use]
    pub fn new(keys: &[SecretString]) -> Self {
        let keys = keys.iter().map(|key| key.expose_secret().as_bytes());
        Self { digests: keys.filter(|key| !key.is_empty()).map(digest).collect() }
    }

    /// Whether the presented key is one of the ring.
    ///
    /// Digests of equal length are compared, over all keys, so that the time tells nothing about any of them.
    #[must_use]
    pub fn accepts(&self, presented: Option<&[u8]>) -> bool {
        let presented = digest(presented.unwrap_or_default());
        let matches = |found: Choice, key: &[u8; 32]| found | key.ct_eq(&presented);
        self.digests.iter().fold(Choice::from(0), matches).into()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyRing({} keys)", self.digests.len())
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: &str = "5b0c1f0e9d7a4c3e8f2b6a1d0c9e8f7a";
    const PREVIOUS: &str = "older~key+with/odd=characters";

    fn ring() -> KeyRing {
        KeyRing::new(&[CURRENT, PREVIOUS].map(SecretString::from))
    }

    #[test]
    fn both_live_keys_open() {
        assert!(ring().accepts(Some(CURRENT.as_bytes())));
        assert!(ring().accepts(Some(PREVIOUS.as_bytes())));
    }

    #[test]
    fn every_near_miss_stays_out() {
        let ring = ring();
        for key in [CURRENT, PREVIOUS] {
            for position in 0..key.len() {
                for bit in 0..8 {
                    let mut wrong = key.as_bytes().to_vec();
                    wrong[position] ^= 1 << bit;
                    assert!(!ring.accepts(Some(&wrong)), "{position} {bit}");
                }
                assert!(!ring.accepts(Some(&key.as_bytes()[..position])));
            }
            for wrong in [format!("{key}0"), format!(" {key}"), format!("{key}\0"), key.to_uppercase(), key.repeat(2)] {
                assert!(!ring.accepts(Some(wrong.as_bytes())), "{wrong}");
            }
            assert!(!ring.accepts(Some(&digest(key.as_bytes()))), "the digest is not the key");
        }
        assert!(!ring.accepts(Some(format!("{CURRENT},{PREVIOUS}").as_bytes())));
        assert!(!ring.accepts(Some(b"")));
        assert!(!ring.accepts(None));
    }

    #[test]
    fn an_empty_key_is_no_key() {
        for ring in [KeyRing::new(&[]), KeyRing::new(&[SecretString::from("")])] {
            assert!(!ring.accepts(None));
            assert!(!ring.accepts(Some(b"")));
        }
    }

    #[test]
    fn the_ring_does_not_print_its_keys() {
        assert_eq!(format!("{:?}", ring()), "KeyRing(2 keys)");
    }
}
