//! The indexes of one table: alternate keys, lookups, texts.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::datum::{Datum, folded};
use super::rows::Row;
use crate::dataverse::schema::Name;

/// The index of one alternate key. A row with a null among the columns is not in it (dataverse-api 2.8).
#[derive(Clone, Debug)]
pub(super) struct KeyIndex {
    pub(super) name: Name,
    pub(super) columns: Vec<Name>,
    entries: HashMap<Vec<String>, Uuid>,
}

impl KeyIndex {
    pub(super) fn new(name: Name, columns: Vec<Name>) -> Self {
        Self { name, columns, entries: HashMap::new() }
    }

    fn entry_of(&self, row: &Row) -> Option<Vec<String>> {
        self.columns.iter().map(|column| row.get(column).map(Datum::key_part)).collect()
    }

    /// The row with these values, in the order of the columns.
    pub(super) fn find(&self, values: &[&Datum]) -> Option<Uuid> {
        let entry: Vec<String> = values.iter().map(|value| value.key_part()).collect();
        self.entries.get(&entry).copied()
    }

    /// Another row with the values of this one.
    pub(super) fn rival(&self, row: &Row) -> Option<Uuid> {
        let rival = self.entries.get(&self.entry_of(row)?).copied();
        rival.filter(|id| *id != row.id)
    }

    pub(super) fn add(&mut self, row: &Row) {
        if let Some(entry) = self.entry_of(row) {
            self.entries.insert(entry, row.id);
        }
    }

    pub(super) fn remove(&mut self, row: &Row) {
        if let Some(entry) = self.entry_of(row)
            && self.entries.get(&entry) == Some(&row.id)
        {
            self.entries.remove(&entry);
        }
    }
}

/// Which rows point to a row, by column.
#[derive(Clone, Debug, Default)]
pub(super) struct LookupIndex {
    entries: HashMap<(Name, Uuid), BTreeSet<Uuid>>,
}

impl LookupIndex {
    pub(super) fn add(&mut self, row: &Row) {
        for (column, target) in lookups(row) {
            self.entries.entry((column, target)).or_default().insert(row.id);
        }
    }

    pub(super) fn remove(&mut self, row: &Row) {
        for entry in lookups(row) {
            if let Some(rows) = self.entries.get_mut(&entry) {
                rows.remove(&row.id);
                if rows.is_empty() {
                    self.entries.remove(&entry);
                }
            }
        }
    }

    pub(super) fn pointing(&self, column: &Name, target: Uuid) -> impl Iterator<Item = Uuid> {
        self.entries.get(&(column.clone(), target)).into_iter().flatten().copied()
    }
}

fn lookups(row: &Row) -> impl Iterator<Item = (Name, Uuid)> {
    row.cells().filter_map(|(column, value)| Some((column.clone(), value.as_reference()?.id)))
}

/// Which rows hold a text in one column.
#[derive(Clone, Debug)]
pub(super) struct TextIndex {
    pub(super) column: Name,
    entries: HashMap<String, BTreeSet<Uuid>>,
}

impl TextIndex {
    pub(super) fn new(column: Name) -> Self {
        Self { column, entries: HashMap::new() }
    }

    pub(super) fn add(&mut self, row: &Row) {
        if let Some(text) = row.text(&self.column) {
            self.entries.entry(folded(text)).or_default().insert(row.id);
        }
    }

    pub(super) fn remove(&mut self, row: &Row) {
        let Some(text) = row.text(&self.column).map(folded) else { return };
        if let Some(rows) = self.entries.get_mut(&text) {
            rows.remove(&row.id);
            if rows.is_empty() {
                self.entries.remove(&text);
            }
        }
    }

    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = Uuid> {
        self.entries.get(&folded(text)).into_iter().flatten().copied()
    }
}
