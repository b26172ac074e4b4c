//! The delta feeds of both sides: whatever changed becomes a hint, so that a lost event costs time, never data.
//!
//! A cursor is saved only after its page is queued, and reading a row twice does no harm. A row whose version the link
//! already knows makes no hint.

use dataverse::{DeltaPage, Link as DeltaLink};
use jiff::{SignedDuration, Timestamp};
use partner_center::{ListQuery, Order, Referral};
use queue::{Entity, Hint, HintSide, Message, Queue};
use serde_json::Value;
use store::{LinkKey, Store};
use sync_core::{Code, Link, RecordId, ReferralId, Side};

use crate::effect::ORGANIZATION;
use crate::find::MICROSOFT;
use crate::tables::{id_column, set_of};
use crate::trouble::Trouble;
use crate::wake::hint_entity;
use crate::{Engine, Error, Point};

/// The cursor that says when the first pass over the referrals had ended.
pub(crate) const FIRST_PASS: &str = "partner_center.first_pass";
/// The newest `updatedDateTime` whose page was queued.
const WATERMARK: &str = "partner_center.updated";
/// The cursor that keeps a table's delta link.
fn delta_of(entity: sync_core::Entity) -> &'static str {
    match entity {
        sync_core::Entity::Opportunity => "crm.opportunities.delta",
        sync_core::Entity::Lead => "crm.leads.delta",
    }
}
/// How far each poll reads behind the watermark: late commits and skewed clocks (reliability 3.1).
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Rows per page of the CRM's feed; at most 5,000 (dataverse-api 2.3).
const CRM_PAGE: u32 = 500;

/// What a poll brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Polled {
    /// Rows read.
    pub rows: usize,
    /// Hints queued, duplicates not counted.
    pub hints: usize,
}

impl<S: Store> Engine<S> {
    /// Reads what changed in Partner Center since the last poll; the first time, everything.
    ///
    /// # Errors
    /// When Partner Center, the store or the queue is not available; the next poll goes on where this one stopped.
    pub async fn poll_partner_center<Q: Queue>(&self, queue: &Q) -> Result<Polled, Error> {
        self.demand_own_tenant(Side::PartnerCenter).await?;
        let watermark = self.store.cursor(WATERMARK).await?.and_then(|at| at.parse::<Timestamp>().ok());
        let query = ListQuery {
            updated_since: watermark.and_then(|at| at.checked_sub(OVERLAP).ok()),
            order: Order::UpdatedAscending,
            ..ListQuery::default()
        };
        let failed = |error: partner_center::Error| Trouble::of_partner_center(&error).poll_error(Side::PartnerCenter);
        let mut page = self.partner_center.list(&query).await.map_err(failed)?;
        let (mut polled, mut newest) = (Polled::default(), watermark);
        loop {
            for referral in &page.referrals {
                polled.rows += 1;
                polled.hints += usize::from(self.hint_of_referral(queue, referral).await?);
                newest = newest.max(referral.updated());
            }
            self.reach(Point::PageQueued);
            if let Some(at) = newest {
                // Never ahead of the server's own clock.
                let at = page.server_date.map_or(at, |server| at.min(server));
                self.store.set_cursor(WATERMARK, &at.to_string()).await?;
            }
            match page.next.take() {
                Some(next) => page = self.partner_center.next_page(&next).await.map_err(failed)?,
                None => break,
            }
        }
        if self.store.cursor(FIRST_PASS).await?.is_none() {
            self.store.set_cursor(FIRST_PASS, &(self.clock)().to_string()).await?;
            tracing::info!(rows = polled.rows, "the first pass over the referrals has ended; new ones may be made now");
        }
        Ok(polled)
    }

    /// Remembers which opportunity a referral names. Microsoft's own copies name ours, and are never what a record is
    /// linked to.
    pub(crate) async fn note_reference(&self, referral: &Referral) -> Result<(), Error> {
        if let Some(reference) = referral.external_reference_id()
            && referral.organization_id() != Some(MICROSOFT)
        {
            self.store.note_reference(reference, &ReferralId::new(referral.id().as_str())).await?;
        }
        Ok(())
    }

    async fn hint_of_referral<Q: Queue>(&self, queue: &Q, referral: &Referral) -> Result<bool, Error> {
        let id = ReferralId::new(referral.id().as_str());
        self.note_reference(referral).await?;
        if let Some(organization) = referral.organization_id().filter(|id| *id != MICROSOFT)
            && self.organization().await?.is_none()
        {
            self.store.remember(ORGANIZATION, organization).await?;
        }
        let stored = self.store.load(LinkKey::Referral(&id)).await?;
        let interesting = match &stored {
            Some(stored) => !knows(&stored.link, Side::PartnerCenter, referral.etag()),
            None => self.makes_a_record(referral).await?,
        };
        if !interesting {
            return Ok(false);
        }
        self.feed_hint(queue, HintSide::PartnerCenter, Entity::Referral, id.as_str(), referral.etag()).await
    }

    /// Reads what changed in the CRM since the last poll; the first time, and when the link has expired, everything.
    ///
    /// # Errors
    /// When the CRM, the store or the queue is not available; the next poll goes on where this one stopped.
    pub async fn poll_crm<Q: Queue>(&self, queue: &Q) -> Result<Polled, Error> {
        self.demand_own_tenant(Side::Crm).await?;
        let mut polled = Polled::default();
        for entity in [sync_core::Entity::Opportunity, sync_core::Entity::Lead] {
            self.poll_table(queue, entity, &mut polled).await?;
        }
        Ok(polled)
    }

    async fn poll_table<Q: Queue>(
        &self,
        queue: &Q,
        entity: sync_core::Entity,
        polled: &mut Polled,
    ) -> Result<(), Error> {
        let failed = |error: dataverse::Error| Trouble::of_crm(&error).poll_error(Side::Crm);
        let mut page = match self.store.cursor(delta_of(entity)).await?.map(DeltaLink::from) {
            Some(link) => match self.dataverse.follow(&link, Some(CRM_PAGE)).await {
                Err(dataverse::Error::DeltaExpired) => {
                    tracing::warn!(code = "delta-expired", "the CRM's delta link has expired; everything is read anew");
                    self.start_tracking(entity).await.map_err(failed)?
                }
                page => page.map_err(failed)?,
            },
            None => self.start_tracking(entity).await.map_err(failed)?,
        };
        loop {
            for row in &page.changed {
                polled.rows += 1;
                polled.hints += usize::from(self.hint_of_row(queue, entity, &Value::Object(row.raw().clone())).await?);
            }
            for id in &page.deleted {
                polled.rows += 1;
                let record = RecordId::new(id.to_string());
                if self.store.load(LinkKey::Record(&record)).await?.is_some() {
                    let sent = self.feed_hint(queue, HintSide::Crm, hint_entity(entity), record.as_str(), None).await?;
                    polled.hints += usize::from(sent);
                }
            }
            self.reach(Point::PageQueued);
            if let Some(delta) = &page.delta {
                self.store.set_cursor(delta_of(entity), delta.as_str()).await?;
            }
            match page.next.take() {
                Some(next) => page = self.dataverse.follow(&next, Some(CRM_PAGE)).await.map_err(failed)?,
                None => return Ok(()),
            }
        }
    }

    async fn start_tracking(&self, entity: sync_core::Entity) -> Result<DeltaPage, dataverse::Error> {
        let own = self.mapping.own();
        let select = [id_column(entity), "statecode", own.sync.as_str(), own.referral_id.as_str()];
        self.dataverse.start_tracking(set_of(entity), &select, Some(CRM_PAGE)).await
    }

    async fn hint_of_row<Q: Queue>(&self, queue: &Q, entity: sync_core::Entity, row: &Value) -> Result<bool, Error> {
        let Some(id) = crate::effect::id_of(row, id_column(entity)) else { return Ok(false) };
        let etag = row.get("@odata.etag").and_then(Value::as_str);
        let stored = self.store.load(LinkKey::Record(&id)).await?;
        let interesting = match &stored {
            Some(stored) => !knows(&stored.link, Side::Crm, etag),
            // A lead is shared once it has a referral; an opportunity may get one.
            None => {
                let own = self.mapping.own();
                let has_referral = row.get(&own.referral_id).is_some_and(|id| !id.is_null());
                let may_be_shared = entity == sync_core::Entity::Opportunity || has_referral;
                may_be_shared && row.get(&own.sync).and_then(Value::as_bool) == Some(true)
            }
        };
        if !interesting {
            return Ok(false);
        }
        self.feed_hint(queue, HintSide::Crm, hint_entity(entity), id.as_str(), etag).await
    }

    async fn feed_hint<Q: Queue>(
        &self,
        queue: &Q,
        side: HintSide,
        entity: Entity,
        id: &str,
        etag: Option<&str>,
    ) -> Result<bool, Error> {
        let seen_at = (self.clock)();
        let hint = Hint { side, entity, id: id.to_owned(), cause: "feed".to_owned(), seen_at };
        // Without a version the poll itself tells two sightings apart.
        let version = etag.map_or_else(|| seen_at.to_string(), str::to_owned);
        let message = Message::new(hint, &["feed", side.word(), id, &version]);
        Ok(queue.send(message).await? == queue::Sent::Queued)
    }
}

/// Whether the link rests at this very version.
fn knows(link: &Link, side: Side, etag: Option<&str>) -> bool {
    let settled = link.settled[side].as_ref().map(|settled| settled.etag.as_str());
    settled.is_some() && settled == etag && link.parked_for != Some(Code::Gone)
}
