//! The CRM's currencies: a referral carries an ISO code, an opportunity a lookup.

use std::collections::BTreeMap;

use serde_json::Value;

/// ISO 4217 code to row id and back, of the active currencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Currencies {
    id_by_code: BTreeMap<String, String>,
}

impl Currencies {
    /// From rows of `transactioncurrencies` with `transactioncurrencyid` and `isocurrencycode`. Rows without them, and
    /// second rows of a code, are passed over.
    #[must_use]
    pub fn from_rows(rows: &[Value]) -> Self {
        let mut id_by_code = BTreeMap::new();
        for row in rows {
            let text = |column: &str| row.get(column).and_then(Value::as_str);
            if let (Some(id), Some(code)) = (text("transactioncurrencyid"), text("isocurrencycode")) {
                id_by_code.entry(code.trim().to_ascii_uppercase()).or_insert_with(|| id.to_ascii_lowercase());
            }
        }
        Self { id_by_code }
    }

    /// The row of a code.
    #[must_use]
    pub fn id(&self, code: &str) -> Option<&str> {
        self.id_by_code.get(code).map(String::as_str)
    }

    /// The code of a row.
    #[must_use]
    pub fn code(&self, id: &str) -> Option<&str> {
        let found = self.id_by_code.iter().find(|(_, known)| known.eq_ignore_ascii_case(id));
        found.map(|(code, _)| code.as_str())
    }
}
