//! From a path among the definitions to what it does (dataverse-api 7).

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{columns, keys, read, read_column, relationships, select, tables};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::{Call, Reply};
use crate::dataverse::odata::literal::Literal;
use crate::dataverse::odata::path::{Key, Segment};
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{Column, Table};
use crate::dataverse::world::World;

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";
const ENTITY: &str = "Microsoft.Dynamics.CRM.EntityMetadata";
const ATTRIBUTE: &str = "Microsoft.Dynamics.CRM.AttributeMetadata";

/// Carries out a call on definitions; none if the path is not one of theirs.
pub(crate) fn dispatch(world: &mut World, call: &Call, first: &Segment, rest: &[Segment]) -> Option<Answer<Reply>> {
    match first.name.as_str() {
        "EntityDefinitions" => Some(tables(world, call, first, rest)),
        "RelationshipDefinitions" => Some(relationships::dispatch(world, call, first.key.as_ref(), rest)),
        "GlobalOptionSetDefinitions" => Some(columns::global_choices(world, call, first.key.as_ref())),
        _ => None,
    }
}

fn tables(world: &mut World, call: &Call, first: &Segment, rest: &[Segment]) -> Answer<Reply> {
    let Some(key) = &first.key else {
        return match (rest, &call.method) {
            ([], &Method::GET) => {
                let all = world.schema.tables().map(|table| read::table(&world.schema, table)).collect();
                list(world, "EntityDefinitions", select::many(all, &call.options()?, ENTITY)?)
            }
            ([], &Method::POST) => tables::create(world, call),
            _ => Err(Refused::method()),
        };
    };
    let table = table_of(world, key)?;
    match (rest, &call.method) {
        ([], &Method::GET) => {
            let shown = select::one(read::table(&world.schema, &table), &call.options()?, ENTITY)?;
            single(world, "EntityDefinitions", shown)
        }
        ([], &Method::PUT) => tables::replace(world, call, &table),
        ([], &Method::DELETE) => tables::delete(world, &table),
        // Definitions cannot be patched (7.3).
        ([], _) => Err(Refused::method()),
        ([only], _) if only.name == "Attributes" => attributes(world, call, &table, only.key.as_ref(), None),
        ([only, cast], _) if only.name == "Attributes" => {
            let cast = cast.name.strip_prefix(NAMESPACE).ok_or_else(|| Refused::no_segment(&cast.name))?;
            attributes(world, call, &table, only.key.as_ref(), Some(cast))
        }
        ([only], _) if only.name == "Keys" => keys::dispatch(world, call, &table, only.key.as_ref()),
        ([only], &Method::GET) => {
            let mut whole = read::table(&world.schema, &table);
            let Some(Value::Array(rows)) = whole.remove(&only.name) else {
                return Err(Refused::no_segment(&only.name));
            };
            let rows = rows.into_iter().filter_map(|row| row.as_object().cloned()).collect();
            list(world, &only.name, select::many(rows, &call.options()?, &only.name)?)
        }
        _ => Err(Refused::no_segment(&rest[0].name)),
    }
}

fn attributes(
    world: &mut World,
    call: &Call,
    table: &Arc<Table>,
    key: Option<&Key>,
    cast: Option<&str>,
) -> Answer<Reply> {
    // A fresh column is in no cache yet, unless the reader insists (2.3, Consistency).
    let strong = call.header("consistency").is_some_and(|value| value.eq_ignore_ascii_case("strong"));
    let seen = |column: &&Column| {
        (strong || column.is_known()) && cast.is_none_or(|cast| read_column::cast_of(column) == cast)
    };
    let type_name = cast.map_or_else(|| ATTRIBUTE.to_owned(), |cast| format!("{NAMESPACE}{cast}"));
    match (key, &call.method) {
        (None, &Method::GET) => {
            let found = table.columns.iter().filter(seen).map(|column| read_column::column(table, column));
            let options = call.options()?;
            demand_cast(cast, &options, &type_name)?;
            list(world, "Attributes", select::many(found.collect(), &options, &type_name)?)
        }
        (None, &Method::POST) => {
            rights::needs(world, "prvCreateAttribute")?;
            columns::create(world, call, table)
        }
        (Some(key), method) => {
            let column = table.columns.iter().find(|column| names(key, &column.name, column.metadata_id));
            let column = column.filter(|column| method != Method::GET || seen(column));
            let column = column.ok_or_else(|| no_such("Attribute", key))?;
            match *method {
                Method::GET => {
                    let options = call.options()?;
                    demand_cast(cast, &options, &type_name)?;
                    let shown = select::one(read_column::column(table, column), &options, &type_name)?;
                    single(world, "Attributes", shown)
                }
                Method::PUT => columns::replace(world, call, table, column),
                Method::DELETE => columns::delete(world, table, column),
                _ => Err(Refused::method()),
            }
        }
        (None, _) => Err(Refused::method()),
    }
}

/// Members of a derived type need the cast (7.4).
fn demand_cast(cast: Option<&str>, options: &crate::dataverse::odata::options::Options, type_name: &str) -> Answer<()> {
    let expanded = options.expand.iter().map(|expand| expand.property.as_str());
    let selected = options.select.iter().flatten().map(String::as_str);
    let derived = selected.chain(expanded).find(|name| read_column::TYPED.contains(name));
    match (cast, derived) {
        (None, Some(name)) => Err(Refused::no_property(name, type_name)),
        _ => Ok(()),
    }
}

/// A table by `LogicalName='x'` or by its metadata id.
pub(super) fn table_of(world: &World, key: &Key) -> Answer<Arc<Table>> {
    let found = world.schema.tables().find(|table| names(key, &table.name, table.metadata_id));
    found.cloned().ok_or_else(|| no_such("Entity", key))
}

/// Whether a key means what has this logical name and this metadata id.
pub(super) fn names(key: &Key, logical_name: &str, metadata_id: Uuid) -> bool {
    match key {
        Key::Id(id) => *id == metadata_id,
        Key::Named(pairs) => matches!(
            pairs.as_slice(),
            [(name, Literal::Text(text))]
                if matches!(name.as_str(), "LogicalName" | "Name" | "SchemaName") && text == logical_name
        ),
        Key::Empty => false,
    }
}

pub(super) fn no_such(what: &str, key: &Key) -> Refused {
    Refused::new(404, "0x80040217", format!("Could not find the {what} definition with {key:?}."))
}

pub(super) fn list(world: &World, set: &str, rows: Vec<Value>) -> Answer<Reply> {
    Ok(Reply::json(json!({ "@odata.context": format!("{}$metadata#{set}", world.root()), "value": rows })))
}

pub(super) fn single(world: &World, set: &str, definition: Map<String, Value>) -> Answer<Reply> {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!(format!("{}$metadata#{set}/$entity", world.root())));
    body.extend(definition);
    Ok(Reply::json(Value::Object(body)))
}

/// 204 that names a definition.
pub(super) fn made(world: &World, address: &str) -> Reply {
    Reply { entity: Some(format!("{}{address}", world.root())), ..Reply::no_content() }
}
