//! Lays the user's rows over the built-in ones, and finds every one that makes no sense.

use std::collections::BTreeMap;
use std::fmt;

use sync_core::FieldId;

use crate::built_in::{BUILT_IN, NOT_YET};
use crate::checks;
use crate::row::spoken;
use crate::{Codec, Direction, Entity, Owner, Row, RowSettings};

/// A row that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Which key of the settings: `fields.deal_value.codec`.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

/// Every row: the built-in ones as overridden, then the user's own.
pub(crate) fn laid_over(prefix: &str, fields: &BTreeMap<String, RowSettings>) -> Result<Vec<Row>, Vec<RowProblem>> {
    let mut rows: Vec<Row> = BUILT_IN.iter().map(|built_in| built_in.row()).collect();
    let mut problems = Vec::new();
    for (id, settings) in fields {
        let mut report = Report { id, problems: &mut problems };
        if NOT_YET.contains(&id.as_str()) {
            report.add("", "this version does not carry this built-in row yet: remove it");
            continue;
        }
        match rows.iter_mut().find(|row| row.id.as_str() == id) {
            Some(row) => overlay(row, settings, &mut report),
            None => {
                let Some(mut row) = blank(id, settings, &mut report) else { continue };
                overlay(&mut row, settings, &mut report);
                rows.push(row);
            }
        }
    }
    checks::check(&rows, prefix, &mut problems);
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// Collects what is wrong with one row.
pub(crate) struct Report<'a> {
    pub(crate) id: &'a str,
    pub(crate) problems: &'a mut Vec<RowProblem>,
}

impl Report<'_> {
    pub(crate) fn add(&mut self, member: &str, reason: impl Into<String>) {
        let dot = if member.is_empty() { "" } else { "." };
        self.problems.push(RowProblem { key: format!("fields.{}{dot}{member}", self.id), reason: reason.into() });
    }
}

/// What a new row must say for itself.
fn blank(id: &str, settings: &RowSettings, report: &mut Report<'_>) -> Option<Row> {
    let before = report.problems.len();
    if !is_id(id) {
        report.add("", "a row's id is a lower-case letter, then lower-case letters, digits and _");
    }
    for (member, given) in [("referral", settings.referral.is_some()), ("crm", settings.crm.is_some())] {
        if !given {
            report.add(member, "is missing; no built-in row has this id, so the row must say it");
        }
    }
    if settings.codec.is_none() {
        report.add("codec", format!("is missing; one of {}", Codec::WORDS.join(", ")));
    }
    if report.problems.len() > before {
        return None;
    }
    Some(Row {
        id: FieldId::new(id),
        label: spoken(id),
        referral: String::new(),
        crm: None,
        entity: Entity::Opportunity,
        codec: Codec::Text,
        direction: Direction::Both,
        owner: Owner::Crm,
        group: None,
        choices: BTreeMap::new(),
        max_length: None,
        lossy: false,
        clearable: true,
    })
}

fn overlay(row: &mut Row, settings: &RowSettings, report: &mut Report<'_>) {
    if let Some(pointer) = &settings.referral {
        row.referral.clone_from(pointer);
    }
    if let Some(column) = &settings.crm {
        row.crm = Some(column.clone());
    }
    set(&mut row.entity, settings.entity.as_deref(), Entity::from_word, Entity::WORDS, "entity", report);
    set(&mut row.codec, settings.codec.as_deref(), Codec::from_word, Codec::WORDS, "codec", report);
    set(&mut row.direction, settings.direction.as_deref(), Direction::from_word, Direction::WORDS, "direction", report);
    set(&mut row.owner, settings.owner.as_deref(), Owner::from_word, Owner::WORDS, "owner", report);
    if let Some(group) = &settings.group {
        row.group = (!group.is_empty()).then(|| group.clone());
    }
    if let Some(choices) = &settings.choices {
        row.choices.clone_from(choices);
    }
    if settings.max_length.is_some() {
        row.max_length = settings.max_length;
    }
    if let Some(lossy) = settings.lossy {
        row.lossy = lossy;
    }
    if settings.lookup.is_some() {
        report.add("lookup", "only `currency` can be a lookup in this version: map a text column instead");
    }
}

fn set<T>(
    place: &mut T,
    word: Option<&str>,
    read: fn(&str) -> Option<T>,
    words: &[&str],
    member: &str,
    report: &mut Report<'_>,
) {
    let Some(word) = word else { return };
    match read(word) {
        Some(value) => *place = value,
        None => report.add(member, format!("`{word}` is not one of {}", words.join(", "))),
    }
}

fn is_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
