//! `$orderby` (dataverse-api 2.9): how rows are sorted, and where in that order a page ended. A page goes on after the
//! values that its last row had, whatever has become of the row since.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::bind;
use super::condition::Path;
use super::literal::Like;
use super::options::Order;
use crate::dataverse::answers::Answer;
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::Table;
use crate::dataverse::world::World;

/// An order bound to a table; without properties it is by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorting(Vec<(Path, bool)>);

/// A row's place: the values that it is sorted by, then its id.
#[derive(Clone, Debug)]
pub(crate) struct Rank {
    values: Vec<Option<Datum>>,
    id: Uuid,
}

impl Sorting {
    pub(crate) fn bind(world: &World, table: &Arc<Table>, order: &[Order]) -> Answer<Self> {
        let bound = |order: &Order| {
            let path = bind::bind_path(&world.schema, table, &order.property)?;
            Ok((path, order.descending))
        };
        order.iter().map(bound).collect::<Answer<Vec<_>>>().map(Self)
    }

    /// Whether it is by id alone, as rows are kept.
    pub(crate) fn is_by_id(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rank(&self, world: &World, row: &Row) -> Rank {
        Rank { values: self.0.iter().map(|(path, _)| path.of(world, row).cloned()).collect(), id: row.id }
    }

    /// The rows after a rank, in order.
    pub(crate) fn sorted<'a>(&self, world: &World, rows: Vec<&'a Row>, after: Option<&Rank>) -> Vec<&'a Row> {
        let ranked = rows.into_iter().map(|row| (self.rank(world, row), row));
        let follows = |rank: &Rank| after.is_none_or(|after| self.compare(rank, after) == Ordering::Greater);
        let mut ranked: Vec<(Rank, &Row)> = ranked.filter(|(rank, _)| follows(rank)).collect();
        ranked.sort_by(|(a, _), (b, _)| self.compare(a, b));
        ranked.into_iter().map(|(_, row)| row).collect()
    }

    /// Rows without a value come first, equal ones by id.
    fn compare(&self, a: &Rank, b: &Rank) -> Ordering {
        for ((_, descending), (a, b)) in self.0.iter().zip(a.values.iter().zip(&b.values)) {
            let ordering = match (a, b) {
                (Some(a), Some(b)) => a.compared(b).unwrap_or(Ordering::Equal),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
            };
            let ordering = if *descending { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        a.id.cmp(&b.id)
    }

    /// A rank as it was written into a cookie.
    pub(crate) fn read(&self, cookie: &Value) -> Option<Rank> {
        let id = cookie.get("id")?.as_str()?.parse().ok()?;
        let values = cookie.get("values")?.as_array()?;
        let value = |((path, _), value): (&(Path, bool), &Value)| datum_of(path.like, value);
        Some(Rank { values: self.0.iter().zip(values).map(value).collect(), id })
    }
}

impl Rank {
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// The rank for a cookie.
    pub(crate) fn cookie(&self) -> Value {
        let value = |value: &Option<Datum>| match value {
            None => Value::Null,
            Some(Datum::Text(text)) => json!(text),
            Some(other) => json!(other.key_part()),
        };
        json!({ "id": self.id, "values": self.values.iter().map(value).collect::<Vec<_>>() })
    }
}

fn datum_of(like: Like, value: &Value) -> Option<Datum> {
    let text = value.as_str()?;
    match like {
        Like::Text => Some(Datum::text(text)),
        Like::Number => text.parse().ok().map(Datum::Decimal),
        Like::Boolean => text.parse().ok().map(Datum::Boolean),
        Like::Id => text.parse().ok().map(Datum::Id),
        Like::Date => text.parse().ok().map(Datum::Date),
        Like::Moment => text.parse().ok().map(Datum::Moment),
    }
}
