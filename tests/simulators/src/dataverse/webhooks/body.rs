//! JSON as .NET's contract serializer writes it: members in a fixed order, `/` escaped, dates as `\/Date(ms)\/`
//! (dataverse-api 5.5).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use crate::dataverse::data::{Datum, Reference};
use crate::dataverse::odata::value::number_of;
use crate::dataverse::schema::{Column, Kind};

const CONTRACTS: &str = "http://schemas.microsoft.com/xrm/2011/Contracts";

/// An object with its members in this order; the values are JSON already.
pub(super) fn object(members: &[(&str, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", text(name))).collect();
    format!("{{{}}}", members.join(","))
}

pub(super) fn array(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

pub(super) fn pair(key: &str, value: String) -> String {
    object(&[("key", text(key)), ("value", value)])
}

pub(super) fn text(text: &str) -> String {
    Value::String(text.to_owned()).to_string().replace('/', "\\/")
}

pub(super) fn id(id: Uuid) -> String {
    text(&id.to_string())
}

pub(super) fn null() -> String {
    "null".to_owned()
}

/// The type of an object, which comes first.
pub(super) fn type_of(name: &str) -> (&'static str, String) {
    ("__type", text(&format!("{name}:{CONTRACTS}")))
}

pub(super) fn moment(moment: Timestamp) -> String {
    text(&format!("/Date({})/", moment.as_millisecond()))
}

/// With the offset, which is for show.
pub(super) fn moment_with_offset(moment: Timestamp) -> String {
    text(&format!("/Date({}+0000)/", moment.as_millisecond()))
}

fn midnight(date: Date) -> String {
    moment(TimeZone::UTC.to_timestamp(date.into()).unwrap_or_default())
}

pub(super) fn reference(table: &str, row: Uuid, name: Option<&str>) -> String {
    let members = reference_members(table, row, name);
    object(&std::iter::once(type_of("EntityReference")).chain(members).collect::<Vec<_>>())
}

/// The same without a type, as `OwningExtension` has it.
pub(super) fn reference_members(table: &str, row: Uuid, name: Option<&str>) -> [(&'static str, String); 5] {
    [
        ("Id", id(row)),
        ("KeyAttributes", "[]".to_owned()),
        ("LogicalName", text(table)),
        ("Name", name.map_or_else(null, text)),
        ("RowVersion", null()),
    ]
}

/// The value of a cell.
pub(super) fn value(column: &Column, datum: Option<&Datum>, money_scale: u32) -> String {
    let Some(datum) = datum else { return null() };
    match (datum, &column.kind) {
        (Datum::Integer(number), Kind::Choice(_) | Kind::State(_) | Kind::Status(_)) => option(*number),
        (Datum::Integer(number), _) => number.to_string(),
        (Datum::Decimal(number), Kind::Money { .. }) => {
            object(&[type_of("Money"), ("Value", decimal(*number, money_scale))])
        }
        (Datum::Decimal(number), _) => decimal(*number, 0),
        (Datum::Text(value), _) => text(value),
        (Datum::Boolean(value), _) => value.to_string(),
        (Datum::Date(date), _) => midnight(*date),
        (Datum::Moment(at), _) => moment(*at),
        (Datum::Id(value), _) => id(*value),
        (Datum::Reference(Reference { table, id }), _) => reference(table, *id, None),
        (Datum::Choices(values), _) => array(values.iter().map(|value| option(*value))),
    }
}

fn option(value: i64) -> String {
    object(&[type_of("OptionSetValue"), ("Value", value.to_string())])
}

fn decimal(number: Decimal, scale: u32) -> String {
    number_of(number, scale).to_string()
}
