//! What it all took: latency and remote calls per change.

use std::io::Write;

use anyhow::Result;
use comfy_table::{Table, presets};

use super::stage::Stage;
use super::teller::Teller;

/// Prints the table and the verdict.
pub(crate) fn print(stage: &Stage, teller: &Teller) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(["change", "arrived after", "reads", "writes"]);
    for arrival in &teller.arrivals {
        let latency = format!("{} ms", arrival.latency.as_millis());
        table.add_row([arrival.what.to_owned(), latency, arrival.reads.to_string(), arrival.writes.to_string()]);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{table}")?;
    writeln!(
        out,
        "Calls are all that both vendors got until everything was quiet again, echoes of our own writes included;\n\
         tokens and the timed reading of the feeds (every {} s) are not counted.",
        stage.poll_seconds()
    )?;
    let (held, failed) = (teller.held, teller.failed());
    writeln!(out, "\n{held} expectations held, {failed} did not.")?;
    Ok(())
}
