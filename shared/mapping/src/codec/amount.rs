//! Amounts, exact to the last digit.

use rust_decimal::Decimal;
use serde_json::Number;

/// Longer exponents than this leave every amount that either vendor can hold (dataverse-api 6.1: 10^12).
const EXPONENT_MAX: i32 = 40;

/// The amount of a JSON number, exponent or not, without trailing zeros. None if it has more digits than can be kept: an
/// amount is never rounded.
pub(crate) fn exact(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let mantissa = Decimal::from_str_exact(mantissa).ok()?.normalize();
    let exponent = exponent.parse::<i32>().ok().filter(|exponent| exponent.abs() <= EXPONENT_MAX);
    if mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    let scale = i32::try_from(mantissa.scale()).ok()? - exponent?;
    let digits = mantissa.mantissa();
    let (digits, scale) = match u32::try_from(scale) {
        Ok(scale) => (digits, scale),
        Err(_) => (digits.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?, 0),
    };
    Some(Decimal::try_from_i128_with_scale(digits, scale).ok()?.normalize())
}
