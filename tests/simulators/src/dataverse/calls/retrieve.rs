//! Reading one row (dataverse-api 2.5).

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::reply::{Call, Reply};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::annotations::Annotations;
use crate::dataverse::odata::options::Options;
use crate::dataverse::odata::path::Key;
use crate::dataverse::odata::show::Shape;
use crate::dataverse::rules::keys;
use crate::dataverse::rules::rights::{self, Verb};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

pub(super) fn retrieve(world: &World, call: &Call, table: &Arc<Table>, key: &Key) -> Answer<Reply> {
    let id = keys::existing(world, table, key)?;
    one(world, call, table, id)
}

/// The row with this id.
pub(super) fn one(world: &World, call: &Call, table: &Arc<Table>, id: Uuid) -> Answer<Reply> {
    let options = call.options()?;
    let shape = Shape::bind(world, table, &options, true)?;
    let row = world.store.get(&table.name, id).ok_or_else(|| Refused::no_such_row(&table.name, id))?;
    rights::may_touch(world, Verb::Read, table, row)?;
    if call.header("if-none-match").is_some_and(|etag| etag == row.etag()) {
        return Ok(Reply { status: 304, ..Reply::default() });
    }
    let preferences = call.preferences();
    let mut body = entity(world, table, &options, &shape, id, &preferences.annotations);
    expand_context(&mut body, &options);
    let mut reply = Reply::json(Value::Object(body));
    reply.preference_applied = preferences.applied_to_read(false);
    reply.etag = Some(row.etag());
    Ok(reply)
}

/// A row with its context, as retrieve, create and update show it.
pub(super) fn entity(
    world: &World,
    table: &Arc<Table>,
    options: &Options,
    shape: &Shape,
    id: Uuid,
    annotations: &Annotations,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(format!("{}/$entity", context(world, table, options))));
    if let Some(row) = world.store.get(&table.name, id) {
        body.extend(shape.show(world, table, row, annotations));
    }
    body
}

/// `https://…/$metadata#opportunities(name)`
pub(super) fn context(world: &World, table: &Table, options: &Options) -> String {
    let select = if options.select_text.is_empty() { String::new() } else { format!("({})", options.select_text) };
    format!("{}$metadata#{}{select}", world.root(), table.set)
}

fn expand_context(body: &mut Map<String, Value>, options: &Options) {
    let Some(Value::String(context)) = body.get_mut("@odata.context") else { return };
    if options.expand.is_empty() {
        return;
    }
    let expanded: Vec<String> =
        options.expand.iter().map(|expand| format!("{}({})", expand.property, expand.options.select_text)).collect();
    let expanded = expanded.join(",");
    *context = match context.strip_suffix(")/$entity") {
        Some(start) => format!("{start},{expanded})/$entity"),
        None => context.replace("/$entity", &format!("({expanded})/$entity")),
    };
}
