//! Deal values: a JSON number or a string on the way in, a decimal number kept exactly (partner-center-api 3.8, 4.8).

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// A deal value from a number or a string.
pub(super) fn read(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// A deal value as it is kept, cut to so many decimals.
pub(super) fn kept(value: Decimal, decimals: Option<u32>) -> Value {
    let value = decimals.map_or(value, |decimals| value.round_dp(decimals));
    number(&value.to_string())
}

/// A kept value as it is shown: a whole one may end in `.0`.
pub(super) fn shown(value: &Value, whole_values_end_in_zero: bool) -> Value {
    match value {
        Value::Number(kept) if whole_values_end_in_zero && !kept.to_string().contains('.') => {
            number(&format!("{kept}.0"))
        }
        other => other.clone(),
    }
}

/// Every digit survives: the crate keeps numbers as text.
fn number(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}
