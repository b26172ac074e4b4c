//! Functions and actions: WhoAmI, closing an opportunity, qualifying a lead, merging (dataverse-api 2.1, 6.4, 6.5).

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::reply::{Call, Reply};
use super::{multiple, retrieve};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Reference;
use crate::dataverse::metadata;
use crate::dataverse::odata::path::{Key, Segment};
use crate::dataverse::odata::payload;
use crate::dataverse::rules::opportunity::{self, Closing};
use crate::dataverse::rules::qualify::{self, Wanted};
use crate::dataverse::rules::{self, keys};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

/// What is bound to nothing; none if the first segment names no such thing.
pub(super) fn unbound(world: &mut World, call: &Call, first: &Segment, rest: &[Segment]) -> Option<Answer<Reply>> {
    if !rest.is_empty() {
        return None;
    }
    let act: fn(&mut World, &Call) -> Answer<Reply> = match (first.name.as_str(), &call.method) {
        ("WhoAmI", &Method::GET) => who_am_i,
        ("WinOpportunity", &Method::POST) => |world, call| close(world, call, Closing::Win),
        ("LoseOpportunity", &Method::POST) => |world, call| close(world, call, Closing::Lose),
        ("Merge", &Method::POST) => merge,
        (name, &Method::POST) => return metadata::act(world, call, name),
        _ => return None,
    };
    Some(act(world, call))
}

/// Bound to a set.
pub(super) fn of_set(world: &mut World, call: &Call, table: &Arc<Table>, name: &str) -> Answer<Reply> {
    match (name, &call.method) {
        ("CreateMultiple", &Method::POST) => multiple::create(world, call, table),
        ("UpdateMultiple", &Method::POST) => multiple::update(world, call, table),
        ("UpsertMultiple", &Method::POST) => multiple::upsert(world, call, table),
        _ => Err(Refused::no_segment(name)),
    }
}

/// Bound to a row.
pub(super) fn of_row(world: &mut World, call: &Call, table: &Arc<Table>, key: &Key, name: &str) -> Answer<Reply> {
    let id = keys::existing(world, table, key)?;
    match (&*table.name, name, &call.method) {
        ("lead", "QualifyLead", &Method::POST) => qualify_lead(world, call, id),
        ("systemform", "RetrieveUnpublished", &Method::GET) => {
            let mut reply = retrieve::one(world, call, table, id)?;
            let form = world.unpublished_forms.get(&id);
            if let (Some(form), Some(shown)) = (form, reply.body.as_mut().and_then(|body| body.get_mut("formxml"))) {
                *shown = json!(form);
            }
            Ok(reply)
        }
        _ => Err(Refused::no_segment(name)),
    }
}

fn who_am_i(world: &mut World, call: &Call) -> Answer<Reply> {
    let actor = call.actor(world)?;
    Ok(Reply::json(json!({
        "@odata.context": format!("{}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse", world.root()),
        "BusinessUnitId": world.ids.business_unit,
        "UserId": actor.user,
        "OrganizationId": world.ids.organization,
    })))
}

fn close(world: &mut World, call: &Call, closing: Closing) -> Answer<Reply> {
    let payload = call.payload()?;
    let status = payload.get("Status").and_then(Value::as_i64);
    let status = status.ok_or_else(|| missing("Status"))?;
    let activity = payload.get("OpportunityClose").and_then(Value::as_object);
    let activity = activity.ok_or_else(|| missing("OpportunityClose"))?;
    let actor = call.actor(world)?;
    let table = world.table("opportunity").ok_or_else(|| Refused::no_segment("opportunities"))?;
    rules::rights::may(world, rules::rights::Verb::Write, &table)?;
    opportunity::close(world, &actor, closing, status, activity, &call.content_ids)?;
    Ok(Reply::no_content())
}

fn qualify_lead(world: &mut World, call: &Call, id: Uuid) -> Answer<Reply> {
    let payload = call.payload()?;
    let flag = |name: &str| payload.get(name).and_then(Value::as_bool).ok_or_else(|| missing(name));
    let wanted = Wanted {
        account: flag("CreateAccount")?,
        contact: flag("CreateContact")?,
        opportunity: flag("CreateOpportunity")?,
        status: payload.get("Status").and_then(Value::as_i64).ok_or_else(|| missing("Status"))?,
        currency: reference(world, &payload, "OpportunityCurrencyId")?.map(|reference| reference.id),
        customer: reference(world, &payload, "OpportunityCustomerId")?,
    };
    let actor = call.actor(world)?;
    let made = qualify::qualify(world, &actor, id, &wanted)?;
    if !world.switches.qualify_answers_rows {
        return Ok(Reply::no_content());
    }
    let rows: Vec<Value> = made
        .iter()
        .filter_map(|reference| {
            let table = world.schema.table(&reference.table)?;
            Some(json!({ "@odata.type": format!("#{}", table.type_name()), &*table.id: reference.id }))
        })
        .collect();
    let context = format!("{}$metadata#Collection(Microsoft.Dynamics.CRM.crmbaseentity)", world.root());
    Ok(Reply::json(json!({ "@odata.context": context, "value": rows })))
}

fn merge(world: &mut World, call: &Call) -> Answer<Reply> {
    let payload = call.payload()?;
    let target = reference(world, &payload, "Target")?.ok_or_else(|| missing("Target"))?;
    let subordinate = reference(world, &payload, "Subordinate")?.ok_or_else(|| missing("Subordinate"))?;
    if subordinate.table != target.table {
        return Err(Refused::invalid("Target and Subordinate must be of the same type."));
    }
    let table = world.table(&target.table).ok_or_else(|| Refused::no_segment(&target.table))?;
    let mut content = payload.get("UpdateContent").and_then(Value::as_object).cloned().unwrap_or_default();
    content.remove(&*table.id);
    let content = payload::read(world, &table, &content, &call.content_ids)?;
    let actor = call.actor(world)?;
    rules::merge(world, &actor, &target.table, target.id, subordinate.id, content)?;
    Ok(Reply::no_content())
}

/// A row given as an object with its type and primary key.
pub(super) fn reference(world: &World, payload: &Map<String, Value>, name: &str) -> Answer<Option<Reference>> {
    let Some(object) = payload.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let type_name = object.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let table_name = type_name.rsplit('.').next().unwrap_or_default();
    let unfit = || Refused::payload(format!("The parameter '{name}' is not an entity with its type and id."));
    let table = world.schema.table(table_name).ok_or_else(unfit)?;
    let id = object.get(&*table.id).and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
    let id = id.ok_or_else(unfit)?;
    if world.store.get(table_name, id).is_none() {
        return Err(Refused::no_such_row(table_name, id));
    }
    Ok(Some(Reference { table: table.name.clone(), id }))
}

fn missing(parameter: &str) -> Refused {
    Refused::payload(format!("Required parameter '{parameter}' is missing."))
}
