//! Create, upsert and delete (dataverse-api 2.4, 2.6, 2.7).

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::reply::{Call, Reply};
use super::retrieve;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::metadata;
use crate::dataverse::odata::options::Options;
use crate::dataverse::odata::path::Key;
use crate::dataverse::odata::payload;
use crate::dataverse::odata::show::Shape;
use crate::dataverse::rules::keys::{self, Found};
use crate::dataverse::rules::pipeline;
use crate::dataverse::schema::{Name, Table};
use crate::dataverse::world::World;

/// Makes a row, perhaps with a lookup that follows from the path it was posted to.
pub(super) fn create(
    world: &mut World,
    call: &Call,
    table: &Arc<Table>,
    owner: Option<(Name, Datum)>,
) -> Answer<Reply> {
    let options = call.options()?;
    Shape::bind(world, table, &options, false)?;
    let mut submission = payload::read(world, table, &call.payload()?, &call.content_ids)?;
    if let Some((column, datum)) = owner {
        submission.cells.insert(column, Some(datum));
    }
    let actor = call.actor(world)?;
    let id = pipeline::create(world, &actor, table, submission)?;
    metadata::note_row(world, call, table, id)?;
    written(world, call, table, &options, id, true)
}

/// The table of 2.7, line by line.
pub(super) fn upsert(world: &mut World, call: &Call, table: &Arc<Table>, key: &Key) -> Answer<Reply> {
    let options = call.options()?;
    Shape::bind(world, table, &options, false)?;
    let payload = call.payload()?;
    let found = keys::look(world, table, key)?;
    let (if_match, if_none_match) = (call.header("if-match"), call.header("if-none-match"));
    match &found {
        Found::Row(id) => {
            if if_none_match == Some("*") {
                let code = world.switches.existing_row_code.clone();
                return Err(Refused::new(412, code, "A record with matching key values already exists."));
            }
            demand_version(world, table, *id, if_match)?;
            let mut submission = payload::read(world, table, &payload, &call.content_ids)?;
            // The key's columns are known already (2.7).
            if let Key::Named(pairs) = key {
                submission.cells.retain(|name, _| {
                    !pairs.iter().any(|(named, _)| table.property(named).is_some_and(|column| column.name == *name))
                });
            }
            if submission.id.is_some_and(|other| other != *id) {
                return Err(Refused::payload("The primary key in the payload is not the one in the address."));
            }
            let actor = call.actor(world)?;
            pipeline::update(world, &actor, table, *id, submission)?;
            written(world, call, table, &options, *id, false)
        }
        Found::FreeId(_) | Found::FreeKey(_) => {
            if if_match.is_some() {
                return Err(match (&found, key) {
                    (Found::FreeId(id), _) => Refused::no_such_row(&table.name, *id),
                    _ => keys::absent(table, &found),
                });
            }
            let mut submission = payload::read(world, table, &payload, &call.content_ids)?;
            match found {
                Found::FreeId(id) => submission.id = Some(id),
                Found::FreeKey(cells) => {
                    for (column, value) in cells {
                        submission.cells.entry(column).or_insert(Some(value));
                    }
                }
                Found::Row(_) => {}
            }
            let actor = call.actor(world)?;
            let id = pipeline::create(world, &actor, table, submission)?;
            written(world, call, table, &options, id, true)
        }
    }
}

pub(super) fn delete(world: &mut World, call: &Call, table: &Arc<Table>, key: &Key) -> Answer<Reply> {
    let id = keys::existing(world, table, key)?;
    demand_version(world, table, id, call.header("if-match"))?;
    let actor = call.actor(world)?;
    pipeline::delete(world, &actor, table, id)?;
    Ok(Reply::no_content())
}

/// Refuses when the row has another version than `If-Match` says.
fn demand_version(world: &World, table: &Table, id: Uuid, if_match: Option<&str>) -> Answer<()> {
    let Some(wanted) = if_match.filter(|etag| *etag != "*") else { return Ok(()) };
    let row = world.store.get(&table.name, id).ok_or_else(|| Refused::no_such_row(&table.name, id))?;
    if row.etag() == wanted {
        return Ok(());
    }
    let message = "The version of the existing record doesn't match the RowVersion property provided.";
    Err(Refused::new(412, "0x80060882", message))
}

/// 204 with the address of the row; with `return=representation` the row itself and no address (2.4).
pub(super) fn written(
    world: &World,
    call: &Call,
    table: &Arc<Table>,
    options: &Options,
    id: Uuid,
    created: bool,
) -> Answer<Reply> {
    let preferences = call.preferences();
    if !preferences.representation {
        return Ok(Reply::entity(world, table, id));
    }
    super::dispatch::may_read(world, table)?;
    let shape = Shape::bind(world, table, options, false)?;
    let body = retrieve::entity(world, table, options, &shape, id, &preferences.annotations);
    let status = if created { 201 } else { 200 };
    let applied = Some("return=representation".to_owned());
    let made = Some((table.name.clone(), id));
    let etag = world.store.get(&table.name, id).map(Row::etag);
    Ok(Reply { status, body: Some(Value::Object(body)), preference_applied: applied, made, etag, ..Reply::default() })
}
