//! What an organisation's tables look like: columns, choices, keys, relationships (dataverse-api 6, 7; design 5).
//! Everything else asks here what exists; nothing here knows a row.

mod build;
mod cosell;
mod customers;
mod sales;
mod system;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(crate) use build::{choice, column, metadata_id, table};

/// A logical name: a table's or a column's. Shared by all rows.
pub(crate) type Name = Arc<str>;

/// All tables of an organisation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    tables: BTreeMap<Name, Arc<Table>>,
    sets: HashMap<String, Name>,
    pub(crate) many_to_many: Vec<ManyToMany>,
    pub(crate) global_choices: Vec<GlobalChoice>,
}

/// One table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: Name,
    pub(crate) schema_name: String,
    /// Entity set.
    pub(crate) set: String,
    pub(crate) label: String,
    /// Primary key column.
    pub(crate) id: Name,
    /// Primary name column.
    pub(crate) primary_name: Name,
    pub(crate) ownership: Ownership,
    /// Object type code, as in messages about privileges.
    pub(crate) type_code: u32,
    pub(crate) change_tracking: bool,
    pub(crate) custom: bool,
    pub(crate) metadata_id: Uuid,
    pub(crate) columns: Vec<Column>,
    pub(crate) keys: Vec<AlternateKey>,
    /// The definition that it was made from.
    pub(crate) given: Map<String, Value>,
}

/// Who owns the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// A user or a team.
    User,
    /// The organisation.
    Organization,
}

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: Name,
    pub(crate) schema_name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    /// The API insists on a value (SystemRequired).
    pub(crate) required: bool,
    pub(crate) on_create: bool,
    pub(crate) on_update: bool,
    pub(crate) readable: bool,
    pub(crate) default: Option<i64>,
    pub(crate) custom: bool,
    pub(crate) metadata_id: Uuid,
    /// Until when data requests do not know it: a fresh column is in no cache yet (dataverse-api 8, point 15).
    pub(crate) unknown_until: Option<Timestamp>,
    /// The definition that it was made from.
    pub(crate) given: Map<String, Value>,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The primary key.
    Id,
    /// Any other GUID.
    Guid,
    Text {
        most: usize,
    },
    Memo {
        most: usize,
    },
    Integer {
        least: i64,
        most: i64,
    },
    BigInt,
    Decimal {
        precision: u32,
    },
    Money {
        least: i64,
    },
    Boolean,
    Date,
    DateTime,
    Choice(Vec<Choice>),
    Choices(Vec<Choice>),
    State(Vec<Choice>),
    Status(Vec<Choice>),
    Lookup(Vec<Target>),
}

/// One option of a choice; of a status reason also its state, of a state its default status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: i64,
    pub(crate) label: String,
    pub(crate) of: i64,
}

/// A table that a lookup may point to: one relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) table: Name,
    /// Single-valued navigation property, on the row that holds the lookup.
    pub(crate) navigation: String,
    /// Collection-valued navigation property, on the row pointed to.
    pub(crate) collection: String,
    /// Schema name of the relationship.
    pub(crate) relationship: String,
    pub(crate) on_delete: OnDelete,
    pub(crate) metadata_id: Uuid,
}

/// What becomes of the rows that point to a deleted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// They forget it.
    RemoveLink,
    /// They go with it.
    Cascade,
    /// They forbid it.
    Restrict,
}

/// Options that several columns share.
#[derive(Clone, Debug)]
pub(crate) struct GlobalChoice {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) options: Vec<Choice>,
    pub(crate) metadata_id: Uuid,
}

/// A relationship between many and many.
#[derive(Clone, Debug)]
pub(crate) struct ManyToMany {
    pub(crate) schema_name: String,
    pub(crate) intersect: Name,
    pub(crate) ends: [End; 2],
    pub(crate) metadata_id: Uuid,
}

/// One end of it.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) table: Name,
    /// Collection-valued navigation property on that table, to the other end.
    pub(crate) navigation: String,
    /// Column of the intersect table.
    pub(crate) column: Name,
}

/// An alternate key.
#[derive(Clone, Debug)]
pub(crate) struct AlternateKey {
    pub(crate) name: Name,
    pub(crate) schema_name: String,
    pub(crate) label: String,
    pub(crate) columns: Vec<Name>,
    pub(crate) index: Index,
    pub(crate) metadata_id: Uuid,
}

/// How far the index job of a key has come (dataverse-api 2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    /// Since when; it becomes active after a while.
    Pending(Timestamp),
    Active,
    /// Rows with equal values exist.
    Failed,
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

impl Table {
    /// By logical name; the case counts.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.any_column(name).filter(|column| column.is_known())
    }

    /// The same, fresh ones too.
    pub(crate) fn any_column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.name == name)
    }

    /// By the name under which the API reads it: `_x_value` for lookups.
    pub(crate) fn property(&self, property: &str) -> Option<&Column> {
        match property.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value")) {
            Some(name) => self.column(name).filter(|column| column.is_lookup()),
            None => self.column(property).filter(|column| !column.is_lookup()),
        }
    }

    /// The alternate key with exactly these columns.
    pub(crate) fn key_of(&self, columns: &[&str]) -> Option<&AlternateKey> {
        self.keys.iter().find(|key| {
            key.columns.len() == columns.len() && key.columns.iter().all(|column| columns.contains(&&**column))
        })
    }

    /// The options of the state column; none if the table has no state.
    pub(crate) fn states(&self) -> &[Choice] {
        self.column("statecode").map(Column::choices).unwrap_or_default()
    }

    /// The options of the status column.
    pub(crate) fn statuses(&self) -> &[Choice] {
        self.column("statuscode").map(Column::choices).unwrap_or_default()
    }

    /// The type's name in `$metadata`.
    pub(crate) fn type_name(&self) -> String {
        format!("Microsoft.Dynamics.CRM.{}", self.name)
    }
}

impl Column {
    /// Whether data requests know it by now.
    pub(crate) fn is_known(&self) -> bool {
        self.unknown_until.is_none()
    }

    pub(crate) fn is_lookup(&self) -> bool {
        matches!(self.kind, Kind::Lookup(_))
    }

    /// The name under which the API reads it.
    pub(crate) fn property(&self) -> String {
        if self.is_lookup() { format!("_{}_value", self.name) } else { self.name.to_string() }
    }

    pub(crate) fn targets(&self) -> &[Target] {
        match &self.kind {
            Kind::Lookup(targets) => targets,
            _ => &[],
        }
    }

    pub(crate) fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::Choice(options) | Kind::Choices(options) | Kind::State(options) | Kind::Status(options) => options,
            _ => &[],
        }
    }

    /// The label of an option.
    pub(crate) fn label_of(&self, value: i64) -> Option<&str> {
        self.choices().iter().find(|choice| choice.value == value).map(|choice| choice.label.as_str())
    }
}
