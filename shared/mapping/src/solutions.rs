//! Solutions: an array in the referral, rows of a table in the CRM, a set of codes in between (design section 4
//! "Solutions").

use serde_json::{Map, Value, json};
use sync_core::{Code, Fields, Reading};

use crate::{Codec, Mapping, PatchOp, PatchOperation};

/// The fewest and the most solutions that Partner Center takes (partner-center-api 5.2).
pub(crate) const LIMITS: (usize, usize) = (1, 50);

/// A write to one solution row.
#[derive(Debug, Clone, PartialEq)]
pub struct SolutionRow {
    /// The row's primary key and version; none of a row that is still to be made.
    pub existing: Option<(String, Option<String>)>,
    /// Its columns.
    pub columns: Map<String, Value>,
}

/// The codes of a referral's solutions. A `Category` is no solution of the catalogue (partner-center-api 3.8.1).
pub(crate) fn codes(value: &Value) -> Result<Reading, Code> {
    match value {
        Value::Null => Ok(Reading::Cleared),
        Value::Array(solutions) => Ok(Reading::set(solutions.iter().filter_map(code_of))),
        _ => Err(Code::UnknownValue),
    }
}

/// The code of a solution in a referral.
fn code_of(solution: &Value) -> Option<&str> {
    let is_category = solution.get("type").and_then(Value::as_str) == Some("Category");
    let code = solution.get("id")?.as_str()?.trim();
    (!is_category && !code.is_empty() && !code.contains('\n')).then_some(code)
}

/// Solutions of a new referral: code and name.
pub(crate) fn named(solutions: &[(String, String)]) -> Value {
    Value::Array(solutions.iter().map(|(code, name)| solution(code, name)).collect())
}

/// `Name` is a solution of the catalogue (partner-center-api 3.8.1).
fn solution(code: &str, name: &str) -> Value {
    json!({ "type": "Name", "id": code, "name": name })
}

/// The operation that gives and takes members of the array at `pointer`; every other solution, and every property that
/// we do not map, stays as it was read (design section 4, 8).
fn operation(referral: &Value, pointer: &str, changes: &[(&str, bool)], names: &[(String, String)]) -> PatchOperation {
    let present = referral.pointer(pointer);
    let mut solutions = present.and_then(Value::as_array).cloned().unwrap_or_default();
    let is_gone = |solution: &Value| changes.iter().any(|(code, there)| !there && code_of(solution) == Some(code));
    solutions.retain(|solution| !is_gone(solution));
    for (code, _) in changes.iter().filter(|(_, there)| *there) {
        if !solutions.iter().any(|solution| code_of(solution) == Some(code)) {
            let name = names.iter().find(|(known, _)| known == code).map_or(*code, |(_, name)| name);
            solutions.push(solution(code, name));
        }
    }
    let (parent, last) = pointer.rsplit_once('/').unwrap_or_default();
    let op = if present.is_some_and(Value::is_array) { PatchOp::Replace } else { PatchOp::Add };
    match referral.pointer(parent) {
        Some(Value::Object(_)) => PatchOperation { op, path: pointer.to_owned(), value: Value::Array(solutions) },
        // What leads there is made with it.
        _ => PatchOperation { op, path: parent.to_owned(), value: json!({ last: solutions }) },
    }
}

/// The members of a set among what is sent: code, and whether it is to be there.
fn changes<'a>(sent: &'a Fields, set: &str) -> Vec<(&'a str, bool)> {
    let members = sent.iter().filter_map(|(id, reading)| {
        let (its_set, code) = id.as_member()?;
        (its_set == set).then_some((code, reading.value().is_some()))
    });
    members.collect()
}

impl Mapping {
    /// Whether `sent` holds members of a set, which can only be written to a referral that was read in the same round.
    #[must_use]
    pub fn needs_the_referral(&self, sent: &Fields) -> bool {
        sent.keys().any(|id| id.as_member().is_some())
    }

    /// The operations for the members of sets in `sent`. `referral` was read in this round; `names` are code and name of
    /// solutions that may be new to it.
    #[must_use]
    pub fn patch_solutions(&self, sent: &Fields, referral: &Value, names: &[(String, String)]) -> Vec<PatchOperation> {
        let sets = self.rows.iter().filter(|row| row.codec == Codec::Set);
        let changed = sets.map(|row| (row, changes(sent, row.id.as_str())));
        changed
            .filter(|(_, changes)| !changes.is_empty())
            .map(|(row, changes)| operation(referral, &row.referral, &changes, names))
            .collect()
    }

    /// The write that makes a solution of an opportunity be there, or not: a row that is there is switched on or off, a new
    /// one is made. None if it is so already. `record` was read with [`Self::opportunity_expand`]; `referral` knows the
    /// solution's name.
    #[must_use]
    pub fn solution_row(
        &self,
        record: &Value,
        referral: Option<&Value>,
        opportunity_id: &str,
        code: &str,
        there: bool,
    ) -> Option<SolutionRow> {
        let own = &self.own;
        let rows = record.get(&own.solution_rows).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text =
            |row: &Value, column: &str| row.get(column).and_then(Value::as_str).map(str::trim).map(str::to_owned);
        let of_code: Vec<&Value> =
            rows.iter().filter(|row| text(row, &own.solution_code).as_deref() == Some(code)).collect();
        let is_active = |row: &&&Value| row.get("statecode").and_then(Value::as_i64).unwrap_or(0) == 0;
        let active = of_code.iter().find(is_active);
        let switch = |row: &Value, state: i64, status: i64| {
            let columns = [("statecode", json!(state)), ("statuscode", json!(status))];
            let existing = Some((text(row, &own.solution_id)?, text(row, "@odata.etag")));
            let columns = columns.map(|(column, value)| (column.to_owned(), value)).into_iter().collect();
            Some(SolutionRow { existing, columns })
        };
        match (there, active, of_code.first()) {
            (true, Some(_), _) | (false, None, _) => None,
            (true, None, Some(inactive)) => switch(inactive, 0, 1),
            (false, Some(active), _) => switch(active, 1, 2),
            (true, None, None) => {
                let name =
                    referral.and_then(|referral| self.solution_name(referral, code)).unwrap_or_else(|| code.to_owned());
                let columns = [
                    (own.solution_name.clone(), json!(name)),
                    (own.solution_code.clone(), json!(code)),
                    (own.solution_bind.clone(), json!(format!("/opportunities({opportunity_id})"))),
                ];
                Some(SolutionRow { existing: None, columns: columns.into_iter().collect() })
            }
        }
    }

    /// The active solutions of an opportunity that was read with [`Self::opportunity_expand`]: code and name.
    #[must_use]
    pub fn solutions(&self, record: &Value) -> Vec<(String, String)> {
        let rows = record.get(&self.own.solution_rows).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let active = rows.iter().filter(|row| row.get("statecode").and_then(Value::as_i64).unwrap_or(0) == 0);
        let mut solutions: Vec<(String, String)> = active
            .filter_map(|row| {
                let text = |column: &str| row.get(column).and_then(Value::as_str).map(str::trim).unwrap_or_default();
                let code = text(&self.own.solution_code);
                (!code.is_empty()).then(|| (code.to_owned(), text(&self.own.solution_name).to_owned()))
            })
            .collect();
        solutions.sort();
        solutions.dedup_by(|a, b| a.0 == b.0);
        solutions
    }

    /// What a referral calls a solution.
    fn solution_name(&self, referral: &Value, code: &str) -> Option<String> {
        let row = self.rows.iter().find(|row| row.codec == Codec::Set)?;
        let solutions = referral.pointer(&row.referral)?.as_array()?;
        let found = solutions.iter().find(|solution| code_of(solution) == Some(code))?;
        found.get("name")?.as_str().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
    }
}
