//! Making, reading and deleting relationships (dataverse-api 7.5). One-to-many makes a lookup column, whose navigation
//! property has the casing of its schema name.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::components::{self, Kind as Component};
use super::definitions::{made, names, no_such, single};
use super::{columns, label_text, lacks, read, schema_name, select};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::calls::{Call, Reply};
use crate::dataverse::odata::path::{Key, Segment};
use crate::dataverse::rules::rights;
use crate::dataverse::schema::{End, Kind, ManyToMany, Name, OnDelete, column, metadata_id};
use crate::dataverse::world::World;

const ONE_TO_MANY: &str = "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata";
const MANY_TO_MANY: &str = "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata";

pub(super) fn dispatch(world: &mut World, call: &Call, key: Option<&Key>, rest: &[Segment]) -> Answer<Reply> {
    if let [cast] = rest
        && cast.name != ONE_TO_MANY
        && cast.name != MANY_TO_MANY
    {
        return Err(Refused::no_segment(&cast.name));
    }
    match (key, &call.method) {
        (None, &Method::POST) if rest.is_empty() => {
            rights::needs(world, "prvCreateRelationship")?;
            create(world, call)
        }
        (None, &Method::GET) => {
            let cast = rest.first().map(|cast| format!("#{}", cast.name));
            let fits = |row: &Map<String, Value>| {
                cast.as_deref().is_none_or(|cast| row.get("@odata.type").and_then(Value::as_str) == Some(cast))
            };
            let all = all(world).into_iter().map(|found| found.definition).filter(fits).collect();
            let rows = select::many(all, &call.options()?, "RelationshipMetadataBase")?;
            super::definitions::list(world, "RelationshipDefinitions", rows)
        }
        (Some(key), method) => {
            let mut all = all(world).into_iter();
            let found =
                all.find(|found| names(key, &found.name, found.id)).ok_or_else(|| no_such("Relationship", key))?;
            match *method {
                Method::GET => {
                    let shown = select::one(found.definition, &call.options()?, "RelationshipMetadataBase")?;
                    single(world, "RelationshipDefinitions", shown)
                }
                Method::DELETE => {
                    rights::needs(world, "prvDeleteRelationship")?;
                    delete(world, &found)
                }
                _ => Err(Refused::method()),
            }
        }
        _ => Err(Refused::method()),
    }
}

struct Found {
    name: String,
    id: Uuid,
    definition: Map<String, Value>,
    /// The table and the column of the lookup; none is many-to-many.
    lookup: Option<(Name, Name)>,
    custom: bool,
}

fn all(world: &World) -> Vec<Found> {
    let schema = &world.schema;
    let mut found = Vec::new();
    for table in schema.tables() {
        for column in &table.columns {
            for target in column.targets() {
                found.push(Found {
                    name: target.relationship.clone(),
                    id: target.metadata_id,
                    definition: read::one_to_many(schema, table, column, target),
                    lookup: Some((table.name.clone(), column.name.clone())),
                    custom: column.custom,
                });
            }
        }
    }
    for many in &schema.many_to_many {
        found.push(Found {
            name: many.schema_name.clone(),
            id: many.metadata_id,
            definition: read::many_to_many(many),
            lookup: None,
            custom: true,
        });
    }
    found
}

fn create(world: &mut World, call: &Call) -> Answer<Reply> {
    let definition = call.payload()?;
    let name = schema_name(&definition)?;
    if all(world).iter().any(|found| found.name.eq_ignore_ascii_case(&name)) {
        let message = format!("A relationship with the name {name} already exists.");
        return Err(Refused::new(400, "0x80047010", message));
    }
    let type_name = definition.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let id = metadata_id(&format!("relationship/{name}"));
    match type_name.trim_start_matches('#') {
        ONE_TO_MANY => one_to_many(world, &definition, &name, id)?,
        MANY_TO_MANY => many_to_many(world, &definition, &name, id)?,
        _ => return Err(lacks("@odata.type")),
    }
    components::note(world, call, Component::Relationship, id)?;
    Ok(made(world, &format!("RelationshipDefinitions({id})")))
}

fn one_to_many(world: &mut World, definition: &Map<String, Value>, name: &str, id: Uuid) -> Answer<()> {
    let text = |member: &str| definition.get(member).and_then(Value::as_str).ok_or_else(|| lacks(member));
    let (referenced, referencing) = (text("ReferencedEntity")?, text("ReferencingEntity")?);
    let referenced = world.table(referenced).ok_or_else(|| lacks("ReferencedEntity"))?;
    let referencing = world.table(referencing).ok_or_else(|| lacks("ReferencingEntity"))?;
    let lookup = definition.get("Lookup").and_then(Value::as_object).ok_or_else(|| lacks("Lookup"))?;
    let lookup_name = schema_name(lookup)?;
    if referencing.any_column(&lookup_name.to_lowercase()).is_some() {
        let message = format!("An attribute with the specified name {lookup_name} already exists.");
        return Err(Refused::new(world.switches.duplicate_column_status, "0x80047013", message));
    }
    let mut target = column::target(&referenced.name, &lookup_name, name);
    target.metadata_id = id;
    target.on_delete = match definition.get("CascadeConfiguration").and_then(|cascade| cascade["Delete"].as_str()) {
        Some("Cascade") => OnDelete::Cascade,
        Some("Restrict") => OnDelete::Restrict,
        _ => OnDelete::RemoveLink,
    };
    let mut made = column::made(&lookup_name, Kind::Lookup(vec![target]));
    made.custom = true;
    made.label = lookup.get("DisplayName").and_then(label_text).unwrap_or(&lookup_name).to_owned();
    made.metadata_id = metadata_id(&format!("column/{}/{}", referencing.name, made.name));
    columns::add(world, &referencing, made);
    Ok(())
}

fn many_to_many(world: &mut World, definition: &Map<String, Value>, name: &str, id: Uuid) -> Answer<()> {
    let end = |world: &World, member: &str| {
        let table = definition.get(member).and_then(Value::as_str).and_then(|table| world.table(table));
        table.ok_or_else(|| lacks(member))
    };
    let (one, two) = (end(world, "Entity1LogicalName")?, end(world, "Entity2LogicalName")?);
    let intersect = definition.get("IntersectEntityName").and_then(Value::as_str).unwrap_or(name);
    let navigation = |member: &str| definition.get(member).and_then(Value::as_str).unwrap_or(name).to_owned();
    let second = if one.name == two.name { format!("{}two", two.id) } else { two.id.to_string() };
    let ends = [
        End {
            table: one.name.clone(),
            navigation: navigation("Entity1NavigationPropertyName"),
            column: one.id.clone(),
        },
        End {
            table: two.name.clone(),
            navigation: navigation("Entity2NavigationPropertyName"),
            column: Name::from(second.as_str()),
        },
    ];
    let many = ManyToMany {
        schema_name: name.to_owned(),
        intersect: Name::from(intersect.to_lowercase().as_str()),
        ends,
        metadata_id: id,
    };
    Arc::make_mut(&mut world.schema).many_to_many.push(many);
    Ok(())
}

fn delete(world: &mut World, found: &Found) -> Answer<Reply> {
    if !found.custom {
        return Err(Refused::invalid(format!("The relationship {} is a system relationship.", found.name)));
    }
    match &found.lookup {
        Some((table, column)) => columns::remove(world, table, column),
        None => Arc::make_mut(&mut world.schema).many_to_many.retain(|many| many.schema_name != found.name),
    }
    components::forget(world, found.id);
    Ok(Reply::no_content())
}
