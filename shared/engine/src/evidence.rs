//! Finds out what became of an intent whose answer never came.

use partner_center::{Direction, ListQuery, Order};
use store::Store;
use sync_core::{Effect, Entity, Evidence, Found, Intent, Link, Pair, ReferralId, Side, Sight};
use uuid::Uuid;

use crate::effect::half_of;
use crate::request::{self, Request, RowKey};
use crate::sides::Seen;
use crate::tables::entity_of;
use crate::trouble::Trouble;
use crate::{Engine, time};

/// Clocks of vendors and ours differ by less than this (design section 4 "Creating").
const CLOCK_SKEW_MILLIS: i64 = 10 * 60 * 1000;

impl<S: Store> Engine<S> {
    /// Asks the target. `None` when it is too early to ask: a search only proves something once the request can no longer land.
    pub(crate) async fn evidence(
        &self,
        link: &Link,
        intent: &Intent,
    ) -> Result<Option<(Evidence, Option<Seen>)>, Trouble> {
        match (intent.side, &intent.effect) {
            (Side::PartnerCenter, Effect::Create) => {
                let now = time::core((self.clock)());
                if now < intent.ripe_at(time::millis(self.settings.sync.ambiguity_wait)) {
                    return Ok(None);
                }
                Ok(Some((Evidence::Search(self.search_referrals(link, intent).await?), None)))
            }
            (Side::Crm, Effect::Create | Effect::Parent { .. }) => {
                let (seen, half) = self.read_row_made(link).await?;
                // An account is no sight of the link's record.
                let is_record = intent.effect == Effect::Create;
                Ok(Some((Evidence::Target(seen.sight.clone(), half), Some(seen).filter(|_| is_record))))
            }
            (Side::Crm, Effect::Move { to, .. }) => {
                let sight = self.read_record(to).await?.sight;
                Ok(Some((Evidence::Target(sight, None), None)))
            }
            (side, _) => {
                let seen = self.read(link, side).await?;
                Ok(Some((Evidence::Target(seen.sight.clone(), None), Some(seen))))
            }
        }
    }

    /// Every outgoing referral that carries the record's id and may be ours, newest first, until rows are older than the
    /// intent (partner-center-api 4.2: `externalReferenceId` is not among the documented filters).
    async fn search_referrals(&self, link: &Link, intent: &Intent) -> Result<Vec<Found>, Trouble> {
        let Some(record) = link.pair.record() else { return Ok(Vec::new()) };
        let oldest = intent.started_at.as_millis() - CLOCK_SKEW_MILLIS;
        let query =
            ListQuery { direction: Some(Direction::Outgoing), order: Order::CreatedDescending, ..ListQuery::default() };
        let failed = |error: partner_center::Error| Trouble::of_partner_center(&error);
        let mut page = self.partner_center.list(&query).await.map_err(failed)?;
        let mut found = Vec::new();
        loop {
            for referral in &page.referrals {
                if referral.created().is_some_and(|created| created.as_millisecond() < oldest) {
                    return Ok(found);
                }
                if referral.external_reference_id().is_some_and(|id| id.eq_ignore_ascii_case(record.id.as_str()))
                    && referral.organization_id() != Some("msft")
                {
                    found.push(Found {
                        referral: ReferralId::new(referral.id().as_str()),
                        engagement: referral.engagement_id().map(str::to_owned),
                    });
                }
            }
            match page.next.take() {
                Some(next) => page = self.partner_center.next_page(&next).await.map_err(failed)?,
                None => return Ok(found),
            }
        }
    }

    /// Reads the row that a create intent would have made, by the key that it would have.
    async fn read_row_made(&self, link: &Link) -> Result<(Seen, Option<Pair>), Trouble> {
        match request::of(link) {
            Some(Request::CreateRow { set, key: key @ RowKey::Alternate { .. }, .. }) => {
                let entity = entity_of(&set).unwrap_or(Entity::Opportunity);
                let seen = self.read_row(entity, &key.into()).await?;
                let half = seen.raw.as_ref().and_then(|row| half_of(entity, row));
                Ok((seen, half))
            }
            Some(Request::CreateRow { set, key: RowKey::Primary(id), .. }) => {
                let sight = self.row_exists(&set, id).await?;
                Ok((Seen::nothing(sight), None))
            }
            _ => Ok((Seen::nothing(Sight::Absent), None)),
        }
    }

    async fn row_exists(&self, set: &str, id: Uuid) -> Result<Sight, Trouble> {
        let select = self.mapping.account_select();
        let select: Vec<&str> = select.iter().map(String::as_str).collect();
        match self.dataverse.get(set, &dataverse::Key::Primary(id), &select, None).await {
            Ok(_) => Ok(Sight::Present(sync_core::Snapshot {
                fields: sync_core::Fields::new(),
                etag: None,
                stamp: None,
                phase: sync_core::Phase::Open,
                shared: true,
                blockers: Vec::new(),
            })),
            Err(dataverse::Error::NotFound { .. }) => Ok(Sight::Absent),
            Err(error) => Err(Trouble::of_crm(&error)),
        }
    }
}
