//! The certificate is said to be elsewhere on the right host, or nowhere.

use crate::addresses::{folders, refuse_all};
use crate::arena::Arena;
use crate::dice::Dice;
use crate::tree::NAME;

pub(crate) async fn a_letter_has_another_case(arena: &mut Arena) {
    for folder in folders(arena) {
        let letters = folder.char_indices().filter(|(_, letter)| letter.is_ascii_lowercase());
        let upper: Vec<String> = letters
            .map(|(place, _)| {
                let mut address = format!("{folder}{NAME}.cer");
                address[place..=place].make_ascii_uppercase();
                address
            })
            .collect();
        refuse_all(arena, upper).await;
        refuse_all(arena, [".CER", ".Cer", ".cEr"].map(|extension| format!("{folder}{NAME}{extension}"))).await;
    }
}

pub(crate) async fn a_letter_is_percent_encoded(arena: &mut Arena) {
    for folder in folders(arena) {
        let address = format!("{folder}{NAME}.cer");
        for (place, letter) in address.char_indices() {
            let (start, end) = (&address[..place], &address[place + 1..]);
            let code = u32::from(letter);
            refuse_all(
                arena,
                [
                    format!("{start}%{code:02x}{end}"),
                    format!("{start}%{code:02X}{end}"),
                    format!("{start}%25{code:02x}{end}"),
                ],
            )
            .await;
        }
    }
}

pub(crate) async fn something_is_put_into_it(arena: &mut Arena) {
    for folder in folders(arena) {
        let address = format!("{folder}{NAME}.cer");
        for odd in [
            " ", "\t", "\\", "%", "@", "#", "?", "%00", "%0a", "%0d%0a", "%09", "%20", "\u{a0}", "\u{200b}",
            "\u{feff}", "*", "[", "|", "\"",
        ] {
            let with = |place: usize| format!("{}{odd}{}", &address[..place], &address[place..]);
            refuse_all(arena, (0..=address.len()).map(with).collect::<Vec<_>>()).await;
        }
    }
}

/// Only before the name of the file: another name in the folder may be asked for.
pub(crate) async fn a_letter_of_the_folder_is_another(arena: &mut Arena) {
    let mut dice = Dice::new(6);
    for folder in folders(arena) {
        for place in 0..folder.len() {
            for _ in 0..8 {
                let letter = char::from(b"abcdefghijklmnopqrstuvwxyz0123456789.-_:/"[dice.below(41)]);
                let (start, end) = (&folder[..place], &folder[place + 1..]);
                let changed = [
                    format!("{start}{letter}{end}"),
                    format!("{start}{letter}{}", &folder[place..]),
                    format!("{start}{end}"),
                ];
                let changed = changed.into_iter().filter(|changed| *changed != folder && !changed.starts_with(&folder));
                refuse_all(arena, changed.map(|folder| format!("{folder}{NAME}.cer")).collect::<Vec<_>>()).await;
            }
        }
    }
}

pub(crate) async fn slashes_lean_the_other_way(arena: &mut Arena) {
    for folder in folders(arena) {
        let address = format!("{folder}{NAME}.cer");
        let mut slashes: Vec<usize> = address.match_indices('/').map(|(place, _)| place).collect();
        slashes.reverse();
        for choice in 1..1 << slashes.len() {
            let mut leaning = address.clone();
            for (place, slash) in slashes.iter().enumerate() {
                if choice & (1 << place) != 0 {
                    leaning.replace_range(slash..=slash, "\\");
                }
            }
            refuse_all(arena, [leaning]).await;
        }
    }
}

pub(crate) async fn the_path_leads_away(arena: &mut Arena) {
    let names = [
        "../cert/x.cer",
        "..",
        "../x.cer",
        "./x.cer",
        "x/../x.cer",
        "%2e%2e/x.cer",
        ".%2e/x.cer",
        "%2e/x.cer",
        "..%2fx.cer",
        "..%5cx.cer",
        "..\\x.cer",
        "/x.cer",
        "//x.cer",
        "sub/x.cer",
        "x.cer/",
        "x.cer/x.cer",
        "x..cer",
        "..cer",
        ".cer",
        "",
        "x",
        "x.",
        "x.pem",
        "x.crt",
        "x.der",
        "x.cer.pem",
        "x.cer.",
        "x.cer..",
        "x.p7b",
        "x.cer;x",
        "x;.cer",
        "x.cer%00",
        "x%00.cer",
        "x.cer%20",
        "~/x.cer",
        "$web/x.cer",
        "x+y.cer",
        "x,y.cer",
        "x:y.cer",
        "x=y.cer",
        "x!.cer",
        "x(1).cer",
        "x'.cer",
        "x&y.cer",
        "x*.cer",
    ];
    for folder in folders(arena) {
        refuse_all(arena, names.map(|name| format!("{folder}{name}"))).await;
        let long = [101, 102, 200, 1_000, 3_000].map(|length| format!("{folder}{}.cer", "x".repeat(length)));
        refuse_all(arena, long).await;
        let root = folder.strip_suffix("cert/").unwrap();
        let others = [
            "",
            "certs/",
            "Cert/",
            "CERT/",
            "cert2/",
            "ce/rt/",
            "cert/cert/",
            "x/cert/",
            "/cert/",
            "cert//",
            "cert./",
            "./cert/",
            "%63ert/",
        ];
        let others = others.into_iter().filter(|other| *other != "cert/cert/");
        refuse_all(arena, others.map(|other| format!("{root}{other}{NAME}.cer")).collect::<Vec<_>>()).await;
    }
}

pub(crate) async fn there_is_a_query_or_a_fragment(arena: &mut Arena) {
    let sas = "?sv=2024-11-04&ss=b&srt=o&sp=r&se=2030-01-01T00:00:00Z&sig=AAAA";
    let tails = [
        "?",
        "#",
        "?x",
        "#x",
        "?x=.cer",
        "#.cer",
        "?x#y.cer",
        sas,
        "?.cer",
        "?comp=list&restype=container",
        "&x=.cer",
        ";x=.cer",
        "?snapshot=2026-01-01.cer",
    ];
    for folder in folders(arena) {
        for tail in tails {
            refuse_all(
                arena,
                [
                    format!("{folder}{NAME}.cer{tail}"),
                    format!("{folder}{tail}{NAME}.cer"),
                    format!("{}{tail}/{NAME}.cer", folder.trim_end_matches('/')),
                ],
            )
            .await;
        }
        for elsewhere in
            ["https://evil.example/", "http://127.0.0.1/", "//evil.example/", "evil.example/", "https:evil.example/"]
        {
            refuse_all(
                arena,
                [
                    format!("{elsewhere}?{folder}{NAME}.cer"),
                    format!("{elsewhere}#{folder}{NAME}.cer"),
                    format!("{elsewhere}{folder}{NAME}.cer"),
                ],
            )
            .await;
        }
    }
}

pub(crate) async fn there_are_several(arena: &mut Arena) {
    let [here, microsoft] = folders(arena).map(|folder| format!("{folder}{NAME}.cer"));
    for between in [" ", ",", ", ", ";", "|", "\t", "%20"] {
        for other in [here.as_str(), microsoft.as_str(), "https://evil.example/cert/x.cer"] {
            refuse_all(
                arena,
                [
                    format!("{here}{between}{other}"),
                    format!("{other}{between}{here}"),
                    format!("{microsoft}{between}{other}"),
                ],
            )
            .await;
        }
    }
    for (left, right) in [("<", ">"), ("\"", "\""), ("'", "'"), ("[", "]"), ("(", ")"), ("url(", ")")] {
        refuse_all(arena, [format!("{left}{here}{right}"), format!("{left}{microsoft}{right}")]).await;
    }
}

pub(crate) async fn it_is_none(arena: &mut Arena) {
    let texts = [
        "",
        " ",
        "/",
        "//",
        ".",
        "cert",
        "/cert/",
        "x.cer",
        "cert/x.cer",
        "/cert/x.cer",
        "null",
        "undefined",
        "about:blank",
        "data:,x",
        "data:application/pkix-cert;base64,AAAA",
        "file:///etc/hosts",
        "file:///cert/x.cer",
        "-----BEGIN CERTIFICATE-----",
        "urn:x",
        "mailto:x@evil.example",
        "c:\\cert\\x.cer",
        "\\\\evil.example\\cert\\x.cer",
    ];
    refuse_all(arena, texts.map(str::to_owned)).await;
    refuse_all(arena, [NAME.to_owned(), format!("{NAME}.cer"), format!("//{NAME}.cer")]).await;
}
