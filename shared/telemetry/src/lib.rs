//! Logs for people and for machines, on stderr; stdout belongs to listings.
//!
//! What is logged is decided where it happens: ids, codes, counts. Never a body, a secret or contact data.

use tracing_subscriber::EnvFilter;

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
    let started = match format {
        Format::Terminal => builder.compact().try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}
