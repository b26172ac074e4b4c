//! The table as the store uses it: one item, some items, all or nothing. Reads are strongly consistent but for indexes.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};

use super::call::{Trouble, backoff, call};
use super::expression::Expression;
use super::item::Item;

/// The condition of who wants to be first.
const NONE_YET: &str = "attribute_not_exists(pk)";
/// Keys that BatchGetItem takes.
const BATCH_MAX: usize = 100;
/// Times that BatchGetItem may leave keys out.
const LEFT_OUT_MAX: u32 = 8;

/// A table of DynamoDB. Cheap to clone.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) client: Client,
    pub(super) name: String,
}

/// One part of a transaction.
pub(super) enum Part {
    /// Writes an item, whatever was there.
    Put(Item),
    /// Writes an item if there is none.
    First(Item),
    /// Writes a lookup if there is none, or one of the same link.
    Claim(Item),
    /// Changes an item.
    Update(Item, Expression),
}

/// A range of one partition, of the table or of an index.
pub(super) struct Range<'a> {
    pub(super) index: Option<&'a str>,
    pub(super) condition: &'a str,
    pub(super) values: Vec<(&'a str, AttributeValue)>,
}

impl Table {
    pub(super) async fn get(&self, key: Item) -> Result<Option<Item>, Trouble> {
        let get = || {
            let get = self.client.get_item().table_name(&self.name).set_key(Some(key.clone()));
            get.consistent_read(true).send()
        };
        Ok(call("GetItem", get).await?.item)
    }

    pub(super) async fn put(&self, item: Item) -> Result<(), Trouble> {
        let put = || self.client.put_item().table_name(&self.name).set_item(Some(item.clone())).send();
        call("PutItem", put).await.map(|_| ())
    }

    /// Writes an item if there is none; else the condition fails, with the one that is there.
    pub(super) async fn put_first(&self, item: Item) -> Result<(), Trouble> {
        let put = || {
            let put = self.client.put_item().table_name(&self.name).set_item(Some(item.clone()));
            let put = put.condition_expression(NONE_YET);
            put.return_values_on_condition_check_failure(OnFailure::AllOld).send()
        };
        call("PutItem", put).await.map(|_| ())
    }

    pub(super) async fn update(&self, key: Item, update: &Expression) -> Result<(), Trouble> {
        let update = || {
            let request = self.client.update_item().table_name(&self.name).set_key(Some(key.clone()));
            request
                .update_expression(update.update())
                .condition_expression(update.condition())
                .set_expression_attribute_names(update.names())
                .set_expression_attribute_values(update.values())
                .return_values_on_condition_check_failure(OnFailure::AllOld)
                .send()
        };
        call("UpdateItem", update).await.map(|_| ())
    }

    /// Writes all parts or none. DynamoDB knows a repetition by its token for ten minutes, and does nothing twice.
    pub(super) async fn transact(&self, parts: Vec<Part>) -> Result<(), Trouble> {
        let parts = parts.into_iter().map(|part| self.part(part)).collect::<Result<Vec<_>, _>>()?;
        let token = uuid::Uuid::new_v4().to_string();
        let write = || {
            let write = self.client.transact_write_items().set_transact_items(Some(parts.clone()));
            write.client_request_token(&token).send()
        };
        call("TransactWriteItems", write).await.map(|_| ())
    }

    /// Up to `limit` items of a range, in the order of the sort key.
    pub(super) async fn query(&self, range: &Range<'_>, limit: usize) -> Result<Vec<Item>, Trouble> {
        let values = range.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let values: HashMap<String, AttributeValue> = values.collect();
        let (mut items, mut from) = (Vec::new(), None);
        while items.len() < limit {
            let page = i32::try_from(limit - items.len()).unwrap_or(i32::MAX);
            let query = || {
                let query = self.client.query().table_name(&self.name).limit(page);
                query
                    .set_index_name(range.index.map(str::to_owned))
                    .consistent_read(range.index.is_none())
                    .key_condition_expression(range.condition)
                    .set_expression_attribute_values(Some(values.clone()))
                    .set_exclusive_start_key(from.clone())
                    .send()
            };
            let answer = call("Query", query).await?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// The items of these keys that exist, in any order.
    pub(super) async fn get_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, Trouble> {
        let mut found = Vec::new();
        for keys in keys.chunks(BATCH_MAX) {
            let (mut keys, mut left_out) = (keys.to_vec(), 0);
            while !keys.is_empty() {
                let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build()?;
                let get = || self.client.batch_get_item().request_items(&self.name, wanted.clone()).send();
                let mut answer = call("BatchGetItem", get).await?;
                found.extend(answer.responses.take().and_then(|mut all| all.remove(&self.name)).unwrap_or_default());
                let rest = answer.unprocessed_keys.and_then(|mut all| all.remove(&self.name));
                keys = rest.map(|rest| rest.keys).unwrap_or_default();
                if !keys.is_empty() {
                    left_out += 1;
                    if left_out > LEFT_OUT_MAX {
                        return Err(Trouble::left_out("BatchGetItem"));
                    }
                    tokio::time::sleep(backoff(left_out)).await;
                }
            }
        }
        Ok(found)
    }

    fn part(&self, part: Part) -> Result<TransactWriteItem, BuildError> {
        let write = TransactWriteItem::builder();
        Ok(match part {
            Part::Put(item) => write.put(Put::builder().table_name(&self.name).set_item(Some(item)).build()?).build(),
            Part::First(item) => {
                let put = Put::builder().table_name(&self.name).set_item(Some(item));
                let put =
                    put.condition_expression(NONE_YET).return_values_on_condition_check_failure(OnFailure::AllOld);
                write.put(put.build()?).build()
            }
            Part::Claim(item) => {
                let own = item.get("link").cloned().unwrap_or(AttributeValue::Null(true));
                let put = Put::builder().table_name(&self.name).set_item(Some(item));
                let put = put.condition_expression("attribute_not_exists(pk) OR #link = :link");
                let put = put.expression_attribute_names("#link", "link").expression_attribute_values(":link", own);
                write.put(put.return_values_on_condition_check_failure(OnFailure::AllOld).build()?).build()
            }
            Part::Update(key, update) => {
                let built = Update::builder().table_name(&self.name).set_key(Some(key));
                let built = built.update_expression(update.update()).condition_expression(update.condition());
                let built = built.set_expression_attribute_names(update.names());
                let built = built.set_expression_attribute_values(update.values());
                write.update(built.return_values_on_condition_check_failure(OnFailure::AllOld).build()?).build()
            }
        })
    }
}
