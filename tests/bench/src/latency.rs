//! Changes on both sides by events alone: how long each takes to reach the other side, and what it costs.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

use crate::load::{self, Seller};
use crate::verdict;
use crate::world::{GLANCE, PATIENCE, World};

/// The 95th percentile may not be above this.
const P95_MAX: Duration = Duration::from_secs(2);
/// Deals that change at the same moment.
const AT_ONCE: usize = 20;

/// Runs it. Says whether the promise held.
pub(crate) async fn run(cosell: &Path, changes: usize) -> Result<bool> {
    let mut world = World::new(cosell, "poll_interval = \"10m\"").await?;
    world.start(None).await?;
    let deals = load::shared_deals(&world, AT_ONCE).await?;
    world.forget_requests();
    let mut latencies = Vec::new();
    while latencies.len() < changes {
        let wave: Vec<_> = deals.iter().take(changes - latencies.len()).collect();
        let mut waiting = Vec::new();
        for deal in wave {
            let n = latencies.len() + waiting.len();
            let seller = if n.is_multiple_of(2) { Seller::Ours } else { Seller::Microsofts };
            waiting.push((deal, seller, load::edit_value(&world, deal, seller, n)?, Instant::now()));
        }
        let give_up = Instant::now() + PATIENCE;
        while !waiting.is_empty() {
            waiting.retain(|(deal, seller, value, since)| {
                let arrived = load::value_opposite(&world, deal, *seller) == Some(*value);
                if arrived {
                    latencies.push(since.elapsed());
                }
                !arrived
            });
            if Instant::now() > give_up {
                bail!("{} of {changes} changes never arrived", waiting.len());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
    world.quiet().await?;
    let requests = world.counted();
    // An assumption that did not hold costs a refused write and another look (design section 4, step 2).
    let refused = requests.iter().filter(|request| request.write && request.status == Some(412)).count();
    let writes = requests.iter().filter(|request| request.write).count() - refused;
    let reads = requests.len() - writes - refused;
    let wrongs = verdict::wrongs(&world);
    latencies.sort();
    let percentile = |of_100: usize| latencies[(latencies.len() * of_100).div_ceil(100).saturating_sub(1)];
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{changes} changes, {AT_ONCE} at a time, by events alone: p50 {} ms, p95 {} ms, p99 {} ms",
        percentile(50).as_millis(),
        percentile(95).as_millis(),
        percentile(99).as_millis()
    )?;
    let per_change = |count: usize| count as f64 / changes as f64;
    writeln!(
        out,
        "remote calls per change: {:.2} reads, {:.2} writes (1 read + 1 write, and at most 1 read for the echo); {refused} \
         assumptions did not hold",
        per_change(reads),
        per_change(writes)
    )?;
    for wrong in &wrongs {
        writeln!(out, "WRONG: {wrong}")?;
    }
    let held = percentile(95) < P95_MAX && writes == changes && reads <= 2 * (changes + refused) && wrongs.is_empty();
    writeln!(out, "{}", if held { "the promise held" } else { "THE PROMISE DID NOT HOLD" })?;
    Ok(held)
}
