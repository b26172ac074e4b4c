//! The signature is not that of the key in the certificate over the body.

use aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData, SigningKey};
use sha2::{Digest, Sha256, Sha512};

use crate::arena::{Arena, Attack, MODES};
use crate::dice::Dice;
use crate::fixtures;
use crate::tree::{BODY, Fixed, TREE, signed, true_params};

fn true_signature() -> Vec<u8> {
    TREE.signature.clone()
}

fn refuse_all(arena: &mut Arena, signatures: impl IntoIterator<Item = Vec<u8>>) -> Attack<'_> {
    let signatures: Vec<Vec<u8>> = signatures.into_iter().collect();
    Box::pin(async move {
        for signature in signatures {
            assert_ne!(signature, true_signature());
            let forgery = arena.delivery().signed(&signature);
            arena.refuse(forgery).await;
        }
    })
}

pub(crate) async fn a_bit_is_flipped(arena: &mut Arena) {
    let flipped = |bit: usize| {
        let mut signature = true_signature();
        signature[bit / 8] ^= 1 << (bit % 8);
        signature
    };
    refuse_all(arena, (0..256 * 8).map(flipped)).await;
}

pub(crate) async fn a_byte_is_another(arena: &mut Arena) {
    let mut dice = Dice::new(2);
    let mut signatures = Vec::new();
    for place in 0..256 {
        for _ in 0..4 {
            let mut signature = true_signature();
            signature[place] = signature[place].wrapping_add(1 + dice.byte() % 255);
            signatures.push(signature);
        }
    }
    refuse_all(arena, signatures).await;
}

pub(crate) async fn it_is_shorter(arena: &mut Arena) {
    refuse_all(arena, (0..256).map(|end| true_signature()[..end].to_vec())).await;
    refuse_all(arena, (1..256).map(|start| true_signature()[start..].to_vec())).await;
}

pub(crate) async fn it_is_longer(arena: &mut Arena) {
    for length in (1..=64).chain([128, 256, 512, 1024]) {
        let more = vec![0; length];
        refuse_all(arena, [[true_signature(), more.clone()].concat(), [more, true_signature()].concat()]).await;
    }
    refuse_all(arena, [true_signature().repeat(2)]).await;
}

pub(crate) async fn it_is_turned_around(arena: &mut Arena) {
    let rotated = |by: usize| {
        let mut signature = true_signature();
        signature.rotate_left(by);
        signature
    };
    refuse_all(arena, (1..256).map(rotated)).await;
    refuse_all(
        arena,
        [true_signature().into_iter().rev().collect(), true_signature().iter().map(|byte| !byte).collect()],
    )
    .await;
}

pub(crate) async fn it_is_one_byte_again_and_again(arena: &mut Arena) {
    for byte in 0..=255 {
        refuse_all(arena, [256, 384, 512].map(|length| vec![byte; length])).await;
    }
}

pub(crate) async fn it_is_a_small_number_or_close_to_the_modulus(arena: &mut Arena) {
    let der = TREE.key.der_bytes();
    // The modulus stands in the key with a zero before it and the exponent after it.
    let start = der.windows(4).position(|window| window == [0x02, 0x82, 0x01, 0x01]).unwrap() + 5;
    let modulus = der[start..start + 256].to_vec();
    for number in 0..64_u8 {
        let mut small = vec![0; 256];
        small[255] = number;
        let mut close = modulus.clone();
        close[255] = close[255].wrapping_sub(number);
        refuse_all(arena, [small, close]).await;
    }
    // The same residue, written with a larger number.
    let mut carry = 0;
    let mut sum: Vec<u8> = vec![0; 256];
    for (place, signature) in true_signature().iter().enumerate().rev() {
        let total = u16::from(*signature) + u16::from(modulus[place]) + carry;
        (sum[place], carry) = (total.to_le_bytes()[0], total >> 8);
    }
    let carry = carry.to_le_bytes()[0];
    refuse_all(arena, [sum.clone(), [vec![carry], sum].concat()]).await;
}

pub(crate) async fn it_is_noise(arena: &mut Arena) {
    let mut dice = Dice::new(3);
    let noise: Vec<Vec<u8>> =
        (0..600).map(|number| (0..[256, 384, 512][number % 3]).map(|_| dice.byte()).collect()).collect();
    refuse_all(arena, noise).await;
}

pub(crate) async fn it_is_of_another_body(arena: &mut Arena) {
    for number in 2..202 {
        let other = BODY.replace("000000000001", &format!("{number:012}"));
        refuse_all(arena, [TREE.sign(other.as_bytes())]).await;
    }
    refuse_all(arena, [TREE.sign(b""), TREE.sign(format!("{BODY}\n").as_bytes())]).await;
}

pub(crate) async fn it_is_of_something_made_of_the_body(arena: &mut Arena) {
    let hexadecimal: String = Sha256::digest(BODY).iter().map(|byte| format!("{byte:02x}")).collect();
    let made = [
        Sha256::digest(BODY).to_vec(),
        Sha512::digest(BODY).to_vec(),
        hexadecimal.clone().into_bytes(),
        hexadecimal.to_uppercase().into_bytes(),
        STANDARD.encode(BODY).into_bytes(),
        BODY.to_uppercase().into_bytes(),
        BODY.trim_matches(['{', '}']).as_bytes().to_vec(),
    ];
    refuse_all(arena, made.iter().map(|made| TREE.sign(made))).await;
}

pub(crate) async fn it_is_somebody_elses(arena: &mut Arena) {
    for number in 0..200 {
        let body = BODY.replace("000000000001", &format!("{number:012}"));
        let forgery = arena.delivery().signed(&signed(&TREE.other_rsa, &RSA_PKCS1_SHA256, body.as_bytes()));
        arena.refuse(forgery.body(body)).await;
    }
}

pub(crate) async fn its_digest_is_another(arena: &mut Arena) {
    let paddings: [&'static dyn RsaEncoding; 2] = [&RSA_PKCS1_SHA384, &RSA_PKCS1_SHA512];
    for padding in paddings {
        for name in ["rsa-sha256", "rsa-sha384", "rsa-sha512", "RSA-SHA512"] {
            for mode in MODES {
                let forgery = arena.delivery_in(mode).signed(&signed(&TREE.rsa, padding, BODY.as_bytes()));
                arena.refuse(forgery.with("x-ms-signature-algorithm", name)).await;
            }
        }
    }
}

pub(crate) async fn its_padding_is_another(arena: &mut Arena) {
    let paddings: [&'static dyn RsaEncoding; 3] = [&RSA_PSS_SHA256, &RSA_PSS_SHA384, &RSA_PSS_SHA512];
    for padding in paddings {
        for name in ["rsa-sha256", "rsa-pss-sha256", "ps256"] {
            for _ in 0..10 {
                // Its salt is another each time.
                let forgery = arena.delivery().signed(&signed(&TREE.rsa, padding, BODY.as_bytes()));
                arena.refuse(forgery.with("x-ms-signature-algorithm", name)).await;
            }
        }
    }
}

pub(crate) async fn its_digest_is_broken_or_missing(arena: &mut Arena) {
    let key = Fixed::new(fixtures::PUBLIC_2048);
    let certificate = true_params().signed_by(&key, &TREE.issuing).unwrap().der().to_vec();
    for signature in [fixtures::SHA1_2048, fixtures::MD5_2048, fixtures::SHA224_2048, fixtures::BARE_2048] {
        for name in ["rsa-sha256", "rsa-sha1", "RSA-SHA1", "rsa-md5", "rsa-sha224", "rsa-none", "rsa", "rsa-"] {
            let forgery = arena.delivery().signed(&STANDARD.decode(signature).unwrap());
            let forgery = forgery.with("x-ms-signature-algorithm", name);
            match name {
                "rsa-sha256" => arena.refuse_with(certificate.clone(), forgery).await,
                _ => arena.refuse(forgery).await,
            }
        }
    }
}

pub(crate) async fn its_key_is_too_short(arena: &mut Arena) {
    let key = Fixed::new(fixtures::PUBLIC_1024);
    let certificate = true_params().signed_by(&key, &TREE.issuing).unwrap().der().to_vec();
    let signature = STANDARD.decode(fixtures::SHA256_1024).unwrap();
    for padded in [signature.clone(), [vec![0; 128], signature.clone()].concat(), [signature, vec![0; 128]].concat()] {
        let address = arena.store.publish(crate::store::Served::File(certificate.clone()));
        arena.pass(61);
        let forgery = arena.delivery().signed(&padded).certificate_at(address);
        arena.refuse(forgery).await;
    }
}

pub(crate) async fn its_key_is_no_rsa_key(arena: &mut Arena) {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = true_params().signed_by(&key, &TREE.issuing).unwrap().der().to_vec();
        let signature = key.sign(BODY.as_bytes()).unwrap();
        for length in [256, 384, 512] {
            let mut padded = signature.clone();
            padded.resize(length, 0);
            let forgery = arena.delivery().signed(&padded);
            arena.refuse_with(certificate.clone(), forgery).await;
        }
        for name in ["ecdsa-sha256", "ed25519", "rsa-sha256"] {
            let forgery = arena.delivery().signed(&signature).with("x-ms-signature-algorithm", name);
            arena.refuse(forgery).await;
        }
    }
}
