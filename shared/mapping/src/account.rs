//! The customer's account: found by its match values, made from the referral (design section 4 "Creating").

use serde_json::{Map, Value, json};
use sync_core::{FieldId, Fields, Reading, reading};

use crate::codec;
use crate::opportunity::put;
use crate::row::{Direction, Entity};
use crate::{Mapping, Read};

/// How an account is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMatch {
    /// `$filter` over active accounts.
    pub filter: String,
    /// The normalised match values; the primary key of an account that we make follows from it.
    pub key: String,
}

/// `account.match_on` word to field (design section 6).
const MATCHABLE: &[(&str, &str)] = &[
    ("name", "customer_name"),
    ("street", "customer_street"),
    ("city", "customer_city"),
    ("state", "customer_state"),
    ("postal_code", "customer_postal_code"),
    ("country", "customer_country"),
];

impl Mapping {
    /// Columns of an account for `$select`.
    #[must_use]
    pub fn account_select(&self) -> Vec<String> {
        let mut columns = vec!["accountid".to_owned(), "statecode".to_owned()];
        for column in self.rows_of(Entity::Account).filter_map(|row| row.crm.as_ref()) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// Columns of a new account.
    #[must_use]
    pub fn account_columns(&self, fields: &Fields) -> Read<Map<String, Value>> {
        let (mut columns, mut problems) = (Map::new(), Vec::new());
        for row in self.rows_of(Entity::Account).filter(|row| row.direction == Direction::CreateOnly) {
            let (Some(column), known @ Reading::Is(_)) = (&row.crm, reading(fields, &row.id)) else { continue };
            put(&mut columns, &mut problems, row, column, known);
        }
        Read { value: columns, problems }
    }

    /// How to look for the referral's customer. None if it has no name.
    #[must_use]
    pub fn account_match(&self, fields: &Fields, match_on: &[String]) -> Option<AccountMatch> {
        reading(fields, &FieldId::new("customer_name")).value()?;
        let (mut filter, mut key) = (vec!["statecode eq 0".to_owned()], Vec::new());
        for (word, id) in MATCHABLE.iter().filter(|(word, _)| match_on.iter().any(|on| on == word)) {
            let Some(row) = self.row(&FieldId::new(*id)) else { continue };
            let Some(column) = &row.crm else { continue };
            match reading(fields, &row.id) {
                known @ Reading::Is(_) => {
                    let wanted = codec::to_crm(row, known).map_or(Value::Null, |(value, _)| value);
                    let text = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
                    filter.push(format!("{column} eq '{}'", text.replace('\'', "''")));
                    key.push(json!([word, text.to_lowercase()]));
                }
                Reading::Unknown | Reading::Cleared => {
                    filter.push(format!("{column} eq null"));
                    key.push(json!([word, null]));
                }
            }
        }
        Some(AccountMatch { filter: filter.join(" and "), key: Value::Array(key).to_string() })
    }

    /// The words that `account.match_on` may hold.
    #[must_use]
    pub fn account_match_words() -> Vec<&'static str> {
        MATCHABLE.iter().map(|(word, _)| *word).collect()
    }
}
