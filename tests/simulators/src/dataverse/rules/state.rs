//! State and status reason (dataverse-api 6): a status belongs to a state, a state has a default status.

use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::Table;

/// The state and status of a new row: always the first state; a status of another is refused.
pub(super) fn on_create(table: &Table, row: &mut Row) -> Answer<()> {
    let Some(first) = table.states().first() else { return Ok(()) };
    let status = row.integer("statuscode").unwrap_or(first.of);
    demand(table, row.id, first.value, status)?;
    row.put("statecode", Some(Datum::Integer(first.value)));
    row.put("statuscode", Some(Datum::Integer(status)));
    Ok(())
}

/// The state and status after an update that names one, the other or both.
pub(super) fn on_update(table: &Table, before: &Row, state: Option<i64>, status: Option<i64>) -> Answer<(i64, i64)> {
    let current = before.integer("statecode").unwrap_or_default();
    let default =
        |state: i64| table.states().iter().find(|choice| choice.value == state).map_or(-1, |choice| choice.of);
    let state_after = state.unwrap_or(current);
    let status_after = match (state, status) {
        (_, Some(status)) => status,
        (Some(state), None) if state != current => default(state),
        _ => before.integer("statuscode").unwrap_or_else(|| default(state_after)),
    };
    demand(table, before.id, state_after, status_after)?;
    Ok((state_after, status_after))
}

/// Refuses a status that does not belong to a state.
pub(super) fn demand(table: &Table, id: Uuid, state: i64, status: i64) -> Answer<()> {
    if table.statuses().iter().any(|choice| choice.value == status && choice.of == state) {
        return Ok(());
    }
    let label = table.column("statecode").and_then(|column| column.label_of(state)).unwrap_or("?");
    let message = format!(
        "{status} is not a valid status code for state code {}State.{label} on {} with Id {id}.",
        table.label, table.name
    );
    Err(Refused::new(400, "0x80048408", message))
}
