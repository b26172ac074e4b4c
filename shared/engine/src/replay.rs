//! What a person asks for: look again at one link, at everything since a moment, or make anew what is gone.

use jiff::Timestamp;
use partner_center::{ListQuery, Order};
use queue::{Entity, Hint, HintSide, Message, Queue, Sent};
use serde_json::Value;
use store::{LinkKey, Saved, Store};
use sync_core::{Base, BySide, Code, Link, LinkId, Pair, ReferralId, Side, State};

use crate::find::CAUSE_COMMAND;
use crate::tables::{id_column, set_of};
use crate::trouble::Trouble;
use crate::wake::hint_entity;
use crate::{Engine, Error, Polled};

impl<S: Store> Engine<S> {
    /// Queues a hint for everything that changed on either side since a moment, whatever the links know of it.
    ///
    /// # Errors
    /// When a vendor cannot be asked, or the queue is not available; what was queued stays queued.
    pub async fn replay<Q: Queue>(&self, queue: &Q, since: Timestamp) -> Result<Polled, Error> {
        let mut polled = Polled::default();
        let failed = |error: partner_center::Error| Trouble::of_partner_center(&error).poll_error(Side::PartnerCenter);
        let query = ListQuery { updated_since: Some(since), order: Order::UpdatedAscending, ..ListQuery::default() };
        let mut page = self.partner_center.list(&query).await.map_err(failed)?;
        loop {
            for referral in &page.referrals {
                polled.rows += 1;
                let id = referral.id().as_str();
                let sent = queue.send(self.asked(HintSide::PartnerCenter, Entity::Referral, id)).await?;
                polled.hints += usize::from(sent == Sent::Queued);
            }
            match page.next.take() {
                Some(next) => page = self.partner_center.next_page(&next).await.map_err(failed)?,
                None => break,
            }
        }
        for entity in [sync_core::Entity::Opportunity, sync_core::Entity::Lead] {
            let query = dataverse::Query {
                select: &[id_column(entity)],
                filter: Some(format!("{} eq true and modifiedon ge {since}", self.mapping.own().sync)),
                ..dataverse::Query::default()
            };
            let rows = self.dataverse.query(set_of(entity), &query).await;
            for row in rows.map_err(|error| Trouble::of_crm(&error).poll_error(Side::Crm))? {
                polled.rows += 1;
                let Some(id) = row.raw().get(id_column(entity)).and_then(Value::as_str) else { continue };
                let sent = queue.send(self.asked(HintSide::Crm, hint_entity(entity), id)).await?;
                polled.hints += usize::from(sent == Sent::Queued);
            }
        }
        Ok(polled)
    }

    /// A hint that a person asked for: both sides are read, and it is never taken for a duplicate of another.
    #[must_use]
    pub fn asked(&self, side: HintSide, entity: Entity, id: &str) -> Message {
        let seen_at = (self.clock)();
        let id = id.to_lowercase();
        let parts = ["command".to_owned(), side.word().to_owned(), id.clone(), seen_at.to_string()];
        let hint = Hint { side, entity, id, cause: CAUSE_COMMAND.to_owned(), seen_at };
        Message::new(hint, &parts.each_ref().map(String::as_str))
    }

    /// A hint for a link, by whichever half it has.
    #[must_use]
    pub fn asked_for(&self, link: &Link) -> Message {
        match &link.pair {
            Pair::Both(_, record) | Pair::RecordOnly(record) => {
                self.asked(HintSide::Crm, hint_entity(record.entity), record.id.as_str())
            }
            Pair::ReferralOnly(referral) => self.asked(HintSide::PartnerCenter, Entity::Referral, referral.as_str()),
        }
    }

    /// Gives a link another chance: a detached one loses the half that is gone, so that it is made anew; a blocked one
    /// is looked at from the start. Says whether there was such a link.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn renew(&self, id: &LinkId) -> Result<bool, Error> {
        loop {
            let Some(stored) = self.store.load(LinkKey::Id(id)).await? else { return Ok(false) };
            let mut link = stored.link;
            renewed(&mut link);
            match self.store.save(&link, stored.revision, stored.worked, &[]).await? {
                Saved::Saved { .. } => return Ok(true),
                // A worker was faster: ask anew.
                Saved::Lost => {}
                Saved::Taken { .. } => return Ok(false),
            }
        }
    }

    /// Whether a referral is still there. One that answers 404 is not what a record should be linked to.
    pub(crate) async fn referral_exists(&self, id: &ReferralId) -> Result<bool, Trouble> {
        let Some(id) = partner_center::ReferralId::parse(id.as_str()) else { return Ok(false) };
        match self.partner_center.get(&id).await {
            Ok(_) => Ok(true),
            Err(partner_center::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Trouble::of_partner_center(&error)),
        }
    }
}

fn renewed(link: &mut Link) {
    let gone = Side::ALL.into_iter().find(|side| link.absent_since[*side].is_some());
    if let (State::Detached, Some(gone), Pair::Both(referral, record)) = (link.state, gone, link.pair.clone()) {
        link.pair = match gone {
            Side::PartnerCenter => Pair::RecordOnly(record),
            Side::Crm => Pair::ReferralOnly(referral),
        };
        link.base = BySide::<Base>::default();
        link.linked_at = None;
        link.told = None;
    }
    link.state = State::Active;
    link.absent_since = BySide::default();
    link.settled = BySide::default();
    link.not_before = None;
    link.parked_for = None;
    if let Some(problem) = &mut link.problem {
        problem.looks = 0;
    }
    if link.problem.as_ref().is_some_and(|problem| problem.blocker.code == Code::Gone) {
        link.problem = None;
    }
}
