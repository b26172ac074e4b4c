//! What an organisation's tables look like: columns, choices, keys, relationships (dataverse-api 6, 7; design 5).
//! Everything else asks here what exists; nothing here knows a row.

mod build;
pub(crate) mod column;
mod cosell;
mod customers;
mod relationship;
mod sales;
mod system;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use build::{choice, metadata_id, table};
pub(crate) use relationship::{End, GlobalChoice, ManyToMany, OnDelete, Target};
pub(crate) use table::{AlternateKey, Choice, Column, Index, Kind, Ownership, Table};

/// A logical name: a table's or a column's. Shared by all rows.
pub(crate) type Name = Arc<str>;

/// The one name with this text, so that rows share it.
pub(crate) fn interned(text: &str) -> Name {
    static NAMES: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(text) {
        return name.clone();
    }
    let name = Name::from(text);
    names.insert(name.clone());
    name
}

/// All tables of an organisation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<Name, Arc<Table>>,
    sets: HashMap<String, Name>,
    pub(crate) many_to_many: Vec<ManyToMany>,
    pub(crate) global_choices: Vec<GlobalChoice>,
}

/// A navigation property, seen from one table.
pub(crate) enum Navigation<'a> {
    /// The lookup column and the target that the property stands for.
    Single(&'a Column, &'a Target),
    /// The table whose rows point here, and its lookup column.
    Collection(&'a Arc<Table>, &'a Column),
    /// Our end and the other one.
    Many(&'a ManyToMany, &'a End, &'a End),
}

impl Schema {
    /// The tables that every organisation with Dynamics 365 Sales has.
    pub(crate) fn standard() -> Self {
        let mut schema = Self::default();
        let tables = system::tables().into_iter().chain(customers::tables()).chain(sales::tables());
        for table in tables {
            schema.add(table);
        }
        schema
    }

    /// The same with everything that `cosell install` makes (design 5).
    pub(crate) fn installed() -> Self {
        let mut schema = Self::standard();
        cosell::install(&mut schema);
        schema
    }

    /// Adds a table, or replaces the one of that name.
    pub(crate) fn add(&mut self, table: Table) {
        self.sets.retain(|_, name| *name != table.name);
        self.sets.insert(table.set.clone(), table.name.clone());
        self.tables.insert(table.name.clone(), Arc::new(table));
    }

    /// Removes a table.
    pub(crate) fn remove(&mut self, name: &str) {
        self.tables.remove(name);
        self.sets.retain(|_, table| &**table != name);
    }

    /// By logical name.
    pub(crate) fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// To be changed, by logical name.
    pub(crate) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.tables.get_mut(name).map(Arc::make_mut)
    }

    /// By entity set; the case counts (dataverse-api 2.1).
    pub(crate) fn of_set(&self, set: &str) -> Option<&Arc<Table>> {
        self.tables.get(self.sets.get(set)?)
    }

    /// Every table.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// The navigation property of a table; the case counts.
    pub(crate) fn navigation<'a>(&'a self, table: &'a Table, property: &str) -> Option<Navigation<'a>> {
        for column in table.columns.iter().filter(|column| column.is_known()) {
            if let Some(target) = column.targets().iter().find(|target| target.navigation == property) {
                return Some(Navigation::Single(column, target));
            }
        }
        for many in &self.many_to_many {
            for (own, other) in [(0, 1), (1, 0)] {
                if many.ends[own].table == table.name && many.ends[own].navigation == property {
                    return Some(Navigation::Many(many, &many.ends[own], &many.ends[other]));
                }
            }
        }
        let collection = |target: &Target| target.table == table.name && target.collection == property;
        self.tables.values().find_map(|other| {
            let column = other.columns.iter().find(|column| column.targets().iter().any(collection))?;
            Some(Navigation::Collection(other, column))
        })
    }

    /// Every lookup that can point to a table: who holds it, the column, the relationship.
    pub(crate) fn pointing_to<'a>(
        &'a self,
        table: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<Table>, &'a Column, &'a Target)> {
        self.tables.values().flat_map(move |other| {
            other.columns.iter().flat_map(move |column| {
                let targets = column.targets().iter().filter(move |target| &*target.table == table);
                targets.map(move |target| (other, column, target))
            })
        })
    }
}
