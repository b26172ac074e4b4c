//! `cosell mapping test`: the rows of the settings, tried on the partner's examples and on generated values. Asks nobody.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use mapping::{Mapping, RowProblem};
use mapping_kit::{Broken, Example, Finding, Trial, examples, judge, laws};
use serde_json::{Value, json};
use settings::Settings;

use crate::args;
use crate::listing::print;
use crate::place::WrongUse;

/// The file of examples beside the settings.
const NAME: &str = "cosell.mapping.toml";

/// Runs the command.
pub(crate) fn trial(config: &Path, what: &args::MappingTest, as_json: bool) -> Result<()> {
    let settings = Settings::read(config).map_err(|error| WrongUse(error.to_string()))?;
    let mapping = Mapping::new(&settings.dataverse.column_prefix, &settings.fields).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(RowProblem::to_string).collect();
        WrongUse(lines.join("\n"))
    })?;
    let examples = read(config, what.file.as_deref())?;
    let findings: Vec<Finding> = examples.iter().flat_map(|example| judge(&mapping, example)).collect();
    let rows: Vec<Value> = findings.iter().map(finding_row).collect();
    print(&rows, &["example", "field", "referral", "crm", "given", "problem"], as_json)?;
    let (tried, broken) = laws(&mapping, Trial { cases: what.cases, seed: what.seed });
    let rows: Vec<Value> = broken.iter().map(broken_row).collect();
    print(&rows, &["field", "law", "value", "problem"], as_json)?;
    let wrong = findings.iter().filter(|finding| finding.problem.is_some()).count();
    if wrong + broken.len() > 0 {
        bail!(
            "{wrong} of {} fields in your examples and {} of {tried} laws do not hold; --seed {} tries the same values again",
            findings.len(),
            broken.len(),
            what.seed
        );
    }
    if !as_json {
        let fields: HashSet<&str> = findings.iter().map(|finding| finding.field.as_str()).collect();
        writeln!(
            std::io::stdout(),
            "all holds: {} examples of {} fields, and {tried} laws of {} rows on {} values each",
            examples.len(),
            fields.len(),
            mapping.rows().len(),
            what.cases
        )?;
    }
    Ok(())
}

/// Without a file that was named, those beside the settings, if there are any.
fn read(config: &Path, named: Option<&Path>) -> Result<Vec<Example>> {
    let beside = config.with_file_name(NAME);
    let path = named.unwrap_or(&beside);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            writeln!(
                std::io::stderr(),
                "no examples in {}: `cosell mapping test --help` shows how to write some",
                path.display()
            )?;
            return Ok(Vec::new());
        }
        Err(error) => return Err(WrongUse(format!("{} cannot be read ({error})", path.display())).into()),
    };
    Ok(examples(&text).map_err(|error| WrongUse(format!("{}, {error}", path.display())))?)
}

fn finding_row(finding: &Finding) -> Value {
    json!({
        "example": finding.example,
        "field": finding.field,
        "referral": finding.referral,
        "crm": finding.crm,
        "given": finding.given.word(),
        "problem": finding.problem,
    })
}

fn broken_row(broken: &Broken) -> Value {
    json!({ "field": broken.field, "law": broken.law, "value": broken.value, "problem": broken.reason })
}
