//! Translates referrals and CRM rows to fields and back. Pure: no HTTP, no clock.
//!
//! Both sides are read into the same field ids and the same spelling, so that two values are the same when their texts
//! are. What travels is data: [`BUILT_IN`] and the user's `[fields.*]` are rows of one structure (`row.rs`), and every
//! codec is one arm in `codec.rs`.
//!
//! # Where to look
//! `built_in.rs` is the table, `rows.rs` lays the user's rows over it, `checks.rs` says what makes no sense, `codec.rs` spells a
//! value, `referral.rs`, `opportunity.rs`, `lead.rs` and `account.rs` know the shapes of both vendors, `own.rs` the columns that
//! only we write, `policy.rs` what `sync-core` needs to decide.

mod account;
mod built_in;
mod checks;
mod codec;
mod currencies;
mod lead;
mod opportunity;
mod own;
mod policy;
mod referral;
mod row;
mod rows;
mod settings;
mod text;

use std::collections::BTreeMap;

use sync_core::{Code, FieldId};

pub use account::AccountMatch;
pub use built_in::{BUILT_IN, BuiltIn, table as built_in_table};
pub use codec::Codec;
pub use currencies::Currencies;
pub use lead::is_lead_class;
pub use own::{OwnColumns, OwnWrite, audit_line};
pub use referral::{NewReferral, PatchOp, PatchOperation};
pub use row::{Direction, Entity, Owner, Row};
pub use rows::RowProblem;
pub use settings::{LookupSettings, RowSettings};

/// Something translated, and what could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// What could.
    pub value: T,
    /// What could not, or not whole.
    pub problems: Vec<FieldProblem>,
}

/// A field that could not be translated, or was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Which field.
    pub field: FieldId,
    /// From the closed list.
    pub code: Code,
    /// A sentence for the seller; names the column's label and what to do. Never contact data.
    pub text: String,
}

/// All rows, and the names of our own columns.
#[derive(Debug, Clone)]
pub struct Mapping {
    rows: Vec<Row>,
    own: OwnColumns,
}

impl Mapping {
    /// Lays the user's rows over the built-in ones. `column_prefix` is the prefix of our own columns.
    ///
    /// # Errors
    /// Every row that makes no sense, with its key and the reason.
    pub fn new(column_prefix: &str, fields: &BTreeMap<String, RowSettings>) -> Result<Self, Vec<RowProblem>> {
        let rows = rows::laid_over(column_prefix, fields)?;
        Ok(Self { rows, own: OwnColumns::new(column_prefix) })
    }

    /// The names of our own columns.
    #[must_use]
    pub fn own(&self) -> &OwnColumns {
        &self.own
    }

    /// Every row, built-in ones first.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What people call a field.
    #[must_use]
    pub fn label(&self, field: &FieldId) -> String {
        match self.row(field) {
            Some(row) => row.label.clone(),
            None => row::spoken(field.as_str()),
        }
    }

    /// The rows that make use of a CRM column, for a message about that column.
    #[must_use]
    pub fn rows_with_column(&self, column: &str) -> Vec<&Row> {
        let plain = column.strip_prefix('_').and_then(|c| c.strip_suffix("_value")).unwrap_or(column);
        self.rows.iter().filter(|row| row.crm.as_deref() == Some(plain)).collect()
    }

    fn row(&self, field: &FieldId) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == *field)
    }
}
