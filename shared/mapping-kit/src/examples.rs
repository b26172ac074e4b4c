//! The file of examples.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// One deal, as both sides show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows, in the partner's words.
    pub name: String,
    /// What the referral holds, by JSON pointer.
    pub referral: BTreeMap<String, Value>,
    /// What the opportunity holds, by column; `account.` goes before a column of the account.
    pub crm: BTreeMap<String, Value>,
    /// What the lead holds, by column.
    pub lead: BTreeMap<String, Value>,
    /// Which fields are not understood or not whole, on purpose: field and code.
    pub problems: BTreeMap<String, String>,
}

/// Why a file of examples cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is not TOML, or has members that are none.
    #[error("line {line}: {reason}")]
    Toml {
        /// Where.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// An example says something that makes no sense.
    #[error("example \"{example}\": {reason}")]
    Example {
        /// Its name, or its number.
        example: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    example: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    #[serde(default)]
    referral: toml::Table,
    #[serde(default)]
    crm: toml::Table,
    #[serde(default)]
    lead: toml::Table,
    #[serde(default)]
    problems: BTreeMap<String, String>,
}

/// Reads a file of examples.
///
/// # Errors
/// The first thing in it that makes no sense.
pub fn examples(text: &str) -> Result<Vec<Example>, Malformed> {
    let file: File = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or(text).matches('\n').count() + 1;
        Malformed::Toml { line, reason: error.message().to_owned() }
    })?;
    (1..).zip(file.example).map(|(number, entry)| example(number, entry)).collect()
}

fn example(number: usize, entry: Entry) -> Result<Example, Malformed> {
    let name = entry.name.unwrap_or_else(|| format!("example {number}"));
    let wrong = |reason: String| Malformed::Example { example: name.clone(), reason };
    if let Some(pointer) = entry.referral.keys().find(|pointer| !pointer.starts_with('/')) {
        return Err(wrong(format!("`{pointer}` is no JSON pointer; one looks like \"/details/notes\"")));
    }
    let mut crm = BTreeMap::new();
    for (column, value) in entry.crm {
        match (column.as_str(), value) {
            ("account", toml::Value::Table(account)) => {
                crm.extend(account.into_iter().map(|(column, value)| (format!("account.{column}"), json(value))));
            }
            (_, toml::Value::Table(_)) => {
                return Err(wrong(format!("`{column}` is a table; of tables there is only `account`")));
            }
            (_, value) => {
                crm.insert(column, json(value));
            }
        }
    }
    if entry.referral.is_empty() && crm.is_empty() && entry.lead.is_empty() {
        let reason = "it shows neither side: give it [example.referral], [example.crm] or [example.lead]";
        return Err(wrong(reason.to_owned()));
    }
    let plain = |table: toml::Table| table.into_iter().map(|(name, value)| (name, json(value))).collect();
    Ok(Example { name, referral: plain(entry.referral), crm, lead: plain(entry.lead), problems: entry.problems })
}

/// A date is a text to both vendors.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        toml::Value::Boolean(yes) => Value::Bool(yes),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json).collect()),
        toml::Value::Table(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, json(value))).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_sides_are_read_and_a_date_is_a_text() {
        let text = r#"
            [[example]]
            name = "one"
            referral = { "/details/dealValue" = 25000.50 }
            crm = { estimatedclosedate = 2027-03-31, account.name = "Fabrikam", solutions = ["SOL-1-A"] }
            problems = { notes = "too-long" }
            [[example]]
            lead.subject = "x"
        "#;
        let examples = examples(text).unwrap();
        assert_eq!(examples[0].referral["/details/dealValue"], json!(25000.5));
        assert_eq!(examples[0].crm["estimatedclosedate"], json!("2027-03-31"));
        assert_eq!(examples[0].crm["account.name"], json!("Fabrikam"));
        assert_eq!(examples[0].problems["notes"], "too-long");
        assert_eq!((examples[1].name.as_str(), &examples[1].lead["subject"]), ("example 2", &json!("x")));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, expected) in [
            ("[[example]]\nreferral = { notes = 1 }", "example \"example 1\": `notes` is no JSON pointer"),
            ("[[example]]\nname = \"x\"", "example \"x\": it shows neither side"),
            ("[[example]]\ncrm = { contact = { a = 1 } }", "example \"example 1\": `contact` is a table"),
            ("\n[[examples]]", "line 2: unknown field `examples`"),
            ("[[example]]\nname = ", "line 2: "),
        ] {
            let error = examples(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
