//! Money (dataverse-api 6.1): the currency that a row has if it is given none, its precision, the twins in the
//! organisation's currency.

use rust_decimal::Decimal;

use crate::dataverse::data::{Datum, Row};
use crate::dataverse::odata::value::rounded;
use crate::dataverse::schema::{Kind, Table};
use crate::dataverse::world::World;

/// The most decimals that money is stored with.
const DECIMALS_MOST: u32 = 4;

/// Gives a row its currency and rounds its amounts to it.
pub(super) fn settle(world: &World, table: &Table, row: &mut Row) {
    if table.column("transactioncurrencyid").is_none() || table.column("exchangerate").is_none() {
        return;
    }
    if row.reference("transactioncurrencyid").is_none() {
        let base = Datum::reference("transactioncurrency", world.ids.base_currency);
        row.put("transactioncurrencyid", Some(base));
    }
    let currency = row.reference("transactioncurrencyid").map(|reference| reference.id);
    let (precision, rate) = (world.currency_precision(currency), world.exchange_rate(currency));
    row.put("exchangerate", Some(Datum::Decimal(rate)));
    let base_precision = world.currency_precision(None).min(DECIMALS_MOST);
    for column in &table.columns {
        let Kind::Money { .. } = column.kind else { continue };
        if column.name.ends_with("_base") {
            continue;
        }
        let amount = match row.get(&column.name) {
            Some(Datum::Decimal(amount)) => Some(rounded(*amount, precision.min(DECIMALS_MOST))),
            _ => None,
        };
        let base = amount.and_then(|amount| amount.checked_div(rate)).map(|amount| rounded(amount, base_precision));
        let datum = |amount: Option<Decimal>| amount.map(Datum::Decimal);
        row.set(&column.name, datum(amount));
        row.put(&format!("{}_base", column.name), datum(base));
    }
}
