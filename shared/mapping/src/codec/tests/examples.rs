//! What each codec makes of values that vendors and people are known to write.

use serde_json::{Value, json};
use sync_core::{Code, Reading};

use super::{own, parsed, row};
use crate::codec::{Codec, For, from_crm, from_referral, to_crm, to_referral};
use crate::row::Row;

/// What both sides make of a value.
fn both(row: &Row, wire: &Value) -> Result<Reading, Code> {
    let (referral, crm) = (from_referral(row, wire), from_crm(row, wire));
    assert_eq!(referral, crm, "{wire}");
    referral
}

fn is(text: &str) -> Result<Reading, Code> {
    Ok(Reading::is(text))
}

#[test]
fn money_keeps_every_digit_and_forgets_only_trailing_zeros() {
    for (wire, amount) in [
        ("50000.0", "50000"),
        ("\"10000\"", "10000"),
        ("\" 10000.50 \"", "10000.5"),
        ("0.10", "0.1"),
        ("1e3", "1000"),
        ("1.25E+2", "125"),
        ("12500e-4", "1.25"),
        ("999999999999.9999", "999999999999.9999"),
        ("9007199254740993.01", "9007199254740993.01"),
    ] {
        assert_eq!(both(&row("deal_value"), &parsed(wire)), is(amount), "{wire}");
    }
    let (value, amount) = (row("deal_value"), Reading::is("9007199254740993.01"));
    assert_eq!(to_crm(&value, &amount).unwrap().0.to_string(), "9007199254740993.01");
    assert_eq!(to_referral(&value, &amount, For::Post).to_string(), "9007199254740993.01");
    assert_eq!(to_referral(&value, &amount, For::Patch).to_string(), "\"9007199254740993.01\"");
}

#[test]
fn an_amount_that_cannot_be_kept_exactly_is_unknown_and_never_rounded() {
    for wire in [
        "1e400",
        "1e-40",
        "0.12345678901234567890123456789012345",
        "123456789012345678901234567890123456789",
        "1.2345678901234567890123456789012e5",
        "\"50,000\"",
        "\"1_000\"",
        "\"a lot\"",
        "true",
        "[]",
        "{}",
    ] {
        assert_eq!(both(&row("deal_value"), &parsed(wire)), Err(Code::UnknownValue), "{wire}");
    }
}

#[test]
fn a_deal_of_nothing_has_no_value_but_another_amount_may_be_zero() {
    for wire in ["0", "0.00", "-0", "0e9", "\"0\"", "\"\"", "\" \"", "null"] {
        assert_eq!(both(&row("deal_value"), &parsed(wire)), Ok(Reading::Cleared), "{wire}");
    }
    assert_eq!(both(&row("deal_value"), &json!(-5)), Err(Code::ValueMissing));
    assert_eq!(both(&own(Codec::Money), &parsed("0.00")), is("0"));
    assert_eq!(both(&own(Codec::Money), &parsed("-2.50")), is("-2.5"));
}

#[test]
fn a_date_is_the_day_in_utc_and_never_shifts() {
    let date = row("close_date");
    for (wire, day) in [
        ("2027-03-31T00:00:00Z", "2027-03-31"),
        ("2027-03-31T23:59:59.9999999Z", "2027-03-31"),
        ("2027-03-31T01:00:00+02:00", "2027-03-30"),
        ("2027-03-31T23:00:00-02:00", "2027-04-01"),
        ("2027-03-31", "2027-03-31"),
        ("2027-03-31T00:00:00", "2027-03-31"),
        ("2027-03-31T23:30:00", "2027-03-31"),
    ] {
        assert_eq!(both(&date, &json!(wire)), is(day), "{wire}");
    }
    for wire in ["31/03/2027", "2027-02-30", "0001-01-01T00:00:00Z", "soon"] {
        assert_eq!(both(&date, &json!(wire)), Err(Code::UnknownValue), "{wire}");
    }
    assert_eq!(to_referral(&date, &Reading::is("2027-03-31"), For::Post), json!("2027-03-31T00:00:00Z"));
    assert_eq!(to_crm(&date, &Reading::is("2027-03-31")), Ok((json!("2027-03-31"), false)));
}

#[test]
fn a_moment_is_a_whole_second_in_utc() {
    for (wire, second) in [
        ("2027-03-31T10:00:00.1234567Z", "2027-03-31T10:00:00Z"),
        ("2027-03-31T10:00:00+05:30", "2027-03-31T04:30:00Z"),
        ("2027-03-31T10:00:00", "2027-03-31T10:00:00Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(both(&own(Codec::DateTime), &json!(wire)), is(second), "{wire}");
    }
}

#[test]
fn entities_of_partner_center_are_decoded_once() {
    let name = row("name");
    for (wire, text) in [
        ("Caf&#233; &amp; Bar &lt;new&gt; ", "Café & Bar <new>"),
        ("A &amp;amp; B", "A &amp; B"),
        ("Fish & Chips", "Fish & Chips"),
        ("R&D", "R&D"),
        ("&#x1F600;", "😀"),
    ] {
        assert_eq!(from_referral(&name, &json!(wire)), is(text), "{wire}");
        // What a person typed into the CRM is taken as it stands.
        assert_eq!(from_crm(&name, &json!(text)), is(text), "{text}");
    }
    assert_eq!(from_crm(&name, &json!("R&amp;D")), is("R&amp;D"));
}

#[test]
fn texts_have_one_line_ending_and_nothing_that_xml_cannot_hold() {
    let notes = row("notes");
    assert_eq!(both(&notes, &json!(" one\r\ntwo\rthree\n ")), is("one\ntwo\nthree"));
    assert_eq!(both(&notes, &json!("a\u{b}b\u{0}c\td")), is("abc\td"));
    for nothing in ["", "  \r\n", "\u{a0}"] {
        assert_eq!(both(&notes, &json!(nothing)), Ok(Reading::Cleared), "{nothing:?}");
    }
    assert_eq!(both(&notes, &json!(5)), is("5"));
    assert_eq!(to_referral(&notes, &Reading::Cleared, For::Patch), json!(""));
    assert_eq!(to_crm(&notes, &Reading::Cleared), Ok((Value::Null, false)));
}

#[test]
fn countries_are_understood_by_code_and_by_name() {
    let country = row("customer_country");
    for (wire, code) in [
        ("GB", "GB"),
        ("gb", "GB"),
        ("GBR", "GB"),
        ("UK", "GB"),
        (" United Kingdom ", "GB"),
        ("United States", "US"),
        ("USA", "US"),
        ("Germany", "DE"),
        ("Österreich", "AT"),
        ("Türkiye", "TR"),
        ("Côte d'Ivoire", "CI"),
    ] {
        assert_eq!(from_crm(&country, &json!(wire)), is(code), "{wire}");
    }
    for wire in ["Atlantis", "XQ", "é", "éé"] {
        assert_eq!(from_crm(&country, &json!(wire)), Err(Code::CountryInvalid), "{wire}");
    }
}

#[test]
fn a_currency_is_one_that_exists() {
    let currency = row("currency");
    assert_eq!(from_referral(&currency, &json!(" eur ")), is("EUR"));
    assert_eq!(from_referral(&currency, &json!("")), Ok(Reading::Cleared));
    assert_eq!(from_referral(&currency, &json!("EURO")), Err(Code::CurrencyMissing));
}

#[test]
fn a_choice_that_nobody_knows_is_unknown_not_empty() {
    let choice = own(Codec::Choice);
    assert_eq!(from_referral(&choice, &json!("Direct")), is("Direct"));
    assert_eq!(from_crm(&choice, &json!(727_000_001)), is("Direct"));
    assert_eq!(from_referral(&choice, &json!("Fancy")), Err(Code::UnknownValue));
    assert_eq!(from_crm(&choice, &json!(5)), Err(Code::UnknownValue));
    assert_eq!(both(&choice, &Value::Null), Ok(Reading::Cleared));
    assert_eq!(to_crm(&choice, &Reading::is("Direct")), Ok((json!(727_000_001), false)));
    assert_eq!(to_crm(&choice, &Reading::is("Fancy")), Err(Code::UnknownValue));
}

#[test]
fn what_is_too_long_is_cut_and_said_so() {
    let read = to_crm(&row("notes"), &Reading::is("😀".repeat(1001)));
    assert_eq!(read, Ok((json!("😀".repeat(1000)), true)));
    let read = to_crm(&row("customer_postal_code"), &Reading::is("01234567890123456789"));
    assert_eq!(read, Ok((json!("01234567890123456789"), false)));
}
