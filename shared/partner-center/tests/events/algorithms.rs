//! The header names another algorithm than the one, or names it in another way. The signature is right all the while.

use crate::arena::{Arena, Attack, MODES, can_be_sent};

const RIGHT: &str = "rsa-sha256";

fn refuse_all(arena: &mut Arena, names: impl IntoIterator<Item = String>) -> Attack<'_> {
    let names: Vec<String> = names.into_iter().collect();
    Box::pin(async move {
        for name in names {
            assert_ne!(name, RIGHT);
            if can_be_sent(&name) {
                for mode in MODES {
                    let forgery = arena.delivery_in(mode).with("x-ms-signature-algorithm", &name);
                    arena.refuse(forgery).await;
                }
            }
        }
    })
}

pub(crate) async fn it_is_another(arena: &mut Arena) {
    let hashes = ["md5", "sha1", "sha224", "sha384", "sha512", "sha3-256", "ripemd160", "none", "sha-256", "crc32"];
    let keys = ["rsa", "hmac", "ecdsa", "dsa", "ed25519", "rsassa-pss"];
    let pairs = keys.iter().flat_map(|key| hashes.iter().map(move |hash| format!("{key}-{hash}")));
    refuse_all(arena, pairs).await;
    let others =
        ["", "none", "None", "null", "*", "sha256", "rsa", "RS256", "PS256", "HS256", "sha256WithRSAEncryption"];
    refuse_all(arena, others.map(str::to_owned)).await;
    refuse_all(
        arena,
        ["1.2.840.113549.1.1.11", "rsa-pkcs1-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
            .map(str::to_owned),
    )
    .await;
}

pub(crate) async fn its_case_is_another(arena: &mut Arena) {
    let letters = RIGHT.char_indices().filter(|(_, letter)| letter.is_ascii_lowercase());
    let upper = letters.map(|(place, _)| {
        let mut name = RIGHT.to_owned();
        name[place..=place].make_ascii_uppercase();
        name
    });
    refuse_all(arena, upper.chain(["RSA-SHA256", "Rsa-Sha256", "rsa-SHA256", "RSA-sha256"].map(str::to_owned))).await;
}

pub(crate) async fn a_letter_is_another(arena: &mut Arena) {
    for place in 0..RIGHT.len() {
        let (start, end) = (&RIGHT[..place], &RIGHT[place + 1..]);
        let others = ["", " ", "_", "x", "0", "é", "\t"].map(|other| format!("{start}{other}{end}"));
        refuse_all(arena, others).await;
    }
}

pub(crate) async fn something_is_around_it(arena: &mut Arena) {
    for around in [" ", "\t", "\"", "'", ";", ",", "\u{a0}", "\u{200b}", "\u{feff}", "x", ".", "-", "/"] {
        refuse_all(arena, [format!("{around}{RIGHT}"), format!("{RIGHT}{around}"), format!("{around}{RIGHT}{around}")])
            .await;
    }
}

pub(crate) async fn there_are_several(arena: &mut Arena) {
    for between in [",", ", ", ";", " ", "|", "/", "+"] {
        for other in ["rsa-sha256", "rsa-sha1", "none"] {
            refuse_all(arena, [format!("{RIGHT}{between}{other}"), format!("{other}{between}{RIGHT}")]).await;
        }
    }
}
