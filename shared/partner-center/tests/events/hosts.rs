//! The certificate is said to be on another host.

use crate::addresses::{folders, refuse_all, refuse_changed};
use crate::arena::{Arena, MICROSOFT};
use crate::dice::Dice;
use crate::tree::NAME;

pub(crate) async fn the_scheme_is_another(arena: &mut Arena) {
    let schemes = [
        "https",
        "http",
        "HTTP",
        "Https",
        "HTTPS",
        "ftp",
        "file",
        "data",
        "ldap",
        "gopher",
        "ws",
        "blob",
        "jar:https",
        "",
    ];
    for folder in folders(arena) {
        let (right, rest) = folder.split_once("://").unwrap();
        for scheme in schemes.into_iter().filter(|scheme| *scheme != right) {
            for mark in ["://", ":", ":/", ":///", ":\\\\", "//", ""] {
                refuse_all(arena, [format!("{scheme}{mark}{rest}{NAME}.cer")]).await;
            }
        }
    }
}

pub(crate) async fn the_host_has_something_after_it(arena: &mut Arena) {
    let host = arena.store.address.to_string();
    let after = [
        ".evil.example",
        "evil.example",
        "-evil.example",
        ".",
        "..",
        ".com",
        ".localhost",
        "\u{3002}",
        "%00.evil.example",
        "%2eevil.example",
        "0",
        "x",
    ];
    for after in after {
        refuse_changed(arena, &[&host, "windows.net"], &[&format!("{host}{after}"), &format!("windows.net{after}")])
            .await;
    }
}

pub(crate) async fn the_host_has_something_before_it(arena: &mut Arena) {
    for before in ["x", "x.", "www.", "evil-", "evil.example.", "-", ".", "%", "0"] {
        refuse_changed(arena, &["//"], &[&format!("//{before}")]).await;
    }
}

pub(crate) async fn the_storage_account_is_another(arena: &mut Arena) {
    const ACCOUNT: &str = "3psostorageacct";
    let mut dice = Dice::new(4);
    let mut accounts = Vec::new();
    for place in 0..ACCOUNT.len() {
        for _ in 0..20 {
            let letter = char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[dice.below(36)]);
            accounts.push(format!("{}{letter}{}", &ACCOUNT[..place], &ACCOUNT[place + 1..]));
            accounts.push(format!("{}{letter}{}", &ACCOUNT[..place], &ACCOUNT[place..]));
        }
        accounts.push(format!("{}{}", &ACCOUNT[..place], &ACCOUNT[place + 1..]));
    }
    let wrong = accounts.into_iter().filter(|account| account != ACCOUNT);
    refuse_all(arena, wrong.map(|account| MICROSOFT.replace(ACCOUNT, &account) + NAME + ".cer").collect::<Vec<_>>())
        .await;
}

pub(crate) async fn the_service_or_region_is_another(arena: &mut Arena) {
    let others = [
        "file.core.windows.net",
        "web.core.windows.net",
        "z13.web.core.windows.net",
        "blob.core.chinacloudapi.cn",
        "blob.core.usgovcloudapi.net",
        "blob.storage.azure.net",
        "blob.core.windows.com",
        "blob-core-windows.net",
        "blob.core.windows.net.s3.amazonaws.com",
        "s3.amazonaws.com",
        "table.core.windows.net",
        "dfs.core.windows.net",
        "blob.core.windows.example",
        "blob.core",
    ];
    refuse_changed(arena, &["blob.core.windows.net"], &others).await;
    let hosts = [
        "www.microsoft.com",
        "crl.microsoft.com",
        "api.partnercenter.microsoft.com",
        "microsoft.com",
        "aka.ms",
        "evil.example",
        "localhost",
        "metadata.google.internal",
        "169.254.169.254",
    ];
    refuse_changed(arena, &["3psostorageacct.blob.core.windows.net"], &hosts).await;
}

pub(crate) async fn there_is_a_user_in_it(arena: &mut Arena) {
    let ear = arena.store.ear();
    let host = arena.store.address.to_string();
    for host in [host.as_str(), "3psostorageacct.blob.core.windows.net"] {
        for user in ["x@", ":@", "@", "x:y@", "x%40", "%40", "x\\@", "x/@"] {
            refuse_changed(arena, &[host], &[&format!("{user}{host}")]).await;
        }
        for elsewhere in ["evil.example", ear.as_str(), "127.0.0.1"] {
            for at in ["@", ":80@", ":x@", "%40", "\\@", "#@", "?@", ";@", " @", "&@", "/@"] {
                refuse_changed(arena, &[host], &[&format!("{host}{at}{elsewhere}")]).await;
            }
        }
    }
}

pub(crate) async fn the_port_is_another(arena: &mut Arena) {
    let right = arena.store.address.port();
    let mut dice = Dice::new(5);
    let ports: Vec<String> = (0..700)
        .map(|_| u16::from_le_bytes([dice.byte(), dice.byte()]))
        .filter(|port| *port != right)
        .map(|port| format!(":{port}/"))
        .chain([":/", ":0/", ":443/", ":80/", ":00443/", ":65536/", ":-1/", ":x/", ": /", "::/"].map(str::to_owned))
        .collect();
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let at_store = format!(":{right}/");
    refuse_changed(arena, &[&at_store, ".net/"], &ports).await;
    let longer: Vec<String> = ["0", "00", " ", "%20"].map(|zero| format!(":{zero}{right}/")).to_vec();
    refuse_changed(arena, &[&at_store], &longer.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let of_microsoft: Vec<String> = ports.iter().map(|port| format!(".net{port}")).collect();
    refuse_changed(arena, &[".net/"], &of_microsoft.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

pub(crate) async fn the_host_is_written_in_other_letters(arena: &mut Arena) {
    let wide = |text: &str| -> String {
        text.chars()
            .map(|letter| {
                char::from_u32(u32::from(letter) + 0xfee0).filter(|_| letter.is_ascii_graphic()).unwrap_or(letter)
            })
            .collect()
    };
    for (from, to) in [
        ("windows", wide("windows")),
        ("blob", wide("blob")),
        ("o", "\u{043e}".to_owned()),
        ("c", "\u{0441}".to_owned()),
        ("e", "\u{0435}".to_owned()),
        ("s", "\u{017f}".to_owned()),
        (".", "\u{3002}".to_owned()),
        (".", "\u{ff0e}".to_owned()),
        ("/", "\u{ff0f}".to_owned()),
        (":", "\u{ff1a}".to_owned()),
        ("/cert", "\u{2215}cert".to_owned()),
        ("n", "n\u{200d}".to_owned()),
        ("w", "w\u{ad}".to_owned()),
        ("3psostorageacct", "xn--3psostorageacct-x".to_owned()),
        ("windows", "xn--windws-8nf".to_owned()),
        ("1", "\u{2460}".to_owned()),
        ("127", wide("127")),
        ("0", "\u{ff10}".to_owned()),
    ] {
        refuse_changed(arena, &[from], &[&to]).await;
    }
}

pub(crate) async fn this_machine_is_written_in_another_way(arena: &mut Arena) {
    let port = arena.store.address.port();
    let hosts = [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0x7f.1",
        "127.0.0.01",
        "127.000.000.001",
        "127.0.0.1.",
        "127.0.0.2",
        "127.1.1.1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[fe80::1%25lo]",
        "localtest.me",
        "127.0.0.1.nip.io",
        "ip6-localhost",
        "%31%32%37.0.0.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
    ];
    for host in hosts {
        for scheme in ["http", "https"] {
            refuse_all(
                arena,
                [format!("{scheme}://{host}:{port}/cert/{NAME}.cer"), format!("{scheme}://{host}/cert/{NAME}.cer")],
            )
            .await;
        }
    }
}

pub(crate) async fn somebody_listens_there(arena: &mut Arena) {
    let ear = arena.store.ear();
    for path in ["cert", "CERT", "", "cert/..", "x"] {
        for name in [NAME, "x", "cert-0"] {
            refuse_all(arena, [format!("http://{ear}/{path}/{name}.cer"), format!("https://{ear}/{path}/{name}.cer")])
                .await;
        }
    }
}
