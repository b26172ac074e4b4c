//! `measure FOLDER`: size, start and memory of the functions that `sam build` put into a folder. `tests/release` runs it.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::World;
use serde_json::{Value, json};
use stage::FUNCTIONS;

/// Starts of each function.
const STARTS: usize = 10;
/// Of a stripped binary, in bytes.
const SIZE_MAX: u64 = 12 * 1000 * 1000;
/// From the process to its first poll: the median.
const INIT_MAX: Duration = Duration::from_millis(60);
/// The most memory it ever had, in KiB.
const PEAK_MAX: u64 = 64 * 1024;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("name the folder that sam build has made")?;
    let world = World::open_built(folder).await?;
    // Memory is what they need for real work.
    for number in 0..5 {
        let (deal, referral) = world.shared_deal(&format!("Deal {number}")).await?;
        world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 1_000 }));
        world.until("the edit arrives", || world.value(&referral) == Some(1_000.0)).await?;
    }
    world.stack.day().await.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    world.rest().await?;
    world.stack.hand_out(false);
    let mut within = true;
    let mut out = std::io::stdout().lock();
    writeln!(out, "| function | size | init, median of {STARTS} | peak memory |\n|---|---|---|---|")?;
    for function in &FUNCTIONS {
        let lambda = world.stack.function(function.name);
        let peak = lambda.peak_kib();
        let before = lambda.inits().len();
        for _ in 0..STARTS {
            lambda.forget_idle();
            lambda.invoke(idle_event(function.name)).await.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
        }
        let mut inits = lambda.inits().split_off(before);
        inits.sort();
        let init = inits[inits.len() / 2];
        let peak = peak.max(lambda.peak_kib());
        let size = std::fs::metadata(lambda.program())?.len();
        within &= size < SIZE_MAX && init < INIT_MAX && peak < PEAK_MAX;
        let (megabytes, mebibytes) = (size as f64 / 1e6, peak as f64 / 1024.0);
        writeln!(out, "| {} | {megabytes:.1} MB | {} ms | {mebibytes:.1} MiB |", function.name, init.as_millis())?;
    }
    writeln!(out, "\nallowed: 12 MB, 60 ms, 64 MiB: {}", if within { "all within" } else { "EXCEEDED" })?;
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Something to invoke a function with that makes it do little.
fn idle_event(function: &str) -> Value {
    let path = match function {
        "webhook-ingest" => "/partner-center/events",
        "crm-change" => "/dataverse/changes",
        "sync-worker" => return json!({ "Records": [] }),
        _ => return json!({}),
    };
    json!({
        "version": "2.0", "routeKey": format!("POST {path}"), "rawPath": path, "rawQueryString": "", "headers": {},
        "requestContext": { "http": { "method": "POST", "path": path } }, "body": "{}", "isBase64Encoded": false,
    })
}
