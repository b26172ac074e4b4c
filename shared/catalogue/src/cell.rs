//! One cell, as a text or as something that is none.

use calamine::Data;

/// A cell of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Text, trimmed; possibly empty.
    Text(String),
    /// What a workbook holds instead: `#N/A`, a date.
    Wrong(&'static str),
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.trim().to_owned())
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl From<&Data> for Cell {
    fn from(data: &Data) -> Self {
        match data {
            Data::Empty => Self::Text(String::new()),
            Data::String(text) => Self::text(text),
            Data::Int(number) => Self::Text(number.to_string()),
            // A whole number is printed without `.0`, as Excel shows it.
            Data::Float(number) => Self::Text(number.to_string()),
            Data::Bool(_) => Self::Wrong("yes or no instead of a text"),
            Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => Self::Wrong("a date instead of a text"),
            Data::Error(_) => Self::Wrong("a formula that failed"),
        }
    }
}
