//! Fields in the mapped domain, and the base that a side last returned.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crate::id::texts;

texts! {
    /// The id of a mapping row: `name`, `deal_value`, or a user's own.
    FieldId;
    /// A value in its one spelling: a plain decimal, an ISO date, a code, a text. Equal values have equal texts;
    /// `mapping` sees to that.
    Value;
    /// What a mapping row means, condensed: pointer, column, codec, choices, group. A base saved under another digest is
    /// no base, so a change of mapping alone never looks like an edit.
    Digest;
}

impl Borrow<str> for FieldId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// What is known of a field on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reading {
    /// Absent from the answer, or unreadable. Never a reason to write.
    #[default]
    Unknown,
    /// Known to be empty.
    Cleared,
    /// Known to be this.
    Is(Value),
}

impl Reading {
    /// Shorthand for a known value.
    #[must_use]
    pub fn is(value: impl AsRef<str>) -> Self {
        Self::Is(Value::new(value))
    }

    /// Whether anything is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        *self != Self::Unknown
    }

    /// The value, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown | Self::Cleared => None,
        }
    }
}

/// Readings by field. A field that is not there is [`Reading::Unknown`].
pub type Fields = BTreeMap<FieldId, Reading>;

/// The reading of one field.
#[must_use]
pub fn reading<'a>(fields: &'a Fields, id: &FieldId) -> &'a Reading {
    fields.get(id).unwrap_or(&Reading::Unknown)
}

/// One field of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseEntry {
    /// What the side held; never [`Reading::Unknown`].
    pub reading: Reading,
    /// The mapping row that read it.
    pub digest: Digest,
}

/// A side's fields as that side last returned them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base(BTreeMap<FieldId, BaseEntry>);

impl Base {
    /// The base of a field, if there is one under this digest.
    #[must_use]
    pub fn get(&self, id: &FieldId, digest: &Digest) -> Option<&Reading> {
        self.0.get(id).filter(|entry| entry.digest == *digest).map(|entry| &entry.reading)
    }

    /// Saves a known reading; an unknown one leaves the base as it is.
    pub fn save(&mut self, id: &FieldId, reading: &Reading, digest: &Digest) {
        if reading.is_known() {
            self.0.insert(id.clone(), BaseEntry { reading: reading.clone(), digest: digest.clone() });
        }
    }

    /// Every entry, for the store.
    pub fn entries(&self) -> impl Iterator<Item = (&FieldId, &BaseEntry)> {
        self.0.iter()
    }
}

impl FromIterator<(FieldId, BaseEntry)> for Base {
    fn from_iter<I: IntoIterator<Item = (FieldId, BaseEntry)>>(entries: I) -> Self {
        Self(entries.into_iter().filter(|(_, entry)| entry.reading.is_known()).collect())
    }
}
