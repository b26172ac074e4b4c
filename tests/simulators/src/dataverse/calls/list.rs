//! Queries (dataverse-api 2.9): condition, order, `$top`, count up to 5000, pages.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::dispatch::may_read;
use super::page::Place;
use super::reply::{Call, Reply};
use super::{retrieve, track};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::odata::annotations::{COUNT, COUNT_EXCEEDED};
use crate::dataverse::odata::bind;
use crate::dataverse::odata::condition::Condition;
use crate::dataverse::odata::filter;
use crate::dataverse::odata::options::Options;
use crate::dataverse::odata::order::{Rank, Sorting};
use crate::dataverse::odata::show::Shape;
use crate::dataverse::rules::rights::{self, Level, Verb};
use crate::dataverse::schema::{Index, Table};
use crate::dataverse::world::World;

/// `$count` tells no more than this.
const COUNT_MOST: usize = 5000;

/// Lists a table, or the rows among `within`.
pub(super) fn list(world: &World, call: &Call, table: &Arc<Table>, within: Option<&[Uuid]>) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(Refused::method());
    }
    may_read(world, table)?;
    let (options, preferences) = (call.options()?, call.preferences());
    let place = options.skip_token.as_deref().map(|token| Place::read(token, &call.query)).transpose()?;
    let tracking = preferences.track_changes || place.as_ref().is_some_and(|place| place.tracking);
    if tracking || options.delta_token.is_some() {
        return track::track(world, call, table, &options, place.as_ref());
    }
    let query = Query::bind(world, table, &options)?;
    let shape = Shape::bind(world, table, &options, true)?;
    let page_size = preferences.rows_on_page();
    // A page size makes the server forget `$top` (2.9).
    let top = options.top.filter(|_| preferences.page_size.is_none()).unwrap_or(usize::MAX);
    let after = place.as_ref().and_then(|place| query.sorting.read(place.state.get("after")?));
    let seen = place.as_ref().and_then(|place| place.state.get("seen")?.as_u64()).unwrap_or_default();
    let seen = usize::try_from(seen).unwrap_or_default();
    let wanted = page_size.min(top.saturating_sub(seen));
    let mut found = query.rows(world, after.as_ref(), wanted.saturating_add(1), within);
    let more = found.len() > wanted && seen + wanted < top;
    found.truncate(wanted);
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(retrieve::context(world, table, &options)));
    if options.count {
        let all = query.rows(world, None, usize::MAX, within).len();
        body.insert("@odata.count".to_owned(), json!(all.min(COUNT_MOST)));
        if preferences.annotations.want(COUNT) {
            body.insert(format!("@{COUNT}"), json!(all.min(COUNT_MOST)));
        }
        if preferences.annotations.want(COUNT_EXCEEDED) {
            body.insert(format!("@{COUNT_EXCEEDED}"), json!(all > COUNT_MOST));
        }
    }
    if let Some(last) = found.last().filter(|_| more) {
        let state = json!({ "after": query.sorting.rank(world, last).cookie(), "seen": seen + found.len() });
        let next = Place { page: place.map_or(1, |place| place.page) + 1, state, tracking: false };
        let address = format!("{}{}", world.root(), call.path);
        body.insert("@odata.nextLink".to_owned(), json!(next.link(&address, &call.query)));
    }
    let shown = found.into_iter().map(|row| Value::Object(shape.show(world, table, row, &preferences.annotations)));
    body.insert("value".to_owned(), Value::Array(shown.collect()));
    let mut reply = Reply::json(Value::Object(body));
    reply.preference_applied = preferences.applied_to_read(false);
    Ok(reply)
}

/// `/$count`: the number as text.
pub(super) fn count(world: &World, call: &Call, table: &Arc<Table>) -> Answer<Reply> {
    may_read(world, table)?;
    let options = call.options()?;
    if options.delta_token.is_some() {
        return track::count(world, table, &options);
    }
    let found = Query::bind(world, table, &options)?.rows(world, None, usize::MAX, None).len();
    Ok(Reply::json(Value::String(found.min(COUNT_MOST).to_string())))
}

/// Condition, order and reach, bound to a table.
struct Query<'a> {
    table: &'a Arc<Table>,
    condition: Option<Condition>,
    sorting: Sorting,
    level: Level,
}

impl<'a> Query<'a> {
    fn bind(world: &World, table: &'a Arc<Table>, options: &'a Options) -> Answer<Self> {
        let filter = options.filter.as_deref().map(filter::read).transpose()?;
        let condition = filter.map(|filter| bind::bind(&world.schema, table, &filter)).transpose()?;
        let sorting = Sorting::bind(world, table, &options.order_by)?;
        Ok(Self { table, condition, sorting, level: rights::level(world, Verb::Read, table) })
    }

    /// At most so many rows after one, in order. Without `$orderby` that is by id, which needs no sorting.
    fn rows<'w>(&self, world: &'w World, after: Option<&Rank>, most: usize, within: Option<&[Uuid]>) -> Vec<&'w Row> {
        let name = &self.table.name;
        let fits = |row: &&Row| {
            rights::reaches(self.level, self.table, row, world.ids.application_user)
                && self.condition.as_ref().is_none_or(|condition| condition.holds(world, row))
        };
        let few = within.map(<[Uuid]>::to_vec).or_else(|| self.indexed(world));
        let rows: Vec<&Row> = match few {
            Some(ids) => ids.into_iter().filter_map(|id| world.store.get(name, id)).filter(fits).collect(),
            None if self.sorting.is_by_id() => {
                return world.store.rows_after(name, after.map(Rank::id)).filter(fits).take(most).collect();
            }
            None => world.store.rows(name).filter(fits).collect(),
        };
        self.sorting.sorted(world, rows, after).into_iter().take(most).collect()
    }

    /// The few rows that the condition can hold for, by an index: of the primary key, a lookup, the name, or an alternate key.
    fn indexed(&self, world: &World) -> Option<Vec<Uuid>> {
        let table = self.table;
        self.condition.as_ref()?.demanded().into_iter().find_map(|(column, value)| match value {
            Datum::Id(id) if *column == table.id => Some(vec![*id]),
            Datum::Id(id) if table.column(column)?.is_lookup() => Some(world.store.pointing(&table.name, column, *id)),
            Datum::Text(text) => {
                let by_text = || world.store.by_text(&table.name, column, text);
                by_text().or_else(|| {
                    let key = table.key_of(&[column]).filter(|key| key.index == Index::Active)?;
                    Some(world.store.by_key(&table.name, &key.name, &[value]).into_iter().collect())
                })
            }
            _ => None,
        })
    }
}
