//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Keeps co-sell deals the same in Partner Center and Dynamics 365.
#[derive(Debug, Parser)]
#[command(name = "cosell", version, max_term_width = 100)]
pub(crate) struct Cosell {
    /// Settings; the secrets are read from cosell.secrets.toml beside them.
    #[arg(long, global = true, value_name = "FILE", default_value = "./cosell.toml")]
    pub(crate) config: PathBuf,
    /// Where links, cursors, history and the queue are kept.
    #[arg(long, global = true, value_name = "DIR", default_value = "./cosell-data")]
    pub(crate) data: PathBuf,
    /// Print one JSON object per line on stdout; messages go to stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch a deal travel both ways, with both vendors simulated. Needs no set-up.
    Demo {
        /// Leave when the story is told; status 0 only if everything in it came true.
        #[arg(long)]
        exit: bool,
    },
    /// Run the service on this machine: the two doors, the workers, the feeds.
    Serve(Serve),
    /// Run both simulators alone.
    Simulate(Simulate),
    /// Sign in to Partner Center: the first refresh token, or another one when the last has ended.
    Login(Login),
    /// Sync now.
    Sync(Sync),
    /// List the links.
    Links,
    /// Show what a sync would write now, and why. Writes nothing.
    Plan,
    /// Explain a deal, or one field of it: both sides, the row, what was decided and what happened before.
    Why {
        /// A referral, record, engagement or link id.
        id: String,
        /// A field id, as `cosell history` shows them.
        field: Option<String>,
    },
    /// List the fields in which the two sides differ.
    Drift,
    /// Give a deal another chance, or let one more window of writes through the brake.
    Retry(Retry),
    /// Decide a conflict: which side's value stays.
    Resolve {
        /// A referral, record, engagement or link id.
        id: String,
        /// A field id, as `cosell why` shows them; whatever merges with it goes along.
        field: String,
        /// The side whose value stays.
        #[arg(long, value_name = "SIDE")]
        take: Take,
    },
    /// Look again at everything that changed since a moment.
    Replay {
        /// An RFC 3339 moment, such as 2026-11-23T05:00:00Z.
        #[arg(long, value_name = "T")]
        since: jiff::Timestamp,
    },
    /// Show what happened to a deal, field by field.
    History {
        /// A referral, record, engagement or link id.
        id: String,
    },
    /// Fill the catalogue of solutions that sellers choose from.
    #[command(subcommand)]
    Solutions(Solutions),
    /// Try the mapping rows of the settings before they meet a live deal.
    #[command(subcommand)]
    Mapping(Mapping),
}

/// `cosell mapping`.
#[derive(Debug, Subcommand)]
pub(crate) enum Mapping {
    /// Try every row: on your examples, and on generated values. Needs the settings alone, and asks nobody.
    Test(MappingTest),
    /// Show what each row makes of one deal, and what would be written now. Writes nothing.
    Preview(MappingPreview),
}

/// `cosell mapping test`.
#[derive(Debug, Args)]
pub(crate) struct MappingTest {
    /// Your examples; cosell.mapping.toml beside the settings if left out.
    ///
    /// Each [[example]] is one deal as both sides show it: under [example.referral] JSON pointers such as
    /// "/details/notes", under [example.crm] columns (account.COLUMN of the account, solutions = ["SOL-..."]), under
    /// [example.lead] those of a lead, under [example.problems] the fields that are meant not to be understood, each with
    /// its code.
    pub(crate) file: Option<PathBuf>,
    /// Values for each law of each row.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) cases: u32,
    /// Tries the same values again.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// `cosell mapping preview`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct MappingPreview {
    /// A referral, linked or not.
    #[arg(long, value_name = "ID")]
    pub(crate) referral: Option<String>,
    /// An opportunity or a lead, linked or not.
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<String>,
}

/// `cosell solutions`.
#[derive(Debug, Subcommand)]
pub(crate) enum Solutions {
    /// Import a list: one row each, headed "Solution ID", "Solution name" and, if known, "Publisher".
    ///
    /// All rows are judged first; if any is refused, nothing is written. Running it again writes only what is different.
    Import {
        /// A .csv file (UTF-8) or an .xlsx workbook.
        file: PathBuf,
        /// Write the rows that can go, though others are refused.
        #[arg(long)]
        skip_refused: bool,
    },
}

/// `cosell serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the doors listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub(crate) listen: SocketAddr,
    /// For tests: die by SIGKILL when the named point is reached for the n-th time, as POINT:N.
    #[arg(long, hide = true, value_name = "POINT:N", value_parser = crate::kill::KillAt::parse)]
    pub(crate) kill_at: Option<crate::kill::KillAt>,
}

/// `cosell simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where Partner Center listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9401")]
    pub(crate) partner_center: SocketAddr,
    /// Where Dataverse listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9402")]
    pub(crate) dataverse: SocketAddr,
    /// Makes the same world again.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where events are delivered: the base URL of a `cosell serve`.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8787")]
    pub(crate) deliver_to: String,
    /// Write a cosell.toml and cosell.secrets.toml that fit these simulators into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) write_settings: Option<PathBuf>,
}

/// `cosell login`.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Print the address to go to, and open no browser.
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// The port of this machine that the browser comes back to; chosen by the system if left out.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// How long to wait for the person.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) wait: Duration,
}

/// A duration as in the settings: `45s`, `5m`.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    parsed.ok_or_else(|| "write 45s, 5m or 1h".to_owned())
}

/// `cosell sync`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Sync {
    /// One referral.
    #[arg(long, value_name = "ID")]
    pub(crate) referral: Option<String>,
    /// One opportunity.
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<String>,
    /// Everything.
    #[arg(long)]
    pub(crate) all: bool,
}

/// The side whose value stays.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Take {
    /// Partner Center's.
    #[value(name = "partner_center")]
    PartnerCenter,
    /// Dynamics 365's.
    Crm,
}

/// `cosell retry`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Retry {
    /// A referral, record, engagement or link id.
    pub(crate) id: Option<String>,
    /// Let one more window of writes through.
    #[arg(long)]
    pub(crate) brake: bool,
}
