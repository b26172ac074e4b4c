//! What must hold of a row whatever it carries: a value that went to the other side and comes back is the same value, or
//! the seller was told.

use mapping::{Codec, Direction, Entity, Mapping, Row};
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use serde_json::Value;
use sync_core::Code;

use crate::agreement::spoken;
use crate::deal::Bench;
use crate::values::{self, CURRENCIES};

/// How rows are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// Values for each law of each row.
    pub cases: u32,
    /// The same values again.
    pub seed: u64,
}

/// A row that broke a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The row.
    pub field: String,
    /// The law.
    pub law: &'static str,
    /// The smallest value that broke it.
    pub value: Value,
    /// What became of it.
    pub reason: String,
}

const TO_PARTNER: &str = "a value of the CRM is the same after it went to Partner Center";
const TO_CRM: &str = "a value of Partner Center is the same after it went to the CRM, or the seller is told";

/// Tries every row; returns how many laws were tried, and those that were broken.
#[must_use]
pub fn laws(mapping: &Mapping, trial: Trial) -> (usize, Vec<Broken>) {
    let bench = Bench::new(mapping, CURRENCIES.iter().copied());
    let mut results = Vec::new();
    for row in mapping.rows().iter().filter(|row| is_tried(row)) {
        if row.writes_referral() && !row.lossy {
            results.push(tried(row, TO_PARTNER, trial, values::of_crm(row), |value| to_partner(&bench, row, value)));
        }
        if row.writes_crm() && !row.lossy {
            results.push(tried(row, TO_CRM, trial, values::of_referral(row), |value| to_crm(&bench, row, value)));
        }
    }
    (results.len(), results.into_iter().filter_map(Result::err).collect())
}

/// A set is not written by a mapping alone.
fn is_tried(row: &Row) -> bool {
    let is_read = row.entity != Entity::Contact;
    is_read && row.codec != Codec::Set && row.crm.is_some() && row.direction != Direction::Off
}

fn to_partner(bench: &Bench<'_>, row: &Row, value: &Value) -> Result<(), String> {
    // What is not understood is never sent.
    let Ok(here) = bench.read_crm(row, value) else { return Ok(()) };
    for sent in bench.write_referral(row, &here) {
        let there = bench.read_referral_after(row, &sent);
        if there.as_ref() != Ok(&here) {
            return Err(format!("it is sent as {sent}, which reads as {}", spoken(&there)));
        }
    }
    Ok(())
}

fn to_crm(bench: &Bench<'_>, row: &Row, value: &Value) -> Result<(), String> {
    let Ok(there) = bench.read_referral(row, value) else { return Ok(()) };
    match bench.write_crm(row, &there) {
        Ok(Some(written)) if !fits(row, &written) => Err(format!("it is written as {written}, which is too long")),
        Ok(Some(written)) => {
            let here = bench.read_crm(row, &written);
            match here.as_ref() == Ok(&there) {
                true => Ok(()),
                false => Err(format!("it is written as {written}, which reads as {}", spoken(&here))),
            }
        }
        Ok(None) => Ok(()),
        Err(problem) if problem.code == Code::TooLong => Ok(()),
        Err(problem) => Err(format!("it is not written: {}", problem.code.word())),
    }
}

/// Whether a text is no longer than its column.
fn fits(row: &Row, written: &Value) -> bool {
    let units = written.as_str().map_or(0, |text| text.encode_utf16().count());
    row.max_length.is_none_or(|most| units <= most as usize)
}

fn tried(
    row: &Row,
    law: &'static str,
    trial: Trial,
    values: BoxedStrategy<Value>,
    holds: impl Fn(&Value) -> Result<(), String>,
) -> Result<(), Broken> {
    let config = Config {
        cases: trial.cases,
        rng_seed: RngSeed::Fixed(trial.seed),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&values, |value| holds(&value).map_err(TestCaseError::fail));
    let broken = |value, reason: String| Broken { field: row.id.as_str().to_owned(), law, value, reason };
    outcome.map_err(|error| match error {
        TestError::Fail(reason, value) => broken(value, reason.message().to_owned()),
        TestError::Abort(reason) => broken(Value::Null, reason.message().to_owned()),
    })
}
