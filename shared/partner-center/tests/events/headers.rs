//! The headers are not the three, once each, in the one form. The signature is right all the while.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::arena::{Arena, Attack, MODES, can_be_sent};
use crate::tree::TREE;

const OTHERS: [&str; 2] = ["x-ms-certificate-url", "x-ms-signature-algorithm"];

/// The signature as it is sent, without its scheme.
fn encoded() -> String {
    STANDARD.encode(&TREE.signature)
}

/// Tokens in place of the true one, in both headers. A token without a scheme is one in `x-ms-signature` alone.
fn refuse_all(arena: &mut Arena, tokens: impl IntoIterator<Item = String>) -> Attack<'_> {
    let tokens: Vec<String> = tokens.into_iter().collect();
    Box::pin(async move {
        for token in tokens {
            if can_be_sent(&token) {
                for mode in MODES {
                    let forgery = arena.delivery_in(mode).with(mode, &token);
                    arena.refuse(forgery).await;
                }
            }
        }
    })
}

pub(crate) async fn some_are_missing(arena: &mut Arena) {
    for mode in MODES {
        for missing in 1..8 {
            let mut forgery = arena.delivery_in(mode);
            for (place, name) in [mode, OTHERS[0], OTHERS[1]].into_iter().enumerate() {
                if missing & (1 << place) != 0 {
                    forgery = forgery.without(name);
                }
            }
            arena.refuse(forgery).await;
        }
    }
}

pub(crate) async fn one_comes_twice(arena: &mut Arena) {
    for mode in MODES {
        for name in [mode, OTHERS[0], OTHERS[1]] {
            let delivery = arena.delivery_in(mode);
            let right = delivery.headers[name].to_str().unwrap().to_owned();
            for other in [right.as_str(), "", "x", "Signature AAAA", "https://evil.example/a.cer", "none"] {
                arena.refuse(delivery.clone().and(name, other)).await;
                arena.refuse(delivery.clone().with(name, other).and(name, &right)).await;
                arena.refuse(delivery.clone().and(name, other).and(name, other)).await;
            }
        }
    }
}

pub(crate) async fn two_values_are_in_one(arena: &mut Arena) {
    for mode in MODES {
        for name in [mode, OTHERS[0], OTHERS[1]] {
            let delivery = arena.delivery_in(mode);
            let right = delivery.headers[name].to_str().unwrap().to_owned();
            for between in [",", ", ", ";", "; ", " ", "  ", "\t"] {
                arena.refuse(delivery.clone().with(name, format!("{right}{between}{right}"))).await;
                arena.refuse(delivery.clone().with(name, format!("{right}{between}"))).await;
                arena.refuse(delivery.clone().with(name, format!("{between}{right}"))).await;
            }
        }
    }
}

pub(crate) async fn the_scheme_is_another(arena: &mut Arena) {
    let schemes = [
        "Bearer",
        "Basic",
        "Digest",
        "SharedKey",
        "signature",
        "SIGNATURE",
        "Signatur",
        "Signature:",
        "Signature=",
        "Signature,",
    ];
    refuse_all(arena, schemes.map(|scheme| format!("{scheme} {}", encoded()))).await;
    refuse_all(arena, ["Signature", "Signature ", "Signature  ", "", " "].map(str::to_owned)).await;
    refuse_all(arena, [format!("Signature\t{}", encoded()), format!("Signature{}", encoded())]).await;
    refuse_all(arena, [format!("Signature signature {}", encoded()), format!("x Signature {}", encoded())]).await;
    let bare = arena.delivery_in("authorization").with("authorization", encoded());
    arena.refuse(bare).await;
}

pub(crate) async fn the_signature_is_in_a_header_of_another_name(arena: &mut Arena) {
    let token = format!("Signature {}", encoded());
    for name in [
        "signature",
        "x-signature",
        "x-ms-signatures",
        "x_ms_signature",
        "proxy-authorization",
        "www-authenticate",
        "x-hub-signature-256",
        "x-ms-authorization",
    ] {
        let forgery = arena.delivery().without("x-ms-signature").with(name, &token);
        arena.refuse(forgery).await;
    }
}

pub(crate) async fn the_header_we_register_for_is_forged_and_the_other_is_right(arena: &mut Arena) {
    let wrong = TREE.sign(b"another body");
    for forged in
        [format!("Signature {}", STANDARD.encode(&wrong)), STANDARD.encode(wrong), "x".to_owned(), String::new()]
    {
        let forgery = arena.delivery_in("authorization").and("x-ms-signature", forged);
        arena.refuse(forgery).await;
    }
}

pub(crate) async fn a_letter_of_the_signature_has_another_case(arena: &mut Arena) {
    let right = encoded();
    let tokens = right.char_indices().filter(|(_, letter)| letter.is_ascii_alphabetic()).map(|(place, letter)| {
        let other = if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        format!("Signature {}{other}{}", &right[..place], &right[place + 1..])
    });
    refuse_all(arena, tokens.collect::<Vec<_>>()).await;
}

pub(crate) async fn something_is_put_into_the_signature(arena: &mut Arena) {
    let right = encoded();
    for odd in [' ', '\t', '=', '-', '.', ',', '%', '\\', '\u{a0}'] {
        let tokens = (0..=right.len()).map(|place| format!("Signature {}{odd}{}", &right[..place], &right[place..]));
        refuse_all(arena, tokens.step_by(5).collect::<Vec<_>>()).await;
    }
}

pub(crate) async fn its_padding_is_another(arena: &mut Arena) {
    let right = encoded();
    let bare = right.trim_end_matches('=');
    let paddings =
        ["", "=", "===", "====", "==\t", "==AA", "=A=", "%3D%3D", "=="].map(|padding| format!("{bare}{padding}"));
    let wrong = paddings.into_iter().filter(|token| *token != right).map(|token| format!("Signature {token}"));
    refuse_all(arena, wrong.collect::<Vec<_>>()).await;
}

/// The last letter before the padding holds four bits that belong to no byte.
pub(crate) async fn its_last_letter_says_more_than_it_should(arena: &mut Arena) {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let right = encoded();
    let (start, last) = (&right[..right.len() - 3], &right[right.len() - 3..right.len() - 2]);
    let others = ALPHABET.chars().filter(|letter| *letter.to_string() != *last);
    refuse_all(arena, others.map(|letter| format!("Signature {start}{letter}==")).collect::<Vec<_>>()).await;
}

pub(crate) async fn its_alphabet_is_another(arena: &mut Arena) {
    let signature = TREE.signature.clone();
    let hexadecimal: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut tokens = vec![
        hexadecimal.clone(),
        format!("0x{hexadecimal}"),
        hexadecimal.to_uppercase(),
        STANDARD.encode(encoded()),
        STANDARD.encode(hexadecimal),
        STANDARD_NO_PAD.encode(&signature),
        format!("data:;base64,{}", encoded()),
        format!("\"{}\"", encoded()),
        encoded().replace('=', "%3D"),
        encoded().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        encoded().replace('A', "\u{0410}"),
    ];
    let url_safe = URL_SAFE.encode(&signature);
    assert_ne!(url_safe, encoded(), "256 bytes hold one of the two letters that differ");
    tokens.push(url_safe);
    refuse_all(arena, tokens.into_iter().map(|token| format!("Signature {token}"))).await;
}

pub(crate) async fn they_are_too_many_or_too_long(arena: &mut Arena) {
    for mode in MODES {
        for size in [8 * 1024, 16 * 1024, 64 * 1024] {
            let forgery = arena.delivery_in(mode).with("x-filler", "x".repeat(size));
            arena.refuse(forgery).await;
        }
        let mut forgery = arena.delivery_in(mode);
        for number in 0..600 {
            forgery = forgery.and(&format!("x-filler-{number}"), "x");
        }
        arena.refuse(forgery).await;
    }
}

pub(crate) async fn they_hold_bytes_that_are_no_text(arena: &mut Arena) {
    for mode in MODES {
        for name in [mode, OTHERS[0], OTHERS[1]] {
            let delivery = arena.delivery_in(mode);
            let right = delivery.headers[name].as_bytes().to_vec();
            for odd in [&b"\x80"[..], b"\xff", b"\xc3\xa9", b"\xe2\x80\x8b", b"\xf0\x9f\x94\x91"] {
                arena.refuse(delivery.clone().with(name, [odd, &right].concat())).await;
                arena.refuse(delivery.clone().with(name, [&right, odd].concat())).await;
            }
        }
    }
}
