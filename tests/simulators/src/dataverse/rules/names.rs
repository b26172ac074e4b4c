//! Columns that the platform puts together: full names, addresses as one text.

use crate::dataverse::data::{Datum, Row};
use crate::dataverse::schema::Table;

/// Fills them in.
pub(super) fn settle(table: &Table, row: &mut Row) {
    if table.column("fullname").is_some() && table.column("lastname").is_some() {
        let full = joined(row, &["firstname", "middlename", "lastname"], " ");
        row.put("fullname", full);
    }
    if table.column("address1_composite").is_some() {
        let place = joined(row, &["address1_city", "address1_stateorprovince", "address1_postalcode"], " ");
        let lines = ["address1_line1", "address1_line2", "address1_line3"].map(|line| row.text(line));
        let country = row.text("address1_country").map(str::to_owned);
        let place = place.and_then(|place| place.as_text().map(str::to_owned));
        let lines = lines.into_iter().flatten().map(str::to_owned).chain(place).chain(country);
        let composite = lines.collect::<Vec<_>>().join("\r\n");
        row.put("address1_composite", (!composite.is_empty()).then(|| Datum::text(composite)));
    }
}

fn joined(row: &Row, columns: &[&str], between: &str) -> Option<Datum> {
    let parts: Vec<&str> = columns.iter().filter_map(|column| row.text(column)).collect();
    (!parts.is_empty()).then(|| Datum::text(parts.join(between)))
}
