//! Definitions as JSON, from the schema (dataverse-api 7.3 to 7.6).

use serde_json::{Map, Value, json};

use super::read_column::option_set;
use super::{label, read_column};
use crate::dataverse::schema::{
    AlternateKey, Column, GlobalChoice, Index, ManyToMany, OnDelete, Ownership, Schema, Table, Target,
};

/// A table, with everything below it.
pub(super) fn table(schema: &Schema, table: &Table) -> Map<String, Value> {
    let attributes: Vec<Value> =
        table.columns.iter().map(|column| Value::Object(read_column::column(table, column))).collect();
    let keys: Vec<Value> = table.keys.iter().map(|key| Value::Object(self::key(table, key))).collect();
    let members = json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.EntityMetadata",
        "MetadataId": table.metadata_id,
        "LogicalName": &*table.name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.set,
        "LogicalCollectionName": table.set,
        "PrimaryIdAttribute": &*table.id,
        "PrimaryNameAttribute": &*table.primary_name,
        "ObjectTypeCode": table.type_code,
        "OwnershipType": match table.ownership {
            Ownership::User => "UserOwned",
            Ownership::Organization => "OrganizationOwned",
        },
        "ChangeTrackingEnabled": table.change_tracking,
        "CanChangeTrackingBeEnabled": managed("canchangetrackingbeenabled", true),
        "IsCustomEntity": table.custom,
        "IsCustomizable": managed("iscustomizable", true),
        "IsManaged": false,
        "IsPrivate": false,
        "IsActivity": &*table.id == "activityid",
        "DisplayName": label(&table.label),
        "DisplayCollectionName": label(&format!("{}s", table.label)),
        "Attributes": attributes,
        "Keys": keys,
        "ManyToOneRelationships": one_to_many_of(schema, |holder, _| holder.name == table.name),
        "OneToManyRelationships": one_to_many_of(schema, |_, target| target.table == table.name),
        "ManyToManyRelationships": schema
            .many_to_many
            .iter()
            .filter(|many| many.ends.iter().any(|end| end.table == table.name))
            .map(|many| Value::Object(many_to_many(many)))
            .collect::<Vec<_>>(),
    });
    laid_over(&table.given, members, &["Attributes"])
}

pub(super) fn global_choice(choice: &GlobalChoice) -> Map<String, Value> {
    let mut members = object(option_set(&choice.name, &choice.options, "Picklist"));
    members.insert("MetadataId".to_owned(), json!(choice.metadata_id));
    members.insert("IsGlobal".to_owned(), json!(true));
    members.insert("DisplayName".to_owned(), label(&choice.label));
    members
}

pub(super) fn key(table: &Table, key: &AlternateKey) -> Map<String, Value> {
    object(json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.EntityKeyMetadata",
        "MetadataId": key.metadata_id,
        "LogicalName": &*key.name,
        "SchemaName": key.schema_name,
        "EntityLogicalName": &*table.name,
        "KeyAttributes": key.columns.iter().map(|column| column.to_string()).collect::<Vec<_>>(),
        "EntityKeyIndexStatus": match key.index {
            Index::Pending(_) => "Pending",
            Index::Active => "Active",
            Index::Failed => "Failed",
        },
        "DisplayName": label(&key.label),
        "IsManaged": false,
    }))
}

/// The one-to-many relationships that fit: who holds the lookup, and where it points.
fn one_to_many_of(schema: &Schema, fits: impl Fn(&Table, &Target) -> bool) -> Vec<Value> {
    let mut found = Vec::new();
    for holder in schema.tables() {
        for column in &holder.columns {
            for target in column.targets().iter().filter(|target| fits(holder, target)) {
                found.push(Value::Object(one_to_many(schema, holder, column, target)));
            }
        }
    }
    found
}

pub(super) fn one_to_many(schema: &Schema, holder: &Table, column: &Column, target: &Target) -> Map<String, Value> {
    let referenced = schema.table(&target.table).map(|table| table.id.to_string()).unwrap_or_default();
    let delete = match target.on_delete {
        OnDelete::Cascade => "Cascade",
        OnDelete::RemoveLink => "RemoveLink",
        OnDelete::Restrict => "Restrict",
    };
    object(json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "MetadataId": target.metadata_id,
        "SchemaName": target.relationship,
        "RelationshipType": "OneToManyRelationship",
        "ReferencedEntity": &*target.table,
        "ReferencedAttribute": referenced,
        "ReferencedEntityNavigationPropertyName": target.collection,
        "ReferencingEntity": &*holder.name,
        "ReferencingAttribute": &*column.name,
        "ReferencingEntityNavigationPropertyName": target.navigation,
        "CascadeConfiguration": { "Delete": delete },
        "IsCustomRelationship": column.custom,
    }))
}

pub(super) fn many_to_many(many: &ManyToMany) -> Map<String, Value> {
    let [one, two] = &many.ends;
    object(json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
        "MetadataId": many.metadata_id,
        "SchemaName": many.schema_name,
        "RelationshipType": "ManyToManyRelationship",
        "IntersectEntityName": &*many.intersect,
        "Entity1LogicalName": &*one.table,
        "Entity1NavigationPropertyName": one.navigation,
        "Entity1IntersectAttribute": &*one.column,
        "Entity2LogicalName": &*two.table,
        "Entity2NavigationPropertyName": two.navigation,
        "Entity2IntersectAttribute": &*two.column,
        "IsCustomRelationship": true,
    }))
}

fn managed(name: &str, value: bool) -> Value {
    json!({ "Value": value, "CanBeChanged": true, "ManagedPropertyLogicalName": name })
}

/// What was given, but for some members, under what the schema knows better.
pub(super) fn laid_over(given: &Map<String, Value>, members: Value, but: &[&str]) -> Map<String, Value> {
    let mut whole = given.clone();
    whole.retain(|name, _| !name.contains("@odata.bind") && !but.contains(&name.as_str()));
    let known = ["DisplayName", "DisplayCollectionName", "RequiredLevel"];
    for (name, value) in object(members) {
        if !(known.contains(&name.as_str()) && whole.contains_key(&name)) {
            whole.insert(name, value);
        }
    }
    whole
}

/// The members of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
