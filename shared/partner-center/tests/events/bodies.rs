//! The body is not the one that was signed.

use crate::arena::{Arena, Attack, MODES};
use crate::dice::Dice;
use crate::tree::{BODY, TREE};

fn refuse_all(arena: &mut Arena, bodies: impl IntoIterator<Item = Vec<u8>>) -> Attack<'_> {
    let bodies: Vec<Vec<u8>> = bodies.into_iter().collect();
    Box::pin(async move {
        for body in bodies {
            if body != BODY.as_bytes() {
                let forgery = arena.delivery().body(body);
                arena.refuse(forgery).await;
            }
        }
    })
}

pub(crate) async fn a_bit_is_flipped(arena: &mut Arena) {
    let flipped = |bit: usize| {
        let mut body = BODY.as_bytes().to_vec();
        body[bit / 8] ^= 1 << (bit % 8);
        body
    };
    refuse_all(arena, (0..BODY.len() * 8).map(flipped)).await;
}

pub(crate) async fn bytes_are_exchanged(arena: &mut Arena) {
    let mut dice = Dice::new(1);
    let bodies = (0..1_000).map(|_| {
        let mut body = BODY.as_bytes().to_vec();
        for _ in 0..=dice.below(4) {
            let place = dice.below(body.len());
            body[place] = dice.byte();
        }
        body
    });
    refuse_all(arena, bodies.collect::<Vec<_>>()).await;
}

pub(crate) async fn the_end_is_missing(arena: &mut Arena) {
    refuse_all(arena, (0..BODY.len()).map(|end| BODY.as_bytes()[..end].to_vec())).await;
}

pub(crate) async fn the_start_is_missing(arena: &mut Arena) {
    refuse_all(arena, (1..=BODY.len()).map(|start| BODY.as_bytes()[start..].to_vec())).await;
}

pub(crate) async fn something_follows(arena: &mut Arena) {
    let with = |byte: u8| [BODY.as_bytes(), &[byte]].concat();
    refuse_all(arena, (0..=255).map(with)).await;
    refuse_all(arena, [BODY.repeat(2).into_bytes(), format!("{BODY}\r\n\r\n").into_bytes()]).await;
}

pub(crate) async fn something_precedes(arena: &mut Arena) {
    let with = |byte: u8| [&[byte], BODY.as_bytes()].concat();
    refuse_all(arena, (0..=255).map(with)).await;
    refuse_all(arena, [[b"\xef\xbb\xbf", BODY.as_bytes()].concat()]).await;
}

pub(crate) async fn a_space_comes_in_between(arena: &mut Arena) {
    let with = |place: usize| format!("{} {}", &BODY[..place], &BODY[place..]).into_bytes();
    refuse_all(arena, (0..=BODY.len()).map(with)).await;
}

pub(crate) async fn a_byte_is_left_out(arena: &mut Arena) {
    let without = |place: usize| [&BODY.as_bytes()[..place], &BODY.as_bytes()[place + 1..]].concat();
    refuse_all(arena, (0..BODY.len()).map(without)).await;
}

pub(crate) async fn it_tells_of_another_referral(arena: &mut Arena) {
    let other = |number: u32| BODY.replace("000000000001", &format!("{number:012}")).into_bytes();
    refuse_all(arena, (2..302).map(other)).await;
}

pub(crate) async fn it_tells_something_else(arena: &mut Arena) {
    let mut bodies = Vec::new();
    for name in
        ["referral-created", "related-referral-created", "related-referral-updated", "test-created", "invoice-ready"]
    {
        bodies.push(BODY.replace("referral-updated", name).into_bytes());
    }
    for day in 1..=30 {
        bodies.push(BODY.replace("2026-11-23T05", &format!("2026-11-{day:02}T06")).into_bytes());
    }
    refuse_all(arena, bodies).await;
}

pub(crate) async fn it_says_the_same_in_other_letters(arena: &mut Arena) {
    let escaped = |letter: char| format!("\\u{:04x}", u32::from(letter));
    let mut bodies = vec![
        BODY.replace('/', "\\/").into_bytes(),
        BODY.replace("EventName", "eventName").into_bytes(),
        BODY.replace("\"AuditUri\":null,", "").into_bytes(),
        BODY.replace("+00:00", "Z").into_bytes(),
        BODY.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        BODY.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ];
    for letter in "efrstuvw".chars() {
        bodies.push(BODY.replacen(letter, &escaped(letter), 1).into_bytes());
    }
    refuse_all(arena, bodies).await;
}

pub(crate) async fn a_member_comes_twice(arena: &mut Arena) {
    let uri = r#""ResourceUri":"https://api.partnercenter.microsoft.com/engagements/v1/referrals/99999999-aaaa-4bbb-8ccc-000000000009","#;
    let bodies =
        [format!("{{{uri}{}", &BODY[1..]), format!("{},{}}}", &BODY[..BODY.len() - 1], uri.trim_end_matches(','))];
    refuse_all(arena, bodies.map(String::into_bytes)).await;
}

pub(crate) async fn it_is_packed(arena: &mut Arena) {
    // gzip and zlib heads: bodies of requests are not unpacked, whatever a header says.
    for head in [&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..], b"\x78\x9c", b"\x28\xb5\x2f\xfd"] {
        for encoding in ["gzip", "deflate", "zstd", "br", "identity", "gzip, gzip"] {
            let packed = [head, BODY.as_bytes()].concat();
            let forgery = arena.delivery().body(packed).with("content-encoding", encoding);
            arena.refuse(forgery).await;
        }
    }
}

pub(crate) async fn it_is_too_large(arena: &mut Arena) {
    for size in [64 * 1024 + 1, 100_000, 1024 * 1024] {
        let body = format!("{BODY}{}", " ".repeat(size - BODY.len()));
        for mode in MODES {
            // Signed or not.
            let forgery = arena.delivery_in(mode).body(body.clone());
            arena.refuse(forgery.clone()).await;
            arena.refuse(forgery.signed(&TREE.sign(body.as_bytes()))).await;
        }
    }
}

pub(crate) async fn there_is_none(arena: &mut Arena) {
    for mode in MODES {
        let forgery = arena.delivery_in(mode).body("");
        arena.refuse(forgery).await;
    }
}
