//! Merge of two accounts, contacts or leads (Merge): the subordinate is deactivated and names its master; what pointed
//! to it points to the master.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::pipeline::{self, Actor};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Datum;
use crate::dataverse::odata::payload::Submission;
use crate::dataverse::schema::Name;
use crate::dataverse::world::World;

/// Merges; `content` is written to the master too.
pub(crate) fn merge(
    world: &mut World,
    actor: &Actor,
    table: &str,
    master: Uuid,
    subordinate: Uuid,
    content: Submission,
) -> Answer<()> {
    let mergeable = matches!(table, "account" | "contact" | "lead");
    let found = world.table(table).filter(|_| mergeable);
    let table = found.ok_or_else(|| Refused::invalid(format!("Rows of {table} cannot be merged.")))?;
    for id in [master, subordinate] {
        let row = world.store.get(&table.name, id).ok_or_else(|| Refused::no_such_row(&table.name, id))?;
        if row.boolean("merged") {
            return Err(Refused::invalid(format!("{} {id} is merged into another one already.", table.name)));
        }
    }
    if master == subordinate {
        return Err(Refused::invalid("A record cannot be merged with itself."));
    }
    let schema = world.schema.clone();
    for (other, column, _) in schema.pointing_to(&table.name) {
        for id in world.store.pointing(&other.name, &column.name, subordinate) {
            let Some(before) = world.store.get(&other.name, id).cloned() else { continue };
            let cells = BTreeMap::from([(column.name.clone(), Some(Datum::reference(&table.name, master)))]);
            pipeline::change(world, actor, other, &before, cells, Vec::new())?;
        }
    }
    if !content.cells.is_empty() {
        pipeline::update(world, actor, &table, master, content)?;
    }
    let Some(before) = world.store.get(&table.name, subordinate).cloned() else { return Ok(()) };
    let inactive = table.states().last().map_or((1, 2), |state| (state.value, state.of));
    let cells = [
        ("statecode", Datum::Integer(inactive.0)),
        ("statuscode", Datum::Integer(inactive.1)),
        ("masterid", Datum::reference(&table.name, master)),
        ("merged", Datum::Boolean(true)),
    ];
    let cells = cells.into_iter().map(|(name, value)| (Name::from(name), Some(value))).collect();
    pipeline::change(world, actor, &table, &before, cells, Vec::new())
}
