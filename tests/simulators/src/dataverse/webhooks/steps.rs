//! Which steps hear of a change (dataverse-api 5.2): by message, table, and the columns that the request named.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::context::{self, Trimmed};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::rules::pipeline::Actor;
use crate::dataverse::schema::{Name, Table};
use crate::dataverse::world::World;

/// The messages that rows' changes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Create,
    Update,
    Delete,
}

impl Message {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

/// A call that is to be made: one job of one step.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// The job; the same on a redelivery.
    pub(crate) operation: Uuid,
    pub(crate) correlation: Uuid,
    pub(crate) step: Uuid,
    pub(crate) step_name: String,
    pub(crate) endpoint: Uuid,
    pub(crate) message: Message,
    pub(crate) table: Name,
    pub(crate) row: Uuid,
    pub(crate) body: String,
    /// Over 256 KB, and therefore trimmed.
    pub(crate) oversized: bool,
    /// A job that succeeds leaves no row.
    pub(crate) auto_delete: bool,
}

/// What an update was: the row before it, and the cells that the request named.
pub(crate) type Update<'a> = (&'a Row, &'a BTreeMap<Name, Option<Datum>>);

/// Bodies above this are trimmed (5.4).
const BODY_MOST: usize = 256 * 1024;

/// A change, as steps see it.
pub(super) struct Change<'a> {
    pub(super) message: Message,
    pub(super) table: &'a Table,
    /// The row after the change, or the one that is gone.
    pub(super) row: &'a Row,
    pub(super) update: Option<Update<'a>>,
}

/// Notes a change for the steps that want to hear of it.
pub(crate) fn note(
    world: &mut World,
    actor: &Actor,
    message: Message,
    table: &Table,
    row: &Row,
    update: Option<Update<'_>>,
) {
    if actor.bypass {
        return;
    }
    let change = Change { message, table, row, update };
    let listening: Vec<Row> = world
        .store
        .rows("sdkmessageprocessingstep")
        .filter(|step| hears(world, step, &change))
        .filter(|step| !(world.switches.step_ids_suppress_webhooks && actor.bypass_steps.contains(&step.id)))
        .cloned()
        .collect();
    for step in listening {
        let Some(endpoint) = step.reference("eventhandler").map(|reference| reference.id) else { continue };
        let operation = world.stamps.id();
        let whole = context::body(world, actor, &step, &change, operation, Trimmed::No);
        let oversized = whole.len() > BODY_MOST;
        let body = if oversized { context::body(world, actor, &step, &change, operation, Trimmed::Yes) } else { whole };
        let auto_delete = step.boolean("asyncautodelete");
        world.notices.push(Notice {
            operation,
            correlation: actor.correlation,
            step: step.id,
            step_name: step.text("name").unwrap_or_default().to_owned(),
            endpoint,
            message,
            table: table.name.clone(),
            row: row.id,
            body,
            oversized,
            auto_delete,
        });
    }
}

fn hears(world: &World, step: &Row, change: &Change<'_>) -> bool {
    let row_of =
        |column: &str, table: &str| step.reference(column).and_then(|reference| world.store.get(table, reference.id));
    let message = row_of("sdkmessageid", "sdkmessage").and_then(|row| row.text("name"));
    let table = row_of("sdkmessagefilterid", "sdkmessagefilter").and_then(|row| row.text("primaryobjecttypecode"));
    step.integer("statecode") == Some(0)
        && message == Some(change.message.name())
        && table.is_none_or(|table| table == &*change.table.name)
        && wants_columns(step, change)
}

/// An update is told when it named a column of the filter, whatever the value; no filter is every column.
fn wants_columns(step: &Row, change: &Change<'_>) -> bool {
    let Some((_, cells)) = change.update else { return true };
    let Some(filter) = step.text("filteringattributes") else { return true };
    filter.split(',').any(|column| cells.contains_key(column))
}
