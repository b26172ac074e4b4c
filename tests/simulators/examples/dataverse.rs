//! Serves Dataverse alone, for clients that are not ours: `cargo run -p simulators --example dataverse`. Prints its
//! settings as one line of JSON, then runs until its standard input ends.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use simulators::dataverse::Dataverse;
use simulators::harness::Clock;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let dataverse = Dataverse::start(anywhere, 1, Clock::default()).await?;
    let settings = format!(
        r#"{{"url":"{}","tenant_id":"{}","client_id":"{}","client_secret":"{}"}}"#,
        dataverse.url(),
        Dataverse::TENANT_ID,
        Dataverse::CLIENT_ID,
        Dataverse::CLIENT_SECRET,
    );
    writeln!(std::io::stdout(), "{settings}")?;
    // Whoever started us goes away, and so do we.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}
