//! Judges an example: do both sides of it say the same, by the rows as they are?

use mapping::{Codec, Entity, FieldProblem, Mapping, Row};
use serde_json::Value;
use sync_core::Reading;

use crate::Example;
use crate::deal::{self, Bench, Sighted};

/// What was found of one field of one example.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The example's name.
    pub example: String,
    /// The field; of a pointer or column that no row carries, that.
    pub field: String,
    /// Which sides the example shows.
    pub given: Given,
    /// The referral's value: given, or what would be written.
    pub referral: Option<Value>,
    /// The column's value: given, or what would be written.
    pub crm: Option<Value>,
    /// What is wrong; none if it holds.
    pub problem: Option<String>,
}

/// Which sides an example shows of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Both.
    Both,
    /// The referral's.
    Referral,
    /// The CRM's.
    Crm,
}

impl Given {
    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Referral => "referral",
            Self::Crm => "crm",
        }
    }
}

/// Judges every field that an example shows.
#[must_use]
pub fn judge(mapping: &Mapping, example: &Example) -> Vec<Finding> {
    let bench = Bench::new(mapping, deal::currencies(mapping, example).into_iter());
    let mut findings = strangers(mapping, example);
    for row in mapping.rows().iter().filter(|row| is_meant(example, row)) {
        let (referral, crm) = (example.referral.get(&row.referral), deal::shown(example, row).get(&deal::column(row)));
        let expected = example.problems.get(row.id.as_str()).map(String::as_str);
        let mut finding = match (referral, crm) {
            (None, None) => continue,
            (Some(referral), Some(crm)) => both(&bench, row, referral, crm, expected),
            (Some(referral), None) => from_referral(&bench, row, referral, expected),
            (None, Some(crm)) => from_crm(&bench, row, crm, expected),
        };
        finding.example.clone_from(&example.name);
        findings.push(finding);
    }
    findings
}

/// A referral alone is taken for a deal's, not for a lead's.
fn is_meant(example: &Example, row: &Row) -> bool {
    match row.entity {
        Entity::Lead => !example.lead.is_empty(),
        Entity::Opportunity | Entity::Account | Entity::Contact => example.lead.is_empty() || !example.crm.is_empty(),
    }
}

/// What the example shows and no row carries.
fn strangers(mapping: &Mapping, example: &Example) -> Vec<Finding> {
    let finding = |field: &str, given, problem: &str| Finding {
        example: example.name.clone(),
        field: field.to_owned(),
        given,
        referral: example.referral.get(field).cloned(),
        crm: example.crm.get(field).or_else(|| example.lead.get(field)).cloned(),
        problem: Some(problem.to_owned()),
    };
    let rows = mapping.rows();
    let pointers = example.referral.keys().filter(|pointer| !rows.iter().any(|row| row.referral == **pointer));
    let is_carried = |lead: bool, column: &str| {
        rows.iter().any(|row| (row.entity == Entity::Lead) == lead && deal::column(row) == column)
    };
    let of_lead = example.lead.keys().filter(|column| !is_carried(true, column));
    let columns = example.crm.keys().filter(|column| !is_carried(false, column)).chain(of_lead);
    let fields = example.problems.keys().filter(|field| !rows.iter().any(|row| row.id.as_str() == *field));
    pointers
        .map(|pointer| finding(pointer, Given::Referral, "no row carries this pointer: is it misspelled?"))
        .chain(columns.map(|column| finding(column, Given::Crm, "no row carries this column: is it misspelled?")))
        .chain(fields.map(|field| finding(field, Given::Both, "[example.problems] names a field that is none")))
        .collect()
}

fn both(bench: &Bench<'_>, row: &Row, referral: &Value, crm: &Value, expected: Option<&str>) -> Finding {
    let (there, here) = (bench.read_referral(row, referral), bench.read_crm(row, crm));
    let found = match (&there, &here) {
        (Err(problem), _) | (_, Err(problem)) => Err(problem.clone()),
        (Ok(there), Ok(here)) => {
            to_crm(bench, row, there, here).map(|differs| differs.or(to_referral(bench, row, here, there)))
        }
    };
    finding(row, Given::Both, Some(referral.clone()), Some(crm.clone()), verdict(found, expected))
}

/// What is wrong when Partner Center's value goes to the CRM. Solution rows are not written by a mapping alone.
fn to_crm(bench: &Bench<'_>, row: &Row, sent: &Reading, expected: &Reading) -> Result<Option<String>, FieldProblem> {
    if !row.writes_crm() || row.codec == Codec::Set {
        return Ok(None);
    }
    let Some(value) = bench.write_crm(row, sent)? else { return Ok(None) };
    let arrived = bench.read_crm(row, &value);
    let differs = arrived.as_ref() != Ok(expected);
    Ok(differs.then(|| format!("Partner Center's value arrives in the CRM as {}", spoken(&arrived))))
}

/// What is wrong when the CRM's value goes to Partner Center. A lossy row is not expected to find its way back.
fn to_referral(bench: &Bench<'_>, row: &Row, sent: &Reading, expected: &Reading) -> Option<String> {
    if !row.writes_referral() || row.lossy {
        return None;
    }
    let mut arrivals = bench.write_referral(row, sent).into_iter().map(|value| bench.read_referral_after(row, &value));
    let other = arrivals.find(|arrived| arrived.as_ref() != Ok(expected))?;
    Some(format!("the CRM's value arrives in Partner Center as {}", spoken(&other)))
}

fn from_referral(bench: &Bench<'_>, row: &Row, referral: &Value, expected: Option<&str>) -> Finding {
    let there = bench.read_referral(row, referral);
    let value = match &there {
        Ok(there) if row.writes_crm() => bench.write_crm(row, there).ok().flatten(),
        _ => None,
    };
    let found = there.and_then(|there| to_crm(bench, row, &there, &there));
    let found = if row.lossy { found.map(|_| None) } else { found };
    finding(row, Given::Referral, Some(referral.clone()), value, verdict(found, expected))
}

fn from_crm(bench: &Bench<'_>, row: &Row, crm: &Value, expected: Option<&str>) -> Finding {
    let here = bench.read_crm(row, crm);
    let value = match &here {
        Ok(here) if row.writes_referral() => bench.write_referral(row, here).pop(),
        _ => None,
    };
    let found = here.map(|here| to_referral(bench, row, &here, &here));
    finding(row, Given::Crm, value, Some(crm.clone()), verdict(found, expected))
}

fn verdict(found: Result<Option<String>, FieldProblem>, expected: Option<&str>) -> Option<String> {
    match (found, expected) {
        (Err(problem), Some(expected)) if problem.code.word() == expected => None,
        (_, Some(expected)) => Some(format!("{expected} was expected, and did not come")),
        (Err(problem), None) => Some(format!("{}: {}", problem.code.word(), problem.text)),
        (Ok(differs), None) => differs,
    }
}

fn finding(row: &Row, given: Given, referral: Option<Value>, crm: Option<Value>, problem: Option<String>) -> Finding {
    Finding { example: String::new(), field: row.id.as_str().to_owned(), given, referral, crm, problem }
}

pub(crate) fn spoken(sighted: &Sighted) -> String {
    match sighted {
        Ok(Reading::Is(value)) => format!("`{}`", value.as_str()),
        Ok(Reading::Cleared) => "empty".to_owned(),
        Ok(Reading::Unknown) => "nothing".to_owned(),
        Err(problem) => problem.code.word().to_owned(),
    }
}
