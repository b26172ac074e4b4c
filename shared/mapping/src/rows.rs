//! Lays the user's rows over the built-in ones, and finds every one that makes no sense.

use std::collections::BTreeMap;
use std::fmt;

use sync_core::FieldId;

use crate::built_in::{BUILT_IN, NOT_YET};
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
pub(crate) fn laid_over(fields: &BTreeMap<String, RowSettings>) -> Result<Vec<Row>, Vec<RowProblem>> {
    let mut rows: Vec<Row> = BUILT_IN.iter().map(|built_in| built_in.row()).collect();
    let mut problems = Vec::new();
    for (id, settings) in fields {
        let mut report = Report { id, problems: &mut problems };
        if NOT_YET.contains(&id.as_str()) || id.starts_with("lead_") {
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
    for row in &rows {
        check(row, &mut Report { id: row.id.as_str(), problems: &mut problems });
    }
    check_groups(&rows, &mut problems);
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

struct Report<'a> {
    id: &'a str,
    problems: &'a mut Vec<RowProblem>,
}

impl Report<'_> {
    fn add(&mut self, member: &str, reason: impl Into<String>) {
        let dot = if member.is_empty() { "" } else { "." };
        self.problems.push(RowProblem { key: format!("fields.{}{dot}{member}", self.id), reason: reason.into() });
    }
}

/// What a new row must say for itself.
fn blank(id: &str, settings: &RowSettings, report: &mut Report<'_>) -> Option<Row> {
    let before = report.problems.len();
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

fn check(row: &Row, report: &mut Report<'_>) {
    if !row.referral.starts_with('/') || row.referral.ends_with('/') {
        report.add("referral", format!("`{}` is no JSON pointer; one looks like /details/notes", row.referral));
    }
    let in_array = row.referral.split('/').any(|part| part == "-" || part.parse::<usize>().is_ok());
    let written = matches!(row.direction, Direction::Both | Direction::ToPartner | Direction::CreateOnly);
    if in_array && written {
        report.add("referral", "a place inside an array can only be read: set direction to to_crm or off");
    }
    match &row.crm {
        Some(column) if !is_logical_name(column) => {
            report.add("crm", format!("`{column}` is no logical name: lower-case letters, digits and _ only"));
        }
        Some(_) => {}
        None if row.codec == Codec::Set => {}
        None => report.add("crm", "is missing"),
    }
    if (row.codec == Codec::Set) != (row.id.as_str() == "solutions") {
        report.add("codec", "`set` is what `solutions` is, and nothing else");
    }
    if row.codec == Codec::Currency && row.id.as_str() != "currency" {
        report.add("codec", "`currency` is what `currency` is, and nothing else");
    }
    if row.codec == Codec::Choice && row.choices.is_empty() {
        report.add("choices", "a choice needs them: choices = { Direct = \"727000001\" }");
    }
    if row.codec == Codec::Choice && row.choices.values().any(|value| value.parse::<i32>().is_err()) {
        report.add("choices", "every CRM value must be the number of an option");
    }
    let mut numbers: Vec<&String> = row.choices.values().collect();
    numbers.sort();
    if numbers.windows(2).any(|two| two[0] == two[1]) {
        report.add("choices", "two referral values lead to one CRM value, so the way back is not known");
    }
    match (row.entity, row.direction) {
        (_, Direction::Rise | Direction::Invite) => {
            report.add("direction", "`rise` and `invite` belong to built-in rows that this version does not carry yet");
        }
        (Entity::Lead | Entity::Contact, _) => {
            report.add("entity", "this version carries rows of opportunity and account");
        }
        (Entity::Account, Direction::Both | Direction::ToCrm | Direction::ToPartner) => {
            report.add("direction", "an account belongs to many deals: its rows can be create_only or off");
        }
        _ => {}
    }
}

fn check_groups(rows: &[Row], problems: &mut Vec<RowProblem>) {
    for row in rows {
        let Some(group) = &row.group else { continue };
        let first = rows.iter().find(|other| other.group.as_ref() == Some(group)).unwrap_or(row);
        if (first.direction, first.owner) != (row.direction, row.owner) {
            let reason = format!(
                "rows of group `{group}` merge as one value, so they share direction and owner with `{}`",
                first.id.as_str()
            );
            problems.push(RowProblem { key: format!("fields.{}.group", row.id.as_str()), reason });
        }
    }
}

fn is_logical_name(column: &str) -> bool {
    !column.is_empty() && column.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
