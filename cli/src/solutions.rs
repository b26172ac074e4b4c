//! `cosell solutions import`: a partner's list of solutions into the CRM's catalogue. Everything is judged before anything
//! is written, every write is conditional, and a second run writes only what is different.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use catalogue::{Catalogue, Columns, Format, Held, Solution, Step, step};
use dataverse::{Client, Error, Key, Precondition, Query, Row, quoted};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::listing::print;
use crate::place::{Place, WrongUse};

/// The largest list that is read, in bytes.
const FILE_MAX: u64 = 32 * 1024 * 1024;
/// How often one row is tried, when others write it too or Dataverse asks for patience.
const ATTEMPTS: usize = 5;
/// The longest that one row waits for Dataverse, which names at most five minutes (dataverse-api 3.1).
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// What became of a row.
enum Outcome {
    Accepted,
    Replaced(String),
    Unchanged,
    Refused(String),
    Unknown(String),
    NotWritten,
}

/// A row of the CRM's catalogue, with what a conditional write needs.
struct Found {
    held: Held,
    key: Key,
    etag: String,
}

/// Runs the command.
pub(crate) async fn import(place: &Place, file: &Path, skip_refused: bool, as_json: bool) -> Result<()> {
    let list = read(file)?;
    let refused = list.solutions.iter().filter(|solution| !solution.is_accepted()).count();
    let all = list.solutions.len();
    if refused > 0 && !skip_refused {
        let outcomes: Vec<Outcome> = list.solutions.iter().map(before).collect();
        report(&list, &outcomes, as_json)?;
        bail!(
            "{refused} of {all} rows are refused, so nothing was written: mend them, or leave them out with --skip-refused"
        );
    }
    let columns = Columns::new(&place.settings.dataverse.column_prefix);
    let client = place.dataverse()?;
    let (outcomes, failure) = write(&client, &columns, &list, &progress(all, as_json)).await?;
    report(&list, &outcomes, as_json)?;
    if let Some((row, error)) = failure {
        let done = outcomes.iter().filter(|outcome| outcome.is_done()).count();
        return Err(error).context(format!(
            "row {row} could not be written; {done} of {all} rows are in the catalogue, and importing the list again is \
             safe: it writes only what is missing"
        ));
    }
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
    if refused > 0 {
        bail!("{refused} of {all} rows are refused and were left out; the others are in the catalogue");
    }
    Ok(())
}

fn read(file: &Path) -> Result<Catalogue> {
    let name = file.display();
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let format = match extension.to_ascii_lowercase().as_str() {
        "csv" => Format::Csv,
        "xlsx" => Format::Xlsx,
        _ => return Err(WrongUse(format!("{name} is neither .csv nor .xlsx: save the list as one of them")).into()),
    };
    let unreadable = |error: std::io::Error| WrongUse(format!("{name} cannot be read ({error})"));
    if std::fs::metadata(file).map_err(unreadable)?.len() > FILE_MAX {
        return Err(WrongUse(format!("{name} is larger than {} MiB", FILE_MAX >> 20)).into());
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let list = catalogue::read(format, &bytes).with_context(|| format!("{name} cannot be imported"))?;
    if let Some(sheet) = &list.sheet {
        writeln!(std::io::stderr(), "reading the sheet \"{sheet}\"")?;
    }
    Ok(list)
}

/// What is known of a row before anything is written.
fn before(solution: &Solution) -> Outcome {
    match solution.is_accepted() {
        true => Outcome::NotWritten,
        false => Outcome::Refused(solution.refusals.join("; ")),
    }
}

/// Writes row by row, and stops at the first that fails.
async fn write(
    client: &Client,
    columns: &Columns,
    list: &Catalogue,
    progress: &ProgressBar,
) -> Result<(Vec<Outcome>, Option<(u64, Error)>)> {
    let query = Query { select: &columns.select(), ..Query::default() };
    let rows = client.query(&columns.set, &query).await.context("nothing was written: the catalogue cannot be read")?;
    let mut found: Vec<Found> = rows.iter().filter_map(|row| Found::read(columns, row)).collect();
    let mut outcomes: Vec<Outcome> = list.solutions.iter().map(before).collect();
    for (solution, outcome) in list.solutions.iter().zip(&mut outcomes) {
        progress.inc(1);
        if !solution.is_accepted() {
            continue;
        }
        let at = found.iter().position(|found| found.held.is_of(&solution.code));
        match put(client, columns, list, solution, at.map(|at| found.swap_remove(at))).await {
            Ok(done) => *outcome = done,
            // What only Dataverse knows, such as a rule of the customer, stops this row alone.
            Err(error @ (Error::Rejected { .. } | Error::TooLong { .. })) => {
                *outcome = Outcome::Refused(error.to_string());
            }
            Err(error) => {
                if !error.was_not_executed() {
                    *outcome = Outcome::Unknown("no answer tells whether it was written".to_owned());
                }
                progress.finish_and_clear();
                return Ok((outcomes, Some((solution.row, error))));
            }
        }
    }
    progress.finish_and_clear();
    Ok((outcomes, None))
}

/// Brings one row into the catalogue.
async fn put(
    client: &Client,
    columns: &Columns,
    list: &Catalogue,
    solution: &Solution,
    mut found: Option<Found>,
) -> Result<Outcome, Error> {
    let new = Key::Alternate { column: columns.code.clone(), value: solution.code.clone() };
    let mut attempts = 1..=ATTEMPTS;
    loop {
        let step = step(list, solution, found.as_ref().map(|found| &found.held));
        let (key, precondition, revive) = match (&step, &found) {
            (Step::Leave, _) => return Ok(Outcome::Unchanged),
            (Step::Replace { revive, .. }, Some(found)) => {
                (&found.key, Precondition::Matches(found.etag.clone()), *revive)
            }
            (Step::Add | Step::Replace { .. }, _) => (&new, Precondition::MustNotExist, false),
        };
        let body = columns.body(list, solution, revive);
        let write = dataverse::Write { body: &body, precondition, select: &[&columns.code], tag: None };
        let error = match (client.upsert(&columns.set, key, &write).await, step) {
            (Ok(_), Step::Replace { because, .. }) => return Ok(Outcome::Replaced(because)),
            (Ok(_), _) => return Ok(Outcome::Accepted),
            (Err(error), _) => error,
        };
        attempts.next();
        match error.retry_after() {
            _ if attempts.is_empty() => return Err(error),
            Some(wait) if error.was_not_executed() && wait <= PATIENCE => tokio::time::sleep(wait).await,
            // Somebody else writes the catalogue too.
            None if matches!(error, Error::Exists { .. } | Error::Stale | Error::NotFound { .. }) => {
                found = look(client, columns, &solution.code).await?;
            }
            _ => return Err(error),
        }
    }
}

async fn look(client: &Client, columns: &Columns, code: &str) -> Result<Option<Found>, Error> {
    let filter = Some(format!("{} eq {}", columns.code, quoted(code)));
    let rows = client.query(&columns.set, &Query { select: &columns.select(), filter, ..Query::default() }).await?;
    Ok(rows.iter().find_map(|row| Found::read(columns, row)))
}

impl Found {
    fn read(columns: &Columns, row: &Row) -> Option<Self> {
        let held = Held::read(columns, row.raw())?;
        Some(Self { held, key: Key::Primary(row.id_of(&columns.id)?), etag: row.etag()?.to_owned() })
    }
}

fn progress(rows: usize, as_json: bool) -> ProgressBar {
    match as_json {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(rows as u64),
    }
}

impl Outcome {
    fn is_done(&self) -> bool {
        matches!(self, Self::Accepted | Self::Replaced(_) | Self::Unchanged)
    }

    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Accepted => ("accepted", ""),
            Self::Replaced(because) => ("replaced", because),
            Self::Unchanged => ("unchanged", ""),
            Self::Refused(why) => ("refused", why),
            Self::Unknown(why) => ("unknown", why),
            Self::NotWritten => ("not written", ""),
        }
    }
}

fn report(list: &Catalogue, outcomes: &[Outcome], as_json: bool) -> Result<()> {
    let rows = list.solutions.iter().zip(outcomes).map(|(solution, outcome)| {
        let (word, why) = outcome.words();
        let said = solution.remarks.iter().map(String::as_str).chain([why]);
        let why: Vec<&str> = said.filter(|text| !text.is_empty()).collect();
        json!({
            "row": solution.row, "code": solution.code, "name": solution.name, "outcome": word,
            "why": if why.is_empty() { Value::Null } else { json!(why.join("; ")) },
        })
    });
    print(&rows.collect::<Vec<_>>(), &["row", "code", "name", "outcome", "why"], as_json)
}
