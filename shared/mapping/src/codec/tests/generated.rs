//! Laws of the codecs, each tried on more than a hundred thousand values. `PROPTEST_CASES` sets another number.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sync_core::Reading;

use super::{own, parsed, row};
use crate::codec::{Codec, For, from_crm, from_referral, kept, to_crm, to_referral};
use crate::row::Row;

fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(100_000),
    }
}

/// Texts of a pattern, which is read once and not for every text.
fn like(pattern: &str) -> impl Strategy<Value = String> + use<> {
    prop::string::string_regex(pattern).unwrap()
}

/// Texts as people write them, with everything that has ever gone wrong in one.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => like("[a-zA-Z0-9 ,.]{1,6}"),
        1 => prop::sample::select(vec![
            "&", "&amp;", "&amp;amp;", "&lt;", "<b>", "&#233;", "é", "😀", " ✔", " ✖", "\r\n", "\r", "\n", "\t", "\u{0}",
            "\u{b}", "\u{a0}", "\u{2028}", "\"", "'", "\\", "e\u{301}", "中文",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Reads what was written, on both sides, in every kind of request.
fn written_and_read(row: &Row, reading: &Reading) -> Vec<Result<Reading, sync_core::Code>> {
    let over_the_wire = |value: &Value| parsed(&value.to_string());
    let mut read: Vec<_> = [For::Post, For::Patch]
        .into_iter()
        .map(|target| from_referral(row, &over_the_wire(&to_referral(row, reading, target))))
        .collect();
    read.push(to_crm(row, reading).and_then(|(value, _)| from_crm(row, &over_the_wire(&value))));
    read
}

/// What is read of what was written is what was written.
fn travels(row: &Row, reading: &Reading) -> Result<(), TestCaseError> {
    for read in written_and_read(row, reading) {
        prop_assert_eq!(read.as_ref(), Ok(reading));
    }
    Ok(())
}

/// What either side makes of a value of its own is in its one spelling: it travels both ways unchanged.
fn is_canonical(row: &Row, wire: &Value) -> Result<(), TestCaseError> {
    for reading in [from_referral(row, wire), from_crm(row, wire)].into_iter().flatten() {
        travels(row, &reading)?;
    }
    Ok(())
}

/// Any JSON value that is not too large.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        text().prop_map(Value::String),
        like("[0-9T:Z+.eE-]{0,24}").prop_map(Value::String),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(prop::sample::select(vec!["id", "type", "name", "x"]), inner, 0..3)
                .prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn money_is_exact_however_it_is_spelled(
        units in 1_i64..=9_000_000_000_000_000, scale in 0_u32..=4, exponent in -4_i32..=6, zeros in 0_usize..4,
    ) {
        let value = row("deal_value");
        let amount = Decimal::new(units, scale);
        let reading = Reading::is(amount.normalize().to_string());
        travels(&value, &reading)?;
        let point = if scale == 0 && zeros > 0 { "." } else { "" };
        let padded = format!("{amount}{point}{}", "0".repeat(if scale == 0 && point.is_empty() { 0 } else { zeros }));
        // The same amount with an exponent: its digits, and the power that takes the point back to its place.
        let shifted = Decimal::new(units, 0).to_string() + &format!("e{}", exponent - i32::try_from(scale).unwrap());
        let expected = amount * Decimal::from(10_u32.pow(exponent.max(0).unsigned_abs()))
            / Decimal::from(10_u32.pow(exponent.min(0).unsigned_abs()));
        prop_assert_eq!(from_crm(&value, &parsed(&padded)), Ok(reading.clone()));
        prop_assert_eq!(from_referral(&value, &json!(padded)), Ok(reading));
        prop_assert_eq!(from_crm(&value, &parsed(&shifted)), Ok(Reading::is(expected.normalize().to_string())));
    }

    #[test]
    fn no_day_ever_shifts(days in 0_i64..2_900_000, seconds in 0_i64..86_400, offset in -18 * 4_i32..=18 * 4) {
        let close_date = row("close_date");
        let first = Date::constant(1753, 1, 1);
        let day = first.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        let reading = Reading::is(day.to_string());
        travels(&close_date, &reading)?;
        // Any moment of that day in UTC, told in any time zone.
        let at = Timestamp::from_second(
            day.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second() + seconds,
        );
        if let Ok(at) = at {
            let told = at.display_with_offset(Offset::from_seconds(offset * 15 * 60).unwrap()).to_string();
            prop_assert_eq!(from_referral(&close_date, &json!(told)), Ok(reading.clone()), "{}", told);
            prop_assert_eq!(from_crm(&close_date, &json!(told)), Ok(reading));
            travels(&own(Codec::DateTime), &Reading::is(at.to_string()))?;
        }
    }

    #[test]
    fn a_text_has_one_spelling_and_entities_are_no_difference(raw in text()) {
        for (row, escaped) in [(row("notes"), true), (own(Codec::Text), false)] {
            let row = Row { max_length: None, ..row };
            let reading = from_crm(&row, &json!(raw)).unwrap();
            let written = to_crm(&row, &reading).unwrap().0;
            prop_assert_eq!(from_crm(&row, &written).unwrap(), reading.clone());
            let sent = to_referral(&row, &reading, For::Patch);
            let text = sent.as_str().unwrap_or_default();
            let stored = if escaped { html_escape::encode_safe(text).into_owned() } else { text.to_owned() };
            prop_assert_eq!(from_referral(&row, &json!(stored)).unwrap(), reading);
        }
    }

    #[test]
    fn a_name_has_no_marks_and_taking_them_off_is_final(raw in text()) {
        let name = Row { max_length: None, codec: Codec::Text, ..row("name") };
        is_canonical(&name, &json!(raw))?;
        let marked = format!("{raw} ✔");
        prop_assert_eq!(from_crm(&name, &json!(marked)), from_crm(&name, &json!(raw)));
    }

    #[test]
    fn a_cut_text_fits_is_canonical_and_is_what_the_record_keeps(raw in text(), most in 1_u32..12) {
        let notes = Row { max_length: Some(most), ..row("notes") };
        let reading = from_crm(&notes, &json!(raw)).unwrap();
        let (written, was_cut) = to_crm(&notes, &reading).unwrap();
        let units = written.as_str().map_or(0, |text| text.encode_utf16().count());
        prop_assert!(units <= most as usize);
        let read = from_crm(&notes, &written).unwrap();
        prop_assert_eq!(was_cut, read != reading);
        let keeps = reading.value().map_or(Reading::Cleared, |value| kept(&notes, value.as_str()));
        prop_assert_eq!(read, keeps);
    }

    #[test]
    fn a_choice_is_known_both_ways_or_left_alone(word in like("Direct|Indirect|[a-z]{0,3}"), number in 727_000_000_i32..727_000_006) {
        let choice = own(Codec::Choice);
        is_canonical(&choice, &json!(word))?;
        is_canonical(&choice, &json!(number))?;
        let known = choice.choices.contains_key(&word);
        prop_assert_eq!(from_referral(&choice, &json!(word)).is_ok(), known || word.is_empty());
        let known = choice.choices.values().any(|option| *option == number.to_string());
        prop_assert_eq!(from_crm(&choice, &json!(number)).is_ok(), known);
    }

    #[test]
    fn every_code_of_a_country_or_currency_is_one_value(letters in like("[A-Za-z]{2,3}")) {
        for row in [row("customer_country"), row("currency")] {
            is_canonical(&row, &json!(letters))?;
            prop_assert_eq!(from_referral(&row, &json!(letters.to_lowercase())), from_referral(&row, &json!(letters)));
        }
    }

    #[test]
    fn no_json_panics_and_what_is_understood_travels(wire in any_json()) {
        for codec in [
            Codec::Money, Codec::Date, Codec::DateTime, Codec::Choice, Codec::Country, Codec::Boolean, Codec::Text,
        ] {
            is_canonical(&own(codec), &wire)?;
        }
        let _ = (from_referral(&own(Codec::HtmlText), &wire), from_referral(&row("currency"), &wire));
        prop_assert_eq!(from_crm(&row("notes"), &Value::Null), Ok(Reading::Cleared));
    }
}
