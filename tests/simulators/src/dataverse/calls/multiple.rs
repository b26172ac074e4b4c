//! CreateMultiple, UpdateMultiple, UpsertMultiple (dataverse-api 2.11): all or nothing, every target with its type.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::reply::{Call, Reply};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::path::{self, Key};
use crate::dataverse::odata::payload;
use crate::dataverse::rules::keys::{self, Found};
use crate::dataverse::rules::pipeline::{self, Actor};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

pub(super) fn create(world: &mut World, call: &Call, table: &Arc<Table>) -> Answer<Reply> {
    let actor = call.actor(world)?;
    let mut ids = Vec::new();
    for target in targets(call, table)? {
        let submission = payload::read(world, table, &target, &call.content_ids)?;
        ids.push(pipeline::create(world, &actor, table, submission)?);
    }
    Ok(Reply::json(json!({
        "@odata.context": format!("{}$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse", world.root()),
        "Ids": ids,
    })))
}

pub(super) fn update(world: &mut World, call: &Call, table: &Arc<Table>) -> Answer<Reply> {
    let actor = call.actor(world)?;
    for target in targets(call, table)? {
        let submission = payload::read(world, table, &target, &call.content_ids)?;
        let missing = || Refused::payload(format!("A target of UpdateMultiple lacks its {}.", table.id));
        let id = submission.id.ok_or_else(missing)?;
        pipeline::update(world, &actor, table, id, submission)?;
    }
    Ok(Reply::no_content())
}

pub(super) fn upsert(world: &mut World, call: &Call, table: &Arc<Table>) -> Answer<Reply> {
    let actor = call.actor(world)?;
    for target in targets(call, table)? {
        upsert_one(world, call, &actor, table, &target)?;
    }
    Ok(Reply::no_content())
}

fn upsert_one(
    world: &mut World,
    call: &Call,
    actor: &Actor,
    table: &Arc<Table>,
    target: &Map<String, Value>,
) -> Answer<()> {
    let mut submission = payload::read(world, table, target, &call.content_ids)?;
    let key = match (target.get("@odata.id").and_then(Value::as_str), submission.id) {
        (Some(address), _) => path::last_of(address)?.key.ok_or_else(Refused::syntax)?,
        (None, Some(id)) => Key::Id(id),
        (None, None) => {
            pipeline::create(world, actor, table, submission)?;
            return Ok(());
        }
    };
    match keys::look(world, table, &key)? {
        Found::Row(id) => pipeline::update(world, actor, table, id, submission),
        Found::FreeId(id) => {
            submission.id = Some(id);
            pipeline::create(world, actor, table, submission).map(|_| ())
        }
        Found::FreeKey(cells) => {
            for (column, value) in cells {
                submission.cells.entry(column).or_insert(Some(value));
            }
            pipeline::create(world, actor, table, submission).map(|_| ())
        }
    }
}

/// The targets, each of which must say that it is one of the table.
fn targets(call: &Call, table: &Table) -> Answer<Vec<Map<String, Value>>> {
    let payload = call.payload()?;
    let targets = payload.get("Targets").and_then(Value::as_array);
    let targets = targets.ok_or_else(|| Refused::payload("Required parameter 'Targets' is missing."))?;
    let typed = |target: &Value| {
        let target = target.as_object()?;
        let type_name = target.get("@odata.type")?.as_str()?.trim_start_matches('#');
        (type_name == table.type_name()).then(|| target.clone())
    };
    let untyped = || Refused::payload(format!("Every target needs an @odata.type of {}.", table.type_name()));
    targets.iter().map(|target| typed(target).ok_or_else(untyped)).collect()
}
