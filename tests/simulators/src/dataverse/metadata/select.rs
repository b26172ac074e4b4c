//! Query options on definitions: `$select`, `$filter`, `$expand` over JSON objects (dataverse-api 7.3, 7.4).

use serde_json::{Map, Value};

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::filter::{self, Filter, Operand, Operator, TextTest};
use crate::dataverse::odata::literal::Literal;
use crate::dataverse::odata::options::Options;

/// Members that are navigation properties: shown when expanded and not otherwise.
const NAVIGATION: [&str; 7] = [
    "Attributes",
    "Keys",
    "OneToManyRelationships",
    "ManyToOneRelationships",
    "ManyToManyRelationships",
    "OptionSet",
    "GlobalOptionSet",
];

/// The definitions that the options ask for.
pub(super) fn many(definitions: Vec<Map<String, Value>>, options: &Options, type_name: &str) -> Answer<Vec<Value>> {
    let filter = options.filter.as_deref().map(filter::read).transpose()?;
    let mut found = Vec::new();
    for definition in definitions {
        if filter.as_ref().is_none_or(|filter| holds(filter, &definition)) {
            found.push(Value::Object(one(definition, options, type_name)?));
        }
    }
    found.truncate(options.top.unwrap_or(usize::MAX));
    Ok(found)
}

/// One definition with what is asked for.
pub(super) fn one(definition: Map<String, Value>, options: &Options, type_name: &str) -> Answer<Map<String, Value>> {
    let mut shown = Map::new();
    let unknown = |name: &str| Refused::no_property(name, type_name);
    if let Some(names) = &options.select {
        for name in names {
            if !definition.contains_key(name) || NAVIGATION.contains(&name.as_str()) {
                return Err(unknown(name));
            }
        }
    }
    for expand in &options.expand {
        let nested = definition.get(&expand.property).filter(|_| NAVIGATION.contains(&expand.property.as_str()));
        let nested = nested.ok_or_else(|| unknown(&expand.property))?;
        let value = match nested {
            Value::Array(rows) => {
                let rows = rows.iter().filter_map(|row| row.as_object().cloned()).collect();
                Value::Array(many(rows, &expand.options, &expand.property)?)
            }
            Value::Object(row) => Value::Object(one(row.clone(), &expand.options, &expand.property)?),
            other => other.clone(),
        };
        shown.insert(expand.property.clone(), value);
    }
    for (name, value) in definition {
        let selected = match &options.select {
            Some(names) => names.contains(&name) || name == "MetadataId",
            None => !NAVIGATION.contains(&name.as_str()),
        };
        // The type says what a definition is, and comes along.
        if selected || name == "@odata.type" {
            shown.insert(name, value);
        }
    }
    Ok(shown)
}

fn holds(filter: &Filter, definition: &Map<String, Value>) -> bool {
    match filter {
        Filter::And(a, b) => holds(a, definition) && holds(b, definition),
        Filter::Or(a, b) => holds(a, definition) || holds(b, definition),
        Filter::Not(inner) => !holds(inner, definition),
        Filter::Compare(operator, Operand::Path(path), Operand::Value(literal)) => {
            let equal = equals(at(definition, path), literal);
            match operator {
                Operator::Eq => equal,
                Operator::Ne => !equal,
                _ => false,
            }
        }
        Filter::Text(test, path, text) => {
            let found = at(definition, path).as_str().unwrap_or_default().to_lowercase();
            let text = text.to_lowercase();
            match test {
                TextTest::Contains => found.contains(&text),
                TextTest::StartsWith => found.starts_with(&text),
                TextTest::EndsWith => found.ends_with(&text),
            }
        }
        Filter::Compare(..) | Filter::Query(..) | Filter::Some(..) => false,
    }
}

fn at<'a>(definition: &'a Map<String, Value>, path: &str) -> &'a Value {
    let mut names = path.split('/');
    let first = names.next().and_then(|name| definition.get(name)).unwrap_or(&Value::Null);
    names.fold(first, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn equals(value: &Value, literal: &Literal) -> bool {
    match literal {
        Literal::Null => value.is_null(),
        Literal::Text(text) => value.as_str() == Some(text),
        Literal::Boolean(flag) => value.as_bool() == Some(*flag),
        Literal::Number(number) => value.to_string().parse().ok() == Some(*number),
        Literal::Id(id) => value.as_str().and_then(|text| text.parse().ok()) == Some(*id),
        Literal::Date(_) | Literal::Moment(_) => false,
    }
}
