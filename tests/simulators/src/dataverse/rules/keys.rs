//! Alternate keys (dataverse-api 2.8): finding rows by them, and keeping them unique.

use std::sync::Arc;

use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::odata::literal::{Like, Literal};
use crate::dataverse::odata::path::Key;
use crate::dataverse::schema::{Index, Kind, Name, Table};
use crate::dataverse::world::World;

/// What a key in a path leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    /// This row.
    Row(Uuid),
    /// No row, and this would be its primary key.
    FreeId(Uuid),
    /// No row, and these would be its cells.
    FreeKey(Vec<(Name, Datum)>),
}

/// Follows the key of a path.
pub(crate) fn look(world: &World, table: &Arc<Table>, key: &Key) -> Answer<Found> {
    match key {
        Key::Empty => Err(Refused::syntax()),
        Key::Id(id) => Ok(found_id(world, table, *id)),
        Key::Named(pairs) => look_named(world, table, pairs),
    }
}

/// The row that a key of a path leads to.
pub(crate) fn existing(world: &World, table: &Arc<Table>, key: &Key) -> Answer<Uuid> {
    match look(world, table, key)? {
        Found::Row(id) => Ok(id),
        missing @ (Found::FreeId(_) | Found::FreeKey(_)) => Err(absent(table, &missing)),
    }
}

/// The row with these values of an alternate key.
pub(crate) fn find(world: &World, table: &Arc<Table>, pairs: &[(String, Literal)]) -> Answer<Uuid> {
    existing(world, table, &Key::Named(pairs.to_vec()))
}

/// The 404 of a row that is not there.
pub(crate) fn absent(table: &Table, found: &Found) -> Refused {
    match found {
        Found::Row(id) | Found::FreeId(id) => Refused::no_such_row(&table.name, *id),
        Found::FreeKey(_) => Refused::new(
            404,
            "0x80060891",
            format!("A record with the specified key values does not exist in {} entity", table.name),
        ),
    }
}

fn found_id(world: &World, table: &Table, id: Uuid) -> Found {
    if world.store.get(&table.name, id).is_some() { Found::Row(id) } else { Found::FreeId(id) }
}

fn look_named(world: &World, table: &Arc<Table>, pairs: &[(String, Literal)]) -> Answer<Found> {
    if let [(name, Literal::Id(id))] = pairs
        && *name == *table.id
    {
        return Ok(found_id(world, table, *id));
    }
    let columns: Vec<_> = pairs.iter().filter_map(|(name, _)| table.property(name)).collect();
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let key = table.key_of(&names).filter(|_| columns.len() == pairs.len()).ok_or_else(|| undefined(table))?;
    if key.index != Index::Active {
        return Err(undefined(table));
    }
    let mut values = Vec::new();
    for column in &key.columns {
        let at = names.iter().position(|name| **name == **column).unwrap_or_default();
        let like = match columns[at].kind {
            Kind::Lookup(_) | Kind::Guid | Kind::Id => Like::Id,
            Kind::Date => Like::Date,
            Kind::DateTime => Like::Moment,
            Kind::Text { .. } | Kind::Memo { .. } => Like::Text,
            _ => Like::Number,
        };
        let value = pairs[at].1.datum(like).map_err(|_| Refused::syntax())?.ok_or_else(Refused::syntax)?;
        let value = match (value, columns[at].targets().first()) {
            (Datum::Id(id), Some(target)) => Datum::reference(&target.table, id),
            (Datum::Decimal(number), _) if number.is_integer() => {
                Datum::Integer(i64::try_from(number).unwrap_or_default())
            }
            (value, _) => value,
        };
        values.push((column.clone(), value));
    }
    let in_order: Vec<&Datum> = values.iter().map(|(_, value)| value).collect();
    match world.store.by_key(&table.name, &key.name, &in_order) {
        Some(id) => Ok(Found::Row(id)),
        None => Ok(Found::FreeKey(values)),
    }
}

fn undefined(table: &Table) -> Refused {
    Refused::new(
        400,
        "0x80060888",
        format!(
            "The key in the request URI is not valid for resource '{}'. Ensure that the names and number of key \
             properties match the declared or alternate key properties for the resource.",
            table.type_name()
        ),
    )
}

/// Refuses a row whose key another one has.
pub(crate) fn demand_unique(world: &World, table: &Table, row: &Row) -> Answer<()> {
    let Some(name) = world.store.rival(&table.name, row) else { return Ok(()) };
    let key = table.keys.iter().find(|key| key.name == *name);
    let columns: Vec<&str> = key.map(|key| key.columns.iter().map(|column| &**column).collect()).unwrap_or_default();
    Err(Refused::new(
        412,
        "0x80060892",
        format!(
            "Entity Key {} violated. A record with the same value for {} already exists. A duplicate record cannot be \
             created. Select one or more unique values and try again.",
            key.map_or(&**name, |key| key.label.as_str()),
            columns.join(",")
        ),
    ))
}
