//! The mark at the end of a record's name (design section 5 "Name mark"): decoration that shows a deal's state in every
//! list. It yields to the name, is read away wherever the name is read, and never reaches Partner Center.

use serde_json::{Map, Value, json};
use sync_core::{FieldId, SyncState};

use crate::row::Entity;
use crate::{Mapping, text};

/// A mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Both sides are the same.
    Synced,
    /// Something is missing or was refused.
    Failed,
}

/// A name that is longer than this carries no mark: column and mark have 300 UTF-16 units (dataverse-api 6.1).
const UNITS_MAX: usize = 298;
/// What a mark takes.
const UNITS: u32 = 2;

impl Mark {
    /// The mark of a sync state; most have none.
    #[must_use]
    pub fn of(state: SyncState) -> Option<Self> {
        match state {
            SyncState::Synced => Some(Self::Synced),
            SyncState::Failed => Some(Self::Failed),
            SyncState::Pending | SyncState::Conflict | SyncState::Waiting => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Synced => " ✔",
            Self::Failed => " ✖",
        }
    }
}

/// A name with this mark and no other. Nothing else of it changes; one that is too long for a mark has none.
#[must_use]
pub fn marked(name: &str, mark: Option<Mark>) -> String {
    let plain = text::without_marks(name);
    let Some(mark) = mark else { return plain };
    let short = plain.trim_end();
    if short.is_empty() || short.encode_utf16().count() > UNITS_MAX {
        return plain;
    }
    format!("{short}{}", mark.text())
}

impl Mapping {
    /// Names that arrive from Partner Center leave room for a mark. Nothing that a person wrote is cut.
    #[must_use]
    pub fn with_name_mark(mut self) -> Self {
        for row in self.rows.iter_mut().filter(|row| is_name(&row.id)) {
            row.max_length = row.max_length.map(|most| most.saturating_sub(UNITS));
        }
        self
    }

    /// Marks the name in the columns of a write to a record. A write that brings no name gets one only if the name that
    /// was read, in `record`, is not marked so already.
    pub fn mark_name(
        &self,
        entity: Entity,
        columns: &mut Map<String, Value>,
        record: Option<&Value>,
        mark: Option<Mark>,
    ) {
        let row = self.rows_of(entity).find(|row| is_name(&row.id));
        let Some(column) = row.and_then(|row| row.crm.as_ref()) else { return };
        let written = columns.get(column).and_then(Value::as_str);
        let read = record.and_then(|record| record.get(column)).and_then(Value::as_str);
        let Some(name) = written.or(read) else { return };
        let name = marked(name, mark);
        if written.is_some() || read != Some(&name) {
            columns.insert(column.clone(), json!(name));
        }
    }
}

/// The fields whose column carries the mark.
pub(crate) fn is_name(id: &FieldId) -> bool {
    ["name", "lead_name"].contains(&id.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKS: [Option<Mark>; 3] = [None, Some(Mark::Synced), Some(Mark::Failed)];

    #[test]
    fn a_mark_replaces_every_other() {
        for (name, mark, expected) in [
            ("Fabrikam", Some(Mark::Synced), "Fabrikam ✔"),
            ("Fabrikam ✔", Some(Mark::Failed), "Fabrikam ✖"),
            ("Fabrikam ✔ ✖ renewal", Some(Mark::Synced), "Fabrikam renewal ✔"),
            ("Fabrikam ✔", None, "Fabrikam"),
            ("Fabrikam ✔ed", Some(Mark::Synced), "Fabrikam ✔ed ✔"),
            ("Fabrikam ", Some(Mark::Synced), "Fabrikam ✔"),
            ("", Some(Mark::Synced), ""),
        ] {
            assert_eq!(marked(name, mark), expected, "{name:?} {mark:?}");
        }
    }

    #[test]
    fn a_mark_yields_to_a_long_name() {
        for (letters, is_marked) in [(297, true), (298, true), (299, false), (300, false)] {
            let name = "x".repeat(letters);
            assert_eq!(marked(&name, Some(Mark::Synced)) != name, is_marked, "{letters}");
            assert_eq!(marked(&format!("{name} ✔"), Some(Mark::Failed)).ends_with('✖'), is_marked, "{letters}");
        }
        // A character outside the plane that UTF-16 began with counts twice.
        assert_eq!(marked(&"😀".repeat(150), Some(Mark::Synced)), "😀".repeat(150));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_mark_is_read_away_and_marking_again_changes_nothing(name in "[a ✔✖\u{a0}😀]{0,12}") {
            for mark in MARKS {
                let once = marked(&name, mark);
                prop_assert_eq!(text::plain_name(&once), text::plain_name(&name));
                prop_assert_eq!(marked(&once, mark), once.clone());
                for other in MARKS {
                    prop_assert_eq!(marked(&once, other), marked(&name, other));
                }
            }
        }
    }
}
