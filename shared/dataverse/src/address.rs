//! Addresses: keys in parentheses, `$`-options, percent-encoding.
//!
//! Links that the server hands out are not built here and never touched; see `tracking.rs`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use crate::error::Error;

/// Everything but RFC 3986's unreserved characters: within values Dataverse wants `$ & + , / : ; = ? @ #` and
/// space encoded (dataverse-api 2.9).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which row of a table is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The primary key.
    Primary(Uuid),
    /// An alternate key of one text column. Only values of `A-Z a-z 0-9 _ -` (a GUID is one) can be addressed:
    /// Dataverse refuses `/ < > * % & : \ ? +` in keys even when encoded (dataverse-api 2.8).
    Alternate {
        /// The column, by its logical name.
        column: String,
        /// The value looked for.
        value: String,
    },
}

/// What to read from a table.
#[derive(Clone, Default)]
pub struct Query<'a> {
    /// The columns; at least one.
    pub select: &'a [&'a str],
    /// An OData filter in plain text; values of text columns go through [`quoted`].
    pub filter: Option<String>,
    /// `createdon desc`, in plain text.
    pub order_by: Option<&'a str>,
    /// At most this many rows.
    pub top: Option<u32>,
}

/// A text value for a filter: in apostrophes, its own apostrophes doubled.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `opportunities(00aa...)` or `opportunities(cosell_referralid='...')`.
pub(crate) fn row_path(set: &str, key: &Key) -> Result<String, Error> {
    match key {
        Key::Primary(id) => Ok(format!("{set}({id})")),
        Key::Alternate { column, value } => {
            if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
                return Err(Error::Configuration {
                    reason: format!(
                        "the value for key column {column} of {set} cannot be addressed: Dataverse takes only \
                         letters, digits, _ and - in the value of an alternate key"
                    ),
                });
            }
            Ok(format!("{set}({column}='{value}')"))
        }
    }
}

/// `$select=a,b`; a read without it would return every column.
pub(crate) fn select_option(select: &[&str]) -> Result<String, Error> {
    if select.is_empty() {
        return Err(Error::Configuration { reason: "a request to Dataverse names no columns to select".to_owned() });
    }
    let columns: Vec<String> = select.iter().map(|column| encoded(column)).collect();
    Ok(format!("$select={}", columns.join(",")))
}

/// `name=value` with the value percent-encoded.
pub(crate) fn option(name: &str, value: &str) -> String {
    format!("{name}={}", encoded(value))
}

/// The whole query string of a query, without the question mark.
pub(crate) fn query_options(query: &Query<'_>) -> Result<String, Error> {
    let mut options = vec![select_option(query.select)?];
    options.extend(query.filter.as_deref().map(|filter| option("$filter", filter)));
    options.extend(query.order_by.map(|order| option("$orderby", order)));
    options.extend(query.top.map(|top| format!("$top={top}")));
    Ok(options.join("&"))
}

/// The last GUID in parentheses: `https://.../opportunities(00aa...)`, the form of `OData-EntityId`.
pub(crate) fn last_id_in(address: &str) -> Option<Uuid> {
    let (_, tail) = address.rsplit_once('(')?;
    Uuid::try_parse(tail.strip_suffix(')')?).ok()
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alternate(value: &str) -> Result<String, Error> {
        row_path("opportunities", &Key::Alternate { column: "cosell_referralid".to_owned(), value: value.to_owned() })
    }

    #[test]
    fn keys_become_paths() {
        let id = Uuid::try_parse("00AA00AA-BB11-CC22-DD33-44EE44EE44EE").unwrap();
        let path = row_path("leads", &Key::Primary(id)).unwrap();
        assert_eq!(path, "leads(00aa00aa-bb11-cc22-dd33-44ee44ee44ee)");
        assert_eq!(alternate("Ref_1-2").unwrap(), "opportunities(cosell_referralid='Ref_1-2')");
    }

    #[test]
    fn alternate_key_values_that_dataverse_cannot_take_are_refused_without_printing_them() {
        for value in ["", "a/b", "a<b", "a*b", "a%b", "a&b", "a:b", "a\\b", "a?b", "a+b", "a b", "o'neil", "é", "a.b"]
        {
            let error = alternate(value).unwrap_err();
            assert!(matches!(error, Error::Configuration { .. }), "{value}");
            assert!(value.len() < 2 || !error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn filters_are_quoted_once_and_encoded_once() {
        assert_eq!(quoted("O'Neil & Söhne"), "'O''Neil & Söhne'");
        let query = Query {
            select: &["name", "accountid"],
            filter: Some(format!("name eq {} and statecode eq 0", quoted("A+B 100%"))),
            order_by: Some("createdon desc"),
            top: Some(2),
        };
        assert_eq!(
            query_options(&query).unwrap(),
            "$select=name,accountid&$filter=name%20eq%20%27A%2BB%20100%25%27%20and%20statecode%20eq%200\
             &$orderby=createdon%20desc&$top=2"
        );
    }

    #[test]
    fn no_columns_is_a_mistake_of_the_caller() {
        assert!(matches!(query_options(&Query::default()), Err(Error::Configuration { .. })));
    }

    #[test]
    fn the_created_id_is_the_last_guid() {
        let id = Uuid::from_u128(7);
        assert_eq!(last_id_in(&format!("https://o/api/data/v9.2/a(x)/b({id})")), Some(id));
        assert_eq!(last_id_in("https://o/api/data/v9.2/a(x='y')"), None);
    }
}
