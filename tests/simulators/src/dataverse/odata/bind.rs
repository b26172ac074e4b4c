//! Binds the names of a `$filter` and of a `$orderby` to a table: what is not there is refused by name.

use std::sync::Arc;

use super::condition::{Condition, Path};
use super::filter::{Argument, Filter, Operand, Operator};
use super::literal::{Like, Literal};
use super::pattern::Pattern;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Datum;
use crate::dataverse::schema::{Column, Kind, Navigation, Schema, Table};

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
