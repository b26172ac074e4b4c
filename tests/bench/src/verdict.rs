//! What must be true of both sides once everything is quiet: no twin, no orphan, the same values.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;
use simulators::partner_center::PartnerCenter;

use crate::load::plain;
use crate::world::World;

/// The columns of a record beside the members of its referral.
const SAME: [(&str, &str); 4] = [
    ("name", "/name"),
    ("estimatedvalue", "/details/dealValue"),
    ("estimatedclosedate", "/details/closingDateTime"),
    ("description", "/details/notes"),
];

/// Everything that is wrong, in words.
pub(crate) fn wrongs(world: &World) -> Vec<String> {
    let ours = |referral: &Value| referral["organizationId"] == PartnerCenter::ORGANIZATION_ID;
    let referrals: Vec<Value> = world.partner_center.referrals().into_iter().filter(ours).collect();
    let shared = |row: &Value| row["cosell_sync"] == Value::Bool(true);
    let records: Vec<Value> = world.dataverse.rows("opportunity").into_iter().filter(shared).collect();
    let mut wrongs = Vec::new();
    twins(&referrals, "externalReferenceId", "referrals of opportunity", &mut wrongs);
    twins(&records, "cosell_referralid", "opportunities of referral", &mut wrongs);
    twins(&world.dataverse.rows("account"), "name", "accounts called", &mut wrongs);
    for record in &records {
        let (id, referral) = (plain(&record["opportunityid"]), plain(&record["cosell_referralid"]));
        match referrals.iter().find(|one| one["id"] == referral.as_str()) {
            Some(referral) => compare(&id, record, referral, &mut wrongs),
            None => wrongs.push(format!("opportunity {id} has no referral")),
        }
    }
    for referral in &referrals {
        if !records.iter().any(|record| record["cosell_referralid"] == referral["id"]) {
            wrongs.push(format!("referral {} has no opportunity", plain(&referral["id"])));
        }
    }
    wrongs
}

fn twins(rows: &[Value], column: &str, what: &str, wrongs: &mut Vec<String>) {
    let mut counts = BTreeMap::<String, usize>::new();
    for row in rows {
        *counts.entry(plain(&row[column])).or_default() += 1;
    }
    let many = counts.iter().filter(|(key, count)| !key.is_empty() && **count > 1);
    wrongs.extend(many.map(|(key, count)| format!("{count} {what} {key}")));
}

fn compare(id: &str, record: &Value, referral: &Value, wrongs: &mut Vec<String>) {
    for (column, pointer) in SAME {
        let here = plain(&record[column]);
        let there = referral.pointer(pointer).map(plain).unwrap_or_default();
        if spelled(&here) != spelled(&there) {
            wrongs.push(format!("opportunity {id}: {column} is {here:?}, {pointer} is {there:?}"));
        }
    }
}

/// Amounts without trailing zeros, moments as dates.
fn spelled(text: &str) -> String {
    if let Ok(amount) = text.parse::<Decimal>() {
        return amount.normalize().to_string();
    }
    text.split_once("T00:00:00").map_or(text, |(date, _)| date).to_owned()
}
