//! One value of a row. Null is absence.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::dataverse::schema::{Name, interned};

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Datum {
    Text(String),
    Integer(i64),
    Decimal(Decimal),
    Boolean(bool),
    Date(Date),
    Moment(Timestamp),
    Id(Uuid),
    Reference(Reference),
    Choices(Vec<i64>),
}

/// A row that another one points to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) table: Name,
    pub(crate) id: Uuid,
}

impl Datum {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn reference(table: &str, id: Uuid) -> Self {
        Self::Reference(Reference { table: interned(table), id })
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn as_reference(&self) -> Option<&Reference> {
        match self {
            Self::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// How the database compares: text without regard to case and to spaces at the end (dataverse-api 2.9).
    pub(crate) fn compared(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(compared_folded(a, b)),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(b)),
            (Self::Integer(a), Self::Decimal(b)) => Some(Decimal::from(*a).cmp(b)),
            (Self::Decimal(a), Self::Integer(b)) => Some(a.cmp(&Decimal::from(*b))),
            (Self::Decimal(a), Self::Decimal(b)) => Some(a.cmp(b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Moment(a), Self::Moment(b)) => Some(a.cmp(b)),
            (Self::Id(a), Self::Id(b)) => Some(a.cmp(b)),
            (Self::Reference(a), Self::Id(b)) => Some(a.id.cmp(b)),
            (Self::Id(a), Self::Reference(b)) => Some(a.cmp(&b.id)),
            (Self::Reference(a), Self::Reference(b)) => Some(a.id.cmp(&b.id)),
            (Self::Choices(a), Self::Choices(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The same text for values that an alternate key takes for equal.
    pub(crate) fn key_part(&self) -> String {
        match self {
            Self::Text(text) => folded(text),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(number) => number.normalize().to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Moment(moment) => moment.to_string(),
            Self::Id(id) | Self::Reference(Reference { id, .. }) => id.to_string(),
            Self::Choices(values) => format!("{values:?}"),
        }
    }
}

/// The order of two texts as the database compares them.
fn compared_folded(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        // The usual case, without copies.
        let (a, b) = (a.trim_end_matches(' ').bytes(), b.trim_end_matches(' ').bytes());
        return a.map(|byte| byte.to_ascii_lowercase()).cmp(b.map(|byte| byte.to_ascii_lowercase()));
    }
    folded(a).cmp(&folded(b))
}

/// Text as the database compares it.
pub(crate) fn folded(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
}
