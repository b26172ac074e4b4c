//! What describes the service itself: the service document and `$metadata` (dataverse-api 2.1).

use std::fmt::Write;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::reply::{Call, Reply};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::schema::{Kind, Schema, Table};
use crate::dataverse::world::World;

pub(super) fn document(world: &World, call: &Call) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(Refused::method());
    }
    let set = |table: &Arc<Table>| json!({ "name": table.set, "kind": "EntitySet", "url": table.set });
    let sets: Vec<Value> = world.schema.tables().map(set).collect();
    Ok(Reply::json(json!({ "@odata.context": format!("{}$metadata", world.root()), "value": sets })))
}

/// CSDL: entity types with their properties and navigation properties, and their sets.
pub(super) fn metadata(world: &World, call: &Call) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(Refused::method());
    }
    let mut types = String::new();
    let mut sets = String::new();
    for table in world.schema.tables() {
        entity_type(&world.schema, table, &mut types);
        let _ = write!(sets, "<EntitySet Name=\"{}\" EntityType=\"{}\" />", table.set, table.type_name());
    }
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" \
         xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema \
         Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">{types}\
         <EntityContainer Name=\"System\">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    );
    let content_type = Some("application/xml".to_owned());
    Ok(Reply { status: 200, body: Some(Value::String(text)), content_type, ..Reply::default() })
}

fn entity_type(schema: &Schema, table: &Table, into: &mut String) {
    let _ = write!(into, "<EntityType Name=\"{}\"><Key><PropertyRef Name=\"{}\" /></Key>", table.name, table.id);
    for column in table.columns.iter().filter(|column| column.readable) {
        let _ = write!(into, "<Property Name=\"{}\" Type=\"{}\" />", column.property(), type_of(&column.kind));
        for target in column.targets() {
            let _ = write!(
                into,
                "<NavigationProperty Name=\"{}\" Type=\"Microsoft.Dynamics.CRM.{}\" />",
                target.navigation, target.table
            );
        }
    }
    for (other, _, target) in schema.pointing_to(&table.name) {
        let _ = write!(
            into,
            "<NavigationProperty Name=\"{}\" Type=\"Collection({})\" />",
            target.collection,
            other.type_name()
        );
    }
    into.push_str("</EntityType>");
}

fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Id | Kind::Guid | Kind::Lookup(_) => "Edm.Guid",
        Kind::Text { .. } | Kind::Memo { .. } | Kind::Choices(_) => "Edm.String",
        Kind::Integer { .. } | Kind::Choice(_) | Kind::State(_) | Kind::Status(_) => "Edm.Int32",
        Kind::BigInt => "Edm.Int64",
        Kind::Decimal { .. } | Kind::Money { .. } => "Edm.Decimal",
        Kind::Boolean => "Edm.Boolean",
        Kind::Date => "Edm.Date",
        Kind::DateTime => "Edm.DateTimeOffset",
    }
}
