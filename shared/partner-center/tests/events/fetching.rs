//! What the folder holds under the name is not the signer's certificate, or nothing at all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::PublicKeyData;

use crate::arena::Arena;
use crate::dice::Dice;
use crate::store::Served;
use crate::tree::{BODY, TREE};

/// The true certificate, served with another status.
fn with_status(status: u16) -> Served {
    Served::Answer(status, Vec::new(), TREE.leaf.clone())
}

pub(crate) async fn it_redirects(arena: &mut Arena) {
    let right = arena.address();
    let ear = arena.store.ear();
    for status in [300, 301, 302, 303, 304, 307, 308] {
        for target in [
            format!("http://{ear}/cert/x.cer"),
            "https://evil.example/x.cer".to_owned(),
            right.clone(),
            "/elsewhere/x.cer".to_owned(),
        ] {
            let served = Served::Answer(status, vec![("location", target)], TREE.leaf.clone());
            let address = arena.store.publish(served);
            arena.pass(61);
            let forgery = arena.delivery().certificate_at(address);
            arena.refuse(forgery).await;
        }
    }
}

pub(crate) async fn it_is_not_there(arena: &mut Arena) {
    for status in [400, 401, 403, 404, 405, 410, 416, 451] {
        for served in [with_status(status), Served::Answer(status, Vec::new(), Vec::new())] {
            let address = arena.store.publish(served);
            arena.pass(61);
            let forgery = arena.delivery().certificate_at(address);
            arena.refuse(forgery).await;
        }
    }
    for number in 0..40 {
        arena.pass(61);
        let forgery = arena.delivery().certificate_at(format!("{}nobody-{number}.cer", arena.store.folder()));
        arena.refuse(forgery).await;
    }
}

pub(crate) async fn the_store_is_away(arena: &mut Arena) {
    for status in [408, 429, 500, 502, 503, 504] {
        let address = arena.store.publish(with_status(status));
        arena.pass(61);
        let forgery = arena.delivery().certificate_at(address);
        arena.keep_out(forgery).await;
    }
    for _ in 0..3 {
        let address = arena.store.publish(Served::File(TREE.leaf.clone()));
        arena.store.cut(&address);
        arena.pass(61);
        let forgery = arena.delivery().certificate_at(address);
        arena.keep_out(forgery).await;
    }
}

pub(crate) async fn the_store_never_answers(arena: &mut Arena) {
    let address = arena.store.publish(Served::Never);
    let forgery = arena.delivery().certificate_at(address);
    arena.keep_out(forgery).await;
}

pub(crate) async fn it_is_too_large(arena: &mut Arena) {
    for size in [32 * 1024 + 1, 64 * 1024, 1024 * 1024] {
        let mut padded = TREE.leaf.clone();
        padded.resize(size, 0);
        let pem = format!("{}{}", pem(&TREE.leaf), " ".repeat(size));
        let before = format!("{}{}", " ".repeat(size), self::pem(&TREE.leaf));
        for file in [padded, pem.into_bytes(), before.into_bytes(), vec![0x30; size]] {
            let forgery = arena.delivery();
            arena.refuse_with(file, forgery).await;
        }
    }
}

fn pem(der: &[u8]) -> String {
    labelled("CERTIFICATE", der)
}

fn labelled(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(crate) async fn it_is_packed(arena: &mut Arena) {
    for head in [&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..], b"\x78\x9c", b"PK\x03\x04"] {
        for encoding in ["gzip", "deflate", "br", "x"] {
            let packed = [head, &TREE.leaf].concat();
            let served = Served::Answer(200, vec![("content-encoding", encoding.to_owned())], packed);
            let address = arena.store.publish(served);
            arena.pass(61);
            let forgery = arena.delivery().certificate_at(address);
            arena.refuse(forgery).await;
        }
    }
}

pub(crate) async fn its_end_is_missing(arena: &mut Arena) {
    for end in (0..TREE.leaf.len()).step_by(4) {
        let forgery = arena.delivery();
        arena.refuse_with(TREE.leaf[..end].to_vec(), forgery).await;
    }
}

pub(crate) async fn something_is_around_it(arena: &mut Arena) {
    for more in [&b"\0"[..], b"\n", b"0", b"\x30\x00", &TREE.leaf] {
        for file in [[&TREE.leaf, more].concat(), [more, &TREE.leaf].concat()] {
            if file[..] != TREE.leaf[..] {
                let forgery = arena.delivery();
                arena.refuse_with(file, forgery).await;
            }
        }
    }
}

pub(crate) async fn a_bit_of_it_is_flipped(arena: &mut Arena) {
    for bit in (0..TREE.leaf.len() * 8).step_by(5) {
        let mut certificate = TREE.leaf.clone();
        certificate[bit / 8] ^= 1 << (bit % 8);
        let forgery = arena.delivery();
        arena.refuse_with(certificate, forgery).await;
    }
}

pub(crate) async fn it_is_no_certificate(arena: &mut Arena) {
    let leaf = &TREE.leaf;
    let mut files: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"<html><body>404</body></html>".to_vec(),
        b"{}".to_vec(),
        BODY.into(),
        TREE.key.subject_public_key_info(),
        TREE.key.public_key_pem().into_bytes(),
        STANDARD.encode(leaf).into_bytes(),
        pem(b"").into_bytes(),
        pem(b"x").into_bytes(),
        pem(leaf).replace("-----END", "----END").into_bytes(),
        pem(leaf).replace("BEGIN CERT", "BEGIN  CERT").into_bytes(),
        pem(leaf).to_lowercase().into_bytes(),
    ];
    for label in [
        "PUBLIC KEY",
        "PKCS7",
        "CERTIFICATE REQUEST",
        "X509 CRL",
        "TRUSTED CERTIFICATE",
        "X509 CERTIFICATE",
        "RSA PUBLIC KEY",
        "CMS",
        "",
    ] {
        files.push(labelled(label, leaf).into_bytes());
    }
    for depth in [10, 100, 1_000, 10_000] {
        files.push([0x30, 0x80].repeat(depth));
    }
    for length in
        [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]
    {
        files.push([length, &leaf[4..]].concat());
    }
    let mut dice = Dice::new(7);
    for _ in 0..60 {
        let length = dice.below(1_000);
        files.push([&[0x30, 0x82][..], &(0..length).map(|_| dice.byte()).collect::<Vec<_>>()].concat());
    }
    for file in files {
        let forgery = arena.delivery();
        arena.refuse_with(file, forgery).await;
    }
}
