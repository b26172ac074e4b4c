//! From the path of a call to what it does (dataverse-api 2).

use http::Method;

use super::reply::{Call, Reply};
use super::{actions, batch, change, list, refer, retrieve, service};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::metadata;
use crate::dataverse::odata::path::{self, Key, Segment};
use crate::dataverse::rules::rights::{self, Verb};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// Carries a call out. The caller undoes it if it is refused.
pub(crate) fn dispatch(world: &mut World, call: &Call) -> Answer<Reply> {
    let segments = segments(world, call)?;
    let Some((first, rest)) = segments.split_first() else { return service::document(world, call) };
    match (first.name.as_str(), rest, &call.method) {
        ("$batch", [], &Method::POST) => return batch::batch(world, call),
        ("$metadata", [], _) => return service::metadata(world, call),
        _ => {}
    }
    if let Some(reply) = metadata::dispatch(world, call, first, rest) {
        return reply;
    }
    if let Some(reply) = actions::unbound(world, call, first, rest) {
        return reply;
    }
    let table = world.schema.of_set(&first.name).cloned().ok_or_else(|| Refused::no_segment(&first.name))?;
    match (&first.key, rest) {
        (None, []) => match call.method {
            Method::GET => list::list(world, call, &table, None),
            Method::POST => change::create(world, call, &table, None),
            _ => Err(Refused::method()),
        },
        (None, [only]) if only.name == "$count" => list::count(world, call, &table),
        (None, [only]) if only.name.starts_with(NAMESPACE) => {
            actions::of_set(world, call, &table, &only.name[NAMESPACE.len()..])
        }
        (Some(key), []) => match call.method {
            Method::GET => retrieve::retrieve(world, call, &table, key),
            Method::PATCH => change::upsert(world, call, &table, key),
            Method::DELETE => change::delete(world, call, &table, key),
            _ => Err(Refused::method()),
        },
        (Some(key), [only]) if only.name.starts_with(NAMESPACE) => {
            actions::of_row(world, call, &table, key, &only.name[NAMESPACE.len()..])
        }
        (Some(key), rest) => refer::below(world, call, &table, key, rest),
        (None, _) => Err(Refused::no_segment(&rest[0].name)),
    }
}

/// The segments, with a leading `$1` replaced by the row that it stands for.
fn segments(world: &World, call: &Call) -> Answer<Vec<Segment>> {
    let mut segments = path::read(&call.path)?;
    if let Some(first) = segments.first_mut()
        && let Some(id) = first.name.strip_prefix('$')
        && !matches!(first.name.as_str(), "$metadata" | "$batch")
    {
        let unknown = || crate::dataverse::odata::payload::no_content_id(id);
        let reference = call.content_ids.get(id).ok_or_else(unknown)?;
        let table = world.schema.table(&reference.table).ok_or_else(unknown)?;
        *first = Segment { name: table.set.clone(), key: Some(Key::Id(reference.id)) };
    }
    Ok(segments)
}

/// Reading a table at all.
pub(super) fn may_read(world: &World, table: &Table) -> Answer<()> {
    rights::may(world, Verb::Read, table)
}
