//! One table of the file: takes what it should hold, collects what is wrong, and knows what nobody took.

use std::time::Duration;

use jiff::SignedDuration;
use toml::{Table, Value};
use url::{Host, Url};

use crate::Problem;

/// A table that is being read. [`Section::finish`] reports the keys that nobody took.
pub(crate) struct Section<'a> {
    path: String,
    table: Table,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(path: impl Into<String>, table: Table, problems: &'a mut Vec<Problem>) -> Self {
        Self { path: path.into(), table, problems }
    }

    /// Takes a table inside this one; an absent one is empty.
    pub(crate) fn table(&mut self, key: &str) -> Table {
        match self.table.remove(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(other) => {
                self.wrong(key, format!("is {}; it must be a table", kind(&other)));
                Table::new()
            }
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn problems(&mut self) -> &mut Vec<Problem> {
        self.problems
    }

    pub(crate) fn required_text(&mut self, key: &str) -> String {
        match self.take_text(key) {
            Some(text) if !text.trim().is_empty() => text,
            Some(_) => self.missing(key, "is empty"),
            None if self.has_problem(key) => String::new(),
            None => self.missing(key, "is missing"),
        }
    }

    pub(crate) fn text(&mut self, key: &str, default: &str) -> String {
        self.take_text(key).unwrap_or_else(|| default.to_owned())
    }

    pub(crate) fn texts(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        let or_default = || default.iter().map(|text| (*text).to_owned()).collect();
        match self.table.remove(key) {
            None => or_default(),
            Some(Value::Array(items)) if items.iter().all(Value::is_str) => {
                items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            }
            Some(other) => {
                self.wrong(key, format!("is {}; it must be a list of texts", kind(&other)));
                or_default()
            }
        }
    }

    /// A URL that carries no password and is https, or http to this very machine.
    pub(crate) fn url(&mut self, key: &str, default: &str) -> Option<Url> {
        let text = self.take_text(key).unwrap_or_else(|| default.to_owned());
        if text.is_empty() {
            return None;
        }
        match checked_url(&text) {
            Ok(url) => Some(url),
            Err(reason) => {
                self.wrong(key, reason);
                None
            }
        }
    }

    pub(crate) fn required_url(&mut self, key: &str) -> Option<Url> {
        if !self.has(key) {
            self.wrong(key, "is missing");
            return None;
        }
        self.url(key, "")
    }

    /// A duration as people write it: `45s`, `5m`, `1h 30m`.
    pub(crate) fn duration(&mut self, key: &str, default: Duration) -> Duration {
        let Some(text) = self.take_text(key) else { return default };
        let parsed = text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
        match parsed.filter(|duration| !duration.is_zero()) {
            Some(duration) => duration,
            None => {
                self.wrong(key, format!("`{text}` is no duration; write 45s, 5m or 1h"));
                default
            }
        }
    }

    pub(crate) fn boolean(&mut self, key: &str, default: bool) -> bool {
        match self.table.remove(key) {
            None => default,
            Some(Value::Boolean(yes)) => yes,
            Some(other) => {
                self.wrong(key, format!("is {}; it must be true or false", kind(&other)));
                default
            }
        }
    }

    pub(crate) fn count(&mut self, key: &str, default: u32) -> u32 {
        match self.table.remove(key) {
            None => default,
            Some(value) => match value.as_integer().and_then(|number| u32::try_from(number).ok()) {
                Some(count) if count > 0 => count,
                _ => {
                    self.wrong(key, "must be a whole number above zero");
                    default
                }
            },
        }
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)], default: T) -> T {
        let Some(text) = self.take_text(key) else { return default };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => *value,
            None => {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                self.wrong(key, format!("`{text}` is not one of {}", words.join(", ")));
                default
            }
        }
    }

    /// Something that is parsed from a text.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self, key: &str, default: T, what: &str) -> T {
        let Some(text) = self.take_text(key) else { return default };
        match text.parse() {
            Ok(value) => value,
            Err(_) => {
                self.wrong(key, format!("`{text}` is no {what}"));
                default
            }
        }
    }

    pub(crate) fn wrong(&mut self, key: &str, reason: impl Into<String>) {
        let key = self.key(key);
        self.problems.push(Problem { key, reason: reason.into() });
    }

    /// Reports every key that nobody took.
    pub(crate) fn finish(mut self) {
        let left: Vec<String> = self.table.keys().cloned().collect();
        for key in left {
            self.wrong(&key, "is not a setting: remove it, or look for a spelling mistake");
        }
    }

    fn take_text(&mut self, key: &str) -> Option<String> {
        match self.table.remove(key)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong(key, format!("is {}; it must be a text", kind(&other)));
                None
            }
        }
    }

    fn missing(&mut self, key: &str, reason: &str) -> String {
        self.wrong(key, reason);
        String::new()
    }

    fn has_problem(&self, key: &str) -> bool {
        let key = self.key(key);
        self.problems.iter().any(|problem| problem.key == key)
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// The URL, or why it cannot be used. The text itself is not repeated: it may hold a password.
pub(crate) fn checked_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password; those belong into the secrets".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end before any ? or #".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("must be https; http is for this very machine only".to_owned()),
        other => Err(format!("must be https, not {other}")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
