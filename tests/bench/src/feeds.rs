//! Changes whose events are all lost: the feeds alone must bring each within two poll periods.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use simulators::harness::Events;
use tokio::time::Instant;

use crate::load::{self, Seller};
use crate::verdict;
use crate::world::{GLANCE, World};

const POLL: Duration = Duration::from_secs(3);
const DEALS: usize = 10;

/// Runs it. Says whether the promise held.
pub(crate) async fn run(cosell: &Path, changes: usize) -> Result<bool> {
    let mut world = World::new(cosell, &format!("poll_interval = \"{}s\"", POLL.as_secs())).await?;
    world.start(None).await?;
    let deals = load::shared_deals(&world, DEALS).await?;
    world.partner_center.events(Events::Lose);
    world.dataverse.events(Events::Lose);
    let mut slowest = Duration::ZERO;
    for wave in 0..changes.div_ceil(DEALS) {
        // The waves fall at different moments of the poll period.
        tokio::time::sleep(POLL / 7 * u32::try_from(wave % 7)?).await;
        let mut waiting = Vec::new();
        for (at, deal) in deals.iter().enumerate() {
            let n = wave * DEALS + at;
            let seller = if n.is_multiple_of(2) { Seller::Ours } else { Seller::Microsofts };
            waiting.push((deal, seller, load::edit_value(&world, deal, seller, n)?, Instant::now()));
        }
        while !waiting.is_empty() {
            waiting.retain(|(deal, seller, value, since)| {
                slowest = slowest.max(since.elapsed());
                load::value_opposite(&world, deal, *seller) != Some(*value)
            });
            if slowest > 5 * POLL {
                bail!("{} changes have not arrived after five poll periods", waiting.len());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
    let wrongs = verdict::wrongs(&world);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "every event lost, poll_interval {} s: the slowest change arrived after {:.2} poll periods",
        POLL.as_secs(),
        slowest.as_secs_f64() / POLL.as_secs_f64()
    )?;
    for wrong in &wrongs {
        writeln!(out, "WRONG: {wrong}")?;
    }
    let held = slowest <= 2 * POLL && wrongs.is_empty();
    writeln!(out, "{}", if held { "the promise held" } else { "THE PROMISE DID NOT HOLD" })?;
    Ok(held)
}
