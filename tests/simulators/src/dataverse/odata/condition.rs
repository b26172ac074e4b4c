//! A `$filter` bound to a table, and whether a row fulfils it. `eq null` finds nulls and so
//! does `ne` with a value; no other comparison does.

use std::cmp::Ordering;

use super::filter::{Operator, TextTest};
use super::literal::Like;
use super::pattern::Pattern;
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::Name;
use crate::dataverse::world::World;

/// A bound condition.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operator, Path, Option<Datum>),
    CompareColumns(Operator, Path, Path),
    Text(TextTest, Path, Pattern),
    In { path: Path, values: Vec<Datum>, wanted: bool },
    Among(Path, Vec<i64>),
    Some { any: bool, table: Name, column: Name, inner: Option<Box<Condition>> },
    Constant(bool),
}

/// A column of the row itself or of one it points to: lookup columns to follow, then the column.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(super) hops: Vec<(Name, Name)>,
    pub(super) column: Name,
    pub(super) like: Like,
}

impl Condition {
    /// Whether a row fulfils it.
    pub(crate) fn holds(&self, world: &World, row: &Row) -> bool {
        match self {
            Self::And(a, b) => a.holds(world, row) && b.holds(world, row),
            Self::Or(a, b) => a.holds(world, row) || b.holds(world, row),
            Self::Not(inner) => !inner.holds(world, row),
            Self::Compare(operator, path, value) => compared(*operator, path.of(world, row), value.as_ref()),
            Self::CompareColumns(operator, a, b) => compared(*operator, a.of(world, row), b.of(world, row)),
            Self::Text(test, path, pattern) => {
                path.of(world, row).and_then(Datum::as_text).is_some_and(|text| pattern.found(*test, text))
            }
            Self::In { path, values, wanted } => {
                let equal = |found: &Datum| values.iter().any(|value| found.compared(value) == Some(Ordering::Equal));
                path.of(world, row).is_some_and(equal) == *wanted
            }
            Self::Among(path, values) => match path.of(world, row) {
                Some(Datum::Choices(chosen)) => chosen.iter().any(|choice| values.contains(choice)),
                _ => false,
            },
            Self::Some { any, table, column, inner } => {
                let mut rows =
                    world.store.pointing(table, column, row.id).into_iter().filter_map(|id| world.store.get(table, id));
                let fits = |row: &Row| inner.as_ref().is_none_or(|inner| inner.holds(world, row));
                if *any { rows.any(fits) } else { rows.all(fits) }
            }
            Self::Constant(value) => *value,
        }
    }

    /// The values that the condition demands of columns of the row itself: an index may know the few rows with one.
    pub(crate) fn demanded(&self) -> Vec<(&Name, &Datum)> {
        match self {
            Self::And(a, b) => a.demanded().into_iter().chain(b.demanded()).collect(),
            Self::Compare(Operator::Eq, path, Some(value)) if path.hops.is_empty() => vec![(&path.column, value)],
            _ => Vec::new(),
        }
    }
}

fn compared(operator: Operator, found: Option<&Datum>, wanted: Option<&Datum>) -> bool {
    let (found, wanted) = match (found, wanted) {
        (Some(found), Some(wanted)) => (found, wanted),
        (None, None) => return operator == Operator::Eq,
        _ => return operator == Operator::Ne,
    };
    let order = found.compared(wanted);
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

impl Path {
    /// The value at the end of the path.
    pub(crate) fn of<'a>(&self, world: &'a World, row: &'a Row) -> Option<&'a Datum> {
        let mut row = row;
        for (column, table) in &self.hops {
            let reference = row.reference(column).filter(|reference| reference.table == *table)?;
            row = world.store.get(table, reference.id)?;
        }
        row.get(&self.column)
    }
}
