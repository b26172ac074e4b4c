//! A mapping row as a user writes it: `[fields.ID]` in `cosell.toml` (design section 6).

use std::collections::BTreeMap;

use serde::Deserialize;

/// What `[fields.ID]` may say. Every member is optional: it overrides that member of the built-in row of the same id,
/// or describes a new row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RowSettings {
    /// JSON pointer into the referral.
    pub referral: Option<String>,
    /// Logical name of the column.
    pub crm: Option<String>,
    /// `opportunity`, `lead`, `account` or `contact`.
    pub entity: Option<String>,
    /// `text`, `html_text`, `money`, `currency`, `date`, `datetime`, `choice`, `country`, `boolean` or `set`.
    pub codec: Option<String>,
    /// `both`, `to_crm`, `to_partner`, `create_only`, `rise`, `invite` or `off`.
    pub direction: Option<String>,
    /// `crm`, `partner_center` or `ask`.
    pub owner: Option<String>,
    /// Rows of one group merge as one value.
    pub group: Option<String>,
    /// Referral value to CRM value.
    pub choices: Option<BTreeMap<String, String>>,
    /// For a lookup column: the table and the column that hold the value.
    pub lookup: Option<LookupSettings>,
    /// In UTF-16 units, as Dataverse counts.
    pub max_length: Option<u32>,
    /// The user accepts that the row loses something on the way.
    pub lossy: Option<bool>,
}

/// `lookup = { table = "...", key = "column" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupSettings {
    /// Logical name of the table.
    pub table: String,
    /// The column whose value is the field's value.
    pub key: String,
}
