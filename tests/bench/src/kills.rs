//! `kill -9` of the service at every named point, under load from both sides.
//!
//! A round: the service starts with the order to die at a point; sellers on both sides make deals and edit others; it
//! dies; it starts again **with both feeds broken**, so that only what was acknowledged or delivered anew can bring a
//! change across; then with the feeds whole. An acknowledged event that was lost shows in the first half, a twin or a
//! difference in the second.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use comfy_table::{Table, presets};
use simulators::harness::{Fault, FaultRule};

use crate::load::{self, Deal, Seller};
use crate::verdict;
use crate::world::World;

/// Every point at which the service can be told to die, and how often it passes there first.
const POINTS: [(&str, usize); 11] = [
    ("event-acknowledged", 4),
    ("hint-received", 3),
    ("link-inserted", 2),
    ("sides-read", 3),
    ("intent-saved", 3),
    ("referral-created", 2),
    ("record-created", 2),
    ("side-updated", 2),
    ("outcome-folded", 3),
    ("link-saved", 3),
    ("page-queued", 1),
];
/// Deals that exist before the kills begin.
const DEALS: usize = 8;
/// Deals that each side makes in a round.
const NEW: usize = 3;
/// A point that is not reached within this was not hit.
const HIT_WITHIN: Duration = Duration::from_secs(20);

/// Runs it. Says whether the promise held.
pub(crate) async fn run(cosell: &Path, kills: usize) -> Result<bool> {
    // A short wait for unknown outcomes: the simulators answer at once, or never.
    let mut world =
        World::new(cosell, "poll_interval = \"10m\"\nhttp_timeout = \"2s\"\nambiguity_wait = \"3s\"").await?;
    world.start(None).await?;
    let deals = load::shared_deals(&world, DEALS).await?;
    world.kill().await?;
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
        "killed at",
        "hit",
        "acknowledged events lost",
        "wrong",
    ]);
    let mut held = true;
    for round in 0..kills {
        let (point, first) = POINTS[round % POINTS.len()];
        // A round makes only a few deals, so that a point is passed twice or thrice for sure, and not more often.
        let pass = first + round / POINTS.len() % 2;
        let outcome = kill_once(&mut world, &deals, round, &format!("{point}:{pass}")).await?;
        let good = outcome.hit && outcome.lost.is_empty() && outcome.wrong.is_empty();
        held &= good;
        table.add_row([
            format!("{point}:{pass}"),
            if outcome.hit { "yes" } else { "NO" }.to_owned(),
            outcome.lost.len().to_string(),
            outcome.wrong.len().to_string(),
        ]);
        let mut out = std::io::stdout().lock();
        for wrong in outcome.lost.iter().chain(&outcome.wrong) {
            writeln!(out, "WRONG after {point}:{pass}: {wrong}")?;
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{table}")?;
    writeln!(out, "{}", if held { "the promise held" } else { "THE PROMISE DID NOT HOLD" })?;
    Ok(held)
}

struct KillOutcome {
    hit: bool,
    lost: Vec<String>,
    wrong: Vec<String>,
}

async fn kill_once(world: &mut World, deals: &[Deal], round: usize, kill_at: &str) -> Result<KillOutcome> {
    // One edit waits already when the service starts, for the feed to find.
    load::edit_value(world, &deals[0], Seller::Ours, 10_000 * round + 1)?;
    world.start(Some(kill_at)).await?;
    let mut fresh = Vec::new();
    for n in 0..NEW {
        fresh.push(load::share(world, &format!("Round {round}, ours {n}")));
        load::invite(world, &format!("Round {round}, Microsoft's {n}"));
    }
    for (at, deal) in deals.iter().enumerate().skip(1) {
        let seller = if at.is_multiple_of(2) { Seller::Ours } else { Seller::Microsofts };
        load::edit_value(world, deal, seller, 10_000 * round + 10 * at)?;
    }
    let hit = world.died(HIT_WITHIN).await?;
    world.kill().await?;

    // Whatever comes over now comes from the queue, or from a delivery that is tried again.
    let broken = |part: &str| FaultRule {
        method: Some("GET".to_owned()),
        path_contains: Some(part.to_owned()),
        times: None,
        skip: 0,
        // No status: a 503 would rightly stop all traffic to that vendor, and prove nothing of the queue.
        fault: Fault::CutBefore,
    };
    world.partner_center.harness().add_fault(broken("updatedDateTime"));
    world.dataverse.harness().add_fault(broken("deltatoken"));
    world.start(None).await?;
    let acknowledged = acknowledged(world, deals);
    let waiting = || acknowledged.iter().filter(|wait| !wait.arrived(world)).map(Wait::words).collect::<Vec<_>>();
    world.until(Duration::from_secs(30), || waiting().is_empty()).await;
    let lost = waiting();
    world.kill().await?;

    world.partner_center.harness().clear_faults();
    world.dataverse.harness().clear_faults();
    world.start(None).await?;
    world.until(Duration::from_secs(30), || verdict::wrongs(world).is_empty()).await;
    world.quiet().await?;
    let wrong = verdict::wrongs(world);
    world.kill().await?;
    if fresh.is_empty() {
        bail!("a round without new deals proves nothing");
    }
    Ok(KillOutcome { hit, lost, wrong })
}

/// A change whose latest event was answered with 200.
struct Wait<'a> {
    deal: &'a Deal,
    seller: Seller,
}

impl Wait<'_> {
    fn arrived(&self, world: &World) -> bool {
        let own = match self.seller {
            Seller::Ours => Seller::Microsofts,
            Seller::Microsofts => Seller::Ours,
        };
        load::value_opposite(world, self.deal, self.seller) == load::value_opposite(world, self.deal, own)
    }

    fn words(&self) -> String {
        format!("an acknowledged edit of {} by {:?} did not arrive", self.deal.record, self.seller)
    }
}

/// The deals whose latest event was acknowledged, as far as the deliveries tell.
fn acknowledged<'a>(world: &World, deals: &'a [Deal]) -> Vec<Wait<'a>> {
    let referrals = world.partner_center.deliveries();
    let records = world.dataverse.deliveries();
    deals
        .iter()
        .enumerate()
        .filter_map(|(at, deal)| {
            let seller = if at.is_multiple_of(2) { Seller::Ours } else { Seller::Microsofts };
            let delivered = match seller {
                Seller::Microsofts => {
                    let of_it = referrals.iter().rev().find(|one| one.resource_uri.ends_with(&deal.referral));
                    of_it.is_some_and(|one| one.tries.last() == Some(&Some(200)))
                }
                Seller::Ours => {
                    let of_it = records.iter().rev().find(|one| one.id == deal.record);
                    of_it.is_some_and(|one| one.tries.last() == Some(&Some(200)))
                }
            };
            delivered.then_some(Wait { deal, seller })
        })
        .collect()
}
