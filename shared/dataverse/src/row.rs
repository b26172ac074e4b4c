//! A row as the server returned it, kept whole.
//!
//! Nothing is converted: money stays the decimal that was sent (`serde_json::Number` with every digit), a missing
//! column differs from `null`. What a column means is the mapping's business.

use std::fmt;

use serde_json::{Map, Value};
use uuid::Uuid;

/// One row of a table. Printing it shows its column names only, since the values may be contact data.
#[derive(Clone, PartialEq, Eq)]
pub struct Row(Map<String, Value>);

impl Row {
    /// Takes the JSON object of a row.
    #[must_use]
    pub fn new(columns: Map<String, Value>) -> Self {
        Self(columns)
    }

    /// The version of the row, as `If-Match` takes it: `W/"536530"`. Opaque, and not ordered.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.text("@odata.etag")
    }

    /// The value of a column: `None` if it was not returned, `Some(Null)` if it is empty.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&Value> {
        self.0.get(column)
    }

    /// The value of a text column.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&str> {
        self.get(column)?.as_str()
    }

    /// The GUID in a key column (`opportunityid`) or a lookup, by either name (`parentaccountid`,
    /// `_parentaccountid_value`: dataverse-api 2.5).
    #[must_use]
    pub fn id_of(&self, column: &str) -> Option<Uuid> {
        let text = self.text(column).or_else(|| self.text(&format!("_{column}_value")))?;
        Uuid::try_parse(text).ok()
    }

    /// Which table a polymorphic lookup points to: `account` or `contact` for `customerid`.
    #[must_use]
    pub fn table_of(&self, lookup: &str) -> Option<&str> {
        const ANNOTATION: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";
        self.text(&format!("_{lookup}_value@{ANNOTATION}")).or_else(|| self.text(&format!("{lookup}@{ANNOTATION}")))
    }

    /// The whole JSON object, annotations included.
    #[must_use]
    pub fn raw(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The whole JSON object, taken out.
    #[must_use]
    pub fn into_raw(self) -> Map<String, Value> {
        self.0
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let text = r#"{"@odata.etag":"W/\"536530\"","name":"Ada Lovelace","estimatedvalue":25000.000000000000000001,
            "description":null,"opportunityid":"00aa00aa-bb11-cc22-dd33-44ee44ee44ee",
            "_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"account",
            "_customerid_value":"6a1c3c1e-0000-4000-8000-000000000001"}"#;
        Row::new(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn money_keeps_every_digit_and_absent_differs_from_empty() {
        let row = row();
        assert_eq!(row.get("estimatedvalue").unwrap().to_string(), "25000.000000000000000001");
        assert_eq!(row.get("description"), Some(&Value::Null));
        assert_eq!(row.get("emailaddress"), None);
        assert_eq!(row.etag(), Some("W/\"536530\""));
    }

    #[test]
    fn a_lookup_is_found_by_either_name() {
        let row = row();
        let customer = Uuid::try_parse("6a1c3c1e-0000-4000-8000-000000000001").ok();
        assert_eq!(row.id_of("customerid"), customer);
        assert_eq!(row.id_of("_customerid_value"), customer);
        assert_eq!(row.table_of("customerid"), Some("account"));
        assert!(row.id_of("opportunityid").is_some());
        assert_eq!(row.id_of("name"), None);
    }

    #[test]
    fn printing_a_row_shows_no_value() {
        let printed = format!("{:?}", row());
        assert!(printed.contains("estimatedvalue"));
        assert!(!printed.contains("Lovelace") && !printed.contains("25000"), "{printed}");
    }
}
