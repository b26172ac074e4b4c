//! A row, and the rows of one table.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::datum::{Datum, Reference};
use super::index::{KeyIndex, LookupIndex, TextIndex};
use crate::dataverse::schema::{Name, interned};

/// One row. Absent cells are null.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    /// The organisation's version number of its last change; the etag.
    pub(crate) version: u64,
    cells: BTreeMap<Name, Datum>,
}

impl Row {
    pub(crate) fn new(id: Uuid) -> Self {
        Self { id, version: 0, cells: BTreeMap::new() }
    }

    pub(crate) fn get(&self, column: &str) -> Option<&Datum> {
        self.cells.get(column)
    }

    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        self.get(column)?.as_text()
    }

    pub(crate) fn integer(&self, column: &str) -> Option<i64> {
        self.get(column)?.as_integer()
    }

    pub(crate) fn boolean(&self, column: &str) -> bool {
        matches!(self.get(column), Some(Datum::Boolean(true)))
    }

    pub(crate) fn reference(&self, column: &str) -> Option<&Reference> {
        self.get(column)?.as_reference()
    }

    pub(crate) fn set(&mut self, column: &Name, value: Option<Datum>) {
        match value {
            Some(value) => self.cells.insert(column.clone(), value),
            None => self.cells.remove(column),
        };
    }

    /// The same by name, for the few columns that rules name.
    pub(crate) fn put(&mut self, column: &str, value: Option<Datum>) {
        self.set(&interned(column), value);
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = (&Name, &Datum)> {
        self.cells.iter()
    }

    /// The etag (dataverse-api 2.5).
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}

/// The rows of one table.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: BTreeMap<Uuid, Row>,
    /// The rows in the order of their last change.
    pub(super) changes: BTreeMap<u64, Uuid>,
    /// The deletions in order.
    pub(super) deletions: BTreeMap<u64, Uuid>,
    pub(super) keys: Vec<KeyIndex>,
    pub(super) lookups: LookupIndex,
    pub(super) texts: Vec<TextIndex>,
    /// The version of each deletion, by row.
    gone: HashMap<Uuid, u64>,
}

/// What a table held under an id before a change: the row, or its deletion.
#[derive(Clone, Debug)]
pub(super) struct Before {
    row: Option<Row>,
    deletion: Option<u64>,
}

impl Rows {
    /// Puts a row that carries its new version; answers what was there.
    pub(super) fn put(&mut self, row: Row) -> Before {
        let before = self.take(row.id);
        self.add(row);
        before
    }

    /// Removes a row, leaving a deletion of this version.
    pub(super) fn delete(&mut self, id: Uuid, version: u64) -> Before {
        let before = self.take(id);
        self.note_deletion(id, version);
        before
    }

    /// Undoes a change.
    pub(super) fn restore(&mut self, id: Uuid, before: Before) {
        self.take(id);
        if let Some(row) = before.row {
            self.add(row);
        }
        if let Some(version) = before.deletion {
            self.note_deletion(id, version);
        }
    }

    pub(super) fn add_key(&mut self, mut key: KeyIndex) {
        self.keys.retain(|other| other.name != key.name);
        for row in self.rows.values() {
            key.add(row);
        }
        self.keys.push(key);
    }

    pub(super) fn add_text_index(&mut self, column: Name) {
        let mut index = TextIndex::new(column);
        for row in self.rows.values() {
            index.add(row);
        }
        self.texts.push(index);
    }

    fn add(&mut self, row: Row) {
        self.changes.insert(row.version, row.id);
        for key in &mut self.keys {
            key.add(&row);
        }
        self.lookups.add(&row);
        for text in &mut self.texts {
            text.add(&row);
        }
        self.rows.insert(row.id, row);
    }

    fn note_deletion(&mut self, id: Uuid, version: u64) {
        self.deletions.insert(version, id);
        self.gone.insert(id, version);
    }

    fn take(&mut self, id: Uuid) -> Before {
        let row = self.rows.remove(&id);
        if let Some(row) = &row {
            self.changes.remove(&row.version);
            for key in &mut self.keys {
                key.remove(row);
            }
            self.lookups.remove(row);
            for text in &mut self.texts {
                text.remove(row);
            }
            return Before { row: Some(row.clone()), deletion: None };
        }
        let deletion = self.gone.remove(&id);
        if let Some(version) = deletion {
            self.deletions.remove(&version);
        }
        Before { row: None, deletion }
    }
}
