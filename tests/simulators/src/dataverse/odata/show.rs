//! A row as the Web API shows it: the columns asked for, lookups as `_x_value`, annotations when preferred, expanded
//! navigation properties (dataverse-api 2.5).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::annotations::{Annotations, FORMATTED, LOOKUP_TABLE, NAVIGATION};
use super::condition::Condition;
use super::options::{Expand, Options};
use super::order::Sorting;
use super::{bind, filter, value};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{Column, Kind, Name, Navigation, Table};
use crate::dataverse::world::World;

/// What of a row is shown: bound to its table, so that showing cannot fail.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Columns by their place in the table; none is all of them.
    columns: Option<Vec<usize>>,
    expanded: Vec<Expanded>,
}

#[derive(Clone, Debug)]
struct Expanded {
    property: String,
    table: Arc<Table>,
    way: Way,
    shape: Shape,
    condition: Option<Condition>,
    sorting: Sorting,
    top: Option<usize>,
}

/// How an expanded property finds its rows.
#[derive(Clone, Debug)]
enum Way {
    /// Along our own lookup column.
    To(Name),
    /// From the rows whose lookup column points here.
    From(Name),
    /// To a user or a team, of which nothing but the id is known there.
    ToOwner(Name),
    /// Across the intersect table: its name, our column, theirs.
    Across(Name, Name, Name),
}

impl Shape {
    /// Binds `$select` and, unless it is ignored, `$expand`.
    pub(crate) fn bind(world: &World, table: &Arc<Table>, options: &Options, with_expand: bool) -> Answer<Self> {
        let columns = options.select.as_ref().map(|names| selected(table, names)).transpose()?.flatten();
        let expand = if with_expand { options.expand.as_slice() } else { &[] };
        let expanded = expand.iter().map(|expand| bind_expand(world, table, expand)).collect::<Answer<Vec<_>>>()?;
        Ok(Self { columns, expanded })
    }

    /// Every column.
    pub(crate) fn whole() -> Self {
        Self { columns: None, expanded: Vec::new() }
    }

    /// The row as JSON.
    pub(crate) fn show(&self, world: &World, table: &Table, row: &Row, wanted: &Annotations) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("@odata.etag".to_owned(), json!(row.etag()));
        match &self.columns {
            Some(columns) => {
                for column in columns.iter().filter_map(|place| table.columns.get(*place)) {
                    show_column(world, row, column, wanted, &mut shown);
                }
            }
            None => {
                for column in table.columns.iter().filter(|column| column.readable && column.is_known()) {
                    show_column(world, row, column, wanted, &mut shown);
                }
            }
        }
        for expanded in &self.expanded {
            shown.insert(expanded.property.clone(), expanded.show(world, row, wanted));
        }
        shown
    }
}

/// The columns named, the primary key, and with money its currency. `*` is all.
fn selected(table: &Table, names: &[String]) -> Answer<Option<Vec<usize>>> {
    let mut columns = Vec::new();
    let mut add = |name: &Name| {
        let place = table.columns.iter().position(|column| column.name == *name);
        columns.extend(place.filter(|place| !columns.contains(place)));
    };
    add(&table.id);
    for name in names {
        if name == "*" {
            return Ok(None);
        }
        let column = table.property(name).filter(|column| column.readable);
        let column = column.ok_or_else(|| Refused::no_property(name, &table.type_name()))?;
        add(&column.name);
        if let (Kind::Money { .. }, Some(currency)) = (&column.kind, table.column("transactioncurrencyid")) {
            add(&currency.name);
        }
    }
    Ok(Some(columns))
}

fn show_column(world: &World, row: &Row, column: &Column, wanted: &Annotations, shown: &mut Map<String, Value>) {
    let property = column.property();
    let datum = row.get(&column.name);
    if let Some(datum) = datum {
        if wanted.want(FORMATTED)
            && let Some(text) = value::formatted(world, row, column, datum)
        {
            shown.insert(format!("{property}@{FORMATTED}"), json!(text));
        }
        if let Datum::Reference(reference) = datum {
            if wanted.want(LOOKUP_TABLE) {
                shown.insert(format!("{property}@{LOOKUP_TABLE}"), json!(&*reference.table));
            }
            let target = column.targets().iter().find(|target| target.table == reference.table);
            if let Some(target) = target.filter(|_| wanted.want(NAVIGATION)) {
                shown.insert(format!("{property}@{NAVIGATION}"), json!(target.navigation));
            }
        }
    }
    shown.insert(property, value::shown(world, column, datum));
}

fn bind_expand(world: &World, table: &Arc<Table>, expand: &Expand) -> Answer<Expanded> {
    let property = expand.property.clone();
    let (other, way) = match world.schema.navigation(table, &property) {
        Some(Navigation::Single(column, target))
            if column.targets().iter().any(|end| end.table != target.table && end.navigation == property) =>
        {
            // One property for users and teams leads to their common type, which has no other columns.
            if let Some(name) = expand.options.select.iter().flatten().find(|name| *name != "ownerid") {
                return Err(Refused::no_property(name, "Microsoft.Dynamics.CRM.principal"));
            }
            (table.clone(), Way::ToOwner(column.name.clone()))
        }
        Some(Navigation::Single(column, target)) => {
            let other = world.schema.table(&target.table).ok_or_else(|| Refused::no_segment(&property))?;
            (other.clone(), Way::To(column.name.clone()))
        }
        Some(Navigation::Collection(other, column)) => (other.clone(), Way::From(column.name.clone())),
        Some(Navigation::Many(many, own, theirs)) => {
            let other = world.schema.table(&theirs.table).ok_or_else(|| Refused::no_segment(&property))?;
            (other.clone(), Way::Across(many.intersect.clone(), own.column.clone(), theirs.column.clone()))
        }
        None => return Err(Refused::no_property(&property, &table.type_name())),
    };
    rights::may(world, rights::Verb::Read, &other)?;
    let filter = expand.options.filter.as_deref().map(filter::read).transpose()?;
    let condition = filter.map(|filter| bind::bind(&world.schema, &other, &filter)).transpose()?;
    let shape = match way {
        Way::ToOwner(_) => Shape::whole(),
        _ => Shape::bind(world, &other, &expand.options, true)?,
    };
    let sorting = Sorting::bind(world, &other, &expand.options.order_by)?;
    let top = expand.options.top;
    Ok(Expanded { property, table: other, way, shape, condition, sorting, top })
}

impl Expanded {
    fn show(&self, world: &World, row: &Row, wanted: &Annotations) -> Value {
        let show = |found: &Row| Value::Object(self.shape.show(world, &self.table, found, wanted));
        let get = |id| world.store.get(&self.table.name, id);
        let ids = match &self.way {
            Way::To(column) => {
                let reference = row.reference(column).filter(|reference| reference.table == self.table.name);
                return reference.and_then(|reference| get(reference.id)).map_or(Value::Null, show);
            }
            Way::ToOwner(column) => {
                return row.reference(column).map_or(Value::Null, |owner| {
                    json!({ "@odata.type": format!("#Microsoft.Dynamics.CRM.{}", owner.table), "ownerid": owner.id })
                });
            }
            Way::From(column) => world.store.pointing(&self.table.name, column, row.id),
            Way::Across(intersect, own, theirs) => across(world, intersect, own, theirs, row),
        };
        let fits = |row: &&Row| self.condition.as_ref().is_none_or(|condition| condition.holds(world, row));
        let rows: Vec<&Row> = ids.into_iter().filter_map(get).filter(fits).collect();
        let rows = self.sorting.sorted(world, rows, None);
        Value::Array(rows.into_iter().take(self.top.unwrap_or(usize::MAX)).map(show).collect())
    }
}

/// The other ends of a many-to-many relationship.
pub(crate) fn across(world: &World, intersect: &Name, own: &Name, theirs: &Name, row: &Row) -> Vec<uuid::Uuid> {
    let pairs = world.store.pointing(intersect, own, row.id).into_iter();
    let other = |id| world.store.get(intersect, id)?.reference(theirs).map(|reference| reference.id);
    pairs.filter_map(other).collect()
}
