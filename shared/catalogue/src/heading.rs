//! Which column is which. People head a list in their own words, and often put a title above it.

use crate::cell::Cell;
use crate::{RawRow, Unreadable};

/// The heading is looked for in this many rows.
const ROWS_MAX: usize = 20;

/// Where the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heading {
    /// The position of the heading among the rows.
    pub(crate) row: usize,
    pub(crate) code: usize,
    pub(crate) name: usize,
    pub(crate) publisher: Option<usize>,
    /// How many columns are headed.
    pub(crate) width: usize,
}

/// Headings in lower case, letters and digits only.
const CODES: &[&str] = &["code", "id", "solutionid", "solutioncode", "solutionidentifier", "cosellid", "cosellcode"];
const NAMES: &[&str] = &["name", "title", "solution", "solutionname", "solutiontitle", "cosellname"];
const PUBLISHERS: &[&str] = &["publisher", "publishername", "solutionpublisher", "vendor", "cosellpublisher"];

/// Finds the heading: the first row that names both a code and a name.
pub(crate) fn find(rows: &[RawRow]) -> Result<Heading, Unreadable> {
    for (row, RawRow { cells, .. }) in rows.iter().enumerate().take(ROWS_MAX) {
        let (codes, names) = (columns(cells, CODES), columns(cells, NAMES));
        let ([code, ..], [name, ..]) = (codes.as_slice(), names.as_slice()) else { continue };
        let publishers = columns(cells, PUBLISHERS);
        for (which, found) in [("code", &codes), ("name", &names), ("publisher", &publishers)] {
            if found.len() > 1 {
                let headings = found.iter().filter_map(|column| Some(format!("\"{}\"", text(cells.get(*column)?))));
                return Err(Unreadable::TwoColumns { which, headings: headings.collect() });
            }
        }
        let width = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        return Ok(Heading { row, code: *code, name: *name, publisher: publishers.first().copied(), width });
    }
    Err(Unreadable::NoHeading { rows: rows.len().min(ROWS_MAX) })
}

fn columns(cells: &[Cell], words: &[&str]) -> Vec<usize> {
    let is_one = |cell: &Cell| {
        let bare: String = text(cell).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        words.contains(&bare.as_str())
    };
    cells.iter().enumerate().filter(|(_, cell)| is_one(cell)).map(|(column, _)| column).collect()
}

fn text(cell: &Cell) -> &str {
    match cell {
        Cell::Text(text) => text,
        Cell::Wrong(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&[&str]]) -> Vec<RawRow> {
        let row = |(index, cells): (usize, &&[&str])| RawRow {
            number: index as u64 + 1,
            cells: cells.iter().map(|text| Cell::text(text)).collect(),
        };
        texts.iter().enumerate().map(row).collect()
    }

    #[test]
    fn columns_are_found_in_any_order_and_in_peoples_words() {
        for (heading, expected) in [
            (["Name", "Code", "Publisher"], (1, 0, Some(2))),
            (["SOLUTION ID", "Publisher name", "Solution name"], (0, 2, Some(1))),
            (["solution_id", "Title", "Notes"], (0, 1, None)),
            (["cosell_name", "cosell_publisher", "cosell_code"], (2, 0, Some(1))),
        ] {
            let found = find(&rows(&[&heading])).unwrap();
            assert_eq!((found.code, found.name, found.publisher), expected, "{heading:?}");
        }
    }

    #[test]
    fn a_title_above_the_heading_is_passed_over() {
        let found = find(&rows(&[&["Our solutions"], &[], &["Code", "Name", ""]])).unwrap();
        assert_eq!((found.row, found.width), (2, 2));
    }

    #[test]
    fn a_list_without_a_heading_is_not_guessed_at() {
        let list = rows(&[&["SOL-1", "ERP Move"], &["SOL-2", "Data Estate"]]);
        assert_eq!(find(&list), Err(Unreadable::NoHeading { rows: 2 }));
    }

    #[test]
    fn two_columns_that_could_be_the_name_are_not_guessed_at() {
        let error = find(&rows(&[&["Code", "Name", "Solution name"]])).unwrap_err();
        assert_eq!(error.to_string(), "more than one column could be the name: \"Name\", \"Solution name\"");
    }
}
