//! The part of RFC 6902 that the referrals host knows: `add` and `replace` (partner-center-api 4.8). Knows nothing of
//! referrals.

use serde_json::Value;

use super::names::{canonical, canonical_names};

/// One operation of a PATCH document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    pub(super) path: Vec<String>,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Replace,
}

/// Where this server is more lenient than the RFC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lenience {
    pub(super) replace_on_null: bool,
    pub(super) append_to_null: bool,
}

/// Reads a PATCH document.
pub(super) fn parse(document: &Value) -> Result<Vec<Operation>, String> {
    let operations = document.as_array().ok_or("The body must be an array of operations.")?;
    if operations.is_empty() {
        return Err("The body holds no operation.".to_owned());
    }
    operations.iter().map(parse_one).collect()
}

fn parse_one(operation: &Value) -> Result<Operation, String> {
    let kind = match operation["op"].as_str() {
        Some("add") => Kind::Add,
        Some("replace") => Kind::Replace,
        _ => return Err("Only the operations add and replace are supported.".to_owned()),
    };
    let path = operation["path"].as_str().and_then(|path| path.strip_prefix('/'));
    let path = path.ok_or("A path must be a JSON pointer that starts with a slash.")?;
    let value = operation.get("value").cloned().ok_or("An operation lacks its value.")?;
    let unescaped = |segment: &str| canonical(&segment.replace("~1", "/").replace("~0", "~")).to_owned();
    Ok(Operation { kind, path: path.split('/').map(unescaped).collect(), value: canonical_names(value) })
}

/// Carries out one operation.
pub(super) fn apply(document: &mut Value, operation: &Operation, lenience: Lenience) -> Result<(), String> {
    let Some((last, parents)) = operation.path.split_last() else { return Err("A path is empty.".to_owned()) };
    let mut place = document;
    for (depth, segment) in parents.iter().enumerate() {
        place = child(place, segment).ok_or_else(|| missing(&operation.path[..=depth]))?;
    }
    if place.is_null() && last == "-" && lenience.append_to_null {
        *place = Value::Array(Vec::new());
    }
    match (place, operation.kind) {
        (Value::Object(members), Kind::Add) => {
            members.insert(last.clone(), operation.value.clone());
        }
        (Value::Object(members), Kind::Replace) => {
            if members.get(last).is_none_or(Value::is_null) && !lenience.replace_on_null {
                return Err(missing(&operation.path));
            }
            members.insert(last.clone(), operation.value.clone());
        }
        (Value::Array(items), Kind::Add) => {
            let index = if last == "-" { Some(items.len()) } else { last.parse().ok() };
            let index = index.filter(|index| *index <= items.len()).ok_or_else(|| missing(&operation.path))?;
            items.insert(index, operation.value.clone());
        }
        (Value::Array(items), Kind::Replace) => {
            let item = last.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            *item.ok_or_else(|| missing(&operation.path))? = operation.value.clone();
        }
        (_, Kind::Add | Kind::Replace) => return Err(missing(parents)),
    }
    Ok(())
}

fn child<'a>(place: &'a mut Value, segment: &str) -> Option<&'a mut Value> {
    match place {
        Value::Object(members) => members.get_mut(segment),
        Value::Array(items) => items.get_mut(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

fn missing(path: &[String]) -> String {
    format!("The target location /{} was not found.", path.join("/"))
}
