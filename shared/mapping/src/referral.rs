//! The referral's shape: read whole, made new, changed by JSON Patch (partner-center-api 3, 4.2, 4.8).

use serde_json::{Map, Value, json};
use sync_core::{Code, Etag, Fields, Phase, Reading, Snapshot, reading};

use crate::codec::{self, Codec, For};
use crate::lead::is_lead_class;
use crate::row::{Direction, Entity, Row};
use crate::{FieldProblem, Mapping, Read};

/// What a new referral says besides its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewReferral<'a> {
    /// The opportunity's primary key: by it the referral is found again (design section 4 "Creating").
    pub opportunity_id: &'a str,
    /// The partner's location id.
    pub partner_id: &'a str,
}

/// One JSON Patch operation; no other is supported (partner-center-api 4.8).
#[derive(Debug, Clone, PartialEq)]
pub struct PatchOperation {
    /// Which.
    pub op: PatchOp,
    /// JSON pointer.
    pub path: String,
    /// The new value.
    pub value: Value,
}

/// The two operations that Partner Center supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchOp {
    /// Sets a member that is not there, or is empty.
    Add,
    /// Changes a member that is there.
    Replace,
}

impl Mapping {
    /// A referral as Partner Center returned it.
    #[must_use]
    pub fn referral_snapshot(&self, referral: &Value) -> Read<Snapshot> {
        let (mut fields, mut problems) = (Fields::new(), Vec::new());
        let may_be_lead = is_lead_class(referral);
        for row in self.rows.iter().filter(|row| may_be_lead || row.entity != Entity::Lead) {
            let Some(value) = referral.pointer(&row.referral) else { continue };
            let read = match row.codec {
                Codec::Set => codes_of(value),
                _ => codec::from_referral(row, value),
            };
            match read {
                Ok(reading) => {
                    fields.insert(row.id.clone(), reading);
                }
                Err(code) => problems.push(FieldProblem {
                    field: row.id.clone(),
                    code,
                    text: format!(
                        "{} in Partner Center has a value that is not understood; it is left alone.",
                        row.label
                    ),
                }),
            }
        }
        let snapshot = Snapshot {
            fields,
            etag: referral.get("eTag").and_then(Value::as_str).map(Etag::new),
            stamp: None,
            phase: phase(referral),
            shared: true,
            blockers: Vec::new(),
        };
        Read { value: snapshot, problems }
    }

    /// The body of a new private deal (partner-center-api 4.3). `solutions` are code and name.
    #[must_use]
    pub fn create_referral(&self, fields: &Fields, solutions: &[(String, String)], new: &NewReferral<'_>) -> Value {
        let mut body = json!({
            "externalReferenceId": new.opportunity_id,
            "type": "Independent",
            "qualification": "SalesQualified",
            "mpnId": new.partner_id,
            "customerProfile": {},
            // The first two must be true (partner-center-api 3.7); sharing is a seller's act.
            "consent": {
                "consentToToShareInfoWithOthers": true,
                "consentToContact": true,
                "consentToShareReferralWithMicrosoftSellers": false,
            },
            "details": {},
            "target": [],
        });
        for row in self.rows.iter().filter(|row| is_sent(row)) {
            let value = match row.codec {
                Codec::Set => Value::Array(solutions.iter().map(solution).collect()),
                _ => match reading(fields, &row.id) {
                    known @ Reading::Is(_) => codec::to_referral(row, known, For::Post),
                    Reading::Unknown | Reading::Cleared => continue,
                },
            };
            place(&mut body, &row.referral, value);
        }
        body
    }

    /// The operations that make a referral, which now reads `before`, hold `sent`.
    #[must_use]
    pub fn patch_referral(&self, sent: &Fields, before: &Fields) -> Vec<PatchOperation> {
        let rows = self.rows.iter().filter(|row| row.codec != Codec::Set);
        let changed = rows.filter_map(|row| Some((row, sent.get(&row.id)?)));
        changed
            .map(|(row, reading_sent)| PatchOperation {
                op: match reading(before, &row.id) {
                    Reading::Is(_) => PatchOp::Replace,
                    Reading::Unknown | Reading::Cleared => PatchOp::Add,
                },
                path: row.referral.clone(),
                value: codec::to_referral(row, reading_sent, For::Patch),
            })
            .collect()
    }
}

/// Rows that a new referral carries.
fn is_sent(row: &Row) -> bool {
    row.entity != Entity::Lead
        && matches!(row.direction, Direction::Both | Direction::ToPartner | Direction::CreateOnly)
}

/// `Name` is a solution of the catalogue (partner-center-api 3.8.1).
fn solution((code, name): &(String, String)) -> Value {
    json!({ "type": "Name", "id": code, "name": name })
}

/// The codes of a set, sorted, one per line. A `Category` is no solution of the catalogue (partner-center-api 3.8.1).
fn codes_of(value: &Value) -> Result<Reading, Code> {
    let solutions = match value {
        Value::Null => &[],
        Value::Array(solutions) => solutions.as_slice(),
        _ => return Err(Code::UnknownValue),
    };
    let is_named = |solution: &&Value| solution.get("type").and_then(Value::as_str) != Some("Category");
    let code = |solution: &Value| Some(solution.get("id")?.as_str()?.trim().to_owned());
    let mut codes: Vec<String> = solutions.iter().filter(is_named).filter_map(code).collect();
    codes.retain(|code| !code.is_empty());
    codes.sort_unstable();
    codes.dedup();
    Ok(if codes.is_empty() { Reading::Cleared } else { Reading::is(codes.join("\n")) })
}

/// How far the deal is (partner-center-api 3.3). Only what was sent to us waits for our answer.
fn phase(referral: &Value) -> Phase {
    let text = |name: &str| referral.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("status"), text("direction")) {
        ("Closed", _) => Phase::Closed,
        ("New", "Incoming") => Phase::Unanswered,
        _ => Phase::Open,
    }
}

/// Sets the member at a JSON pointer, making the objects on the way.
fn place(body: &mut Value, pointer: &str, value: Value) {
    let mut parts: Vec<String> =
        pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let Some(last) = parts.pop() else { return };
    let mut at = body;
    for part in parts {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[part];
    }
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    at[last] = value;
}
