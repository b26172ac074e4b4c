//! All rows of an organisation, with one version number for all changes, and a journal that can undo a request.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::datum::Datum;
use super::index::KeyIndex;
use super::rows::{Before, Row, Rows};
use crate::dataverse::schema::{AlternateKey, Name};

/// The rows.
#[derive(Debug)]
pub(crate) struct Store {
    tables: BTreeMap<Name, Rows>,
    version: u64,
    journal: Vec<(Name, Uuid, Before)>,
    version_column: Name,
}

impl Default for Store {
    fn default() -> Self {
        Self { tables: BTreeMap::new(), version: 0, journal: Vec::new(), version_column: Name::from("versionnumber") }
    }
}

/// A place in the journal to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(usize);

impl Store {
    /// The version number of the last change (dataverse-api 10, 4).
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Starts the numbers here, as an organisation with a past has it.
    pub(crate) fn start_at(&mut self, version: u64) {
        self.version = version;
    }

    pub(crate) fn get(&self, table: &str, id: Uuid) -> Option<&Row> {
        self.tables.get(table)?.rows.get(&id)
    }

    /// The rows of a table by id.
    pub(crate) fn rows(&self, table: &str) -> impl Iterator<Item = &Row> {
        self.tables.get(table).into_iter().flat_map(|rows| rows.rows.values())
    }

    /// The rows of a table by id, after one.
    pub(crate) fn rows_after(&self, table: &str, after: Option<Uuid>) -> impl Iterator<Item = &Row> {
        use std::ops::Bound::{Excluded, Unbounded};
        let start = after.map_or(Unbounded, Excluded);
        self.tables.get(table).into_iter().flat_map(move |rows| rows.rows.range((start, Unbounded)).map(|(_, row)| row))
    }

    /// The rows last changed after one version and up to another, oldest change first.
    pub(crate) fn changed(&self, table: &str, after: u64, up_to: u64) -> impl Iterator<Item = &Row> {
        let versions = after.saturating_add(1)..=up_to.max(after.saturating_add(1));
        self.tables.get(table).into_iter().flat_map(move |rows| {
            let changes = rows.changes.range(versions.clone()).filter(move |(version, _)| **version <= up_to);
            changes.filter_map(|(_, id)| rows.rows.get(id))
        })
    }

    /// The deletions after one version and up to another, oldest first.
    pub(crate) fn deleted(&self, table: &str, after: u64, up_to: u64) -> impl Iterator<Item = (u64, Uuid)> {
        let versions = after.saturating_add(1)..=up_to.max(after.saturating_add(1));
        self.tables.get(table).into_iter().flat_map(move |rows| {
            let deletions = rows.deletions.range(versions.clone()).filter(move |(version, _)| **version <= up_to);
            deletions.map(|(version, id)| (*version, *id))
        })
    }

    /// The rows whose lookup points to a row.
    pub(crate) fn pointing(&self, table: &str, column: &Name, target: Uuid) -> Vec<Uuid> {
        self.tables.get(table).map(|rows| rows.lookups.pointing(column, target).collect()).unwrap_or_default()
    }

    /// The row with these values of an alternate key, in the order of its columns.
    pub(crate) fn by_key(&self, table: &str, key: &str, values: &[&Datum]) -> Option<Uuid> {
        self.tables.get(table)?.keys.iter().find(|index| &*index.name == key)?.find(values)
    }

    /// The name of an alternate key under which another row has the values of this one.
    pub(crate) fn rival(&self, table: &str, row: &Row) -> Option<&Name> {
        let keys = &self.tables.get(table)?.keys;
        keys.iter().find(|key| key.rival(row).is_some()).map(|key| &key.name)
    }

    /// Builds the index of a key. False, and no index, when rows have equal values.
    pub(crate) fn add_key(&mut self, table: &Name, key: &AlternateKey) -> bool {
        let rows = self.tables.entry(table.clone()).or_default();
        let index = KeyIndex::new(key.name.clone(), key.columns.clone());
        rows.add_key(index);
        let doubled = match rows.keys.last() {
            Some(index) => rows.rows.values().any(|row| index.rival(row).is_some()),
            None => false,
        };
        if doubled {
            rows.keys.pop();
        }
        !doubled
    }

    /// Keeps an index of the texts of a column: the names by which people look rows up.
    pub(crate) fn add_text_index(&mut self, table: &Name, column: &Name) {
        self.tables.entry(table.clone()).or_default().add_text_index(column.clone());
    }

    /// The rows with this text in a column; none if there is no index of it.
    pub(crate) fn by_text(&self, table: &str, column: &str, text: &str) -> Option<Vec<Uuid>> {
        let index = self.tables.get(table)?.texts.iter().find(|index| &*index.column == column)?;
        Some(index.find(text).collect())
    }

    /// Drops the index of a key.
    pub(crate) fn remove_key(&mut self, table: &str, key: &str) {
        if let Some(rows) = self.tables.get_mut(table) {
            rows.keys.retain(|index| &*index.name != key);
        }
    }

    /// Puts a row under the next version.
    pub(crate) fn put(&mut self, table: &Name, mut row: Row) {
        self.version += 1;
        row.version = self.version;
        let version = i64::try_from(self.version).unwrap_or(i64::MAX);
        row.set(&self.version_column, Some(Datum::Integer(version)));
        let id = row.id;
        let before = self.tables.entry(table.clone()).or_default().put(row);
        self.journal.push((table.clone(), id, before));
    }

    /// Removes a row; its deletion takes the next version.
    pub(crate) fn delete(&mut self, table: &Name, id: Uuid) {
        self.version += 1;
        let before = self.tables.entry(table.clone()).or_default().delete(id, self.version);
        self.journal.push((table.clone(), id, before));
    }

    /// Where the journal stands.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.journal.len())
    }

    /// Undoes everything since a mark. Version numbers that were used stay used.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        for (table, id, before) in self.journal.drain(mark.0..).rev() {
            if let Some(rows) = self.tables.get_mut(&table) {
                rows.restore(id, before);
            }
        }
    }

    /// Makes everything so far final.
    pub(crate) fn commit(&mut self) {
        self.journal.clear();
    }
}
