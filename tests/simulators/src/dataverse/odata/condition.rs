//! A `$filter` bound to a table, and whether a row fulfils it. Nulls compare as in SQL: only `eq null` and `ne null`
//! find them; and so does `ne` with a value, which Dataverse answers with the rows that hold none too.

use std::cmp::Ordering;
use std::sync::Arc;

use super::filter::{Argument, Filter, Operand, Operator, TextTest};
use super::literal::{Like, Literal};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::{Column, Kind, Name, Navigation, Schema, Table};
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
    hops: Vec<(Name, Name)>,
    column: Name,
    like: Like,
}

/// A text with the wildcards of LIKE (2.9), folded.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<char>);

/// Binds the names of a filter to a table.
pub(crate) fn bind(schema: &Schema, table: &Arc<Table>, filter: &Filter) -> Answer<Condition> {
    Binder { schema, table, variable: None }.bind(filter)
}

/// Binds one property path.
pub(crate) fn bind_path(schema: &Schema, table: &Arc<Table>, path: &str) -> Answer<Path> {
    Binder { schema, table, variable: None }.path(path)
}

struct Binder<'a> {
    schema: &'a Schema,
    table: &'a Arc<Table>,
    /// The variable of the lambda that we are in.
    variable: Option<&'a str>,
}

impl Binder<'_> {
    fn bind(&self, filter: &Filter) -> Answer<Condition> {
        let boxed = |filter: &Filter| self.bind(filter).map(Box::new);
        Ok(match filter {
            Filter::And(a, b) => Condition::And(boxed(a)?, boxed(b)?),
            Filter::Or(a, b) => Condition::Or(boxed(a)?, boxed(b)?),
            Filter::Not(inner) => Condition::Not(boxed(inner)?),
            Filter::Compare(operator, left, right) => self.compare(*operator, left, right)?,
            Filter::Text(test, path, text) => Condition::Text(*test, self.text_path(path)?, Pattern::of(text)),
            Filter::Query(function, arguments) => self.query_function(function, arguments)?,
            Filter::Some(any, navigation, inner) => self.some(*any, navigation, inner.as_ref())?,
        })
    }

    fn compare(&self, operator: Operator, left: &Operand, right: &Operand) -> Answer<Condition> {
        match (left, right) {
            (Operand::Path(path), Operand::Value(literal)) => {
                let path = self.path(path)?;
                let value = literal.datum(path.like)?;
                Ok(Condition::Compare(operator, path, value))
            }
            (Operand::Value(literal), Operand::Path(path)) => {
                let path = self.path(path)?;
                let value = literal.datum(path.like)?;
                Ok(Condition::Compare(mirrored(operator), path, value))
            }
            (Operand::Path(a), Operand::Path(b)) => {
                Ok(Condition::CompareColumns(operator, self.path(a)?, self.path(b)?))
            }
            (Operand::Value(a), Operand::Value(b)) => Ok(Condition::Constant(match operator {
                Operator::Eq => a == b,
                Operator::Ne => a != b,
                _ => return Err(Refused::query("Two constants can only be equal or not.")),
            })),
        }
    }

    fn path(&self, path: &str) -> Answer<Path> {
        let path = match self.variable {
            Some(variable) => path.strip_prefix(variable).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path),
            None => path,
        };
        let mut table = self.table;
        let mut hops = Vec::new();
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                let column = table.property(name).filter(|column| column.readable);
                let column = column.ok_or_else(|| Refused::no_property(name, &table.type_name()))?;
                return Ok(Path { hops, column: column.name.clone(), like: like(column) });
            }
            let Some(Navigation::Single(column, target)) = self.schema.navigation(table, name) else {
                return Err(Refused::no_property(name, &table.type_name()));
            };
            hops.push((column.name.clone(), target.table.clone()));
            table = self.schema.table(&target.table).ok_or_else(|| Refused::no_property(name, &target.table))?;
        }
        Err(Refused::no_property(path, &self.table.type_name()))
    }

    fn text_path(&self, path: &str) -> Answer<Path> {
        let bound = self.path(path)?;
        if bound.like == Like::Text {
            return Ok(bound);
        }
        Err(Refused::query(format!("No function signature for the function with name 'contains' takes '{path}'.")))
    }

    fn query_function(&self, function: &str, arguments: &[(String, Argument)]) -> Answer<Condition> {
        let named = |name: &str| arguments.iter().find(|(argument, _)| argument == name).map(|(_, value)| value);
        let Some(Argument::One(Literal::Text(property))) = named("PropertyName") else {
            return Err(Refused::query(format!("The function {function} needs a PropertyName.")));
        };
        let path = self.path(property)?;
        let values = match named("PropertyValues") {
            Some(Argument::Many(values)) => values.as_slice(),
            _ => return Err(Refused::query(format!("The function {function} is not known here."))),
        };
        let datums: Vec<Datum> = values.iter().filter_map(|value| loose(value, path.like)).collect();
        match (function, datums.as_slice()) {
            ("In", _) => Ok(Condition::In { path, values: datums, wanted: true }),
            ("NotIn", _) => Ok(Condition::In { path, values: datums, wanted: false }),
            ("Between", [least, most]) => {
                let at_least = Condition::Compare(Operator::Ge, path.clone(), Some(least.clone()));
                let at_most = Condition::Compare(Operator::Le, path, Some(most.clone()));
                Ok(Condition::And(Box::new(at_least), Box::new(at_most)))
            }
            ("ContainValues", _) => {
                Ok(Condition::Among(path, values.iter().filter_map(|value| value.parse().ok()).collect()))
            }
            _ => Err(Refused::query(format!("The function {function} is not known here."))),
        }
    }

    fn some(&self, any: bool, navigation: &str, inner: Option<&(String, Box<Filter>)>) -> Answer<Condition> {
        let Some(Navigation::Collection(table, column)) = self.schema.navigation(self.table, navigation) else {
            return Err(Refused::no_property(navigation, &self.table.type_name()));
        };
        let bound = |(variable, filter): &(String, Box<Filter>)| {
            Binder { schema: self.schema, table, variable: Some(variable) }.bind(filter).map(Box::new)
        };
        let inner = inner.map(bound).transpose()?;
        Ok(Condition::Some { any, table: table.name.clone(), column: column.name.clone(), inner })
    }
}

fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Eq | Operator::Ne => operator,
        Operator::Gt => Operator::Lt,
        Operator::Ge => Operator::Le,
        Operator::Lt => Operator::Gt,
        Operator::Le => Operator::Ge,
    }
}

/// What a column's values compare with.
fn like(column: &Column) -> Like {
    match &column.kind {
        Kind::Id | Kind::Guid | Kind::Lookup(_) => Like::Id,
        Kind::Text { .. } | Kind::Memo { .. } | Kind::Choices(_) => Like::Text,
        Kind::Integer { .. } | Kind::BigInt | Kind::Decimal { .. } | Kind::Money { .. } => Like::Number,
        Kind::Choice(_) | Kind::State(_) | Kind::Status(_) => Like::Number,
        Kind::Boolean => Like::Boolean,
        Kind::Date => Like::Date,
        Kind::DateTime => Like::Moment,
    }
}

/// A value of `PropertyValues`, which are all texts.
fn loose(text: &str, like: Like) -> Option<Datum> {
    let literal = if like == Like::Text { Literal::Text(text.to_owned()) } else { Literal::read(text)? };
    literal.datum(like).ok().flatten()
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

    /// A lookup that the condition demands to point to one row: its column and that row. For the index.
    pub(crate) fn pinned(&self) -> Option<(&Name, uuid::Uuid)> {
        match self {
            Self::And(a, b) => a.pinned().or_else(|| b.pinned()),
            Self::Compare(Operator::Eq, path, Some(Datum::Id(id))) if path.hops.is_empty() => Some((&path.column, *id)),
            _ => None,
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

impl Pattern {
    fn of(text: &str) -> Self {
        Self(text.to_lowercase().chars().collect())
    }

    fn found(&self, test: TextTest, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let mut starts = match test {
            TextTest::StartsWith => 0..1,
            TextTest::Contains | TextTest::EndsWith => 0..text.len() + 1,
        };
        starts.any(|start| matches(&self.0, &text[start..], test == TextTest::EndsWith))
    }
}

/// Whether the text begins with the pattern, or is all of it: `%` is any text, `_` any character, `[ab]` one of these.
fn matches(pattern: &[char], text: &[char], whole: bool) -> bool {
    let Some(first) = pattern.first() else { return !whole || text.is_empty() };
    match first {
        '%' => (0..=text.len()).any(|skipped| matches(&pattern[1..], &text[skipped..], whole)),
        '_' => !text.is_empty() && matches(&pattern[1..], &text[1..], whole),
        '[' if pattern.contains(&']') => {
            let end = pattern.iter().position(|character| *character == ']').unwrap_or_default();
            text.first().is_some_and(|character| pattern[1..end].contains(character))
                && matches(&pattern[end + 1..], &text[1..], whole)
        }
        _ => text.first() == Some(first) && matches(&pattern[1..], &text[1..], whole),
    }
}
