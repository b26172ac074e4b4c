//! A set of codes, such as a deal's solutions, one a line. It merges member by member: each code is a field of its own
//! that is there or not, so that what one side adds and the other removes both travel.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::{FieldId, Fields, Reading, Rule, RuleField, RuleKind};

/// What parts a set's id from a member's code; no row's id holds it.
const PART: char = '/';

/// A member that is there.
static THERE: LazyLock<Reading> = LazyLock::new(|| Reading::is("yes"));
/// A member that is not.
static NOT_THERE: Reading = Reading::Cleared;

impl FieldId {
    /// One member of the set with this id.
    #[must_use]
    pub fn member(&self, code: &str) -> Self {
        Self::new(format!("{}{PART}{code}", self.as_str()))
    }

    /// The set's id and the member's code, if this is a member.
    #[must_use]
    pub fn as_member(&self) -> Option<(&str, &str)> {
        self.as_str().split_once(PART)
    }
}

impl Reading {
    /// A set of these codes.
    #[must_use]
    pub fn set<T: AsRef<str>>(codes: impl IntoIterator<Item = T>) -> Self {
        let codes: BTreeSet<String> = codes.into_iter().map(|code| code.as_ref().to_owned()).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).filter(|code| !code.is_empty()).collect();
        if codes.is_empty() { Self::Cleared } else { Self::is(codes.join("\n")) }
    }

    /// The codes of a set; none of an empty one, and of one that is not known.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.value().map_or("", |value| value.as_str()).lines()
    }
}

/// Whether a member is there: unknown of an unknown set.
pub(crate) fn has(set: &Reading, member: &str) -> &'static Reading {
    match set {
        Reading::Unknown => &Reading::Unknown,
        known if known.codes().any(|code| code == member) => &THERE,
        _ => &NOT_THERE,
    }
}

/// The set with the member there or not.
pub(crate) fn with(set: &Reading, member: &str, reading: &Reading) -> Reading {
    let others = set.codes().filter(|code| *code != member);
    match reading {
        Reading::Is(_) => Reading::set(others.chain([member])),
        Reading::Cleared | Reading::Unknown => Reading::set(others),
    }
}

/// A rule for each member that either side holds, or held.
pub(crate) fn member_rules<'a>(rule: &'a Rule, field: &'a RuleField, readings: &[&'a Reading]) -> Vec<Rule> {
    let codes: BTreeSet<&str> = readings.iter().flat_map(|reading| reading.codes()).collect();
    let member = |code: &str| RuleField { id: field.id.member(code), clearable: true, ..field.clone() };
    codes.into_iter().map(|code| Rule { kind: RuleKind::Value, fields: vec![member(code)], ..rule.clone() }).collect()
}

/// How many members a set has once `changes` are made to it.
pub(crate) fn size_with(set: &Reading, changes: &Fields) -> usize {
    let start = set.clone();
    let after = changes.iter().fold(start, |set, (id, reading)| match id.as_member() {
        Some((_, member)) => with(&set, member, reading),
        None => set,
    });
    after.codes().count()
}
