//! Making, changing and deleting columns and global choices (dataverse-api 7.4).

use std::sync::Arc;

use http::Method;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::components::{self, Kind as Component};
use super::definitions::{list, made, names, no_such, single};
use super::{label_text, lacks, read, schema_name, select};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::{Call, Reply};
use crate::dataverse::odata::path::{self, Key};
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{Choice, Column, GlobalChoice, Kind, Table, choice, column, metadata_id};
use crate::dataverse::world::World;

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";
/// The first value of choices without one.
const FIRST_VALUE: i64 = 727_000_000;
/// What columns hold at most (7.4).
const TEXT_MOST: u64 = 4000;
const MEMO_MOST: u64 = 1_048_576;

pub(super) fn create(world: &mut World, call: &Call, table: &Table) -> Answer<Reply> {
    let definition = call.payload()?;
    let column = column_of(world, table, &definition)?;
    if table.any_column(&column.name).is_some() {
        let message = format!("An attribute with the specified name {} already exists on {}.", column.name, table.name);
        return Err(Refused::new(world.switches.duplicate_column_status, "0x80047013", message));
    }
    let id = column.metadata_id;
    let address = format!("EntityDefinitions({})/Attributes({id})", table.metadata_id);
    add(world, table, column);
    components::note(world, call, Component::Column, id)?;
    Ok(made(world, &address))
}

/// Adds a column; money comes with its twin, and with the currency that it needs.
pub(super) fn add(world: &mut World, table: &Table, mut new: Column) {
    let lag = SignedDuration::from_millis(i64::try_from(world.switches.metadata_lag_milliseconds).unwrap_or_default());
    let until = world.stamps.exactly_now().saturating_add(lag).ok().filter(|_| !lag.is_zero());
    new.unknown_until = until;
    world.schema_awaits |= until.is_some();
    let mut columns = vec![new];
    if let Kind::Money { least } = columns[0].kind {
        let mut twin = column::made(&format!("{}_base", columns[0].schema_name), Kind::Money { least });
        (twin.on_create, twin.on_update, twin.custom) = (false, false, true);
        columns.push(twin);
        if table.any_column("transactioncurrencyid").is_none() {
            let relationship = format!("TransactionCurrency_{}", table.name);
            columns.push(column::lookup("transactioncurrencyid", "transactioncurrency", &relationship));
            let mut rate = column::decimal("exchangerate", 12);
            (rate.on_create, rate.on_update) = (false, false);
            columns.push(rate);
        }
    }
    if let Some(table) = Arc::make_mut(&mut world.schema).table_mut(&table.name) {
        table.columns.extend(columns);
    }
}

/// The column that a definition describes.
pub(super) fn column_of(world: &World, table: &Table, definition: &Map<String, Value>) -> Answer<Column> {
    let name = schema_name(definition)?;
    let type_name = definition.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let type_name = type_name.trim_start_matches('#').strip_prefix(NAMESPACE).unwrap_or_default();
    // CreateEntities knows the same types under other names.
    let type_name = type_name.strip_prefix("Complex").unwrap_or(type_name);
    let whole = |member: &str| definition.get(member).and_then(Value::as_i64);
    let length = |most: u64, usual: usize| match definition.get("MaxLength").and_then(Value::as_u64) {
        None => Ok(usual),
        Some(given) if (1..=most).contains(&given) => Ok(usize::try_from(given).unwrap_or(usual)),
        Some(_) => Err(lacks("MaxLength")),
    };
    let precision = whole("Precision").and_then(|precision| u32::try_from(precision).ok());
    let kind = match type_name {
        "StringAttributeMetadata" => Kind::Text { most: length(TEXT_MOST, 100)? },
        "MemoAttributeMetadata" => Kind::Memo { most: length(MEMO_MOST, 2000)? },
        "BooleanAttributeMetadata" => Kind::Boolean,
        "IntegerAttributeMetadata" => Kind::Integer {
            least: whole("MinValue").unwrap_or(i64::from(i32::MIN)),
            most: whole("MaxValue").unwrap_or(i64::from(i32::MAX)),
        },
        "DecimalAttributeMetadata" => Kind::Decimal { precision: precision.unwrap_or(2) },
        "MoneyAttributeMetadata" => Kind::Money { least: whole("MinValue").unwrap_or(-1_000_000_000_000) },
        "DateTimeAttributeMetadata" => {
            let behaviour = definition.get("DateTimeBehavior").and_then(|behaviour| behaviour["Value"].as_str());
            if behaviour == Some("DateOnly") { Kind::Date } else { Kind::DateTime }
        }
        "PicklistAttributeMetadata" => Kind::Choice(options_of(world, definition)?),
        "MultiSelectPicklistAttributeMetadata" => Kind::Choices(options_of(world, definition)?),
        "UniqueIdentifierAttributeMetadata" => Kind::Guid,
        other => return Err(lacks(&format!("@odata.type ({other} is not known)"))),
    };
    let mut made = column::made(&name, kind);
    made.custom = true;
    made.metadata_id = metadata_id(&format!("column/{}/{}", table.name, made.name));
    made.label = definition.get("DisplayName").and_then(label_text).unwrap_or(&name).to_owned();
    made.default = match &made.kind {
        Kind::Boolean => Some(i64::from(definition.get("DefaultValue") == Some(&Value::Bool(true)))),
        Kind::Choice(_) => whole("DefaultFormValue").filter(|value| *value >= 0),
        _ => None,
    };
    made.given = definition.clone();
    made.given.remove("@odata.type");
    Ok(made)
}

/// The options given, or those of the global choice bound.
fn options_of(world: &World, definition: &Map<String, Value>) -> Answer<Vec<Choice>> {
    if let Some(address) = definition.get("GlobalOptionSet@odata.bind").and_then(Value::as_str) {
        let key = path::last_of(address)?.key.ok_or_else(Refused::syntax)?;
        let mut choices = world.schema.global_choices.iter();
        let found = choices.find(|choice| names(&key, &choice.name, choice.metadata_id));
        return found.map(|choice| choice.options.clone()).ok_or_else(|| no_such("GlobalOptionSet", &key));
    }
    let options = definition.get("OptionSet").and_then(|set| set.get("Options")).and_then(Value::as_array);
    Ok(numbered(options.ok_or_else(|| lacks("OptionSet"))?))
}

fn numbered(options: &[Value]) -> Vec<Choice> {
    let mut next = FIRST_VALUE;
    let mut numbered = Vec::new();
    for option in options {
        let value = option.get("Value").and_then(Value::as_i64).unwrap_or(next);
        next = value + 1;
        numbered.push(choice(value, option.get("Label").and_then(label_text).unwrap_or_default(), 0));
    }
    numbered
}

/// A full replacement; of what the simulator knows: the label and the length.
pub(super) fn replace(world: &mut World, call: &Call, table: &Table, column: &Column) -> Answer<Reply> {
    rights::needs(world, "prvWriteAttribute")?;
    let definition = call.payload()?;
    let given = column_of(world, table, &definition)?;
    if std::mem::discriminant(&given.kind) != std::mem::discriminant(&column.kind) {
        return Err(Refused::invalid(format!("The type of column {} cannot be changed.", column.name)));
    }
    let table = Arc::make_mut(&mut world.schema).table_mut(&table.name);
    let columns = table.into_iter().flat_map(|table| table.columns.iter_mut());
    for found in columns.filter(|found| found.name == column.name) {
        (found.label, found.given) = (given.label.clone(), given.given.clone());
        // Options change by InsertOptionValue alone.
        if found.choices().is_empty() {
            found.kind = given.kind.clone();
        }
    }
    Ok(Reply::no_content())
}

/// A column that a key or a published form holds stays.
pub(super) fn delete(world: &mut World, table: &Table, column: &Column) -> Answer<Reply> {
    rights::needs(world, "prvDeleteAttribute")?;
    if !column.custom || column.name == table.primary_name {
        return Err(Refused::invalid(format!("Column {} of {} cannot be deleted.", column.name, table.name)));
    }
    if column.is_lookup() {
        return Err(depended_on(&column.name, "its relationship"));
    }
    if let Some(key) = table.keys.iter().find(|key| key.columns.contains(&column.name)) {
        return Err(depended_on(&column.name, &format!("key {}", key.name)));
    }
    let field = format!("datafieldname=\"{}\"", column.name);
    let on_form = |row: &crate::dataverse::data::Row| {
        row.text("objecttypecode") == Some(&table.name) && row.text("formxml").is_some_and(|xml| xml.contains(&field))
    };
    if let Some(form) = world.store.rows("systemform").find(|row| on_form(row)) {
        let name = form.text("name").unwrap_or_default();
        return Err(depended_on(&column.name, &format!("form {name}")));
    }
    remove(world, &table.name, &column.name);
    components::forget(world, column.metadata_id);
    Ok(Reply::no_content())
}

/// Removes a column with its values, and with money its twin.
pub(super) fn remove(world: &mut World, table: &str, column: &str) {
    let twin = format!("{column}_base");
    let Some(found) = Arc::make_mut(&mut world.schema).table_mut(table) else { return };
    found.columns.retain(|other| &*other.name != column && *other.name != *twin);
    let table = found.name.clone();
    let holders: Vec<_> = world.store.rows(&table).filter(|row| row.get(column).is_some()).cloned().collect();
    for mut row in holders {
        row.put(column, None);
        row.put(&twin, None);
        world.store.put(&table, row);
    }
}

pub(super) fn depended_on(what: &str, by: &str) -> Refused {
    let message = format!("The component {what} cannot be deleted because it is referenced by {by}.");
    Refused::new(400, "0x8004f01f", message)
}

pub(super) fn global_choices(world: &mut World, call: &Call, key: Option<&Key>) -> Answer<Reply> {
    const TYPE: &str = "Microsoft.Dynamics.CRM.OptionSetMetadata";
    match (key, &call.method) {
        (None, &Method::GET) => {
            let all = world.schema.global_choices.iter().map(read::global_choice).collect();
            list(world, "GlobalOptionSetDefinitions", select::many(all, &call.options()?, TYPE)?)
        }
        (None, &Method::POST) => {
            rights::needs(world, "prvCreateOptionSet")?;
            let definition = call.payload()?;
            let name = definition.get("Name").and_then(Value::as_str).ok_or_else(|| lacks("Name"))?.to_owned();
            if world.schema.global_choices.iter().any(|choice| choice.name == name) {
                return Err(Refused::new(400, "0x80047010", format!("The option set {name} exists already.")));
            }
            let options = definition.get("Options").and_then(Value::as_array).ok_or_else(|| lacks("Options"))?;
            let label = definition.get("DisplayName").and_then(label_text).unwrap_or(&name).to_owned();
            let id = metadata_id(&format!("choice/{name}"));
            let choice = GlobalChoice { name, label, options: numbered(options), metadata_id: id };
            Arc::make_mut(&mut world.schema).global_choices.push(choice);
            components::note(world, call, Component::Choice, id)?;
            Ok(made(world, &format!("GlobalOptionSetDefinitions({id})")))
        }
        (Some(key), method) => {
            let mut all = world.schema.global_choices.iter();
            let found = all.find(|choice| names(key, &choice.name, choice.metadata_id));
            let found = found.ok_or_else(|| no_such("GlobalOptionSet", key))?;
            match *method {
                Method::GET => {
                    let shown = select::one(read::global_choice(found), &call.options()?, TYPE)?;
                    single(world, "GlobalOptionSetDefinitions", shown)
                }
                Method::DELETE => {
                    let id = found.metadata_id;
                    Arc::make_mut(&mut world.schema).global_choices.retain(|choice| choice.metadata_id != id);
                    components::forget(world, id);
                    Ok(Reply::no_content())
                }
                _ => Err(Refused::method()),
            }
        }
        (None, _) => Err(Refused::method()),
    }
}
