//! Whether the CRM has every column that the rows name. A row of a column that is not there would stop every deal.

use dataverse::{Error, Query};
use store::Store;

use crate::Engine;
use sync_core::Entity;

use crate::sides::ACCOUNTS;
use crate::tables::{LEADS, OPPORTUNITIES};

impl<S: Store> Engine<S> {
    /// Asks the CRM for the columns of every row. A CRM that cannot be asked now is no reason to stop: links wait for it.
    ///
    /// # Errors
    /// Each row whose column is not there, with its key and what to do.
    pub async fn check_columns(&self) -> Result<(), String> {
        let tables = [
            (OPPORTUNITIES, "opportunity", self.select(Entity::Opportunity)),
            (LEADS, "lead", self.select(Entity::Lead)),
            (ACCOUNTS, "account", self.mapping.account_select()),
        ];
        for (set, table, select) in tables {
            let select: Vec<&str> = select.iter().map(String::as_str).collect();
            let query = Query { select: &select, top: Some(1), ..Query::default() };
            match self.dataverse.query(set, &query).await {
                Ok(_) => {}
                Err(Error::ColumnMissing { column, message }) => {
                    return Err(self.missing(table, column.as_deref(), &message));
                }
                Err(error) => tracing::warn!(%error, table, "its columns could not be checked"),
            }
        }
        Ok(())
    }

    fn missing(&self, table: &str, column: Option<&str>, message: &str) -> String {
        let Some(column) = column else {
            return format!(
                "a column of table {table} is not there in Dynamics 365 ({message}): compare the rows of [fields] with it"
            );
        };
        match self.mapping.rows_with_column(column).as_slice() {
            [] => format!(
                "the column {column} of table {table} is not there in Dynamics 365: install Cosell's solution, or set dataverse.column_prefix"
            ),
            rows => rows
                .iter()
                .map(|row| {
                    let id = row.id.as_str();
                    format!(
                        "fields.{id}.crm: table {table} has no column {column} in Dynamics 365; name one that it has"
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}
