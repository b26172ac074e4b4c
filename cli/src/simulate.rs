//! `cosell simulate`: both vendors on this machine, for staging and tests.

use std::io::Write;

use anyhow::{Context, Result};
use simulators::dataverse::Dataverse;
use simulators::harness::Clock;
use simulators::partner_center::PartnerCenter;
use simulators::staging;

use crate::args;

/// Runs both simulators until Ctrl-C.
pub(crate) async fn simulate(what: args::Simulate) -> Result<()> {
    let clock = Clock::default();
    let taken = |address| format!("nothing can listen on {address}: choose another address");
    let partner_center = PartnerCenter::start(what.partner_center, what.seed, clock.clone())
        .await
        .with_context(|| taken(what.partner_center))?;
    let dataverse = Dataverse::start(what.dataverse, what.seed, clock).await.with_context(|| taken(what.dataverse))?;
    let doors = what.deliver_to.trim_end_matches('/');
    partner_center.register(&format!("{doors}{}", doors::EVENTS_PATH));
    dataverse.register(&format!("{doors}{}", doors::CHANGES_PATH));
    let mut out = std::io::stdout().lock();
    writeln!(out, "Partner Center  {}", partner_center.url())?;
    writeln!(out, "Dataverse       {}", dataverse.url())?;
    writeln!(out, "events go to    {doors}")?;
    if let Some(folder) = &what.write_settings {
        std::fs::create_dir_all(folder)?;
        staging::write(folder, &partner_center, &dataverse, "")
            .with_context(|| format!("settings cannot be written into {}", folder.display()))?;
        writeln!(out, "settings are in {}", folder.join("cosell.toml").display())?;
    }
    writeln!(out, "both answer under /control/ too; stop them with Ctrl-C")?;
    out.flush()?;
    drop(out);
    tokio::signal::ctrl_c().await?;
    Ok(())
}
