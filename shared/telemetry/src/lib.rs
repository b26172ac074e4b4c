//! Logs for people and for machines, and the figures among them.
//!
//! What is logged is decided where it happens: ids, codes, counts. Never a body, a secret or contact data. Logs go to
//! stderr; stdout belongs to listings, and on AWS to figures (`meter.rs`).

mod meter;

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use meter::{FIGURES, Figure, Meter, NAMESPACE, Unit};

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Terminal,
    /// One JSON object per line.
    Json,
}

/// Starts logging. `RUST_LOG` decides what is shown; without it, `default_filter` does. A second call changes nothing.
pub fn start(format: Format, default_filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_filter));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colors are for a terminal; in a file they are noise.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        Format::Terminal => builder.compact().try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}

/// An error and everything that caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// Starts JSON logs together with a meter, which counts whatever `RUST_LOG` hides or shows.
pub fn start_metered(default_filter: &str) -> Meter {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_filter));
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    let meter = Meter::default();
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter)).with(meter.layer());
    if let Err(error) = subscriber.try_init() {
        tracing::debug!(%error, "logging had been started before");
    }
    meter
}
