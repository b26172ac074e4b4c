//! Create, update and delete, as everybody's: the API, actions, sellers. Derives what is derived, refuses what is
//! refused, stamps, and notes what steps want to hear.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::rights::{self, Level, Verb};
use super::stamping::{defaults, own, stamp_created, stamp_modified};
use super::{keys, money, names, opportunity, qualify, state};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Reference, Row};
use crate::dataverse::metadata;
use crate::dataverse::odata::payload::Submission;
use crate::dataverse::schema::{Name, OnDelete, Table};
use crate::dataverse::webhooks::{self, Message};
use crate::dataverse::world::World;

/// Who acts, and what comes with the request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) user: Uuid,
    /// Privileges bind only the application user.
    pub(crate) bound: bool,
    pub(crate) correlation: Uuid,
    /// `?tag=` (dataverse-api 2.3).
    pub(crate) tag: Option<String>,
    /// Custom asynchronous steps do not run.
    pub(crate) bypass: bool,
    /// These steps do not run.
    pub(crate) bypass_steps: Vec<Uuid>,
}

impl Actor {
    /// A seller at the keyboard.
    pub(crate) fn seller(world: &mut World) -> Self {
        let correlation = world.stamps.id();
        Self { user: world.ids.seller, bound: false, correlation, tag: None, bypass: false, bypass_steps: Vec::new() }
    }

    /// The same request by the platform itself, which no privilege binds.
    pub(crate) fn unbound(&self) -> Self {
        Self { bound: false, ..self.clone() }
    }

    fn may(&self, world: &World, verb: Verb, table: &Table) -> Answer<()> {
        if self.bound { rights::may(world, verb, table) } else { Ok(()) }
    }

    fn may_touch(&self, world: &World, verb: Verb, table: &Table, row: &Row) -> Answer<()> {
        if self.bound { rights::may_touch(world, verb, table, row) } else { Ok(()) }
    }
}

/// Makes a row, with those nested in it.
pub(crate) fn create(world: &mut World, actor: &Actor, table: &Arc<Table>, submission: Submission) -> Answer<Uuid> {
    actor.may(world, Verb::Create, table)?;
    let Submission { mut cells, id, parents, children } = submission;
    for (column, parent_table, parent) in parents {
        let parent = create(world, actor, &parent_table, parent)?;
        cells.insert(column, Some(Datum::reference(&parent_table.name, parent)));
    }
    let id = id.unwrap_or_else(|| world.stamps.id());
    if world.store.get(&table.name, id).is_some() {
        let message = format!("Operation failed due to a SQL integrity violation. Cannot insert duplicate key ({id}).");
        return Err(Refused::new(world.switches.duplicate_primary_key_status, "0x80040237", message));
    }
    may_append(world, actor, table, &cells)?;
    let mut row = Row::new(id);
    row.set(&table.id, Some(Datum::Id(id)));
    for column in table.columns.iter().filter(|column| column.on_create) {
        if let Some(value) = cells.get(&column.name) {
            row.set(&column.name, value.clone());
        }
    }
    defaults(table, &mut row);
    state::on_create(table, &mut row)?;
    stamp_created(world, actor, table, &mut row);
    special(world, table, None, &mut row)?;
    demand_required(table, &row)?;
    keys::demand_unique(world, table, &row)?;
    world.store.put(&table.name, row.clone());
    webhooks::note(world, actor, Message::Create, table, &row, None);
    for (child_table, column, mut child) in children {
        child.cells.insert(column, Some(Datum::reference(&table.name, id)));
        create(world, actor, &child_table, child)?;
    }
    Ok(id)
}

/// Changes a row. The cells are what the request named, equal or not: steps hear of all of them.
pub(crate) fn update(
    world: &mut World,
    actor: &Actor,
    table: &Arc<Table>,
    id: Uuid,
    submission: Submission,
) -> Answer<()> {
    let before = world.store.get(&table.name, id).cloned().ok_or_else(|| Refused::no_such_row(&table.name, id))?;
    actor.may_touch(world, Verb::Write, table, &before)?;
    let Submission { mut cells, parents, children, .. } = submission;
    for (column, parent_table, parent) in parents {
        let parent = create(world, actor, &parent_table, parent)?;
        cells.insert(column, Some(Datum::reference(&parent_table.name, parent)));
    }
    cells.retain(|name, _| table.column(name).is_some_and(|column| column.on_update));
    if &*table.name == "systemform" {
        metadata::keep_unpublished(world, id, &mut cells)?;
    }
    may_append(world, actor, table, &cells)?;
    let named = |name: &str| cells.get(name).and_then(Option::as_ref).and_then(Datum::as_integer);
    if table.states().is_empty() {
        return change(world, actor, table, &before, cells, children);
    }
    let (state_after, status_after) = state::on_update(table, &before, named("statecode"), named("statuscode"))?;
    opportunity::demand_changeable(world, table, &before, &cells, state_after)?;
    qualify::demand_changeable(world, table, &before, &cells, state_after)?;
    if cells.contains_key("statecode") || cells.contains_key("statuscode") {
        cells.insert("statecode".into(), Some(Datum::Integer(state_after)));
        cells.insert("statuscode".into(), Some(Datum::Integer(status_after)));
    }
    let reopened = before.integer("statecode") != Some(0) && state_after == 0;
    change(world, actor, table, &before, cells, children)?;
    if reopened && &*table.name == "opportunity" {
        opportunity::cancel_closing(world, actor, id)?;
    }
    Ok(())
}

/// Writes cells without the rules about who may change what: for updates that passed them and for actions.
pub(super) fn change(
    world: &mut World,
    actor: &Actor,
    table: &Arc<Table>,
    before: &Row,
    cells: BTreeMap<Name, Option<Datum>>,
    children: Vec<(Arc<Table>, Name, Submission)>,
) -> Answer<()> {
    let mut row = before.clone();
    for (name, value) in &cells {
        row.set(name, value.clone());
    }
    if cells.contains_key("ownerid") {
        own(world, &mut row);
    }
    stamp_modified(world, actor, table, &mut row);
    special(world, table, Some(before), &mut row)?;
    demand_required(table, &row)?;
    keys::demand_unique(world, table, &row)?;
    world.store.put(&table.name, row.clone());
    webhooks::note(world, actor, Message::Update, table, &row, Some((before, &cells)));
    for (child_table, column, mut child) in children {
        child.cells.insert(column, Some(Datum::reference(&table.name, before.id)));
        create(world, actor, &child_table, child)?;
    }
    Ok(())
}

/// Deletes a row, with those that go along.
pub(crate) fn delete(world: &mut World, actor: &Actor, table: &Arc<Table>, id: Uuid) -> Answer<()> {
    let row = world.store.get(&table.name, id).cloned().ok_or_else(|| Refused::no_such_row(&table.name, id))?;
    actor.may_touch(world, Verb::Delete, table, &row)?;
    let schema = world.schema.clone();
    for (other, column, target) in schema.pointing_to(&table.name) {
        for pointing in world.store.pointing(&other.name, &column.name, id) {
            match target.on_delete {
                OnDelete::Cascade => delete(world, &actor.unbound(), other, pointing)?,
                OnDelete::RemoveLink => unlink(world, actor, other, column.name.clone(), pointing),
                OnDelete::Restrict => {
                    let message = format!(
                        "The object you tried to delete is associated with another object and cannot be deleted. \
                         ({} of {} {pointing})",
                        column.name, other.name
                    );
                    return Err(Refused::new(405, "0x80040227", message));
                }
            }
        }
    }
    for many in &schema.many_to_many {
        for end in many.ends.iter().filter(|end| end.table == table.name) {
            for pair in world.store.pointing(&many.intersect, &end.column, id) {
                world.store.delete(&many.intersect, pair);
            }
        }
    }
    world.store.delete(&table.name, id);
    webhooks::note(world, actor, Message::Delete, table, &row, None);
    Ok(())
}

/// A row forgets another that is gone; no step hears of it.
fn unlink(world: &mut World, actor: &Actor, table: &Table, column: Name, id: Uuid) {
    let Some(mut row) = world.store.get(&table.name, id).cloned() else { return };
    row.set(&column, None);
    stamp_modified(world, actor, table, &mut row);
    world.store.put(&table.name, row);
}

/// Setting a lookup needs Append on the row that holds it and AppendTo on the table pointed to (1.3).
fn may_append(world: &World, actor: &Actor, table: &Table, cells: &BTreeMap<Name, Option<Datum>>) -> Answer<()> {
    let references: Vec<&Reference> = cells.values().flatten().filter_map(Datum::as_reference).collect();
    if !actor.bound || references.is_empty() {
        return Ok(());
    }
    rights::may(world, Verb::Append, table)?;
    for reference in references {
        if let Some(target) = world.schema.table(&reference.table) {
            rights::may(world, Verb::AppendTo, target)?;
        }
    }
    if cells.contains_key("ownerid") && rights::level(world, Verb::Assign, table) == Level::None {
        return Err(rights::denied(world, Verb::Assign, table));
    }
    Ok(())
}

/// What particular tables do on top.
fn special(world: &mut World, table: &Table, before: Option<&Row>, row: &mut Row) -> Answer<()> {
    match &*table.name {
        "opportunity" => opportunity::settle(world, before, row)?,
        "serviceendpoint" | "sdkmessageprocessingstep" | "sdkmessageprocessingstepimage" => {
            webhooks::demand_registrable(world, &table.name, row)?;
        }
        _ => {}
    }
    names::settle(table, row);
    money::settle(world, table, row);
    Ok(())
}

fn demand_required(table: &Table, row: &Row) -> Answer<()> {
    let missing = table.columns.iter().find(|column| column.required && row.get(&column.name).is_none());
    match missing {
        None => Ok(()),
        Some(column) => {
            let message = format!("Attribute '{}' cannot be NULL ({}).", column.name, table.name);
            Err(Refused::new(400, "0x80040203", message))
        }
    }
}
