//! How a value is spelled: in the referral, in the CRM, and in between.
//!
//! | codec | one spelling | referral | CRM |
//! |---|---|---|---|
//! | text | trimmed, line ends `\n`, no control characters | string | string |
//! | html_text | the same | string with HTML entities, decoded once | string |
//! | money | plain decimal without trailing zeros | number, or string in a PATCH | number |
//! | currency | ISO 4217 | string | lookup `transactioncurrencyid` |
//! | date | `2027-03-31` | `2027-03-31T00:00:00Z` | date only |
//! | datetime | RFC 3339, UTC, whole seconds | the same | the same |
//! | choice | the referral's value | string | option number |
//! | country | ISO 3166-1 alpha-2 | the same | the same; names and alpha-3 are understood |
//! | boolean | `true`, `false` | boolean | boolean |
//! | set | the codes, sorted, one a line | array | rows; see `solutions.rs` |
//!
//! A value that is not understood is a [`Code`], and its field stays unknown: it is never written over.

mod amount;
mod country;
mod moment;
#[cfg(test)]
mod tests;

use serde_json::{Number, Value, json};
use sync_core::{Code, Reading};

pub(crate) use country::country;

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
        (Codec::Money, Value::Number(number)) => amount(row, number),
        (Codec::Money, Value::String(text)) if text.trim().is_empty() => Ok(Reading::Cleared),
        (Codec::Money, Value::String(text)) => amount(row, &text.trim().parse().map_err(|_| Code::UnknownValue)?),
        (Codec::Currency, Value::String(text)) => known(text, currency(text.trim()), Code::CurrencyMissing),
        (Codec::Date, Value::String(text)) => known(text, moment::day(text.trim()), Code::UnknownValue),
        (Codec::DateTime, Value::String(text)) => known(text, moment::second(text.trim()), Code::UnknownValue),
        (Codec::Country, Value::String(text)) => known(text, country(text.trim()), Code::CountryInvalid),
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

/// A value as a CRM column takes it, and whether it had to be cut. A choice that has no option is nothing to write.
pub(crate) fn to_crm(row: &Row, reading: &Reading) -> Result<(Value, bool), Code> {
    let Some(value) = reading.value() else { return Ok((Value::Null, false)) };
    let text = value.as_str();
    match row.codec {
        Codec::Money => Ok((number(text), false)),
        Codec::Boolean => Ok((json!(text == "true"), false)),
        Codec::Choice => row.choices.get(text).map(|crm| (number(crm), false)).ok_or(Code::UnknownValue),
        _ => {
            let kept = kept(row, text);
            let was_cut = kept.value().is_none_or(|kept| kept.as_str().len() < text.len());
            Ok((kept.value().map_or(Value::Null, |kept| json!(kept.as_str())), was_cut))
        }
    }
}

/// A text as its CRM column keeps it: the beginning that fits, in the one spelling.
pub(crate) fn kept(row: &Row, text: &str) -> Reading {
    match row.max_length {
        Some(most) if matches!(row.codec, Codec::Text | Codec::HtmlText) => words_of(row, text::cut(text, most)),
        _ => Reading::is(text),
    }
}

fn words_of(row: &Row, text: &str) -> Reading {
    let is_name = ["name", "lead_name"].contains(&row.id.as_str());
    filled(if is_name { text::plain_name(text) } else { text::plain(text) })
}

fn filled(text: String) -> Reading {
    if text.is_empty() { Reading::Cleared } else { Reading::is(text) }
}

/// What was understood; of nothing but spaces, that there is nothing; else what to call it.
fn known(raw: &str, read: Option<String>, otherwise: Code) -> Result<Reading, Code> {
    match read {
        Some(text) => Ok(Reading::is(text)),
        None if raw.trim().is_empty() => Ok(Reading::Cleared),
        None => Err(otherwise),
    }
}

/// An amount. A row that Partner Center does not take empty is a deal's value: zero means that there is none, and there
/// is none below zero (partner-center-api 3.8, 5.2).
fn amount(row: &Row, number: &Number) -> Result<Reading, Code> {
    let exact = amount::exact(number).ok_or(Code::UnknownValue)?;
    match row.clearable {
        false if exact.is_zero() => Ok(Reading::Cleared),
        false if exact.is_sign_negative() => Err(Code::ValueMissing),
        _ => Ok(Reading::is(exact.to_string())),
    }
}

fn currency(text: &str) -> Option<String> {
    let code = text.to_ascii_uppercase();
    iso_currency::Currency::from_code(&code).map(|currency| currency.code().to_owned())
}

/// A number with every digit that it has.
fn number(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}
