//! The table for an emulator. On AWS `template.yaml` makes it; a test holds the two together.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};

use super::call::{Trouble, call};
use super::item::{PK, SK};
use crate::Error;

/// The attributes of keys.
pub const ATTRIBUTES: [(&str, ScalarAttributeType); 5] = [
    (PK, ScalarAttributeType::S),
    (SK, ScalarAttributeType::S),
    ("due_at", ScalarAttributeType::N),
    ("dirty_due_at", ScalarAttributeType::N),
    ("engagement", ScalarAttributeType::S),
];

/// The indexes, each with its partition and its sort key. They project nothing but keys.
pub const INDEXES: [(&str, [&str; 2]); 3] =
    [("due", [SK, "due_at"]), ("marked", [SK, "dirty_due_at"]), ("engagement", ["engagement", PK])];

/// Makes the table.
///
/// # Errors
/// When DynamoDB does not.
pub async fn create(client: &Client, table: &str) -> Result<(), Error> {
    let (attributes, keys, indexes) = shape().map_err(Trouble::from)?;
    let create = || {
        client
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(attributes.clone()))
            .set_key_schema(Some(keys.clone()))
            .set_global_secondary_indexes(Some(indexes.clone()))
            .send()
    };
    call("CreateTable", create).await?;
    Ok(())
}

type Shape = (Vec<AttributeDefinition>, Vec<KeySchemaElement>, Vec<GlobalSecondaryIndex>);

fn shape() -> Result<Shape, BuildError> {
    let attribute = |(name, kind): &(&str, ScalarAttributeType)| {
        AttributeDefinition::builder().attribute_name(*name).attribute_type(kind.clone()).build()
    };
    let index = |(name, names): &(&str, [&str; 2])| {
        let projection = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let index = GlobalSecondaryIndex::builder().index_name(*name).set_key_schema(Some(keys(names)?));
        index.projection(projection).build()
    };
    let attributes = ATTRIBUTES.iter().map(attribute).collect::<Result<_, _>>()?;
    Ok((attributes, keys(&[PK, SK])?, INDEXES.iter().map(index).collect::<Result<_, _>>()?))
}

fn keys(names: &[&str; 2]) -> Result<Vec<KeySchemaElement>, BuildError> {
    let [partition, sort] = names;
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(*name).key_type(kind).build())
        .collect()
}
