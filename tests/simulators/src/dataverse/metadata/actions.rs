//! Actions on the schema (dataverse-api 7.4, 7.5, 7.7): publish, new options, what may be related, solutions.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{components, forms, keys, label_text, lacks, tables};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::{Call, Reply};
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{Choice, Kind};
use crate::dataverse::world::World;

/// Runs an action; none if it is not one of these.
pub(crate) fn act(world: &mut World, call: &Call, name: &str) -> Option<Answer<Reply>> {
    Some(match name {
        "PublishXml" => publish(world, call),
        "CreateEntities" => tables::create_many(world, call),
        "PublishAllXml" => publish_all(world),
        "InsertOptionValue" => insert_option(world, call),
        "InsertStatusValue" => insert_status(world, call),
        "AddSolutionComponent" => add_component(world, call),
        "ReactivateEntityKey" => keys::reactivate(world, call),
        "CanBeReferenced" | "CanBeReferencing" | "CanManyToMany" => can(world, call, name),
        _ => return None,
    })
}

fn publish(world: &mut World, call: &Call) -> Answer<Reply> {
    rights::needs(world, "prvPublishCustomization")?;
    let payload = call.payload()?;
    let xml = payload.get("ParameterXml").and_then(Value::as_str).ok_or_else(|| lacks("ParameterXml"))?;
    if !xml.trim_start().starts_with("<importexportxml>") {
        return Err(Refused::invalid("The ParameterXml must be an importexportxml element."));
    }
    let tables: Vec<String> = xml
        .split("<entity>")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("</entity>")?.0.trim().to_owned()))
        .collect();
    if let Some(unknown) = tables.iter().find(|table| world.schema.table(table).is_none()) {
        return Err(Refused::invalid(format!("The entity {unknown} does not exist.")));
    }
    forms::publish(world, Some(&tables));
    Ok(Reply::no_content())
}

fn publish_all(world: &mut World) -> Answer<Reply> {
    rights::needs(world, "prvPublishCustomization")?;
    forms::publish(world, None);
    Ok(Reply::no_content())
}

fn insert_option(world: &mut World, call: &Call) -> Answer<Reply> {
    insert(world, call, |kind| match kind {
        Kind::Choice(options) | Kind::Choices(options) => Some(options),
        _ => None,
    })
}

fn insert_status(world: &mut World, call: &Call) -> Answer<Reply> {
    insert(world, call, |kind| match kind {
        Kind::Status(options) => Some(options),
        _ => None,
    })
}

/// The options of a column, if it is one that the action is for.
type OptionsOf = fn(&mut Kind) -> Option<&mut Vec<Choice>>;

fn insert(world: &mut World, call: &Call, options_of: OptionsOf) -> Answer<Reply> {
    rights::needs(world, "prvWriteAttribute")?;
    let payload = call.payload()?;
    let text = |member: &str| payload.get(member).and_then(Value::as_str).ok_or_else(|| lacks(member));
    let (table, name) = (text("EntityLogicalName")?, text("AttributeLogicalName")?);
    let label = payload.get("Label").and_then(label_text).ok_or_else(|| lacks("Label"))?.to_owned();
    let state = payload.get("StateCode").and_then(Value::as_i64).unwrap_or_default();
    let given = payload.get("Value").and_then(Value::as_i64);
    let table = Arc::make_mut(&mut world.schema).table_mut(table).ok_or_else(|| lacks("EntityLogicalName"))?;
    let column = table.columns.iter_mut().find(|column| &*column.name == name);
    let column = column.ok_or_else(|| lacks("AttributeLogicalName"))?;
    let options = options_of(&mut column.kind).ok_or_else(|| lacks("AttributeLogicalName"))?;
    let last = options.iter().map(|choice| choice.value).max().unwrap_or_default();
    let value = given.unwrap_or(last + 1);
    if options.iter().any(|choice| choice.value == value) {
        return Err(Refused::new(400, "0x80048403", format!("The option value {value} exists already.")));
    }
    options.push(Choice { value, label, of: state });
    Ok(Reply::json(json!({ "NewOptionValue": value })))
}

fn add_component(world: &mut World, call: &Call) -> Answer<Reply> {
    let payload = call.payload()?;
    let object = payload.get("ComponentId").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
    let object = object.ok_or_else(|| lacks("ComponentId"))?;
    let kind = payload.get("ComponentType").and_then(Value::as_i64).ok_or_else(|| lacks("ComponentType"))?;
    let solution = payload.get("SolutionUniqueName").and_then(Value::as_str);
    components::add_to(world, solution.ok_or_else(|| lacks("SolutionUniqueName"))?, kind, object)?;
    Ok(Reply::json(json!({ "id": object })))
}

fn can(world: &mut World, call: &Call, name: &str) -> Answer<Reply> {
    let payload = call.payload()?;
    let table = payload.get("EntityName").and_then(Value::as_str).ok_or_else(|| lacks("EntityName"))?;
    world.schema.table(table).ok_or_else(|| lacks("EntityName"))?;
    Ok(Reply::json(json!({ name: true })))
}
