//! Measures and attacks a running `cosell serve` against both simulators.
//!
//! ```text
//! cargo build && cargo run -p bench -- latency    # 200 changes by events alone: p95, remote calls per change
//! cargo run -p bench -- feeds                     # every event lost: arrives within two poll periods?
//! cargo run -p bench -- kills                     # kill -9 at every named point, under load
//! ```
//! Each leaves with status 0 only if its promise held. Figures depend on the machine; promises do not.

mod feeds;
mod kills;
mod latency;
mod load;
mod verdict;
mod world;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures and attacks a running `cosell serve`.
#[derive(Debug, Parser)]
struct Bench {
    /// The binary under test.
    #[arg(long, global = true, value_name = "FILE", default_value = "target/debug/cosell")]
    cosell: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Changes on both sides by events alone.
    Latency {
        /// How many changes.
        #[arg(long, default_value_t = 200)]
        changes: usize,
    },
    /// Changes whose events are all lost.
    Feeds {
        /// How many changes.
        #[arg(long, default_value_t = 40)]
        changes: usize,
    },
    /// `kill -9` at every named point.
    Kills {
        /// How many kills, spread over the points.
        #[arg(long, default_value_t = 11)]
        kills: usize,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let bench = Bench::parse();
    let outcome = match bench.what {
        What::Latency { changes } => latency::run(&bench.cosell, changes).await,
        What::Feeds { changes } => feeds::run(&bench.cosell, changes).await,
        What::Kills { kills } => kills::run(&bench.cosell, kills).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
