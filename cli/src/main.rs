//! The `cosell` binary: what people type. It holds no business rule; the engine does.

mod args;
mod demo;
mod explain;
mod kill;
mod listing;
mod lock;
mod login;
mod loopback;
mod operate;
mod place;
mod preview;
mod serve;
mod service;
mod simulate;
mod solutions;
mod sync;
mod trial;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::args::{Command, Cosell, Mapping, Solutions};
use crate::place::{NeedsPerson, Place, WrongUse};

fn main() -> ExitCode {
    let cosell = Cosell::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cosell)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain on one line; nothing to do about a stderr that is gone.
            let _ = writeln!(std::io::stderr(), "cosell: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// 0 done, 1 failed, 2 wrong use, 3 needs a person (design section 7).
fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<WrongUse>() {
        return 2;
    }
    let needs_a_person = error.is::<NeedsPerson>()
        || error.chain().any(|cause| {
            matches!(
                cause.downcast_ref::<engine::Error>(),
                Some(engine::Error::Poll { code: sync_core::Code::ConsentExpired, .. })
            )
        });
    if needs_a_person { 3 } else { 1 }
}

async fn run(cosell: Cosell) -> Result<()> {
    let Cosell { config, data, json, command } = cosell;
    let quiet = !matches!(command, Command::Serve(_) | Command::Sync(_));
    telemetry::start(telemetry::Format::Terminal, if quiet { "error" } else { "info" });
    match command {
        Command::Demo { exit } => demo::demo(exit).await,
        Command::Serve(serve) => serve::serve(&Place::open(&config, &data)?, serve).await,
        Command::Simulate(simulate) => simulate::simulate(simulate).await,
        Command::Login(how) => login::login(&Place::open(&config, &data)?, how, json).await,
        Command::Sync(what) => sync::sync(&Place::open(&config, &data)?, what, json).await,
        Command::Links => listing::links(&place::store(&data).await?, json).await,
        Command::Plan => explain::plan(&Place::open(&config, &data)?, json).await,
        Command::Why { id, field } => explain::why(&Place::open(&config, &data)?, &id, field.as_deref(), json).await,
        Command::Drift => explain::drift(&Place::open(&config, &data)?, json).await,
        Command::Retry(what) => operate::retry(&Place::open(&config, &data)?, what, json).await,
        Command::Resolve { id, field, take } => {
            operate::resolve(&Place::open(&config, &data)?, &id, &field, take, json).await
        }
        Command::Replay { since } => operate::replay(&Place::open(&config, &data)?, since, json).await,
        Command::Mapping(Mapping::Test(what)) => trial::trial(&config, &what, json),
        Command::Mapping(Mapping::Preview(what)) => preview::preview(&Place::open(&config, &data)?, &what, json).await,
        Command::Solutions(Solutions::Import { file, skip_refused }) => {
            solutions::import(&Place::open(&config, &data)?, &file, skip_refused, json).await
        }
        Command::History { id } => listing::history(&place::store(&data).await?, &id, json).await,
    }
}
