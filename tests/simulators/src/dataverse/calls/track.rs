//! Change tracking (dataverse-api 4): a first pass over all rows, then what changed since a token, deletions last. The
//! token is `<version>!<date>` and stands only on the last page.

use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::page::{self, Place};
use super::reply::{Call, Reply};
use super::retrieve;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Row;
use crate::dataverse::odata::options::Options;
use crate::dataverse::odata::show::Shape;
use crate::dataverse::rules::rights::{self, Level, Verb};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

/// A pass: everything, or what changed after a version; both up to one.
#[derive(Clone, Copy, Debug)]
struct Pass {
    since: Option<u64>,
    up_to: u64,
}

pub(super) fn track(
    world: &World,
    call: &Call,
    table: &Arc<Table>,
    options: &Options,
    place: Option<&Place>,
) -> Answer<Reply> {
    demand_tracking(world, table, options)?;
    let pass = match place {
        Some(place) => pass_of(place)?,
        None => {
            let since = options.delta_token.as_deref().map(|token| since(world, token)).transpose()?;
            Pass { since, up_to: world.store.version() }
        }
    };
    let shape = Shape::bind(world, table, options, false)?;
    let preferences = call.preferences();
    let size = preferences.rows_on_page();
    let (rows, deletions, more) = pass.page(world, table, place, size);
    let address = format!("{}{}", world.root(), call.path);
    let mut body = Map::new();
    let context = retrieve::context(world, table, options);
    let context = if pass.since.is_some() { format!("{context}/$delta") } else { context };
    body.insert("@odata.context".to_owned(), json!(context));
    let shown = rows.iter().map(|row| Value::Object(shape.show(world, table, row, &preferences.annotations)));
    let gone = deletions.iter().map(|(_, id)| {
        let context = format!("{}$metadata#{}/$deletedEntity", world.root(), table.set);
        json!({ "@odata.context": context, "id": id, "reason": "deleted" })
    });
    body.insert("value".to_owned(), Value::Array(shown.chain(gone).collect()));
    if more {
        let last_row = rows.last().map(|row| json!([row.version, row.id]));
        let last = match (deletions.last(), last_row) {
            (Some((version, _)), _) => json!({ "since": pass.since, "up_to": pass.up_to, "gone": version }),
            (None, last) => json!({ "since": pass.since, "up_to": pass.up_to, "row": last }),
        };
        let next = Place { page: place.map_or(1, |place| place.page) + 1, state: last, tracking: true };
        body.insert("@odata.nextLink".to_owned(), json!(next.link(&address, &call.query)));
    } else {
        body.insert("@odata.deltaLink".to_owned(), json!(delta_link(world, &address, &call.query, pass.up_to)));
    }
    let mut reply = Reply::json(Value::Object(body));
    reply.preference_applied = preferences.applied_to_read(true);
    Ok(reply)
}

/// `/$count?$deltatoken=…`
pub(super) fn count(world: &World, table: &Arc<Table>, options: &Options) -> Answer<Reply> {
    demand_tracking(world, table, options)?;
    let since = options.delta_token.as_deref().map(|token| since(world, token)).transpose()?.unwrap_or_default();
    let up_to = world.store.version();
    let changes = world.store.changed(&table.name, since, up_to).count();
    let deletions = world.store.deleted(&table.name, since, up_to).count();
    Ok(Reply::json(Value::String((changes + deletions).to_string())))
}

/// Tracking must be on, the caller must see the whole table (1.3), and some options do not go with it.
fn demand_tracking(world: &World, table: &Arc<Table>, options: &Options) -> Answer<()> {
    if rights::level(world, Verb::Read, table) < Level::Global {
        return Err(rights::denied(world, Verb::Read, table));
    }
    if !table.change_tracking {
        let message = format!("Change tracking is not enabled for entity {}.", table.name);
        return Err(Refused::new(400, "0x80072491", message));
    }
    let refused = [
        ("filter", options.filter.is_some()),
        ("orderby", !options.order_by.is_empty()),
        ("expand", !options.expand.is_empty()),
        ("top", options.top.is_some()),
    ];
    match refused.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(Refused::query(format!(
            "The \"{option}\" query parameter isn't supported when Change Tracking is enabled."
        ))),
    }
}

impl Pass {
    /// The rows and deletions of a page, and whether there is more.
    fn page<'w>(
        self,
        world: &'w World,
        table: &Table,
        place: Option<&Place>,
        size: usize,
    ) -> (Vec<&'w Row>, Vec<(u64, Uuid)>, bool) {
        let after = place.and_then(|place| place.state.get("row").cloned()).unwrap_or_default();
        let after_version = after.get(0).and_then(Value::as_u64);
        let after_id = after.get(1).and_then(|id| id.as_str()?.parse::<Uuid>().ok());
        let after_gone = place.and_then(|place| place.state.get("gone")?.as_u64());
        let Some(since) = self.since else {
            // A row that changed during the pass is in it as it is now, and in the next one again.
            let mut rows: Vec<&Row> = world.store.rows_after(&table.name, after_id).take(size + 1).collect();
            let more = rows.len() > size;
            rows.truncate(size);
            return (rows, Vec::new(), more);
        };
        let mut rows: Vec<&Row> = if after_gone.is_some() {
            Vec::new()
        } else {
            let after = after_version.unwrap_or(since);
            world.store.changed(&table.name, after, self.up_to).take(size + 1).collect()
        };
        if rows.len() > size {
            rows.truncate(size);
            return (rows, Vec::new(), true);
        }
        let room = size - rows.len();
        let mut gone: Vec<(u64, Uuid)> =
            world.store.deleted(&table.name, after_gone.unwrap_or(since), self.up_to).take(room + 1).collect();
        let more = gone.len() > room;
        gone.truncate(room);
        // A page that holds rows alone goes on after its last row, also when only deletions follow.
        (rows, gone, more)
    }
}

fn pass_of(place: &Place) -> Answer<Pass> {
    let up_to = place.state.get("up_to").and_then(Value::as_u64);
    let up_to = up_to.ok_or_else(|| Refused::query("The $skiptoken belongs to no pass of change tracking."))?;
    Ok(Pass { since: place.state.get("since").and_then(Value::as_u64), up_to })
}

/// `919042!08/22/2017 08:10:44`, percent-encoded.
fn delta_link(world: &World, address: &str, query: &str, version: u64) -> String {
    let at = world.stamps.now().strftime("%m/%d/%Y %H:%M:%S");
    let token = page::encoded(&format!("{version}!{at}"));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("$skiptoken=") && !part.starts_with("$deltatoken="))
        .collect();
    let kept = if kept.is_empty() { String::new() } else { format!("{}&", kept.join("&")) };
    format!("{address}?{kept}$deltatoken={token}")
}

/// The version of a token that is not too old.
fn since(world: &World, token: &str) -> Answer<u64> {
    let malformed = || Refused::query(format!("The delta token '{token}' is not valid."));
    let (version, date) = token.split_once('!').ok_or_else(malformed)?;
    let version: u64 = version.parse().map_err(|_| malformed())?;
    let date = DateTime::strptime("%m/%d/%Y %H:%M:%S", date).map_err(|_| malformed())?;
    let given_at = TimeZone::UTC.to_timestamp(date).map_err(|_| malformed())?;
    if version > world.store.version() {
        // As after a restore of the environment.
        return Err(malformed());
    }
    if is_expired(world, given_at) {
        let message = "Version stamp associated with the client has expired. Please perform a full sync.";
        return Err(Refused::new(world.switches.expired_delta_status, "0x80044352", message));
    }
    Ok(version)
}

fn is_expired(world: &World, given_at: Timestamp) -> bool {
    let organization = world.store.get("organization", world.ids.organization);
    let days = organization.and_then(|row| row.integer("expirechangetrackingindays")).unwrap_or(7);
    let lifetime = SignedDuration::from_hours(24 * days);
    world.stamps.now().duration_since(given_at) > lifetime
}
