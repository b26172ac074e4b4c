//! `cosell retry`, `resolve` and `replay`: a decision, another chance for one deal, for everything behind the brake, or for a stretch of time.

use anyhow::{Result, bail};
use engine::Resolved;
use queue::Queue;
use store::{LinkKey, Store};
use sync_core::{Code, FieldId, Side};

use crate::args::{self, Take};
use crate::listing::{all_links, find};
use crate::lock;
use crate::place::{Place, WrongUse};
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

/// Runs `cosell resolve`.
pub(crate) async fn resolve(place: &Place, id: &str, field: &str, take: Take, as_json: bool) -> Result<()> {
    let alone = lock::try_lock(&place.data)?;
    let service = place.service(None).await?;
    let store = service.engine.store();
    let winner = match take {
        Take::PartnerCenter => Side::PartnerCenter,
        Take::Crm => Side::Crm,
    };
    let links = find(store, id).await?;
    let [link] = links.as_slice() else {
        bail!(
            "{} links have the id {id}: give a referral, record or link id, as `cosell links` shows them",
            links.len()
        );
    };
    match service.engine.resolve(link, &FieldId::new(field), winner).await? {
        Resolved::Taken => {}
        Resolved::NoPair => bail!("the deal {id} has one half only: there is nothing to decide"),
        Resolved::NoRule => {
            let known = service.engine.field_ids().join(", ");
            return Err(WrongUse(format!("no field called {field} is kept the same: there are {known}")).into());
        }
        Resolved::NothingToResolve => {
            bail!("both sides hold the same {field}, or one cannot be read: nothing to decide")
        }
    }
    if let Some(stored) = store.load(LinkKey::Id(link)).await? {
        let message = service.engine.asked_for(&stored.link);
        service.queue.send(message.clone()).await?;
        return sync::see_through(&service, alone, Some(&message), as_json).await;
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
