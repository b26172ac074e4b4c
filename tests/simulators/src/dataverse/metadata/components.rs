//! What a solution holds (dataverse-api 7.1, 7.10): the header `MSCRM.SolutionUniqueName` puts what is made into one.

use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::Call;
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

/// Component types by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Table = 1,
    Column = 2,
    Choice = 9,
    Relationship = 10,
    Key = 14,
}

/// Notes a component in the solution that the call names; without one it is in the default solution, of which nobody
/// keeps a list.
pub(super) fn note(world: &mut World, call: &Call, kind: Kind, object: Uuid) -> Answer<()> {
    add(world, call, kind as i64, object)
}

/// The same for rows that are components: endpoints, steps, images, forms, environment variables.
pub(crate) fn note_row(world: &mut World, call: &Call, table: &Table, id: Uuid) -> Answer<()> {
    let kind = match &*table.name {
        "systemform" => 60,
        "sdkmessageprocessingstep" => 92,
        "sdkmessageprocessingstepimage" => 93,
        "serviceendpoint" => 95,
        "environmentvariabledefinition" => 380,
        "environmentvariablevalue" => 381,
        _ => return Ok(()),
    };
    add(world, call, kind, id)
}

fn add(world: &mut World, call: &Call, kind: i64, object: Uuid) -> Answer<()> {
    match call.header("mscrm.solutionuniquename") {
        Some(name) => add_to(world, name, kind, object),
        None => Ok(()),
    }
}

/// Adds a component to a solution by name, once.
pub(super) fn add_to(world: &mut World, solution: &str, kind: i64, object: Uuid) -> Answer<()> {
    let found = world.store.rows("solution").find(|row| row.text("uniquename") == Some(solution)).map(|row| row.id);
    let id = found.ok_or_else(|| Refused::invalid(format!("The solution '{solution}' does not exist.")))?;
    let held = world.store.pointing("solutioncomponent", &"solutionid".into(), id);
    let holds = |component: &Uuid| {
        let row = world.store.get("solutioncomponent", *component);
        row.is_some_and(|row| row.get("objectid") == Some(&Datum::Id(object)))
    };
    if held.iter().any(holds) {
        return Ok(());
    }
    let mut row = Row::new(world.stamps.id());
    row.put("solutioncomponentid", Some(Datum::Id(row.id)));
    row.put("componenttype", Some(Datum::Integer(kind)));
    row.put("objectid", Some(Datum::Id(object)));
    row.put("solutionid", Some(Datum::reference("solution", id)));
    world.store.put(&"solutioncomponent".into(), row);
    Ok(())
}

/// What is gone is in no solution.
pub(super) fn forget(world: &mut World, object: Uuid) {
    let is = |row: &&Row| row.get("objectid") == Some(&Datum::Id(object));
    let rows: Vec<Uuid> = world.store.rows("solutioncomponent").filter(is).map(|row| row.id).collect();
    for row in rows {
        world.store.delete(&"solutioncomponent".into(), row);
    }
}
