//! Columns by kind, as tables are written down with.

use serde_json::Map;

use super::build::{choice, metadata_id, titled};
use super::{Column, Kind, OnDelete, Target, interned};

pub(crate) fn made(name: &str, kind: Kind) -> Column {
    Column {
        name: interned(&name.to_lowercase()),
        schema_name: name.to_owned(),
        label: titled(name),
        kind,
        required: false,
        on_create: true,
        on_update: true,
        readable: true,
        default: None,
        custom: false,
        metadata_id: metadata_id(&format!("column/{name}")),
        unknown_until: None,
        given: Map::new(),
    }
}

pub(crate) fn text(name: &str, most: usize) -> Column {
    made(name, Kind::Text { most })
}

pub(crate) fn memo(name: &str, most: usize) -> Column {
    made(name, Kind::Memo { most })
}

pub(crate) fn integer(name: &str, least: i64, most: i64) -> Column {
    made(name, Kind::Integer { least, most })
}

pub(crate) fn decimal(name: &str, precision: u32) -> Column {
    made(name, Kind::Decimal { precision })
}

pub(crate) fn boolean(name: &str) -> Column {
    let mut column = made(name, Kind::Boolean);
    column.default = Some(0);
    column
}

pub(crate) fn date(name: &str) -> Column {
    made(name, Kind::Date)
}

pub(crate) fn date_time(name: &str) -> Column {
    made(name, Kind::DateTime)
}

/// Money with its twin in the organisation's currency.
pub(crate) fn money(name: &str, least: i64) -> [Column; 2] {
    let mut twin = made(&format!("{name}_base"), Kind::Money { least });
    (twin.on_create, twin.on_update) = (false, false);
    [made(name, Kind::Money { least }), twin]
}

pub(crate) fn options(name: &str, options: &[(i64, &str)]) -> Column {
    made(name, Kind::Choice(options.iter().map(|(value, label)| choice(*value, label, 0)).collect()))
}

/// A lookup of one table; both navigation properties are named as Microsoft names its own.
pub(crate) fn lookup(name: &str, table: &str, relationship: &str) -> Column {
    made(name, Kind::Lookup(vec![target(table, name, relationship)]))
}

/// A lookup of an account or a contact: `{name}_account`, `{name}_contact`.
pub(crate) fn customer(name: &str, relationship: &str) -> Column {
    let end = |table: &str| target(table, &format!("{name}_{table}"), &format!("{relationship}_{table}s"));
    made(name, Kind::Lookup(vec![end("account"), end("contact")]))
}

/// A lookup of any of some tables: `{name}_{table}`.
pub(crate) fn regarding(name: &str, relationship: &str, tables: &[&str]) -> Column {
    let end = |table: &&str| target(table, &format!("{name}_{table}"), &format!("{}_{relationship}", titled(table)));
    made(name, Kind::Lookup(tables.iter().map(end).collect()))
}

pub(crate) fn target(table: &str, navigation: &str, relationship: &str) -> Target {
    Target {
        table: interned(table),
        navigation: navigation.to_owned(),
        collection: relationship.to_owned(),
        relationship: relationship.to_owned(),
        on_delete: OnDelete::RemoveLink,
        metadata_id: metadata_id(relationship),
    }
}
