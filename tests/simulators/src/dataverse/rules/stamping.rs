//! What every row gets without asking: defaults, who and when, an owner.

use super::pipeline::Actor;
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::{Kind, Ownership, Table};
use crate::dataverse::world::World;

/// The defaults of columns that hold nothing.
pub(super) fn defaults(table: &Table, row: &mut Row) {
    for column in &table.columns {
        let Some(default) = column.default.filter(|_| row.get(&column.name).is_none()) else { continue };
        let datum = if column.kind == Kind::Boolean { Datum::Boolean(default != 0) } else { Datum::Integer(default) };
        row.set(&column.name, Some(datum));
    }
}

/// Who made a new row, when, and who owns it.
pub(super) fn stamp_created(world: &World, actor: &Actor, table: &Table, row: &mut Row) {
    let now = Datum::Moment(world.stamps.now());
    let user = Datum::reference("systemuser", actor.user);
    if table.column("createdon").is_some() {
        let created = row.get("overriddencreatedon").cloned().unwrap_or_else(|| now.clone());
        row.put("createdon", Some(created));
        row.put("createdby", Some(user.clone()));
        row.put("modifiedon", Some(now));
        row.put("modifiedby", Some(user.clone()));
    }
    if table.ownership == Ownership::User {
        if row.reference("ownerid").is_none() {
            row.put("ownerid", Some(user));
        }
        own(world, row);
    }
}

/// The columns that follow from the owner.
pub(super) fn own(world: &World, row: &mut Row) {
    let owner = row.reference("ownerid").cloned();
    let of = |table: &str| owner.clone().filter(|owner| &*owner.table == table).map(Datum::Reference);
    row.put("owninguser", of("systemuser"));
    row.put("owningteam", of("team"));
    row.put("owningbusinessunit", Some(Datum::reference("businessunit", world.ids.business_unit)));
}

/// Who changed a row, and when.
pub(super) fn stamp_modified(world: &World, actor: &Actor, table: &Table, row: &mut Row) {
    if table.column("modifiedon").is_some() {
        row.put("modifiedon", Some(Datum::Moment(world.stamps.now())));
        row.put("modifiedby", Some(Datum::reference("systemuser", actor.user)));
    }
}
