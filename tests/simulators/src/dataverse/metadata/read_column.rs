//! Columns as JSON, with the members of their types (dataverse-api 7.4).

use serde_json::{Map, Value, json};

use super::label;
use super::read::{laid_over, object};
use crate::dataverse::schema::{Choice, Column, Kind, Table};

/// A column with the members of its type.
pub(super) fn column(table: &Table, column: &Column) -> Map<String, Value> {
    let (attribute_type, type_name) = types(column);
    let members = json!({
        "@odata.type": format!("#Microsoft.Dynamics.CRM.{}", cast_of(column)),
        "MetadataId": column.metadata_id,
        "LogicalName": &*column.name,
        "SchemaName": column.schema_name,
        "EntityLogicalName": &*table.name,
        "AttributeType": attribute_type,
        "AttributeTypeName": { "Value": type_name },
        "IsCustomAttribute": column.custom,
        "IsPrimaryId": column.kind == Kind::Id,
        "IsPrimaryName": column.name == table.primary_name,
        "IsValidForCreate": column.on_create,
        "IsValidForUpdate": column.on_update,
        "IsValidForRead": column.readable,
        "IsLogical": false,
        "AttributeOf": null,
        "IsManaged": false,
        "DisplayName": label(&column.label),
        "RequiredLevel": {
            "Value": if column.required { "SystemRequired" } else { "None" },
            "CanBeChanged": !column.required,
            "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        },
    });
    let mut members = laid_over(&column.given, members, &["OptionSet"]);
    members.extend(typed(table, column));
    members
}

/// The members of a column's own type.
fn typed(table: &Table, column: &Column) -> Map<String, Value> {
    let members = match &column.kind {
        Kind::Text { most } | Kind::Memo { most } => json!({ "MaxLength": most }),
        Kind::Integer { least, most } => json!({ "MinValue": least, "MaxValue": most }),
        Kind::Decimal { precision } => json!({ "Precision": precision }),
        Kind::Money { least } => json!({ "MinValue": least, "Precision": 2, "PrecisionSource": 2 }),
        Kind::Boolean => json!({
            "DefaultValue": column.default == Some(1),
            "OptionSet": {
                "TrueOption": option(&Choice { value: 1, label: "Yes".to_owned(), of: 0 }),
                "FalseOption": option(&Choice { value: 0, label: "No".to_owned(), of: 0 }),
            },
        }),
        Kind::Date => json!({ "Format": "DateOnly", "DateTimeBehavior": { "Value": "DateOnly" } }),
        Kind::DateTime => json!({ "Format": "DateAndTime", "DateTimeBehavior": { "Value": "UserLocal" } }),
        Kind::Choice(options) | Kind::Choices(options) => {
            json!({ "OptionSet": option_set(&format!("{}_{}", table.name, column.name), options, "Picklist") })
        }
        Kind::State(options) => {
            json!({ "OptionSet": option_set(&format!("{}_{}", table.name, column.name), options, "State") })
        }
        Kind::Status(options) => {
            json!({ "OptionSet": option_set(&format!("{}_{}", table.name, column.name), options, "Status") })
        }
        Kind::Lookup(targets) => {
            json!({ "Targets": targets.iter().map(|target| target.table.to_string()).collect::<Vec<_>>() })
        }
        Kind::Id | Kind::Guid | Kind::BigInt => json!({}),
    };
    object(members)
}

/// The derived type of a column, as in a cast.
pub(super) fn cast_of(column: &Column) -> &'static str {
    match &column.kind {
        Kind::Id | Kind::Guid => "UniqueIdentifierAttributeMetadata",
        Kind::Text { .. } => "StringAttributeMetadata",
        Kind::Memo { .. } => "MemoAttributeMetadata",
        Kind::Integer { .. } => "IntegerAttributeMetadata",
        Kind::BigInt => "BigIntAttributeMetadata",
        Kind::Decimal { .. } => "DecimalAttributeMetadata",
        Kind::Money { .. } => "MoneyAttributeMetadata",
        Kind::Boolean => "BooleanAttributeMetadata",
        Kind::Date | Kind::DateTime => "DateTimeAttributeMetadata",
        Kind::Choice(_) => "PicklistAttributeMetadata",
        Kind::Choices(_) => "MultiSelectPicklistAttributeMetadata",
        Kind::State(_) => "StateAttributeMetadata",
        Kind::Status(_) => "StatusAttributeMetadata",
        Kind::Lookup(_) => "LookupAttributeMetadata",
    }
}

/// The members that only the derived types have: without a cast they cannot be selected.
pub(super) const TYPED: [&str; 9] = [
    "MaxLength",
    "MinValue",
    "MaxValue",
    "Precision",
    "PrecisionSource",
    "DefaultValue",
    "OptionSet",
    "Targets",
    "Format",
];

fn types(column: &Column) -> (&'static str, &'static str) {
    match &column.kind {
        Kind::Id | Kind::Guid => ("Uniqueidentifier", "UniqueidentifierType"),
        Kind::Text { .. } => ("String", "StringType"),
        Kind::Memo { .. } => ("Memo", "MemoType"),
        Kind::Integer { .. } => ("Integer", "IntegerType"),
        Kind::BigInt => ("BigInt", "BigIntType"),
        Kind::Decimal { .. } => ("Decimal", "DecimalType"),
        Kind::Money { .. } => ("Money", "MoneyType"),
        Kind::Boolean => ("Boolean", "BooleanType"),
        Kind::Date | Kind::DateTime => ("DateTime", "DateTimeType"),
        Kind::Choice(_) => ("Picklist", "PicklistType"),
        Kind::Choices(_) => ("Virtual", "MultiSelectPicklistType"),
        Kind::State(_) => ("State", "StateType"),
        Kind::Status(_) => ("Status", "StatusType"),
        Kind::Lookup(_) if &*column.name == "ownerid" => ("Owner", "OwnerType"),
        Kind::Lookup(targets) if targets.len() > 1 => ("Customer", "CustomerType"),
        Kind::Lookup(_) => ("Lookup", "LookupType"),
    }
}

/// Options as a set.
pub(super) fn option_set(name: &str, options: &[Choice], kind: &str) -> Value {
    json!({
        "@odata.type": "#Microsoft.Dynamics.CRM.OptionSetMetadata",
        "Name": name,
        "IsGlobal": false,
        "OptionSetType": kind,
        "Options": options.iter().map(option).collect::<Vec<_>>(),
    })
}

fn option(choice: &Choice) -> Value {
    json!({ "Value": choice.value, "Label": label(&choice.label), "State": choice.of })
}
