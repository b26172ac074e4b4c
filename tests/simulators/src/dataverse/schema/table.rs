//! A table and its columns.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Name;
use super::relationship::Target;

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
