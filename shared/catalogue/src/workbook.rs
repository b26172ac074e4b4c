//! A workbook of Excel: the first visible sheet that has a heading.

use std::io::Cursor;

use calamine::{Data, Range, Reader, SheetVisible, Xlsx};

use crate::cell::Cell;
use crate::heading::{self, Heading};
use crate::{RawRow, Unreadable};

pub(crate) fn read(bytes: &[u8]) -> Result<(String, Vec<RawRow>, Heading), Unreadable> {
    let unreadable =
        |error: calamine::XlsxError| Unreadable::Kind { expected: "a workbook of Excel", reason: error.to_string() };
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let visible = workbook.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    let names: Vec<String> = visible.map(|sheet| sheet.name.clone()).collect();
    let mut first_error = None;
    for name in names {
        // A sheet that is a chart has no cells.
        let Ok(range) = workbook.worksheet_range(&name) else { continue };
        let rows = rows(&range);
        match heading::find(&rows) {
            Ok(heading) => return Ok((name, rows, heading)),
            Err(error @ Unreadable::TwoColumns { .. }) => return Err(error),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(Unreadable::Empty))
}

/// Numbered as Excel shows them; what is used may begin further down.
fn rows(range: &Range<Data>) -> Vec<RawRow> {
    let above = range.start().map_or(0, |(row, _)| u64::from(row));
    let row = |(number, cells): (u64, &[Data])| RawRow { number, cells: cells.iter().map(Cell::from).collect() };
    (above + 1..).zip(range.rows()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, XlsxError};

    use super::*;

    fn written(fill: impl FnOnce(&mut Workbook) -> Result<(), XlsxError>) -> Vec<u8> {
        let mut workbook = Workbook::new();
        fill(&mut workbook).unwrap();
        workbook.save_to_buffer().unwrap()
    }

    #[test]
    fn the_first_visible_sheet_with_a_heading_is_read_and_rows_keep_excels_numbers() {
        let bytes = written(|workbook| {
            workbook.add_worksheet().set_name("Cover")?.write(0, 0, "Solutions of Adatum")?;
            let hidden = workbook.add_worksheet().set_name("Old")?.set_hidden(true);
            hidden.write_row(0, 0, ["Code", "Name"])?;
            let list = workbook.add_worksheet().set_name("List")?;
            list.write_row(3, 1, ["Solution ID", "Solution name"])?;
            list.write_row(4, 1, ["SOL-1", " ERP Move "])?;
            list.write_row(6, 1, ["SOL-2", "Data Estate"])?;
            Ok(())
        });
        let (sheet, rows, heading) = read(&bytes).unwrap();
        assert_eq!((sheet.as_str(), heading.row), ("List", 0));
        let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [4, 5, 6, 7]);
        assert_eq!(rows[1].cells, [Cell::text("SOL-1"), Cell::text("ERP Move")]);
        assert!(rows[2].cells.iter().all(Cell::is_empty));
    }

    #[test]
    fn cells_that_are_no_text_are_not_passed_off_as_one() {
        let bytes = written(|workbook| {
            let sheet = workbook.add_worksheet();
            sheet.write_row(0, 0, ["Code", "Name"])?;
            sheet.write(1, 0, 15974)?;
            sheet.write(2, 0, 1.5)?;
            let day = ExcelDateTime::from_ymd(2026, 11, 23)?;
            sheet.write_with_format(3, 0, &day, &Format::new().set_num_format("yyyy-mm-dd"))?;
            sheet.write(4, 0, Formula::new("=NA()").set_result("#N/A"))?;
            sheet.write(5, 0, true)?;
            Ok(())
        });
        let (_, rows, _) = read(&bytes).unwrap();
        let codes: Vec<&Cell> = rows.iter().skip(1).map(|row| &row.cells[0]).collect();
        assert_eq!(codes[..2], [&Cell::text("15974"), &Cell::text("1.5")]);
        assert!(codes[2..].iter().all(|cell| matches!(cell, Cell::Wrong(_))), "{codes:?}");
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        for bytes in [&b""[..], b"Code,Name\n", b"PK\x03\x04 and no more"] {
            let error = read(bytes).unwrap_err();
            assert!(matches!(error, Unreadable::Kind { .. }), "{error}");
        }
    }
}
