//! Making, changing and deleting tables (dataverse-api 7.3).

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::components::{self, Kind as Component};
use super::definitions::made;
use super::{columns, label_text, lacks, schema_name};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::{Call, Reply};
use crate::dataverse::odata::options;
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{Table, metadata_id, table as new_table};
use crate::dataverse::seed;
use crate::dataverse::world::World;

/// The first object type code of custom tables.
const FIRST_TYPE_CODE: u32 = 10_000;

pub(super) fn create(world: &mut World, call: &Call) -> Answer<Reply> {
    let id = make(world, call.payload()?)?;
    components::note(world, call, Component::Table, id)?;
    Ok(made(world, &format!("EntityDefinitions({id})")))
}

/// `CreateEntities`: several at once, as Microsoft's Python client makes them (7.3).
pub(super) fn create_many(world: &mut World, call: &Call) -> Answer<Reply> {
    let payload = call.payload()?;
    let definitions = payload.get("Entities").and_then(Value::as_array).ok_or_else(|| lacks("Entities"))?;
    let options = options::pairs(&call.query);
    let solution = options.iter().find(|(name, _)| name == "SolutionUniqueName").map(|(_, value)| value.as_str());
    for definition in definitions {
        let definition = definition.as_object().cloned().ok_or_else(|| lacks("Entities"))?;
        let id = make(world, definition)?;
        if let Some(solution) = solution {
            components::add_to(world, solution, Component::Table as i64, id)?;
        }
    }
    Ok(Reply::no_content())
}

fn make(world: &mut World, mut definition: Map<String, Value>) -> Answer<Uuid> {
    rights::needs(world, "prvCreateEntity")?;
    let schema_name = schema_name(&definition)?;
    let name = schema_name.to_lowercase();
    if world.schema.table(&name).is_some() {
        let message = format!("An entity with the specified name {name} already exists. Specify a unique name.");
        return Err(Refused::new(400, "0x8004700b", message));
    }
    let display = definition.get("DisplayName").and_then(label_text).ok_or_else(|| lacks("DisplayName"))?.to_owned();
    let set = match definition.get("EntitySetName").and_then(Value::as_str) {
        Some(set) => set.to_owned(),
        None => plural(&name),
    };
    if world.schema.of_set(&set).is_some() {
        return Err(Refused::new(400, "0x8006089B", format!("The entity set name {set} is in use.")));
    }
    let attributes = definition.remove("Attributes").and_then(|attributes| match attributes {
        Value::Array(attributes) => Some(attributes),
        _ => None,
    });
    let attributes: Vec<Map<String, Value>> =
        attributes.into_iter().flatten().filter_map(|attribute| attribute.as_object().cloned()).collect();
    let is_name = |attribute: &&Map<String, Value>| attribute.get("IsPrimaryName") == Some(&Value::Bool(true));
    let primary = attributes.iter().find(is_name).ok_or_else(|| lacks("Attributes with a primary name"))?;
    let primary_name = self::schema_name(primary)?.to_lowercase();
    let mut table = new_table(&name, &set, &primary_name);
    table = match definition.get("OwnershipType").and_then(Value::as_str) {
        Some("UserOwned") => table.owned(),
        Some("OrganizationOwned") => table.stamped(),
        _ => return Err(lacks("OwnershipType")),
    };
    table = table.with_activity();
    table.custom = true;
    schema_name.clone_into(&mut table.schema_name);
    table.label = display;
    table.metadata_id = metadata_id(&format!("table/{name}"));
    table.change_tracking = definition.get("ChangeTrackingEnabled") == Some(&Value::Bool(true));
    table.type_code = FIRST_TYPE_CODE + u32::try_from(world.schema.tables().count()).unwrap_or_default();
    for attribute in &attributes {
        let column = columns::column_of(world, &table, attribute)?;
        table.columns.push(column);
    }
    table.given = definition;
    let id = table.metadata_id;
    let (table_name, name_column) = (table.name.clone(), table.primary_name.clone());
    Arc::make_mut(&mut world.schema).add(table);
    world.store.add_text_index(&table_name, &name_column);
    seed::filters(world, &name);
    Ok(id)
}

/// A full replacement; of what the simulator knows: labels, and change tracking, which cannot be turned off again (4).
pub(super) fn replace(world: &mut World, call: &Call, table: &Table) -> Answer<Reply> {
    rights::needs(world, "prvWriteEntity")?;
    let mut definition = call.payload()?;
    let tracking = definition.get("ChangeTrackingEnabled") == Some(&Value::Bool(true));
    if table.change_tracking && !tracking {
        return Err(Refused::invalid(format!("Change tracking of {} cannot be turned off.", table.name)));
    }
    let display = definition.get("DisplayName").and_then(label_text).ok_or_else(|| lacks("DisplayName"))?.to_owned();
    for member in ["Attributes", "Keys", "OneToManyRelationships", "ManyToOneRelationships", "ManyToManyRelationships"]
    {
        definition.remove(member);
    }
    definition.retain(|name, _| !name.starts_with("@odata"));
    if let Some(table) = Arc::make_mut(&mut world.schema).table_mut(&table.name) {
        table.change_tracking = tracking;
        table.label = display;
        table.given = definition;
    }
    Ok(Reply::no_content())
}

/// A table that others point to stays.
pub(super) fn delete(world: &mut World, table: &Table) -> Answer<Reply> {
    rights::needs(world, "prvDeleteEntity")?;
    if !table.custom {
        return Err(Refused::invalid(format!("The table {} is a system table.", table.name)));
    }
    let holder = world.schema.pointing_to(&table.name).find(|(holder, ..)| holder.name != table.name);
    if let Some((holder, column, _)) = holder {
        let by = format!("column {} of {}", column.name, holder.name);
        return Err(columns::depended_on(&table.name, &by));
    }
    let rows: Vec<_> = world.store.rows(&table.name).map(|row| row.id).collect();
    for row in rows {
        world.store.delete(&table.name, row);
    }
    let filters: Vec<_> = world
        .store
        .rows("sdkmessagefilter")
        .filter(|row| row.text("primaryobjecttypecode") == Some(&table.name))
        .map(|row| row.id)
        .collect();
    for filter in filters {
        world.store.delete(&"sdkmessagefilter".into(), filter);
    }
    Arc::make_mut(&mut world.schema).remove(&table.name);
    components::forget(world, table.metadata_id);
    Ok(Reply::no_content())
}

/// The usual English plural.
fn plural(name: &str) -> String {
    if let Some(stem) = name.strip_suffix('y') {
        return format!("{stem}ies");
    }
    let hissing = ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end));
    format!("{name}{}", if hissing { "es" } else { "s" })
}
