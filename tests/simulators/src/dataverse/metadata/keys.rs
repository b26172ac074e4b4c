//! Making, watching and deleting alternate keys (dataverse-api 2.8, 7.6). A key works once its index is built.

use std::sync::Arc;

use http::Method;
use jiff::SignedDuration;
use serde_json::Value;

use super::components::{self, Kind as Component};
use super::definitions::{list, made, names, no_such, single};
use super::{label_text, lacks, read, schema_name, select};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::{Call, Reply};
use crate::dataverse::odata::path::Key;
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{AlternateKey, Index, Kind, Name, Table, metadata_id};
use crate::dataverse::world::World;

const TYPE: &str = "Microsoft.Dynamics.CRM.EntityKeyMetadata";
/// Keys on a table, and columns in a key.
const KEYS_MOST: usize = 10;
const COLUMNS_MOST: usize = 16;

pub(super) fn dispatch(world: &mut World, call: &Call, table: &Arc<Table>, key: Option<&Key>) -> Answer<Reply> {
    match (key, &call.method) {
        (None, &Method::GET) => {
            let all = table.keys.iter().map(|key| read::key(table, key)).collect();
            list(world, "Keys", select::many(all, &call.options()?, TYPE)?)
        }
        (None, &Method::POST) => create(world, call, table),
        (Some(key), method) => {
            let found = table.keys.iter().find(|found| names(key, &found.name, found.metadata_id));
            let found = found.ok_or_else(|| no_such("EntityKey", key))?;
            match *method {
                Method::GET => single(world, "Keys", select::one(read::key(table, found), &call.options()?, TYPE)?),
                Method::DELETE => {
                    rights::needs(world, "prvDeleteEntityKey")?;
                    let (name, id) = (found.name.clone(), found.metadata_id);
                    world.store.remove_key(&table.name, &name);
                    if let Some(table) = Arc::make_mut(&mut world.schema).table_mut(&table.name) {
                        table.keys.retain(|key| key.name != name);
                    }
                    components::forget(world, id);
                    Ok(Reply::no_content())
                }
                _ => Err(Refused::method()),
            }
        }
        (None, _) => Err(Refused::method()),
    }
}

fn create(world: &mut World, call: &Call, table: &Arc<Table>) -> Answer<Reply> {
    rights::needs(world, "prvCreateEntityKey")?;
    let definition = call.payload()?;
    let schema_name = schema_name(&definition)?;
    let columns = definition.get("KeyAttributes").and_then(Value::as_array).ok_or_else(|| lacks("KeyAttributes"))?;
    let columns: Vec<Name> = columns.iter().filter_map(|column| column.as_str().map(Name::from)).collect();
    if columns.is_empty() || columns.len() > COLUMNS_MOST || table.keys.len() >= KEYS_MOST {
        return Err(lacks("KeyAttributes (too many, or none)"));
    }
    for name in &columns {
        let column = table.any_column(name);
        let column = column.ok_or_else(|| Refused::new(400, "0x80041103", format!("There is no attribute {name}.")))?;
        let usable = matches!(
            column.kind,
            Kind::Integer { .. }
                | Kind::Decimal { .. }
                | Kind::Text { .. }
                | Kind::DateTime
                | Kind::Date
                | Kind::Lookup(_)
                | Kind::Choice(_)
        );
        if !usable {
            return Err(Refused::new(400, "0x8006088F", format!("The attribute {name} cannot be part of a key.")));
        }
    }
    let name = Name::from(schema_name.to_lowercase().as_str());
    if table.keys.iter().any(|key| key.name == name) {
        return Err(Refused::new(400, "0x80060893", format!("An entity key with the name {name} already exists.")));
    }
    if table.keys.iter().any(|key| key.columns == columns) {
        return Err(Refused::new(400, "0x80060894", "An entity key with the selected attributes already exists."));
    }
    let id = metadata_id(&format!("key/{}/{name}", table.name));
    let label = definition.get("DisplayName").and_then(label_text).unwrap_or(&schema_name).to_owned();
    let index = pending(world);
    if let Some(table) = Arc::make_mut(&mut world.schema).table_mut(&table.name) {
        table.keys.push(AlternateKey { name, schema_name, label, columns, index, metadata_id: id });
    }
    components::note(world, call, Component::Key, id)?;
    Ok(made(world, &format!("EntityDefinitions({})/Keys({id})", table.metadata_id)))
}

/// An index job that begins now.
fn pending(world: &mut World) -> Index {
    world.schema_awaits = true;
    let lasts = i64::try_from(world.switches.key_index_milliseconds).unwrap_or_default();
    let now = world.stamps.exactly_now();
    Index::Pending(now.saturating_add(SignedDuration::from_millis(lasts)).unwrap_or(now))
}

/// `ReactivateEntityKey`: the index job of a key that failed runs again.
pub(super) fn reactivate(world: &mut World, call: &Call) -> Answer<Reply> {
    let payload = call.payload()?;
    let text = |member: &str| payload.get(member).and_then(Value::as_str).ok_or_else(|| lacks(member));
    let (table, key) = (text("EntityLogicalName")?.to_owned(), text("EntityKeyLogicalName")?.to_owned());
    let index = pending(world);
    let table = Arc::make_mut(&mut world.schema).table_mut(&table).ok_or_else(|| Refused::no_segment(&table))?;
    let found = table.keys.iter_mut().find(|found| *found.name == *key && found.index == Index::Failed);
    found.ok_or_else(|| Refused::invalid(format!("The key {key} has not failed.")))?.index = index;
    Ok(Reply::no_content())
}
