//! Rows and their values, kept with indexes: by id, by alternate key, by lookup, by version. Knows no HTTP and no rules.

mod datum;
mod index;
mod rows;
mod store;

pub(crate) use datum::{Datum, Reference};
pub(crate) use rows::Row;
pub(crate) use store::Store;
