//! The certificate is in the folder and its key has signed, but it is not one that may sign events.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, SanType, date_time_ymd,
};

use crate::arena::{Arena, Attack};
use crate::tree::{Authority, NAME, ORGANIZATION, TREE, authority, changed, named, subject, true_params};

fn refuse_all(arena: &mut Arena, params: impl IntoIterator<Item = CertificateParams>) -> Attack<'_> {
    let params: Vec<CertificateParams> = params.into_iter().collect();
    Box::pin(async move {
        for params in params {
            let forgery = arena.delivery();
            arena.refuse_with(TREE.certified(&params), forgery).await;
        }
    })
}

/// A text with each letter left out, doubled, or another.
fn near(text: &str) -> Vec<String> {
    let changes = (0..text.len()).flat_map(|place| {
        let (start, letter, end) = (&text[..place], &text[place..=place], &text[place + 1..]);
        [format!("{start}{end}"), format!("{start}{letter}{letter}{end}"), format!("{start}x{end}")]
    });
    changes.filter(|changed| changed != text).collect()
}

pub(crate) async fn it_has_another_name(arena: &mut Arena) {
    let others = [
        "microsoft.com",
        "www.microsoft.com",
        "mail.microsoft.com",
        "api.partnercenter.microsoft.com",
        "dispatch.microsoft.com",
        "*.microsoft.com",
        "*.*.microsoft.com",
        "*",
        "pcnotifications-dispatch.microsoft.com.evil.example",
        "x.pcnotifications-dispatch.microsoft.com",
        "pcnotifications-dispatch.microsoft.com.",
        ".pcnotifications-dispatch.microsoft.com",
        "pcnotifications-dispatch",
        "pcnotifications-*.microsoft.com",
        "PCNOTIFICATIONS-DISPATCH.MICROSOFT.COM",
        "pcnotifications-dispatch.microsoft.co",
        "pcnotifications-dispatch.microsoft.com\0.evil.example",
        "pcnotifications-dispatch.microsoft.com evil.example",
        "pcnotifications-dispatch.microsoft.com,evil.example",
        "localhost",
        "127.0.0.1",
    ];
    let names = others.map(str::to_owned).into_iter().chain(near(NAME));
    refuse_all(arena, names.map(|name| named(&[&name], ORGANIZATION, &name))).await;
}

pub(crate) async fn its_name_is_of_another_kind(arena: &mut Arena) {
    let text = |text: &str| text.try_into().unwrap();
    let kinds = [
        SanType::Rfc822Name(text(NAME)),
        SanType::Rfc822Name(text(&format!("x@{NAME}"))),
        SanType::URI(text(NAME)),
        SanType::URI(text(&format!("https://{NAME}/"))),
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], NAME.into())),
    ];
    let with = |kind: SanType| {
        let mut params = named(&[], ORGANIZATION, "another name");
        params.subject_alt_names = vec![kind];
        params
    };
    refuse_all(arena, kinds.map(with)).await;
}

pub(crate) async fn its_name_is_where_no_name_belongs(arena: &mut Arena) {
    let places = [
        DnType::OrganizationalUnitName,
        DnType::LocalityName,
        DnType::StateOrProvinceName,
        DnType::CustomDnType(vec![2, 5, 4, 5]),
        DnType::CustomDnType(vec![2, 5, 4, 4]),
        DnType::CustomDnType(vec![0, 9, 2342, 19200300, 100, 1, 1]),
    ];
    let with = |place: DnType| {
        let mut params = named(&[], ORGANIZATION, "another name");
        params.distinguished_name.push(place, NAME);
        params
    };
    refuse_all(arena, places.map(with)).await;
    let mut nameless = named(&[], ORGANIZATION, "x");
    nameless.distinguished_name = DistinguishedName::new();
    nameless.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    refuse_all(arena, [nameless]).await;
}

pub(crate) async fn it_is_of_another_organization(arena: &mut Arena) {
    let others = [
        "Contoso Ltd",
        "Microsoft",
        "Microsoft Corp",
        "Microsoft Corp.",
        "Microsoft Corporation.",
        "Microsoft Corporation Ltd",
        "Microsoft Corporation, Inc.",
        "Microsoft  Corporation",
        " Microsoft Corporation",
        "Microsoft Corporation ",
        "microsoft corporation",
        "MICROSOFT CORPORATION",
        "Not Microsoft Corporation",
        "O=Microsoft Corporation",
        "CN=x, O=Microsoft Corporation",
        "x, O=Microsoft Corporation, C=US",
        "Microsoft Corporation\0",
        "Microsoft\u{a0}Corporation",
        "Microsoft\tCorporation",
        "Micr\u{43e}soft Corporation",
        "Microsoft Corporation\u{200b}",
        "Microsoft Corporati\u{3bf}n",
        "\u{202e}noitaroproC tfosorciM",
        "Microsoft Corporation\nO=x",
        "*",
        "",
    ];
    let names = others.map(str::to_owned).into_iter().chain(near(ORGANIZATION));
    refuse_all(arena, names.map(|organization| named(&[NAME], &organization, NAME))).await;
}

pub(crate) async fn its_organization_is_where_none_belongs(arena: &mut Arena) {
    let places = [
        DnType::OrganizationalUnitName,
        DnType::LocalityName,
        DnType::StateOrProvinceName,
        DnType::CustomDnType(vec![2, 5, 4, 97]),
        DnType::CustomDnType(vec![2, 5, 4, 13]),
        DnType::CustomDnType(vec![2, 5, 4, 10, 1]),
    ];
    let without_organization = || {
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, NAME);
        name
    };
    for place in places {
        for organization in [None, Some("Contoso Ltd")] {
            let mut params = true_params();
            params.distinguished_name = without_organization();
            if let Some(organization) = organization {
                params.distinguished_name.push(DnType::OrganizationName, organization);
            }
            params.distinguished_name.push(place.clone(), ORGANIZATION);
            refuse_all(arena, [params]).await;
        }
    }
    // The issuer is of the organization; that is not enough, nor that the common name says so.
    let mut bare = true_params();
    bare.distinguished_name = without_organization();
    let mut boastful = true_params();
    boastful.distinguished_name = subject("Contoso Ltd", &format!("{NAME}, O={ORGANIZATION}"));
    refuse_all(arena, [bare, boastful]).await;
}

pub(crate) async fn it_is_of_two_organizations(arena: &mut Arena) {
    for other in ["Contoso Ltd", "", ORGANIZATION] {
        for right_first in [true, false] {
            let (first, second) = if right_first { (ORGANIZATION, other) } else { (other, ORGANIZATION) };
            let mut params = true_params();
            params.distinguished_name.push(DnType::OrganizationName, first);
            // The same attribute once more: the library keeps one of each of its own.
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 10]), second);
            refuse_all(arena, [params]).await;
        }
    }
}

pub(crate) async fn its_organization_is_in_an_odd_encoding(arena: &mut Arena) {
    // Wide letters whose bytes hold the right ones.
    let odd = [
        DnValue::BmpString(rcgen::string::BmpString::try_from("Contoso Ltd").unwrap()),
        DnValue::BmpString(
            rcgen::string::BmpString::try_from(
                "\u{4d69}\u{6372}\u{6f73}\u{6f66}\u{7420}\u{436f}\u{7270}\u{6f72}\u{6174}\u{696f}\u{6e20}",
            )
            .unwrap(),
        ),
        DnValue::UniversalString(rcgen::string::UniversalString::try_from("Contoso Ltd").unwrap()),
        DnValue::TeletexString("Contoso Ltd".try_into().unwrap()),
    ];
    for value in odd {
        let mut params = true_params();
        params.distinguished_name.push(DnType::OrganizationName, value);
        refuse_all(arena, [params]).await;
    }
}

pub(crate) async fn it_is_for_another_use(arena: &mut Arena) {
    use ExtendedKeyUsagePurpose as Use;
    let others = || {
        vec![
            Use::CodeSigning,
            Use::EmailProtection,
            Use::TimeStamping,
            Use::OcspSigning,
            Use::Other(vec![1, 3, 6, 1, 4, 1, 311, 10, 3, 4]),
            Use::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 17]),
            Use::Other(vec![1, 3, 6, 1, 5, 5, 7, 3]),
            Use::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 1, 1]),
            Use::Other(vec![2, 5, 29, 37, 1]),
        ]
    };
    for first in others() {
        for second in others() {
            let mut params = true_params();
            params.extended_key_usages = vec![first.clone(), second];
            refuse_all(arena, [params]).await;
        }
        let mut params = true_params();
        params.extended_key_usages = vec![first];
        refuse_all(arena, [params]).await;
    }
    let mut all = true_params();
    all.extended_key_usages = others();
    refuse_all(arena, [all]).await;
}

pub(crate) async fn its_time_has_passed(arena: &mut Arena) {
    for minutes in 1..=150_u64 {
        let mut params = true_params();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after =
            date_time_ymd(2026, 11, 23) + Duration::from_secs(12 * 3600) - Duration::from_secs(minutes * minutes * 60);
        refuse_all(arena, [params]).await;
    }
}

pub(crate) async fn its_time_has_not_come(arena: &mut Arena) {
    for minutes in 3..=150_u64 {
        let mut params = true_params();
        // By the clock of the arena, which goes on a minute with each forgery.
        let now = Duration::from_secs(arena.now.as_second().unsigned_abs());
        params.not_before = date_time_ymd(1970, 1, 1) + now + Duration::from_secs(minutes * minutes * 60);
        params.not_after = date_time_ymd(2040, 1, 1);
        refuse_all(arena, [params]).await;
    }
}

pub(crate) async fn its_times_are_the_wrong_way_round(arena: &mut Arena) {
    for year in 2021..=2060 {
        let mut params = true_params();
        params.not_before = date_time_ymd(year, 6, 1);
        params.not_after = date_time_ymd(year - 1, 6, 1);
        refuse_all(arena, [params]).await;
    }
}

fn numbered(serial: u8) -> CertificateParams {
    changed(true_params(), |params| params.serial_number = Some(vec![1, serial].into()))
}

async fn refuse_of(arena: &mut Arena, authorities: impl IntoIterator<Item = &Authority>) {
    for authority in authorities {
        for serial in 0..20_u8 {
            let params = numbered(serial);
            let forgery = arena.delivery();
            arena.refuse_with(TREE.certified_by(&params, authority), forgery).await;
        }
    }
}

pub(crate) async fn its_issuer_is_a_stranger(arena: &mut Arena) {
    refuse_of(arena, [&TREE.strange_root]).await;
}

pub(crate) async fn its_issuer_is_no_authority(arena: &mut Arena) {
    refuse_bad(arena, &["CA:FALSE", "no basic constraints"]).await;
}

pub(crate) async fn its_chain_is_too_long(arena: &mut Arena) {
    refuse_bad(arena, &["below a path length of 0"]).await;
}

pub(crate) async fn its_issuers_time_has_passed(arena: &mut Arena) {
    refuse_bad(arena, &["expired"]).await;
}

pub(crate) async fn its_issuer_may_not_vouch_for_the_name(arena: &mut Arena) {
    refuse_bad(arena, &["excludes the name"]).await;
}

pub(crate) async fn its_issuer_may_not_vouch_for_the_use(arena: &mut Arena) {
    refuse_bad(arena, &["for e-mail alone"]).await;
}

pub(crate) async fn its_issuer_is_vouched_for_by_a_stranger(arena: &mut Arena) {
    refuse_bad(arena, &["of a strange root"]).await;
}

pub(crate) async fn its_issuer_bears_the_right_name_and_another_key(arena: &mut Arena) {
    refuse_bad(arena, &["of the same name, with another key"]).await;
}

async fn refuse_bad(arena: &mut Arena, faults: &[&str]) {
    let bad = TREE.bad.iter().filter(|(fault, _)| faults.contains(fault)).map(|(_, authority)| authority);
    let bad: Vec<&Authority> = bad.collect();
    assert_eq!(bad.len(), faults.len());
    refuse_of(arena, bad).await;
}

pub(crate) async fn it_vouches_for_itself(arena: &mut Arena) {
    for (serial, is_ca) in (0..40_u8).map(|serial| (serial, serial % 2 == 0)) {
        let mut params = numbered(serial);
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = params.self_signed(&TREE.key).unwrap().der().to_vec();
        let forgery = arena.delivery();
        arena.refuse_with(certificate, forgery).await;
    }
}

pub(crate) async fn it_is_an_authority_itself(arena: &mut Arena) {
    for constraints in
        [BasicConstraints::Unconstrained, BasicConstraints::Constrained(0), BasicConstraints::Constrained(3)]
    {
        let mut params = true_params();
        params.is_ca = IsCa::Ca(constraints);
        let authority = changed(authority(NAME), |params| params.is_ca = IsCa::Ca(constraints));
        refuse_all(arena, [params, authority]).await;
    }
}

pub(crate) async fn its_key_is_not_the_one_that_signed(arena: &mut Arena) {
    for _ in 0..40 {
        let stranger = KeyPair::generate().unwrap();
        for key in [&stranger, &TREE.other_key] {
            let certificate = true_params().signed_by(key, &TREE.issuing).unwrap().der().to_vec();
            let forgery = arena.delivery();
            arena.refuse_with(certificate, forgery).await;
        }
    }
}

pub(crate) async fn it_holds_something_critical_that_nobody_knows(arena: &mut Arena) {
    for number in 1..=40 {
        let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, number], vec![0x05, 0x00]);
        unknown.set_criticality(true);
        let mut params = true_params();
        params.custom_extensions = vec![unknown];
        refuse_all(arena, [params]).await;
    }
}

pub(crate) async fn it_is_the_root_or_an_intermediate(arena: &mut Arena) {
    let pems = TREE.intermediate_pems.iter().chain([&TREE.root_pem]);
    for pem in pems {
        let forgery = arena.delivery();
        arena.refuse_with(pem.clone().into_bytes(), forgery).await;
    }
}
