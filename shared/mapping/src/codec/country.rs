//! Countries, however a seller writes them.

use isocountry::CountryCode;

/// What people write that ISO does not: the CRM's column is free text.
#[rustfmt::skip]
const SPOKEN: &[(&str, &str)] = &[
    ("america", "US"), ("bolivia", "BO"), ("brunei", "BN"), ("cape verde", "CV"), ("czech republic", "CZ"),
    ("deutschland", "DE"), ("england", "GB"), ("espana", "ES"), ("great britain", "GB"), ("holland", "NL"),
    ("hong kong sar", "HK"), ("iran", "IR"), ("ivory coast", "CI"), ("laos", "LA"), ("macau", "MO"),
    ("macedonia", "MK"), ("moldova", "MD"), ("north korea", "KP"), ("north macedonia", "MK"), ("osterreich", "AT"),
    ("palestine", "PS"), ("republic of korea", "KR"), ("russia", "RU"), ("schweiz", "CH"), ("scotland", "GB"),
    ("south korea", "KR"), ("swaziland", "SZ"), ("syria", "SY"), ("taiwan", "TW"), ("tanzania", "TZ"),
    ("the netherlands", "NL"), ("turkiye", "TR"), ("u.k.", "GB"), ("u.s.", "US"), ("u.s.a.", "US"), ("uae", "AE"),
    ("uk", "GB"), ("united kingdom", "GB"), ("united states", "US"), ("venezuela", "VE"), ("vietnam", "VN"),
    ("wales", "GB"),
];

/// The alpha-2 code of a country's code or name.
pub(crate) fn country(text: &str) -> Option<String> {
    let spoken = plain(text);
    let known = SPOKEN.iter().find(|(name, _)| *name == spoken).map(|(_, code)| *code);
    let code = match known {
        Some(code) => code,
        None => match text.chars().count() {
            2 => CountryCode::for_alpha2_caseless(text).ok()?.alpha2(),
            3 => CountryCode::for_alpha3_caseless(text).ok()?.alpha2(),
            _ => CountryCode::iter().find(|country| plain(country.name()) == spoken)?.alpha2(),
        },
    };
    Some(code.to_owned())
}

/// Lower case, and the accents off that stand in names of countries.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'á' | 'à' | 'â' | 'ã' | 'å' | 'ä' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'û' | 'ü' => 'u',
        other => other,
    };
    name.to_lowercase().chars().map(letter).collect()
}
