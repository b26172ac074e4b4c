//! How tables hang together: what lookups point to, and what becomes of them.

use uuid::Uuid;

use super::{Choice, Name};

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
