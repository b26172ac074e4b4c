//! `cosell sync`: queue what was asked for, and see it through - beside a running `serve`, or alone.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use queue::{Entity, HintSide, Message, Queue};
use serde_json::json;
use store::Store;
use sync_core::Timestamp;

use crate::args;
use crate::lock::{self, ServeLock};
use crate::place::{Place, WrongUse};
use crate::service::Service;

/// How long a `sync` waits for a running `serve` before it says so.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(100);

/// Runs the command.
pub(crate) async fn sync(place: &Place, what: args::Sync, as_json: bool) -> Result<()> {
    let alone = lock::try_lock(&place.data)?;
    let service = place.service(None).await?;
    service.engine.check_columns().await.map_err(WrongUse)?;
    let asked = match (&what.referral, &what.record) {
        (Some(id), _) => Some((HintSide::PartnerCenter, Entity::Referral, id)),
        (_, Some(id)) => Some((HintSide::Crm, Entity::Opportunity, id)),
        (None, None) => None,
    };
    let message = asked.map(|(side, entity, id)| service.engine.asked(side, entity, id));
    // A running `serve` has read the feeds; alone, nothing may be made before they were read to the end once.
    if message.is_none() || alone.is_some() {
        poll(&service).await?;
    }
    if let Some(message) = &message {
        service.queue.send(message.clone()).await?;
    }
    see_through(&service, alone, message.as_ref(), as_json).await
}

/// Works what was queued, or waits for the running `serve` to do so; then says how it went.
pub(crate) async fn see_through(
    service: &Service,
    alone: Option<ServeLock>,
    message: Option<&Message>,
    as_json: bool,
) -> Result<()> {
    let progress = progress(as_json);
    match alone {
        Some(_lock) => drain(service, &progress).await?,
        None => wait(service, message, &progress).await?,
    }
    progress.finish_and_clear();
    report(service, as_json).await
}

async fn poll(service: &Service) -> Result<()> {
    service.engine.poll_partner_center(&service.queue).await?;
    service.engine.poll_crm(&service.queue).await?;
    Ok(())
}

/// Works the queue until it is empty.
async fn drain(service: &Service, progress: &ProgressBar) -> Result<()> {
    loop {
        service.engine.wake(&service.queue).await?;
        let deliveries = service.queue.receive(8).await?;
        if deliveries.is_empty() {
            return Ok(());
        }
        for delivery in deliveries {
            service.deliver(delivery).await;
            progress.inc(1);
        }
    }
}

/// Leaves the work to the running `serve` and waits for it.
async fn wait(service: &Service, message: Option<&Message>, progress: &ProgressBar) -> Result<()> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
        let worked = match message {
            Some(message) => service.engine.store().seen(message.dedupe_id(), now).await?,
            None => {
                let depth = service.queue.depth().await?;
                depth.waiting + depth.in_flight == 0
            }
        };
        if worked {
            return Ok(());
        }
        if tokio::time::Instant::now() > patience {
            bail!("the running `cosell serve` has not worked it in {} seconds; look at its log", PATIENCE.as_secs());
        }
        progress.tick();
        tokio::time::sleep(GLANCE).await;
    }
}

fn progress(as_json: bool) -> ProgressBar {
    if as_json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} hints worked, {per_sec}, {elapsed}") {
        bar.set_style(style);
    }
    bar
}

async fn report(service: &Service, as_json: bool) -> Result<()> {
    let depth = service.queue.depth().await?;
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({ "waiting": depth.waiting, "dead": depth.dead }))?;
    } else if depth.dead > 0 {
        writeln!(out, "done, but {} hints could not be worked: look at the log", depth.dead)?;
    } else {
        writeln!(out, "done; `cosell links` shows what is linked")?;
    }
    Ok(())
}
