//! From a hint to its link: finds it, or makes one at first sight.

use dataverse::Key;
use partner_center::Referral;
use queue::{Entity, Hint};
use serde_json::Value;
use store::{LinkKey, Store, Stored};
use sync_core::{BySide, Link, LinkId, Pair, Phase, RecordId, RecordRef, ReferralId, Side};
use uuid::Uuid;

use crate::effect::ORGANIZATION;
use crate::session::Session;
use crate::sides::Seen;
use crate::{Engine, Error, Worked};

/// The words of `cause` that name no single side: whoever wakes us so wants both read.
pub(crate) const CAUSE_DUE: &str = "due";
/// A person asked.
pub(crate) const CAUSE_COMMAND: &str = "command";

impl<S: Store> Engine<S> {
    /// Follows a hint to its link and brings that to rest.
    pub(crate) async fn follow(&self, hint: &Hint) -> Result<Worked, Error> {
        for side in Side::ALL {
            self.demand_own_tenant(side).await?;
        }
        match hint.entity {
            Entity::Referral => self.follow_referral(hint).await,
            // A person who gives a record's id need not say of which table it is.
            Entity::Opportunity => match self.follow_opportunity(hint, &hint.id).await? {
                Worked::Uninteresting if hint.cause == CAUSE_COMMAND => self.follow_lead(hint).await,
                worked => Ok(worked),
            },
            Entity::Lead => self.follow_lead(hint).await,
            Entity::Solution => self.follow_solution(hint).await,
        }
    }

    async fn follow_referral(&self, hint: &Hint) -> Result<Worked, Error> {
        let Some(id) = partner_center::ReferralId::parse(&hint.id) else { return Ok(Worked::Uninteresting) };
        let referral = ReferralId::new(id.as_str());
        if let Some(stored) = self.store.load(LinkKey::Referral(&referral)).await? {
            return self.rest(&stored.link.id, session(hint, Side::PartnerCenter, None)).await;
        }
        let found = match self.partner_center.get(&id).await {
            Ok(found) => found,
            // Gone, or not visible to us: the feed brings it back if it is ours.
            Err(partner_center::Error::NotFound { .. }) => return Ok(Worked::Uninteresting),
            Err(error) => return Err(poll_error(Side::PartnerCenter, &error)),
        };
        if let Some(reference) = found.external_reference_id() {
            self.note_reference(&found).await?;
            if let Some(record) = self.linked_record(reference).await? {
                return self.rest(&record, session(hint, Side::PartnerCenter, None)).await;
            }
        }
        if !self.makes_a_record(&found).await? {
            return Ok(Worked::Uninteresting);
        }
        let mut link = Link::new(new_link_id(), Pair::ReferralOnly(referral.clone()));
        link.engagement = found.engagement_id().map(str::to_owned);
        let seen = self.referral_seen(&found);
        self.rest_new(link, &LinkKey::Referral(&referral), session(hint, Side::PartnerCenter, Some(seen))).await
    }

    async fn follow_opportunity(&self, hint: &Hint, id: &str) -> Result<Worked, Error> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(Worked::Uninteresting) };
        let record = RecordRef { entity: sync_core::Entity::Opportunity, id: RecordId::new(id.to_string()) };
        if let Some(stored) = self.store.load(LinkKey::Record(&record.id)).await? {
            return self.rest(&stored.link.id, session(hint, Side::Crm, None)).await;
        }
        let seen = match self.read_record(&record).await {
            Ok(seen) => seen,
            Err(trouble) => return Err(trouble.poll_error(Side::Crm)),
        };
        if !seen.snapshot().is_some_and(|snapshot| snapshot.shared) {
            return Ok(Worked::Uninteresting);
        }
        if let Some(referral) = self.claimed_referral(&seen)
            && let Some(stored) = self.store.load(LinkKey::Referral(&referral)).await?
        {
            return self.rest(&stored.link.id, session(hint, Side::Crm, None)).await;
        }
        if let Some(stored) = self.link_of_origin(&seen).await? {
            let session = Session { heir_is_shared: true, ..session(hint, Side::Crm, None) };
            return self.rest(&stored.link.id, session).await;
        }
        match self.referral_of_origin(&seen).await {
            Ok(Some(referral)) => {
                let hint = Hint { entity: Entity::Referral, id: referral.as_str().to_owned(), ..hint.clone() };
                return self.follow_referral(&hint).await;
            }
            Ok(None) => {}
            Err(trouble) => return Err(trouble.poll_error(Side::Crm)),
        }
        let link = Link::new(new_link_id(), Pair::RecordOnly(record.clone()));
        self.rest_new(link, &LinkKey::Record(&record.id), session(hint, Side::Crm, Some(seen))).await
    }

    /// The link of the lead that an opportunity came of, if it has not moved on yet: the deal has a referral already.
    async fn link_of_origin(&self, seen: &Seen) -> Result<Option<Stored>, Error> {
        let Some(lead) = seen.id_of("originatingleadid") else { return Ok(None) };
        let lead = RecordId::new(lead.to_string());
        let stored = self.store.load(LinkKey::Record(&lead)).await?;
        Ok(stored.filter(|stored| stored.link.pair.record().is_some_and(|record| record.id == lead)))
    }

    /// A lead is a half of a link, or carries a referral's id. Sellers share opportunities: a lead of theirs is none yet.
    async fn follow_lead(&self, hint: &Hint) -> Result<Worked, Error> {
        let Ok(id) = Uuid::parse_str(&hint.id) else { return Ok(Worked::Uninteresting) };
        let record = RecordRef { entity: sync_core::Entity::Lead, id: RecordId::new(id.to_string()) };
        if let Some(stored) = self.store.load(LinkKey::Record(&record.id)).await? {
            return self.rest(&stored.link.id, session(hint, Side::Crm, None)).await;
        }
        let seen = match self.read_record(&record).await {
            Ok(seen) => seen,
            Err(trouble) => return Err(trouble.poll_error(Side::Crm)),
        };
        let shared = seen.snapshot().is_some_and(|snapshot| snapshot.shared);
        let Some(referral) = self.claimed_referral(&seen).filter(|_| shared) else { return Ok(Worked::Uninteresting) };
        if let Some(stored) = self.store.load(LinkKey::Referral(&referral)).await? {
            return self.rest(&stored.link.id, session(hint, Side::Crm, None)).await;
        }
        let hint = Hint { entity: Entity::Referral, id: referral.as_str().to_owned(), ..hint.clone() };
        self.follow_referral(&hint).await
    }

    /// A solution row wakes its opportunity.
    async fn follow_solution(&self, hint: &Hint) -> Result<Worked, Error> {
        let Ok(id) = Uuid::parse_str(&hint.id) else { return Ok(Worked::Uninteresting) };
        let (set, lookup) = (self.mapping.own().solution_set.clone(), self.mapping.own().solution_opportunity.clone());
        match self.dataverse.get(&set, &Key::Primary(id), &[lookup.as_str()], None).await {
            Ok(row) => match row.id_of(&lookup) {
                Some(opportunity) => self.follow_opportunity(hint, &opportunity.to_string()).await,
                None => Ok(Worked::Uninteresting),
            },
            Err(dataverse::Error::NotFound { .. }) => match self.store.link_of_solution(&id.to_string()).await? {
                Some(link) => self.rest(&link, session(hint, Side::Crm, None)).await,
                None => Ok(Worked::Uninteresting),
            },
            Err(error) => Err(crate::trouble::Trouble::of_crm(&error).poll_error(Side::Crm)),
        }
    }

    async fn rest(&self, link: &LinkId, session: Session) -> Result<Worked, Error> {
        self.bring_to_rest(link, session).await?;
        Ok(Worked::Done)
    }

    /// Saves a new link and works it; if another worker was faster, works theirs.
    async fn rest_new(&self, link: Link, key: &LinkKey<'_>, session: Session) -> Result<Worked, Error> {
        if self.insert(&link).await? {
            return self.rest(&link.id, session).await;
        }
        match self.store.load(*key).await? {
            Some(stored) => self.rest(&stored.link.id, session).await,
            None => Ok(Worked::Uninteresting),
        }
    }

    /// The link of the opportunity that a referral names, if it still waits for a referral.
    async fn linked_record(&self, reference: &str) -> Result<Option<LinkId>, Error> {
        let Ok(id) = Uuid::parse_str(reference) else { return Ok(None) };
        let stored = self.store.load(LinkKey::Record(&RecordId::new(id.to_string()))).await?;
        Ok(stored.map(|stored| stored.link).filter(|link| link.pair.missing().is_some()).map(|link| link.id))
    }

    fn claimed_referral(&self, seen: &Seen) -> Option<ReferralId> {
        let claimed = seen.raw.as_ref()?.get(&self.mapping.own().referral_id).and_then(Value::as_str)?;
        partner_center::ReferralId::parse(claimed).map(|id| ReferralId::new(id.as_str()))
    }

    /// Whether an unlinked referral becomes a record: ours, not ended, and not of a class that the settings leave out
    /// (design section 4 "What becomes what").
    pub(crate) async fn makes_a_record(&self, referral: &Referral) -> Result<bool, Error> {
        let ours = match self.organization().await? {
            Some(ours) => referral.organization_id().is_some_and(|id| id.eq_ignore_ascii_case(&ours)),
            None => referral.organization_id() != Some(MICROSOFT),
        };
        let read = self.mapping.referral_snapshot(referral.raw());
        let wanted = match self.settings.sync.inbound {
            settings::Inbound::All => true,
            settings::Inbound::CoSellOnly => !mapping::is_lead_class(referral.raw()),
        };
        Ok(ours && wanted && read.value.phase != Phase::Closed)
    }

    /// Our organization's id: the setting, or what was learned.
    pub(crate) async fn organization(&self) -> Result<Option<String>, Error> {
        let configured = &self.settings.partner_center.organization_id;
        if !configured.is_empty() {
            return Ok(Some(configured.clone()));
        }
        Ok(self.store.fact(ORGANIZATION).await?)
    }
}

/// Microsoft's organization id on its own copies.
pub(crate) const MICROSOFT: &str = "msft";

fn session(hint: &Hint, side: Side, seen: Option<Seen>) -> Session {
    let both = [CAUSE_DUE, CAUSE_COMMAND].contains(&hint.cause.as_str());
    let mut session = Session {
        named: BySide::from_fn(|one| both || one == side),
        seen: BySide::default(),
        cause: hint.cause.clone(),
        heir_is_shared: false,
    };
    session.seen[side] = seen;
    session
}

fn new_link_id() -> LinkId {
    LinkId::new(Uuid::now_v7().to_string())
}

fn poll_error(side: Side, error: &partner_center::Error) -> Error {
    crate::trouble::Trouble::of_partner_center(error).poll_error(side)
}
