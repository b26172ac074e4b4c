//! The referral's shape: read whole, made new, changed by JSON Patch (partner-center-api 3, 4.2, 4.8).

use serde_json::{Map, Value, json};
use sync_core::{Code, Etag, Fields, Phase, Reading, Snapshot, reading};

use crate::codec::{self, Codec, For};
use crate::lead::is_lead_class;
use crate::row::{Direction, Entity, Row};
use crate::{FieldProblem, Mapping, Read, attributes, people};

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
            let Some(read) = read_member(row, referral) else { continue };
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
            match (row.codec, row.attribute(), reading(fields, &row.id)) {
                (Codec::Set, ..) => {
                    place(&mut body, &row.referral, Value::Array(solutions.iter().map(solution).collect()));
                }
                // Who comes along is said by what the deal is to be (`cosell.rs`).
                (Codec::Person, ..) | (_, _, Reading::Unknown) | (_, None, Reading::Cleared) => {}
                (_, Some(kind), Reading::Cleared) => attributes::set_undecided(&mut body, row, kind),
                (_, Some(kind), known) => attributes::set(&mut body, row, kind, known),
                (_, None, known) => place(&mut body, &row.referral, codec::to_referral(row, known, For::Post)),
            }
        }
        body
    }

    /// The operations that make a referral, which now reads `before`, hold `sent`.
    #[must_use]
    pub fn patch_referral(&self, sent: &Fields, before: &Fields) -> Vec<PatchOperation> {
        let is_plain = |row: &&Row| !matches!(row.codec, Codec::Set | Codec::Person) && row.attribute().is_none();
        let rows = self.rows.iter().filter(is_plain);
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

fn read_member(row: &Row, referral: &Value) -> Option<Result<Reading, Code>> {
    match (row.codec, row.attribute()) {
        (Codec::Person, _) => people::of_referral(row, referral).map(Ok),
        (Codec::Set, _) => Some(codes_of(referral.pointer(&row.referral)?)),
        (_, Some(kind)) => attributes::read(row, kind, referral),
        (_, None) => Some(codec::from_referral(row, referral.pointer(&row.referral)?)),
    }
}

impl Mapping {
    /// The operations for the parts of `sent` that are members of arrays, which are written only from the JSON of both
    /// sides read in the same round (design section 4, rule 8). People go first: they freeze with the consent to share.
    #[must_use]
    pub fn patch_arrays(&self, sent: &Fields, referral: &Value, record: &Value) -> Vec<PatchOperation> {
        let mut operations = self.patch_people(sent, referral, record);
        operations.extend(self.patch_attributes(sent, referral));
        operations
    }

    /// Whether [`Self::patch_arrays`] has anything to say about `sent`, so that both sides must have been read.
    #[must_use]
    pub fn has_arrays(&self, sent: &Fields) -> bool {
        let in_array = |row: &&Row| row.codec == Codec::Person || row.attribute().is_some();
        self.rows.iter().filter(in_array).any(|row| sent.contains_key(&row.id))
    }
}

/// Rows that a new referral carries.
pub(crate) fn is_sent(row: &Row) -> bool {
    row.entity != Entity::Lead
        && matches!(row.direction, Direction::Both | Direction::ToPartner | Direction::CreateOnly)
}

/// `Name` is a solution of the catalogue (partner-center-api 3.8.1).
pub(crate) fn solution((code, name): &(String, String)) -> Value {
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
pub(crate) fn place(body: &mut Value, pointer: &str, value: Value) {
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
