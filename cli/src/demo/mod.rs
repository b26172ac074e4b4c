//! `cosell demo`: the main job with no set-up. Both simulators, the real service, and a story that checks itself.

mod account;
mod scenes;
mod stage;
mod teller;

use std::io::Write;

use anyhow::{Result, bail};

use stage::Stage;
use teller::Teller;

/// Plays the story; with `exit` leaves, otherwise keeps everything open to look around.
pub(crate) async fn demo(exit: bool) -> Result<()> {
    let stage = Stage::set().await?;
    let mut teller = Teller::default();
    teller.say("Both vendors are simulated on this machine; nothing leaves it.")?;
    scenes::play(&stage, &mut teller).await?;
    account::print(&stage, &teller)?;
    if !exit {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nStill open, until Ctrl-C:")?;
        writeln!(out, "  Partner Center  {}/control/requests", stage.partner_center.url())?;
        writeln!(out, "  Dynamics 365    {}/control/requests", stage.dataverse.url())?;
        writeln!(out, "  Cosell          http://{}/health", stage.running.address)?;
        writeln!(out, "  its data        cosell --data {} links", stage.data().display())?;
        drop(out);
        tokio::signal::ctrl_c().await?;
    }
    let failed = teller.failed();
    stage.clear().await;
    match failed {
        0 => Ok(()),
        1 => bail!("one expectation did not hold"),
        many => bail!("{many} expectations did not hold"),
    }
}
