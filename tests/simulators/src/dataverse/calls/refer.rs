//! Below a row (dataverse-api 2.6): single properties, navigation properties, and `$ref`.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::reply::{Call, Reply};
use super::{change, list, retrieve};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Reference, Row};
use crate::dataverse::odata::path::{Key, Segment};
use crate::dataverse::odata::payload::{self, Submission};
use crate::dataverse::odata::{options, show, value};
use crate::dataverse::rules::rights::{self, Verb};
use crate::dataverse::rules::{keys, pipeline};
use crate::dataverse::schema::{Column, ManyToMany, Name, Navigation, Table};
use crate::dataverse::world::World;

/// What the navigation property of a row leads to; owned, so that the world may change meanwhile.
enum Way {
    Single(Name, Option<Reference>),
    Collection(Arc<Table>, Name),
    Many(ManyToMany, usize),
}

/// Carries out a call on what stands below a row.
pub(super) fn below(world: &mut World, call: &Call, table: &Arc<Table>, key: &Key, rest: &[Segment]) -> Answer<Reply> {
    let id = keys::existing(world, table, key)?;
    let (first, rest) = rest.split_first().ok_or_else(Refused::syntax)?;
    if let Some(column) = table.property(&first.name).filter(|column| column.readable) {
        return property(world, call, table, id, column, rest);
    }
    let row = world.store.get(&table.name, id).ok_or_else(|| Refused::no_such_row(&table.name, id))?;
    let way = match world.schema.navigation(table, &first.name) {
        Some(Navigation::Single(column, _)) => Way::Single(column.name.clone(), row.reference(&column.name).cloned()),
        Some(Navigation::Collection(other, column)) => Way::Collection(other.clone(), column.name.clone()),
        Some(Navigation::Many(many, own, _)) => Way::Many(many.clone(), usize::from(std::ptr::eq(own, &many.ends[1]))),
        None => return Err(Refused::no_segment(&first.name)),
    };
    match (rest, &first.key) {
        ([], None) => follow(world, call, table, id, &way),
        ([only], None) if only.name == "$ref" => refer(world, call, table, id, &way, None),
        ([only], Some(Key::Id(other))) if only.name == "$ref" => refer(world, call, table, id, &way, Some(*other)),
        _ => Err(Refused::no_segment(rest.last().map_or(&first.name, |segment| &segment.name))),
    }
}

/// `GET`, `PUT`, `DELETE` of one property; `/$value` is the bare text.
fn property(
    world: &mut World,
    call: &Call,
    table: &Arc<Table>,
    id: Uuid,
    column: &Column,
    rest: &[Segment],
) -> Answer<Reply> {
    let bare = match rest {
        [] => false,
        [only] if only.name == "$value" && call.method == Method::GET => true,
        _ => return Err(Refused::no_segment(&rest[0].name)),
    };
    let update = |world: &mut World, datum: Option<Datum>| {
        let submission = Submission { cells: BTreeMap::from([(column.name.clone(), datum)]), ..Submission::default() };
        let actor = call.actor(world)?;
        pipeline::update(world, &actor, table, id, submission)?;
        Ok(Reply::no_content())
    };
    match call.method {
        Method::GET => {
            let row = world.store.get(&table.name, id).ok_or_else(|| Refused::no_such_row(&table.name, id))?;
            rights::may_touch(world, Verb::Read, table, row)?;
            let shown = value::shown(world, column, row.get(&column.name));
            if bare {
                let text = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
                return Ok(Reply::json(Value::String(text)));
            }
            let context = format!("{}$metadata#{}({id})/{}", world.root(), table.set, column.property());
            Ok(Reply::json(json!({ "@odata.context": context, "value": shown })))
        }
        Method::PUT if !column.is_lookup() => {
            let payload = call.payload()?;
            let given = payload.get("value").ok_or_else(|| Refused::payload("The body must hold a value."))?;
            let datum = value::taken(world, table, column, given)?;
            update(world, datum)
        }
        Method::DELETE if !column.is_lookup() => update(world, None),
        _ => Err(Refused::method()),
    }
}

/// Reads what a navigation property leads to, or creates through a collection.
fn follow(world: &mut World, call: &Call, table: &Arc<Table>, id: Uuid, way: &Way) -> Answer<Reply> {
    match (way, &call.method) {
        (Way::Single(_, reference), &Method::GET) => {
            let Some(reference) = reference else { return Ok(Reply::no_content()) };
            let other = world.table(&reference.table).ok_or_else(|| Refused::no_segment(&reference.table))?;
            retrieve::one(world, call, &other, reference.id)
        }
        (Way::Collection(other, column), &Method::GET) => {
            let ids = world.store.pointing(&other.name, column, id);
            list::list(world, call, other, Some(&ids))
        }
        (Way::Collection(other, column), &Method::POST) => {
            let owner = (column.clone(), Datum::reference(&table.name, id));
            change::create(world, call, &other.clone(), Some(owner))
        }
        (Way::Many(many, own), &Method::GET) => {
            let (own, theirs) = (&many.ends[*own], &many.ends[1 - own]);
            let other = world.table(&theirs.table).ok_or_else(|| Refused::no_segment(&theirs.table))?;
            let row = world.store.get(&table.name, id).ok_or_else(|| Refused::no_such_row(&table.name, id))?;
            let ids = show::across(world, &many.intersect, &own.column, &theirs.column, row);
            list::list(world, call, &other, Some(&ids))
        }
        _ => Err(Refused::method()),
    }
}

/// Points to a row, or no longer.
fn refer(
    world: &mut World,
    call: &Call,
    table: &Arc<Table>,
    id: Uuid,
    way: &Way,
    named: Option<Uuid>,
) -> Answer<Reply> {
    let actor = call.actor(world)?;
    let set = |world: &mut World, table: &Arc<Table>, id: Uuid, column: &Name, datum: Option<Datum>| {
        let submission = Submission { cells: BTreeMap::from([(column.clone(), datum)]), ..Submission::default() };
        pipeline::update(world, &actor, table, id, submission)
    };
    match (way, &call.method) {
        (Way::Single(column, _), &Method::PUT) => {
            let reference = submitted(world, call)?;
            set(world, table, id, column, Some(Datum::Reference(reference)))?;
        }
        (Way::Single(column, _), &Method::DELETE) => set(world, table, id, column, None)?,
        (Way::Collection(other, column), &Method::POST) => {
            let reference = submitted(world, call)?;
            set(world, other, reference.id, column, Some(Datum::reference(&table.name, id)))?;
        }
        (Way::Collection(other, column), &Method::DELETE) => {
            let other_id = removed(world, call, named)?;
            set(world, other, other_id, column, None)?;
        }
        (Way::Many(many, own), &Method::POST) => {
            let reference = submitted(world, call)?;
            associate(world, many, *own, id, &reference);
        }
        (Way::Many(many, own), &Method::DELETE) => {
            let other = removed(world, call, named)?;
            dissociate(world, many, *own, id, other);
        }
        _ => return Err(Refused::method()),
    }
    Ok(Reply::no_content())
}

/// The row that the body's `@odata.id` names.
fn submitted(world: &World, call: &Call) -> Answer<Reference> {
    let payload = call.payload()?;
    let address = payload.get("@odata.id").and_then(Value::as_str);
    let address = address.ok_or_else(|| Refused::payload("The body must hold an @odata.id."))?;
    payload::reference_at(world, address, &call.content_ids)
}

/// The row named in the path or by `$id`.
fn removed(world: &World, call: &Call, named: Option<Uuid>) -> Answer<Uuid> {
    if let Some(id) = named {
        return Ok(id);
    }
    let pairs = options::pairs(&call.query);
    let address = pairs.iter().find(|(name, _)| name == "$id").map(|(_, value)| value.as_str());
    let address = address.ok_or_else(|| Refused::query("The row to dissociate is not named."))?;
    Ok(payload::reference_at(world, address, &call.content_ids)?.id)
}

fn associate(world: &mut World, many: &ManyToMany, own: usize, id: Uuid, other: &Reference) {
    dissociate(world, many, own, id, other.id);
    let mut row = Row::new(world.stamps.id());
    let (own, theirs) = (&many.ends[own], &many.ends[1 - own]);
    row.set(&own.column, Some(Datum::reference(&own.table, id)));
    row.set(&theirs.column, Some(Datum::Reference(other.clone())));
    world.store.put(&many.intersect, row);
}

fn dissociate(world: &mut World, many: &ManyToMany, own: usize, id: Uuid, other: Uuid) {
    let (own, theirs) = (&many.ends[own], &many.ends[1 - own]);
    for pair in world.store.pointing(&many.intersect, &own.column, id) {
        let row = world.store.get(&many.intersect, pair);
        if row.and_then(|row| row.reference(&theirs.column)).is_some_and(|reference| reference.id == other) {
            world.store.delete(&many.intersect, pair);
        }
    }
}
