//! PATCH and PUT of a referral (partner-center-api 4.7, 4.8, 4.9).

use http::HeaderMap;
use serde_json::Value;

use super::answers::Refused;
use super::choices::StaleEtag;
use super::json_patch::{self, Lenience, Operation};
use super::judge;
use super::names::canonical_names;
use super::referral;
use super::world::World;

/// Carries out a PATCH document.
pub(super) fn patch(world: &mut World, id: &str, headers: &HeaderMap, body: &Value) -> Result<(), Refused> {
    let operations = json_patch::parse(body).map_err(Refused::invalid)?;
    let before = ours(world, id)?;
    check_etag(world, headers, &before)?;
    let mut after = before.clone();
    let switches = &world.switches;
    let lenience = Lenience { replace_on_null: switches.replace_on_null, append_to_null: switches.append_to_null };
    for operation in &operations {
        if let Some(message) = operation_objection(operation, world) {
            return Err(Refused::invalid(message));
        }
        json_patch::apply(&mut after, operation, lenience).map_err(Refused::invalid)?;
    }
    keep(world, id, &before, after)
}

/// Carries out a PUT of a whole referral; a member that it lacks is erased.
pub(super) fn put(world: &mut World, id: &str, headers: &HeaderMap, body: Value) -> Result<(), Refused> {
    let before = ours(world, id)?;
    if !headers.contains_key(http::header::IF_MATCH) {
        return Err(Refused::precondition_missing(world.switches.put_without_if_match));
    }
    check_etag(world, headers, &before)?;
    let mut after = canonical_names(body);
    if !after.is_object() {
        return Err(Refused::invalid("The body must be a referral."));
    }
    if after.get("links").is_some() {
        return Err(Refused::invalid("links must be removed."));
    }
    if let Some(members) = after.as_object_mut() {
        members.remove("@odata.context");
    }
    judge::keep_frozen(&before, &mut after);
    keep(world, id, &before, after)
}

fn keep(world: &mut World, id: &str, before: &Value, mut after: Value) -> Result<(), Refused> {
    let as_sent = judge::objection(before, &after, &world.switches, world.stamps.now());
    if let Some(message) = as_sent {
        return Err(Refused::invalid(message));
    }
    referral::tidy(&mut after, &world.switches);
    world.replace(id, after);
    Ok(())
}

/// The document of a referral that the caller may change: visible, and its own organization's.
fn ours(world: &World, id: &str) -> Result<Value, Refused> {
    let stored = world.find(id).filter(|stored| world.sees(stored)).ok_or_else(Refused::not_found)?;
    if world.is_ours(&stored.document) { Ok(stored.document.clone()) } else { Err(Refused::access_denied()) }
}

/// An `If-Match` that is there must hold. The comparison is strong: quotes and all, and no `W/`.
fn check_etag(world: &World, headers: &HeaderMap, document: &Value) -> Result<(), Refused> {
    let Some(wanted) = headers.get(http::header::IF_MATCH) else { return Ok(()) };
    let star = wanted.as_bytes() == b"*" && world.switches.if_match_star;
    if star || wanted.as_bytes() == referral::text(document, "eTag").as_bytes() {
        return Ok(());
    }
    Err(match world.switches.stale_etag {
        StaleEtag::PreconditionFailed => Refused::modified(412, "preconditionFailed"),
        StaleEtag::ResourceModified => Refused::modified(412, "resourceModified"),
        StaleEtag::Conflict => Refused::modified(409, "resourceModified"),
    })
}

fn operation_objection(operation: &Operation, world: &World) -> Option<String> {
    let path = operation.path.join("/");
    if judge::is_frozen(&operation.path) {
        return Some(format!("/{path} cannot be changed."));
    }
    if path == "details/dealValue" && operation.value.is_number() && !world.switches.numeric_deal_value_in_patch {
        return Some("DealValue must be a string.".to_owned());
    }
    (operation.value.is_array() && !world.switches.replace_whole_arrays)
        .then(|| format!("/{path} cannot be replaced as a whole."))
}
