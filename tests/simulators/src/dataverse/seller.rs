//! What sellers do in Dynamics 365: the same validation and pipeline as the API, no privileges.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answers::{Answer, Refused};
use super::odata::annotations::Annotations;
use super::odata::payload::{self, ContentIds};
use super::odata::show::Shape;
use super::rules::opportunity::{self, Closing};
use super::rules::pipeline::{self, Actor};
use super::rules::qualify::{self, Wanted};
use super::rules::{self};
use super::schema::Table;
use super::world::World;

fn table(world: &World, name: &str) -> Answer<Arc<Table>> {
    world.table(name).ok_or_else(|| Refused::invalid(format!("There is no table {name}.")))
}

fn members(value: Value) -> Answer<Map<String, Value>> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Refused::invalid("The columns must be an object.")),
    }
}

pub(super) fn create(world: &mut World, name: &str, columns: Value) -> Answer<Uuid> {
    let table = table(world, name)?;
    let submission = payload::read(world, &table, &members(columns)?, &ContentIds::new())?;
    let actor = Actor::seller(world);
    pipeline::create(world, &actor, &table, submission)
}

pub(super) fn edit(world: &mut World, name: &str, id: Uuid, columns: Value) -> Answer<()> {
    let table = table(world, name)?;
    let submission = payload::read(world, &table, &members(columns)?, &ContentIds::new())?;
    let actor = Actor::seller(world);
    pipeline::update(world, &actor, &table, id, submission)
}

pub(super) fn delete(world: &mut World, name: &str, id: Uuid) -> Answer<()> {
    let table = table(world, name)?;
    let actor = Actor::seller(world);
    pipeline::delete(world, &actor, &table, id)
}

/// Won or lost, with the close activity's columns laid over the usual ones.
pub(super) fn close(world: &mut World, id: Uuid, closing: Closing, status: i64, activity: Value) -> Answer<()> {
    let mut whole = members(json!({
        "subject": if closing == Closing::Win { "Won" } else { "Lost" },
        "opportunityid@odata.bind": format!("/opportunities({id})"),
    }))?;
    whole.extend(members(activity)?);
    let actor = Actor::seller(world);
    opportunity::close(world, &actor, closing, status, &whole, &ContentIds::new())?;
    Ok(())
}

/// Qualified into account, contact and opportunity. Answers the opportunity.
pub(super) fn qualify(world: &mut World, id: Uuid) -> Answer<Uuid> {
    let wanted = Wanted { account: true, contact: true, opportunity: true, status: 3, ..Wanted::default() };
    let actor = Actor::seller(world);
    let made = qualify::qualify(world, &actor, id, &wanted)?;
    let opportunity = made.into_iter().find(|reference| &*reference.table == "opportunity");
    opportunity.map(|reference| reference.id).ok_or_else(|| Refused::invalid("No opportunity was made."))
}

pub(super) fn merge(world: &mut World, name: &str, master: Uuid, subordinate: Uuid) -> Answer<()> {
    let actor = Actor::seller(world);
    rules::merge(world, &actor, name, master, subordinate, payload::Submission::default())
}

/// A row with every column, as the API shows it.
pub(super) fn row(world: &World, name: &str, id: Uuid) -> Option<Value> {
    let table = world.schema.table(name)?;
    let row = world.store.get(name, id)?;
    Some(Value::Object(Shape::whole().show(world, table, row, &Annotations::default())))
}

pub(super) fn rows(world: &World, name: &str) -> Vec<Value> {
    let Some(table) = world.schema.table(name) else { return Vec::new() };
    let shape = Shape::whole();
    let wanted = Annotations::default();
    world.store.rows(name).map(|row| Value::Object(shape.show(world, table, row, &wanted))).collect()
}
