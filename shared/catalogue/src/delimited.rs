//! CSV as spreadsheets write it: UTF-8 with or without a byte order mark, with commas, semicolons or tabs.

use crate::cell::Cell;
use crate::heading::{self, Heading};
use crate::{RawRow, Unreadable};

const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Which of them it is depends on the country of whoever saved the file.
const DELIMITERS: &[u8] = b",;\t";

pub(crate) fn read(bytes: &[u8]) -> Result<(Vec<RawRow>, Heading), Unreadable> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(Unreadable::Kind { expected: "CSV", reason: "it is a workbook: name it .xlsx".to_owned() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or(bytes);
        Unreadable::Encoding { line: before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1 }
    })?;
    // One kind of line end, so that lines can be counted.
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    if text.matches('"').count() % 2 == 1 {
        return Err(Unreadable::Quotes);
    }
    let mut first_error = None;
    for delimiter in DELIMITERS {
        let rows = rows(&text, *delimiter)?;
        match heading::find(&rows) {
            Ok(heading) => return Ok((rows, heading)),
            // Two columns are a clearer complaint than none.
            Err(error @ Unreadable::TwoColumns { .. }) => return Err(error),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(Unreadable::Empty))
}

fn rows(text: &str, delimiter: u8) -> Result<Vec<RawRow>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true) // Rows of another length are told one by one.
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut lines = Lines { text, counted: 0, line: 1 };
    let rows = reader.records().map(|record| {
        let record = record.map_err(|error| Unreadable::Kind { expected: "CSV", reason: error.to_string() })?;
        let start = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or_default();
        Ok(RawRow { number: lines.line_of(start), cells: record.iter().map(Cell::text).collect() })
    });
    rows.collect()
}

/// Counts lines. Places are asked for from the beginning to the end.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The reader takes the empty lines before a record for part of it; we do not.
    fn line_of(&mut self, start: usize) -> u64 {
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + rest.len() - rest.trim_start_matches('\n').len();
        self.line += self.text.get(self.counted..start).unwrap_or_default().matches('\n').count() as u64;
        self.counted = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        let plain = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Wrong(what) => format!("!{what}"),
        };
        let (rows, _) = read(bytes).unwrap();
        rows.iter().map(|row| (row.number, row.cells.iter().map(plain).collect())).collect()
    }

    #[test]
    fn every_spreadsheets_delimiter_and_line_end_is_read() {
        let expected: Vec<(u64, Vec<String>)> =
            vec![(1, vec!["Code".into(), "Name".into()]), (2, vec!["SOL-1".into(), "Ärp".into()])];
        for text in [
            "Code,Name\nSOL-1,Ärp\n",
            "\u{feff}Code,Name\r\nSOL-1,Ärp\r\n",
            "Code,Name\rSOL-1,Ärp\r",
            "Code;Name\r\nSOL-1; Ärp ",
            "Code\tName\nSOL-1\tÄrp",
            "\u{feff}\"Code\";\"Name\"\n\"SOL-1\";\"Ärp\"\n",
        ] {
            assert_eq!(cells(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_value_keeps_its_own_commas_quotes_and_line_breaks_and_rows_keep_their_lines() {
        let rows = cells(b"sep=,\r\n\r\nCode,Name\r\nSOL-1,\"A, \"\"B\"\"\r\nC\"\r\n\r\n\r\nSOL-2,D\r\n");
        assert_eq!(rows[2], (4, vec!["SOL-1".to_owned(), "A, \"B\"\nC".to_owned()]));
        assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 3, 4, 8]);
    }

    #[test]
    fn what_is_no_utf8_names_its_line() {
        let error = read(b"Code,Name\nSOL-1,Caf\xe9\n").unwrap_err();
        assert_eq!(error, Unreadable::Encoding { line: 2 });
        assert_eq!(read(b"\xff\xfeC\0o\0").unwrap_err(), Unreadable::Encoding { line: 1 });
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_swallows_no_rows() {
        assert_eq!(read(b"Code,Name,Note\nSOL-1,A,\"oh\nSOL-2,B,x\n").unwrap_err(), Unreadable::Quotes);
    }

    #[test]
    fn a_workbook_under_another_name_is_recognised() {
        assert!(read(b"PK\x03\x04...").unwrap_err().to_string().contains("name it .xlsx"));
    }
}
