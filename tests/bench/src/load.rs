//! The work of sellers on both sides: deals that are shared, and edits of one field at a time.

use anyhow::{Context, Result, bail};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::staging;
use uuid::Uuid;

use crate::world::{PATIENCE, World};

/// A pair that exists on both sides.
#[derive(Clone, Debug)]
pub(crate) struct Deal {
    pub(crate) record: Uuid,
    pub(crate) referral: String,
}

/// Who edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seller {
    Ours,
    Microsofts,
}

/// Shares new deals and waits until each has its referral.
pub(crate) async fn shared_deals(world: &World, count: usize) -> Result<Vec<Deal>> {
    let records: Vec<Uuid> = (0..count).map(|n| share(world, &format!("Deal {n}"))).collect();
    let linked = || records.iter().all(|record| !column(world, *record, "cosell_referralid").is_empty());
    if !world.until(PATIENCE, linked).await {
        bail!("not every deal got its referral");
    }
    world.quiet().await?;
    Ok(records
        .into_iter()
        .map(|record| Deal { record, referral: column(world, record, "cosell_referralid") })
        .collect())
}

/// A seller makes a deal and shares it.
pub(crate) fn share(world: &World, name: &str) -> Uuid {
    let record = staging::deal(&world.dataverse, name, &format!("{name} customer"), "250000.50");
    world.dataverse.edit("opportunity", record, json!({ "cosell_sync": true }));
    record
}

/// Microsoft's seller sends a deal.
pub(crate) fn invite(world: &World, name: &str) -> String {
    world.partner_center.invite(json!({
        "name": name,
        "status": "Active",
        "substatus": "Accepted",
        "customerProfile": {
            "name": format!("{name} customer"),
            "address": { "addressLine1": "2 Example Road", "city": "Leeds", "postalCode": "LS1 1AA", "country": "GB" },
        },
        "details": { "dealValue": 80000, "currency": "GBP", "closingDateTime": "2027-06-30T00:00:00Z" },
    }))
}

/// Changes the deal's value on one side. Values differ as long as `n` does.
pub(crate) fn edit_value(world: &World, deal: &Deal, seller: Seller, n: usize) -> Result<Decimal> {
    let value = Decimal::new(i64::try_from(n)? * 100 + 10_000_025, 2);
    let number: Value = serde_json::from_str(&value.to_string()).context("a decimal is a JSON number")?;
    match seller {
        Seller::Ours => {
            world.dataverse.edit("opportunity", deal.record, json!({ "estimatedvalue": number }));
        }
        Seller::Microsofts => {
            world.partner_center.edit(&deal.referral, "/details/dealValue", number);
        }
    }
    Ok(value)
}

/// The deal's value on the side that `seller` does not work on.
pub(crate) fn value_opposite(world: &World, deal: &Deal, seller: Seller) -> Option<Decimal> {
    let text = match seller {
        Seller::Ours => member(world, &deal.referral, "/details/dealValue"),
        Seller::Microsofts => column(world, deal.record, "estimatedvalue"),
    };
    text.parse().ok()
}

/// The text of a record's column; empty if it has none.
pub(crate) fn column(world: &World, record: Uuid, column: &str) -> String {
    world.dataverse.row("opportunity", record).map(|row| plain(&row[column])).unwrap_or_default()
}

/// The text of a referral's member; empty if it has none.
pub(crate) fn member(world: &World, referral: &str, pointer: &str) -> String {
    let referral = world.partner_center.referral(referral);
    referral.and_then(|referral| referral.pointer(pointer).map(plain)).unwrap_or_default()
}

/// A scalar as text; null is empty.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
