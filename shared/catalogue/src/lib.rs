//! Reads a partner's list of co-sell solutions, and says what of it can go into the CRM. Pure: no HTTP, no files.
//!
//! A list comes from people: a CSV file or a workbook of Excel, headed in some way, with gaps and doubles. Every row is
//! judged before any is written, and each one that is refused says why.
//!
//! # Where to look
//! [`read`] takes the file apart (`delimited.rs`, `workbook.rs`), `heading.rs` finds the columns, `judge.rs` says which
//! rows can go, `compare.rs` what is to be done about each when the CRM's own rows are known, `columns.rs` how a row is
//! written there.

mod cell;
mod columns;
mod compare;
mod delimited;
mod heading;
mod judge;
mod workbook;

pub use columns::Columns;
pub use compare::{Held, Step, step};

use cell::Cell;

/// A list, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Every row that is not empty, in the order of the list.
    pub solutions: Vec<Solution>,
    /// Whether the list has a column for publishers. Without one, those in the CRM stay as they are.
    pub has_publishers: bool,
    /// Which sheet of a workbook was read.
    pub sheet: Option<String>,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Its row in the sheet, or its line in the text, counted from 1.
    pub row: u64,
    /// The code, as referrals carry it: `SOL-15974-MQF`.
    pub code: String,
    /// What sellers see.
    pub name: String,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// Why it cannot go into the CRM; empty if it can.
    pub refusals: Vec<String>,
    /// What is odd about it, though it can.
    pub remarks: Vec<String>,
}

/// The kinds of file that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with commas, semicolons or tabs.
    Csv,
    /// A workbook of Excel 2007 or later.
    Xlsx,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Bytes that are no UTF-8.
    #[error("line {line} is not UTF-8: in Excel, save the file as \"CSV UTF-8 (comma delimited)\"")]
    Encoding {
        /// The first such line.
        line: u64,
    },
    /// Not the kind of file that its name says.
    #[error("this is not {expected}: {reason}")]
    Kind {
        /// What its name says.
        expected: &'static str,
        /// What it is, or what stopped the reader.
        reason: String,
    },
    /// A quotation mark that is never closed would swallow the rows after it.
    #[error("a quotation mark is never closed: each one that belongs to a value must be doubled")]
    Quotes,
    /// No row names the columns.
    #[error("no row among the first {rows} names the columns: one must hold \"Solution ID\" and \"Solution name\"")]
    NoHeading {
        /// How many rows were looked at.
        rows: usize,
    },
    /// Two columns could be meant.
    #[error("more than one column could be the {which}: {}", headings.join(", "))]
    TwoColumns {
        /// What is looked for.
        which: &'static str,
        /// As they are headed.
        headings: Vec<String>,
    },
    /// A heading and nothing under it.
    #[error("there is no row under the heading")]
    Empty,
}

/// A row of the file, before anybody knows what its cells mean.
#[derive(Debug, Clone, PartialEq)]
struct RawRow {
    number: u64,
    cells: Vec<Cell>,
}

/// Reads a file and judges its rows.
///
/// # Errors
/// When the file is not what it should be, or its columns cannot be told.
pub fn read(format: Format, bytes: &[u8]) -> Result<Catalogue, Unreadable> {
    let (sheet, rows, heading) = match format {
        Format::Csv => delimited::read(bytes).map(|(rows, heading)| (None, rows, heading))?,
        Format::Xlsx => workbook::read(bytes).map(|(sheet, rows, heading)| (Some(sheet), rows, heading))?,
    };
    let solutions = judge::judged(&rows, &heading);
    match solutions.is_empty() {
        true => Err(Unreadable::Empty),
        false => Ok(Catalogue { solutions, has_publishers: heading.publisher.is_some(), sheet }),
    }
}

impl Solution {
    /// Whether it can go into the CRM.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.refusals.is_empty()
    }
}
