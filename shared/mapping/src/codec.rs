//! How a value is spelled: in the referral, in the CRM, and in between.
//!
//! | codec | one spelling | referral | CRM |
//! |---|---|---|---|
//! | text | trimmed, line ends `\n` | string | string |
//! | html_text | the same | string with HTML entities | string |
//! | money | plain decimal without trailing zeros; zero is "empty" | number, or string in a PATCH | number |
//! | currency | ISO 4217 | string | lookup `transactioncurrencyid` |
//! | date | `2027-03-31` | `2027-03-31T00:00:00Z` | date only |
//! | datetime | RFC 3339, UTC | the same | the same |
//! | choice | the referral's value | string | option number |
//! | country | ISO 3166-1 alpha-2 | the same | the same; names and alpha-3 are understood |
//! | boolean | `true`, `false` | boolean | boolean |

use isocountry::CountryCode;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Number, Value, json};
use sync_core::{Code, Reading};

use crate::row::{Row, words};
use crate::text;

words! {
    /// How a row's values are spelled.
    Codec {
        /// Text as it stands.
        Text = "text",
        /// Text that Partner Center escapes.
        HtmlText = "html_text",
        /// An amount.
        Money = "money",
        /// A currency.
        Currency = "currency",
        /// A day.
        Date = "date",
        /// A moment.
        DateTime = "datetime",
        /// One of the row's choices.
        Choice = "choice",
        /// A country.
        Country = "country",
        /// Yes or no.
        Boolean = "boolean",
        /// A set of rows.
        Set = "set",
    }
}

/// Which request a referral value is for: a POST takes numbers, the documented PATCH a string (partner-center-api 4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Post,
    Patch,
}

/// A value of a referral, in its one spelling.
pub(crate) fn from_referral(row: &Row, value: &Value) -> Result<Reading, Code> {
    match (row.codec, value) {
        (Codec::HtmlText, Value::String(text)) => Ok(words_of(row, &text::unescaped(text))),
        (Codec::Choice, Value::String(choice)) => match row.choices.contains_key(choice) {
            true => Ok(Reading::is(choice)),
            false if choice.is_empty() => Ok(Reading::Cleared),
            false => Err(Code::UnknownValue),
        },
        _ => from_either(row, value),
    }
}

/// A value of a CRM column, in its one spelling. A currency's lookup is read by whoever has the table.
pub(crate) fn from_crm(row: &Row, value: &Value) -> Result<Reading, Code> {
    match (row.codec, value) {
        (Codec::Choice, Value::Number(number)) => {
            let number = number.to_string();
            let found = row.choices.iter().find(|(_, crm)| **crm == number);
            found.map(|(referral, _)| Reading::is(referral)).ok_or(Code::UnknownValue)
        }
        _ => from_either(row, value),
    }
}

fn from_either(row: &Row, value: &Value) -> Result<Reading, Code> {
    match (row.codec, value) {
        (_, Value::Null) => Ok(Reading::Cleared),
        (Codec::Text | Codec::HtmlText, Value::String(text)) => Ok(words_of(row, text)),
        (Codec::Text | Codec::HtmlText, Value::Number(number)) => Ok(Reading::is(number.to_string())),
        (Codec::Money, Value::Number(number)) => money(&number.to_string()),
        (Codec::Money, Value::String(text)) => money(text.trim()),
        (Codec::Currency, Value::String(code)) => Ok(filled(code.trim().to_ascii_uppercase())),
        (Codec::Date, Value::String(text)) => known(text, date(text.trim()).map(|date| date.to_string())),
        (Codec::DateTime, Value::String(text)) => known(text, moment(text.trim()).map(|at| at.to_string())),
        (Codec::Country, Value::String(text)) => match country(text.trim()) {
            Some(country) => Ok(Reading::is(country.alpha2())),
            None if text.trim().is_empty() => Ok(Reading::Cleared),
            None => Err(Code::CountryInvalid),
        },
        (Codec::Boolean, Value::Bool(yes)) => Ok(Reading::is(yes.to_string())),
        _ => Err(Code::UnknownValue),
    }
}

/// A value as the referral spells it.
pub(crate) fn to_referral(row: &Row, reading: &Reading, target: For) -> Value {
    let Some(value) = reading.value() else {
        return match row.codec {
            Codec::Text | Codec::HtmlText => json!(""),
            _ => Value::Null,
        };
    };
    let text = value.as_str();
    match (row.codec, target) {
        (Codec::Money, For::Post) => number(text),
        (Codec::Date, _) => json!(format!("{text}T00:00:00Z")),
        (Codec::Boolean, _) => json!(text == "true"),
        _ => json!(text),
    }
}

/// A value as a CRM column takes it, and whether it had to be cut.
pub(crate) fn to_crm(row: &Row, reading: &Reading) -> (Value, bool) {
    let Some(value) = reading.value() else { return (Value::Null, false) };
    let text = value.as_str();
    match row.codec {
        Codec::Money => (number(text), false),
        Codec::Boolean => (json!(text == "true"), false),
        Codec::Choice => (row.choices.get(text).map_or(Value::Null, |crm| number(crm)), false),
        _ => {
            let short = row.max_length.map_or(text, |most| text::cut(text, most));
            (json!(short), short.len() < text.len())
        }
    }
}

fn words_of(row: &Row, text: &str) -> Reading {
    let text = text::plain(text);
    filled(if row.id.as_str() == "name" { text::without_marks(&text) } else { text })
}

fn filled(text: String) -> Reading {
    if text.is_empty() { Reading::Cleared } else { Reading::is(text) }
}

fn known(raw: &str, read: Option<String>) -> Result<Reading, Code> {
    match read {
        Some(text) => Ok(Reading::is(text)),
        None if raw.trim().is_empty() => Ok(Reading::Cleared),
        None => Err(Code::UnknownValue),
    }
}

/// Zero and empty mean that there is no value: neither vendor takes a deal of nothing (partner-center-api 3.8).
fn money(text: &str) -> Result<Reading, Code> {
    if text.is_empty() {
        return Ok(Reading::Cleared);
    }
    let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    let amount = exact.map_err(|_| Code::UnknownValue)?;
    Ok(if amount.is_zero() { Reading::Cleared } else { Reading::is(amount.normalize().to_string()) })
}

/// The day in UTC of a moment, or the day as it stands: a date never shifts with a time zone of ours.
fn date(text: &str) -> Option<Date> {
    if let Some(at) = moment_with_offset(text) {
        return Some(at.to_zoned_datetime(TimeZone::UTC).date());
    }
    text.parse::<DateTime>().map(|at| at.date()).ok().or_else(|| text.parse::<Date>().ok())
}

/// A moment; without an offset it is UTC's.
fn moment(text: &str) -> Option<Timestamp> {
    moment_with_offset(text)
        .or_else(|| text.parse::<DateTime>().ok()?.to_zoned_datetime(TimeZone::UTC).ok().map(|at| at.timestamp()))
}

fn moment_with_offset(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn country(text: &str) -> Option<CountryCode> {
    match text.len() {
        2 => CountryCode::for_alpha2_caseless(text).ok(),
        3 => CountryCode::for_alpha3_caseless(text).ok(),
        _ => CountryCode::iter().find(|country| country.name().eq_ignore_ascii_case(text)).copied(),
    }
}

/// A number with every digit that it has.
fn number(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::built_in::BUILT_IN;

    fn row(id: &str) -> Row {
        BUILT_IN.iter().find(|row| row.id == id).unwrap().row()
    }

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn money_keeps_every_digit_and_forgets_only_trailing_zeros() {
        let value = row("deal_value");
        for (wire, canonical) in [
            ("50000.0", "50000"),
            ("\"10000\"", "10000"),
            ("0.10", "0.1"),
            ("1e3", "1000"),
            ("999999999999.9999", "999999999999.9999"),
            ("9007199254740993.01", "9007199254740993.01"),
        ] {
            assert_eq!(from_referral(&value, &parsed(wire)), Ok(Reading::is(canonical)), "{wire}");
            assert_eq!(from_crm(&value, &parsed(wire)), Ok(Reading::is(canonical)), "{wire}");
        }
        assert_eq!(to_crm(&value, &Reading::is("9007199254740993.01")).0.to_string(), "9007199254740993.01");
        assert_eq!(to_referral(&value, &Reading::is("0.1"), For::Post).to_string(), "0.1");
        assert_eq!(to_referral(&value, &Reading::is("0.1"), For::Patch).to_string(), "\"0.1\"");
    }

    #[test]
    fn a_deal_of_nothing_has_no_value() {
        for wire in ["0", "0.00", "\"\"", "null"] {
            assert_eq!(from_referral(&row("deal_value"), &parsed(wire)), Ok(Reading::Cleared), "{wire}");
        }
        assert_eq!(from_referral(&row("deal_value"), &json!("a lot")), Err(Code::UnknownValue));
    }

    #[test]
    fn a_date_is_the_day_in_utc_and_never_shifts() {
        let date = row("close_date");
        for (wire, canonical) in [
            ("2027-03-31T00:00:00Z", "2027-03-31"),
            ("2027-03-31T23:59:59.9999999Z", "2027-03-31"),
            ("2027-03-31T01:00:00+02:00", "2027-03-30"),
            ("2027-03-31", "2027-03-31"),
            ("2027-03-31T00:00:00", "2027-03-31"),
        ] {
            assert_eq!(from_referral(&date, &json!(wire)), Ok(Reading::is(canonical)), "{wire}");
        }
        assert_eq!(to_referral(&date, &Reading::is("2027-03-31"), For::Post), json!("2027-03-31T00:00:00Z"));
        assert_eq!(to_crm(&date, &Reading::is("2027-03-31")).0, json!("2027-03-31"));
    }

    #[test]
    fn entities_of_partner_center_are_no_difference() {
        let name = row("name");
        let escaped = from_referral(&name, &json!("Caf&#233; &amp; Bar &lt;new&gt; "));
        assert_eq!(escaped, from_crm(&name, &json!("Café & Bar <new>")));
        // What a person typed into the CRM is taken as it stands.
        assert_eq!(from_crm(&name, &json!("R&amp;D")), Ok(Reading::is("R&amp;D")));
    }

    #[test]
    fn countries_are_understood_by_code_and_by_name() {
        let country = row("customer_country");
        for wire in ["GB", "gb", "GBR"] {
            assert_eq!(from_crm(&country, &json!(wire)), Ok(Reading::is("GB")), "{wire}");
        }
        assert_eq!(from_crm(&country, &json!("Germany")), Ok(Reading::is("DE")));
        assert_eq!(from_crm(&country, &json!("Atlantis")), Err(Code::CountryInvalid));
    }

    #[test]
    fn a_choice_that_nobody_knows_is_unknown_not_empty() {
        let mut choice = row("notes");
        choice.codec = Codec::Choice;
        choice.choices = [("Direct".to_owned(), "727000001".to_owned())].into();
        assert_eq!(from_referral(&choice, &json!("Direct")), Ok(Reading::is("Direct")));
        assert_eq!(from_crm(&choice, &json!(727_000_001)), Ok(Reading::is("Direct")));
        assert_eq!(from_referral(&choice, &json!("Fancy")), Err(Code::UnknownValue));
        assert_eq!(from_crm(&choice, &json!(5)), Err(Code::UnknownValue));
        assert_eq!(to_crm(&choice, &Reading::is("Direct")), (json!(727_000_001), false));
    }

    #[test]
    fn what_is_too_long_is_cut_and_said_so() {
        let (value, was_cut) = to_crm(&row("notes"), &Reading::is("😀".repeat(1001)));
        assert_eq!(value, json!("😀".repeat(1000)));
        assert!(was_cut);
    }

    proptest! {
        #[test]
        fn money_travels_both_ways_unchanged(units in 1i64..=9_000_000_000_000_000, scale in 0u32..=4) {
            let value = row("deal_value");
            let text = Decimal::new(units, scale).normalize().to_string();
            let reading = Reading::is(text);
            prop_assert_eq!(from_crm(&value, &to_crm(&value, &reading).0).unwrap(), reading.clone());
            for target in [For::Post, For::Patch] {
                let wire = parsed(&to_referral(&value, &reading, target).to_string());
                prop_assert_eq!(from_referral(&value, &wire).unwrap(), reading.clone());
            }
        }

        #[test]
        fn a_text_travels_both_ways_unchanged(raw in any::<String>()) {
            let notes = row("notes");
            let reading = from_crm(&notes, &json!(raw)).unwrap();
            prop_assert_eq!(from_crm(&notes, &to_crm(&Row { max_length: None, ..notes.clone() }, &reading).0).unwrap(), reading.clone());
            let escaped = html_escape::encode_safe(reading.value().map_or("", |value| value.as_str())).into_owned();
            prop_assert_eq!(from_referral(&notes, &json!(escaped)).unwrap(), reading);
        }

        #[test]
        fn no_wire_value_panics(raw in any::<String>(), number in any::<f64>()) {
            for built_in in BUILT_IN {
                for value in [json!(raw), json!(number), json!([raw]), json!(true)] {
                    let _ = from_referral(&built_in.row(), &value);
                    let _ = from_crm(&built_in.row(), &value);
                }
            }
        }
    }
}
