//! Every codec by example, and by more than a hundred thousand generated values each.

mod examples;
mod generated;

use serde_json::Value;

use crate::built_in::BUILT_IN;
use crate::codec::Codec;
use crate::row::Row;

/// A built-in row.
fn row(id: &str) -> Row {
    BUILT_IN.iter().find(|row| row.id == id).unwrap().row()
}

/// A row of one's own, with this codec.
fn own(codec: Codec) -> Row {
    let choices = [("Direct", "727000001"), ("Indirect", "727000002"), ("", "727000003")];
    let choices = choices.map(|(referral, crm)| (referral.to_owned(), crm.to_owned()));
    Row { codec, choices: choices.into(), max_length: None, clearable: true, ..row("notes") }
}

/// JSON as it comes over the wire.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
