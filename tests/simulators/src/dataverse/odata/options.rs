//! Query options (dataverse-api 2.9): `$select`, `$filter`, `$orderby`, `$top`, `$count`, `$expand`, the two tokens,
//! and `tag`. No `$skip` and no `$search`.

use super::path;
use crate::dataverse::answers::{Answer, Refused};

/// The options of a request or of an expanded navigation property.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) select: Option<Vec<String>>,
    pub(crate) filter: Option<String>,
    pub(crate) order_by: Vec<Order>,
    pub(crate) top: Option<usize>,
    pub(crate) count: bool,
    pub(crate) expand: Vec<Expand>,
    pub(crate) skip_token: Option<String>,
    pub(crate) delta_token: Option<String>,
    pub(crate) tag: Option<String>,
    /// Texts as given, for `@odata.context`.
    pub(crate) select_text: String,
}

/// `name desc`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) property: String,
    pub(crate) descending: bool,
}

/// `parentaccountid($select=name)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expand {
    pub(crate) property: String,
    pub(crate) options: Options,
}

/// The names and decoded values of a raw query string, in order.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

impl Options {
    /// Reads a raw query string.
    pub(crate) fn read(query: &str) -> Answer<Self> {
        let mut options = Self::default();
        for (name, value) in pairs(query) {
            options.take(&name, &value)?;
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, value: &str) -> Answer<()> {
        match name {
            "$select" => {
                value.clone_into(&mut self.select_text);
                self.select = Some(names(value));
            }
            "$filter" => self.filter = Some(value.to_owned()),
            "$orderby" => self.order_by = orders(value)?,
            "$top" => {
                let top = value.trim().parse::<usize>().ok();
                self.top = Some(top.ok_or_else(|| {
                    Refused::query(format!(
                        "Invalid value '{value}' for $top query option found. The $top query option requires a \
                         non-negative integer value."
                    ))
                })?);
            }
            "$count" => self.count = value == "true",
            "$expand" => self.expand = expands(value)?,
            "$skiptoken" => self.skip_token = Some(value.to_owned()),
            "$deltatoken" => self.delta_token = Some(value.to_owned()),
            "tag" => self.tag = Some(value.to_owned()),
            "$skip" => return Err(Refused::query("Skip Clause is not supported in CRM")),
            "$search" | "$apply" | "$compute" | "$levels" => {
                return Err(Refused::query(format!("The query option '{name}' is not supported here.")));
            }
            _ if name.starts_with('$') => {
                return Err(Refused::query(format!(
                    "The query parameter '{name}' is not supported. Custom query options must not begin with a '$'."
                )));
            }
            // Custom options and parameter aliases are none of ours.
            _ => {}
        }
        Ok(())
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn orders(list: &str) -> Answer<Vec<Order>> {
    let order = |text: &str| {
        let mut words = text.split_whitespace();
        let property = words.next().unwrap_or_default().to_owned();
        let descending = match (words.next(), words.next()) {
            (None | Some("asc"), None) => false,
            (Some("desc"), None) => true,
            _ => return Err(Refused::query(format!("Syntax error in '$orderby' at '{text}'."))),
        };
        Ok(Order { property, descending })
    };
    list.split(',').map(order).collect()
}

fn expands(list: &str) -> Answer<Vec<Expand>> {
    let unbalanced = || Refused::query("Found an unbalanced bracket expression in $expand.");
    let expand = |text: &str| {
        let text = text.trim();
        let Some((property, rest)) = text.split_once('(') else {
            return Ok(Expand { property: text.to_owned(), options: Options::default() });
        };
        let inner = rest.strip_suffix(')').ok_or_else(unbalanced)?;
        let mut options = Options::default();
        for option in path::split(inner, ';').ok_or_else(unbalanced)? {
            let (name, value) = option.split_once('=').ok_or_else(unbalanced)?;
            options.take(name.trim(), value)?;
        }
        Ok(Expand { property: property.trim().to_owned(), options })
    };
    path::split(list, ',').ok_or_else(unbalanced)?.into_iter().map(expand).collect()
}
