//! One at a time: a lease in the table, with an epoch that grows with every taking.
//!
//! A lease alone never justifies a write: its holder may be frozen for longer than it lasts. So whoever holds one asks
//! [`Lease::holds`] right before the write, and the write itself is conditional, too (reliability 4).

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;

use crate::Error;
use crate::vault::{code, reason};

/// The refusal of a condition.
const REFUSED: &str = "ConditionalCheckFailedException";

/// A lease of some name.
#[derive(Debug, Clone)]
pub struct Lease {
    client: Client,
    table: String,
    name: &'static str,
}

/// Proof of having taken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(u64);

impl Lease {
    /// A lease kept in this table.
    #[must_use]
    pub fn new(client: Client, table: &str, name: &'static str) -> Self {
        Self { client, table: table.to_owned(), name }
    }

    /// Takes it for a while, unless somebody else holds it.
    ///
    /// # Errors
    /// When the table cannot be used.
    pub async fn take(&self, now: Timestamp, lasts: Duration) -> Result<Option<Epoch>, Error> {
        let until = now.as_millisecond().saturating_add(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX));
        let taken = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(self.key()))
            .update_expression("SET lease_until = :until ADD epoch :one")
            .condition_expression("attribute_not_exists(lease_until) OR lease_until <= :now")
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await;
        match taken {
            Ok(answer) => {
                let epoch = answer.attributes().and_then(|attributes| attributes.get("epoch"));
                let epoch = epoch.and_then(|epoch| epoch.as_n().ok()?.parse().ok());
                epoch.map(|epoch| Some(Epoch(epoch))).ok_or_else(|| self.broken("the lease has no epoch".to_owned()))
            }
            Err(error) if code(&error) == Some(REFUSED) => Ok(None),
            Err(error) => Err(self.broken(reason(&error))),
        }
    }

    /// Whether nobody has taken it since, even if its time is over.
    ///
    /// # Errors
    /// When the table cannot be used.
    pub async fn holds(&self, epoch: Epoch) -> Result<bool, Error> {
        Ok(self.standing().await? == Some(epoch))
    }

    /// Who took it last; nobody yet, perhaps.
    ///
    /// # Errors
    /// When the table cannot be used.
    pub async fn standing(&self) -> Result<Option<Epoch>, Error> {
        let item =
            self.client.get_item().table_name(&self.table).set_key(Some(self.key())).consistent_read(true).send().await;
        let item = item.map_err(|error| self.broken(reason(&error)))?;
        Ok(item.item().and_then(|item| item.get("epoch")?.as_n().ok()?.parse().ok()).map(Epoch))
    }

    /// Gives it back before its time. Of somebody else's nothing changes.
    ///
    /// # Errors
    /// When the table cannot be used.
    pub async fn give_back(&self, epoch: Epoch) -> Result<(), Error> {
        let given = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(self.key()))
            .update_expression("SET lease_until = :zero")
            .condition_expression("epoch = :epoch")
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.0.to_string()))
            .send()
            .await;
        match given {
            Err(error) if code(&error) != Some(REFUSED) => Err(self.broken(reason(&error))),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn key(&self) -> HashMap<String, AttributeValue> {
        let name = AttributeValue::S(format!("LEASE#{}", self.name));
        HashMap::from([("pk".to_owned(), name.clone()), ("sk".to_owned(), name)])
    }

    fn broken(&self, reason: String) -> Error {
        Error::Table { table: self.table.clone(), reason }
    }
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
