//! Values as each side holds them: what people write, and everything that has ever gone wrong in one.

use mapping::{Codec, Row};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Number, Value, json};

/// Currencies that are tried.
pub(crate) const CURRENCIES: &[&str] = &["EUR", "USD", "JPY", "GBP", "CHF", "KWD", "INR"];
const COUNTRIES: &[&str] = &["AT", "DE", "GB", "US", "JP", "BR", "ZA", "CI"];
const PIECES: &[&str] = &[
    "a",
    "Fabrikam",
    " ",
    "  ",
    "7",
    ",",
    ".",
    "&",
    "&amp;",
    "&#233;",
    "<b>",
    "\"",
    "'",
    "\\",
    "é",
    "e\u{301}",
    "中文",
    "😀",
    "👩\u{200d}🔬",
    "שלום",
    "\u{202e}",
    "\u{200f}",
    "\r\n",
    "\n",
    "\t",
    "\0",
    "\u{a0}",
    "\u{2028}",
    " ✔",
    "%2F",
    "null",
];

/// Values of the referral.
pub(crate) fn of_referral(row: &Row) -> BoxedStrategy<Value> {
    match row.codec {
        Codec::Date => day().prop_map(|day| json!(format!("{day}T00:00:00Z"))).boxed(),
        Codec::Choice => choices(row.choices.keys().map(|choice| json!(choice)).collect()),
        _ => of_either(row),
    }
}

/// Values of the column; of a currency its code.
pub(crate) fn of_crm(row: &Row) -> BoxedStrategy<Value> {
    let option = |text: &String| text.parse::<Number>().ok().map(Value::Number);
    match row.codec {
        Codec::Date => day().prop_map(Value::String).boxed(),
        Codec::Choice => choices(row.choices.values().filter_map(option).collect()),
        _ => of_either(row),
    }
}

fn of_either(row: &Row) -> BoxedStrategy<Value> {
    match row.codec {
        Codec::Money => (1_i64..=999_999_999_999, 0_u32..=4).prop_map(|(units, scale)| amount(units, scale)).boxed(),
        Codec::Currency => select(CURRENCIES).prop_map(|code| json!(code)).boxed(),
        Codec::Country => select(COUNTRIES).prop_map(|code| json!(code)).boxed(),
        Codec::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        Codec::DateTime => (day(), 0..24, 0..60, 0..60)
            .prop_map(|(day, hour, minute, second)| json!(format!("{day}T{hour:02}:{minute:02}:{second:02}Z")))
            .boxed(),
        // The others are told apart before.
        Codec::Text | Codec::HtmlText | Codec::Date | Codec::Choice | Codec::Set => {
            text(row).prop_map(Value::String).boxed()
        }
    }
}

/// Some as long as the column, some longer.
fn text(row: &Row) -> impl Strategy<Value = String> + use<> {
    let short = prop::collection::vec(select(PIECES), 0..8).prop_map(|pieces| pieces.concat());
    let most = row.max_length.unwrap_or(200) as usize;
    let long = (select(PIECES), most.saturating_sub(2)..most + 3)
        .prop_map(|(piece, units)| piece.repeat(units.div_ceil(piece.encode_utf16().count())));
    prop_oneof![8 => short, 1 => long]
}

fn day() -> impl Strategy<Value = String> {
    // The year 1753 is where the dates of SQL Server begin.
    (1753..=9998, 1..=12, 1..=28).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

fn amount(units: i64, scale: u32) -> Value {
    let (power, scale) = (10_i64.pow(scale), scale as usize);
    let text = match scale {
        0 => units.to_string(),
        _ => format!("{}.{:0scale$}", units / power, units % power),
    };
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

fn choices(all: Vec<Value>) -> BoxedStrategy<Value> {
    match all.is_empty() {
        true => Just(Value::Null).boxed(),
        false => select(all).boxed(),
    }
}
