//! `cosell retry` and `replay`: another chance for one deal, for everything behind the brake, or for a stretch of time.

use anyhow::{Result, bail};
use queue::Queue;
use store::{LinkKey, Store};
use sync_core::Code;

use crate::args;
use crate::listing::{all_links, find};
use crate::lock;
use crate::place::Place;
use crate::service::Service;
use crate::sync;

/// Runs `cosell retry`.
pub(crate) async fn retry(place: &Place, what: args::Retry, as_json: bool) -> Result<()> {
    let alone = lock::try_lock(&place.data)?;
    let service = place.service(None).await?;
    match &what.id {
        Some(id) => retry_one(&service, id).await?,
        None => retry_brake(&service).await?,
    }
    sync::see_through(&service, alone, None, as_json).await
}

async fn retry_one(service: &Service, id: &str) -> Result<()> {
    let store = service.engine.store();
    let links = find(store, id).await?;
    if links.is_empty() {
        bail!("no link has the id {id}: give a referral, record, engagement or link id, as `cosell links` shows them");
    }
    for id in links {
        service.engine.renew(&id).await?;
        if let Some(stored) = store.load(LinkKey::Id(&id)).await? {
            service.queue.send(service.engine.asked_for(&stored.link)).await?;
        }
    }
    Ok(())
}

async fn retry_brake(service: &Service) -> Result<()> {
    service.engine.release_brake().await?;
    for stored in all_links(service.engine.store()).await? {
        if stored.link.parked_for == Some(Code::Brake) {
            service.queue.send(service.engine.asked_for(&stored.link)).await?;
        }
    }
    Ok(())
}

/// Runs `cosell replay`.
pub(crate) async fn replay(place: &Place, since: jiff::Timestamp, as_json: bool) -> Result<()> {
    let alone = lock::try_lock(&place.data)?;
    let service = place.service(None).await?;
    service.engine.replay(&service.queue, since).await?;
    sync::see_through(&service, alone, None, as_json).await
}
