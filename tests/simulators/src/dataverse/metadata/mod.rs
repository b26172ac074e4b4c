//! The schema over HTTP (dataverse-api 7): definitions of tables, columns, keys, relationships and global choices as
//! JSON, made, changed and deleted; solutions and publishing.

mod actions;
mod columns;
mod components;
mod definitions;
mod forms;
mod keys;
mod read;
mod read_column;
mod relationships;
mod select;
mod tables;

pub(crate) use actions::act;
pub(crate) use components::note_row;
pub(crate) use definitions::dispatch;
pub(crate) use forms::keep_unpublished;

use serde_json::{Value, json};

use super::answers::Refused;

/// A label in the base language (7.2).
fn label(text: &str) -> Value {
    let localized = json!({ "Label": text, "LanguageCode": 1033, "IsManaged": false });
    json!({ "LocalizedLabels": [localized], "UserLocalizedLabel": localized })
}

/// The text of a submitted label.
fn label_text(label: &Value) -> Option<&str> {
    label.pointer("/LocalizedLabels/0/Label").or_else(|| label.pointer("/UserLocalizedLabel/Label"))?.as_str()
}

/// A definition that lacks something.
fn lacks(member: &str) -> Refused {
    Refused::new(400, "0x80040203", format!("The definition lacks a usable '{member}'."))
}

/// A schema name that is `prefix_Name`.
fn schema_name(definition: &serde_json::Map<String, Value>) -> Result<String, Refused> {
    let name = definition.get("SchemaName").and_then(Value::as_str).unwrap_or_default();
    let usable = name.split_once('_').is_some_and(|(prefix, rest)| {
        (2..=8).contains(&prefix.len())
            && prefix.starts_with(|first: char| first.is_ascii_alphabetic())
            && prefix.bytes().chain(rest.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !rest.is_empty()
    });
    if usable { Ok(name.to_owned()) } else { Err(lacks("SchemaName (prefix_Name)")) }
}
