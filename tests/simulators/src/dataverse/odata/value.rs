//! One value between JSON and a row (dataverse-api 2.4): what a column takes, what it shows, how it is formatted.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Number, Value, json};
use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::{Column, Kind, Table};
use crate::dataverse::world::World;

/// The value that a column takes from JSON; none is null. Lookups come as navigation properties, not here.
pub(crate) fn taken(world: &World, table: &Table, column: &Column, value: &Value) -> Answer<Option<Datum>> {
    if value.is_null() {
        return Ok(None);
    }
    let datum = match &column.kind {
        Kind::Id | Kind::Guid => Datum::Id(guid(value)?),
        Kind::Text { most } | Kind::Memo { most } => text(world, table, column, value, *most)?,
        Kind::Integer { least, most } => {
            let number = integer(value)?;
            if !(*least..=*most).contains(&number) {
                return Err(out_of_range(table, column));
            }
            Datum::Integer(number)
        }
        Kind::BigInt => Datum::Integer(integer(value)?),
        Kind::Decimal { precision } => Datum::Decimal(rounded(decimal(value)?, *precision)),
        Kind::Money { least } => {
            let amount = decimal(value)?;
            if amount < Decimal::from(*least) || amount > Decimal::from(MONEY_MOST) {
                return Err(out_of_range(table, column));
            }
            Datum::Decimal(amount)
        }
        Kind::Boolean => Datum::Boolean(value.as_bool().ok_or_else(|| unfit(value, "Edm.Boolean"))?),
        Kind::Date => Datum::Date(date(value)?),
        Kind::DateTime => Datum::Moment(moment(value)?),
        Kind::Choice(_) | Kind::State(_) | Kind::Status(_) => Datum::Integer(option(table, column, integer(value)?)?),
        Kind::Choices(_) => return choices(table, column, value),
        Kind::Lookup(_) => return Err(unfit(value, "a navigation property")),
    };
    Ok(Some(datum).filter(|datum| *datum != Datum::Text(String::new())))
}

/// The largest amount of money.
const MONEY_MOST: i64 = 1_000_000_000_000;

fn unfit(value: &Value, wanted: &str) -> Refused {
    let found = match value {
        Value::String(_) => "Edm.String",
        Value::Number(_) => "Edm.Decimal",
        Value::Bool(_) => "Edm.Boolean",
        _ => "a structure",
    };
    Refused::payload(format!("Cannot convert a value of type '{found}' to the expected type '{wanted}'."))
}

fn out_of_range(table: &Table, column: &Column) -> Refused {
    Refused::invalid(format!(
        "A validation error occurred.  The value of '{}' on record of type '{}' is outside the valid range.",
        column.name, table.name
    ))
}

fn guid(value: &Value) -> Answer<Uuid> {
    let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or_else(|| unfit(value, "Edm.Guid"))
}

/// Length is counted as the database stores it: in UTF-16 units.
fn text(world: &World, table: &Table, column: &Column, value: &Value, most: usize) -> Answer<Datum> {
    let text = value.as_str().ok_or_else(|| unfit(value, "Edm.String"))?;
    let text = if world.switches.trim_trailing_spaces { text.trim_end_matches(' ') } else { text };
    if text.encode_utf16().count() <= most {
        return Ok(Datum::text(text));
    }
    let message = format!(
        "A validation error occurred.  The length of the '{}' attribute of the '{}' entity exceeded the maximum \
         allowed length of '{most}'.",
        column.name, table.name
    );
    Err(Refused::new(400, "0x80044331", message))
}

fn integer(value: &Value) -> Answer<i64> {
    value.as_i64().ok_or_else(|| unfit(value, "Edm.Int32"))
}

fn decimal(value: &Value) -> Answer<Decimal> {
    let Value::Number(number) = value else { return Err(unfit(value, "Edm.Decimal")) };
    let text = number.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).map_err(|_| unfit(value, "Edm.Decimal"))
}

/// Half away from zero, as the database rounds.
pub(crate) fn rounded(number: Decimal, decimals: u32) -> Decimal {
    number.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

fn date(value: &Value) -> Answer<Date> {
    let text = value.as_str().filter(|text| text.len() == 10);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| literal(value, "Edm.Date"))
}

fn moment(value: &Value) -> Answer<Timestamp> {
    let text = value.as_str().ok_or_else(|| unfit(value, "Edm.DateTimeOffset"))?;
    let midnight = || TimeZone::UTC.to_timestamp(text.parse::<Date>().ok()?.into()).ok();
    let moment = if text.len() == 10 { midnight() } else { text.parse::<Timestamp>().ok() };
    // Second precision on read (2.4).
    moment
        .and_then(|moment| Timestamp::from_second(moment.as_second()).ok())
        .ok_or_else(|| literal(value, "Edm.DateTimeOffset"))
}

fn literal(value: &Value, wanted: &str) -> Refused {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Refused::payload(format!("Cannot convert the literal '{text}' to the expected type '{wanted}'."))
}

fn option(table: &Table, column: &Column, value: i64) -> Answer<i64> {
    let options = column.choices();
    if options.iter().any(|option| option.value == value) {
        return Ok(value);
    }
    let accepted: Vec<String> = options.iter().map(|option| option.value.to_string()).collect();
    let message = format!(
        "A validation error occurred. The value {value} of '{}' on record of type '{}' is outside the valid range. \
         Accepted Values: {}",
        column.name,
        table.name,
        accepted.join(",")
    );
    // A state or status that the table does not have is refused elsewhere, with its own code.
    if matches!(column.kind, Kind::State(_) | Kind::Status(_)) {
        return Err(Refused::new(400, "0x80048408", message));
    }
    Err(Refused::new(400, "0x8004431A", message))
}

fn choices(table: &Table, column: &Column, value: &Value) -> Answer<Option<Datum>> {
    let text = value.as_str().ok_or_else(|| unfit(value, "Edm.String"))?;
    let numbers = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let numbers = numbers.map(|part| {
        let number = part.parse().map_err(|_| literal(value, "Edm.Int32"))?;
        option(table, column, number)
    });
    let mut numbers = numbers.collect::<Answer<Vec<i64>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok((!numbers.is_empty()).then_some(Datum::Choices(numbers)))
}

/// The value of a cell as JSON.
pub(crate) fn shown(world: &World, column: &Column, datum: Option<&Datum>) -> Value {
    let Some(datum) = datum else { return Value::Null };
    match datum {
        Datum::Text(text) => json!(text),
        Datum::Integer(number) => json!(number),
        Datum::Decimal(number) => match column.kind {
            Kind::Money { .. } => number_of(*number, world.switches.money_scale),
            _ => number_of(*number, 0),
        },
        Datum::Boolean(value) => json!(value),
        Datum::Date(date) => json!(date.to_string()),
        Datum::Moment(moment) => json!(moment_text(*moment)),
        Datum::Id(id) => json!(id),
        Datum::Reference(reference) => json!(reference.id),
        Datum::Choices(values) => json!(values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")),
    }
}

/// A date and time as the Web API writes it.
pub(crate) fn moment_text(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A number with at least so many decimals.
pub(crate) fn number_of(number: Decimal, scale: u32) -> Value {
    let mut number = number.normalize();
    if number.scale() < scale {
        number.rescale(scale);
    }
    number.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}

/// The value of a cell as people see it; none if it looks the same.
pub(crate) fn formatted(world: &World, row: &Row, column: &Column, datum: &Datum) -> Option<String> {
    match (&column.kind, datum) {
        (Kind::Choice(_) | Kind::State(_) | Kind::Status(_), Datum::Integer(value)) => {
            column.label_of(*value).map(str::to_owned)
        }
        (Kind::Choices(_), Datum::Choices(values)) => {
            let labels: Vec<&str> = values.iter().filter_map(|value| column.label_of(*value)).collect();
            Some(labels.join("; "))
        }
        (Kind::Boolean, Datum::Boolean(value)) => Some(if *value { "Yes" } else { "No" }.to_owned()),
        (Kind::Money { .. }, Datum::Decimal(number)) => {
            let base = column.name.ends_with("_base");
            let currency = row.reference("transactioncurrencyid").filter(|_| !base).map(|reference| reference.id);
            let currency = currency.unwrap_or(world.ids.base_currency);
            let symbol = world.store.get("transactioncurrency", currency).and_then(|row| row.text("currencysymbol"));
            let decimals = usize::try_from(world.currency_precision(Some(currency))).unwrap_or(2);
            Some(format!("{}{}", symbol.unwrap_or_default(), thousands(*number, decimals)))
        }
        (Kind::Integer { .. } | Kind::BigInt, Datum::Integer(number)) => Some(thousands(Decimal::from(*number), 0)),
        (Kind::Decimal { precision }, Datum::Decimal(number)) => {
            Some(thousands(*number, usize::try_from(*precision).unwrap_or(2)))
        }
        (Kind::Date, Datum::Date(date)) => Some(format!("{}/{}/{}", date.month(), date.day(), date.year())),
        (Kind::DateTime, Datum::Moment(moment)) => Some(moment.strftime("%-m/%-d/%Y %-I:%M %p").to_string()),
        (Kind::Lookup(_), Datum::Reference(reference)) => {
            let table = world.schema.table(&reference.table)?;
            let name = world.store.get(&reference.table, reference.id)?.text(&table.primary_name)?;
            Some(name.to_owned())
        }
        _ => None,
    }
}

fn thousands(number: Decimal, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{sign}{grouped}{fraction}")
}
