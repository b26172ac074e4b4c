//! Lets a deal go on in another record: the opportunity that came of a lead, the lead that one was merged into
//! (design section 4 "Closing": moving a link is one intent with `If-Match`).

use dataverse::{Key, Query};
use serde_json::json;
use store::{LinkKey, Saved, Store};
use sync_core::{
    Base, Blocker, BySide, Code, Effect, Entity, FieldId, Fields, Phase, Reading, RecordId, RecordRef, Side, Sight,
    Snapshot, SyncState, reading, tell,
};
use uuid::Uuid;

use crate::acts::Acted;
use crate::request::{self, Plan, Request};
use crate::session::{Session, Turn, Work};
use crate::sides::{ACCOUNTS, Seen};
use crate::tables::OPPORTUNITIES;
use crate::telling::blocker;
use crate::trouble::Trouble;
use crate::{Engine, Error, time};

/// Where a link goes.
struct Destination {
    to: RecordRef,
    target: Seen,
    /// The merged record that keeps the referral's id.
    subordinate: Option<RecordRef>,
}

impl<S: Store> Engine<S> {
    /// The lead was qualified: the link moves to its opportunity, or gets one if there is none.
    pub(crate) async fn follow_qualified(&self, work: &mut Work, session: &mut Session) -> Result<Acted, Error> {
        let (true, Some(lead)) = (self.policy.write.allows(Side::Crm), session.seen.crm.clone()) else {
            return Ok(Acted::Nothing(None));
        };
        match self.heir(&lead).await {
            Ok(Some((to, target))) => {
                let sentence = "the lead was qualified; the deal goes on in this opportunity.";
                let destination = Destination { to, target, subordinate: None };
                self.move_to(work, session, destination, (Code::Adopted, sentence)).await
            }
            Ok(None) => {
                work.link.lose_record();
                session.seen.crm = Some(Seen::nothing(Sight::NotYet));
                Ok(Acted::Went(Turn::Again))
            }
            Err(trouble) => Ok(Acted::Went(self.trouble(work, Side::Crm, &trouble))),
        }
    }

    /// The lead was merged into another one: that is no answer to the referral. The link moves to the master.
    pub(crate) async fn follow_master(
        &self,
        work: &mut Work,
        session: &mut Session,
        master: RecordId,
    ) -> Result<Acted, Error> {
        if !self.policy.write.allows(Side::Crm) {
            return Ok(Acted::Nothing(None));
        }
        let to = RecordRef { entity: Entity::Lead, id: master };
        let target = match self.read_record(&to).await {
            Ok(target) => target,
            Err(trouble) => return Ok(Acted::Went(self.trouble(work, Side::Crm, &trouble))),
        };
        let subordinate = work.link.subordinate.clone().or_else(|| work.link.pair.record().cloned());
        let sentence = "the lead of a referral was merged into this one; the referral goes on here.";
        let destination = Destination { to, target, subordinate };
        self.move_to(work, session, destination, (Code::RecordMerged, sentence)).await
    }

    /// The opportunity that came of a qualified lead: the one that the lead names, else the oldest that names the lead.
    pub(crate) async fn heir(&self, lead: &Seen) -> Result<Option<(RecordRef, Seen)>, Trouble> {
        let row = lead.raw.as_ref();
        let id = row.and_then(|row| row.get("leadid")?.as_str()).and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { return Ok(None) };
        if let Some(named) = lead.id_of("qualifyingopportunityid") {
            let (to, seen) = self.opportunity(named).await?;
            // It may also be the opportunity that the lead came of (dataverse-api 6.2).
            if seen.id_of("originatingleadid") == Some(id) {
                return Ok(Some((to, seen)));
            }
        }
        let query = Query {
            select: &["opportunityid"],
            filter: Some(format!("_originatingleadid_value eq {id}")),
            order_by: Some("createdon asc"),
            top: Some(1),
        };
        let rows = self.dataverse.query(OPPORTUNITIES, &query).await.map_err(|error| Trouble::of_crm(&error))?;
        match rows.first().and_then(|row| row.id_of("opportunityid")) {
            Some(found) => Ok(Some(self.opportunity(found).await?)),
            None => Ok(None),
        }
    }

    async fn opportunity(&self, id: Uuid) -> Result<(RecordRef, Seen), Trouble> {
        let record = RecordRef { entity: Entity::Opportunity, id: RecordId::new(id.to_string()) };
        let seen = self.read_row(Entity::Opportunity, &Key::Primary(id)).await?;
        Ok((record, seen))
    }

    async fn move_to(
        &self,
        work: &mut Work,
        session: &mut Session,
        destination: Destination,
        (code, sentence): (Code, &str),
    ) -> Result<Acted, Error> {
        if let Some(blocker) = self.obstacle(work, &destination).await? {
            return Ok(Acted::Nothing(Some(blocker)));
        }
        let Destination { to, target, subordinate } = destination;
        let Some(snapshot) = target.snapshot() else { return Ok(Acted::Nothing(None)) };
        let lead = session.fields(&work.link, Side::Crm);
        let (base, sent) = self.inherited(&work.link.base, &lead, &to, snapshot);
        let now = time::core((self.clock)());
        if snapshot.phase == Phase::Closed {
            // A closed record is never patched: the link moves, and the record is told when somebody reopens it.
            let lonely = work.link.clone();
            work.link.move_to(to, base, subordinate, now);
            self.audit(&mut work.link, SyncState::Synced, code, sentence);
            return Ok(Acted::Went(self.claim(work, session, lonely).await?));
        }
        let currencies = match self.currencies().await {
            Ok(currencies) => currencies,
            Err(trouble) => return Ok(Acted::Went(self.trouble(work, Side::Crm, &trouble))),
        };
        self.audit(&mut work.link, SyncState::Synced, code, sentence);
        let mut future = work.link.clone();
        future.problem = None;
        future.move_to(to.clone(), base.clone(), subordinate.clone(), now);
        let (id, told) = (request::new_id(), tell(&future));
        let mut columns = self.columns(to.entity, &sent, &currencies).value;
        if columns.contains_key("estimatedvalue") {
            // A revenue that is written is not what products add up to.
            columns.insert("isrevenuesystemcalculated".to_owned(), json!(false));
        }
        if let Some(account) = account_to_name(&target) {
            columns.insert("parentaccountid@odata.bind".to_owned(), json!(format!("/{ACCOUNTS}({account})")));
        }
        columns.extend(self.own_columns(&future, &told, &id));
        let own = self.mapping.own();
        columns.insert(own.sync.clone(), json!(true));
        if let Some(referral) = work.link.pair.referral() {
            columns.insert(own.referral_link.clone(), json!(self.referral_link(referral.as_str())));
        }
        let plan = Plan {
            side: Side::Crm,
            effect: Effect::Move { to: to.clone(), base, subordinate },
            sent,
            seen: &BySide::default(),
            target_etag: snapshot.etag.clone(),
            tells: Some(told),
        };
        let request = Request::UpdateRecord(columns);
        let intent = request::intent(id, plan, &request, self.policy_of(to.entity), (self.clock)());
        Ok(Acted::Went(self.carry_out(work, session, intent).await?))
    }

    /// A record that is another deal's already: a person decides.
    async fn obstacle(&self, work: &Work, destination: &Destination) -> Result<Option<Blocker>, Error> {
        let Destination { to, target, .. } = destination;
        let taken = self.store.load(LinkKey::Record(&to.id)).await?.is_some_and(|by| by.link.id != work.link.id);
        let column = &self.mapping.own().referral_id;
        let claims = target.raw.as_ref().and_then(|row| row.get(column)?.as_str()).filter(|id| !id.is_empty());
        let ours = work.link.pair.referral().map(sync_core::ReferralId::as_str);
        if !taken && claims.is_none_or(|id| ours.is_some_and(|ours| ours.eq_ignore_ascii_case(id))) {
            return Ok(None);
        }
        Ok(Some(match to.entity {
            Entity::Lead => {
                let text = "the lead was merged into one that belongs to another referral: close one of the two referrals in Partner Center";
                blocker(Code::RecordMerged, text)
            }
            Entity::Opportunity => {
                let text = "the opportunity of the qualified lead belongs to another referral: close one of the two referrals in Partner Center";
                blocker(Code::DuplicateReferral, text)
            }
        }))
    }

    /// What the link's bases are in the new record, and what is written to it besides our columns.
    ///
    /// An opportunity goes on where its lead left off: each field has the bases of its twin, so that an edit that has not
    /// travelled yet still does; and what the platform left empty is what the lead held. A master is a pair that we did
    /// not make: it has no bases.
    fn inherited(
        &self,
        bases: &BySide<Base>,
        lead: &Fields,
        to: &RecordRef,
        target: &Snapshot,
    ) -> (BySide<Base>, Fields) {
        let (mut inherited, mut sent) = (BySide::<Base>::default(), Fields::new());
        if to.entity == Entity::Lead {
            return (inherited, sent);
        }
        let twins = self.mapping.twins();
        let twin = |field: &FieldId| twins.iter().find(|(_, opportunity)| opportunity == field).map(|(lead, _)| lead);
        for rule in &self.policy.rules {
            let is_empty = |field: &FieldId| *reading(&target.fields, field) == Reading::Cleared;
            let left =
                |field: &FieldId| twin(field).map(|twin| reading(lead, twin)).filter(|left| left.value().is_some());
            let all_left = rule.fields.iter().all(|field| left(&field.id).is_some());
            let is_lacking = rule.fields.iter().any(|field| is_empty(&field.id));
            for field in &rule.fields {
                let fills = all_left && is_lacking;
                if let Some(left) = left(&field.id).filter(|left| fills && *left != reading(&target.fields, &field.id))
                {
                    sent.insert(field.id.clone(), left.clone());
                }
                let digest = twin(&field.id)
                    .and_then(|twin| self.lead_policy.fields().find(|of_lead| of_lead.id == *twin))
                    .map(|of_lead| (&of_lead.id, &of_lead.digest));
                for side in Side::ALL {
                    match digest.and_then(|(twin, digest)| bases[side].get(twin, digest)) {
                        Some(base) => inherited[side].save(&field.id, base, &field.digest),
                        // Nothing was ever held of it: what the referral holds travels.
                        None if is_empty(&field.id) => {
                            inherited[side].save(&field.id, &Reading::Cleared, &field.digest);
                        }
                        None => {}
                    }
                }
            }
        }
        (inherited, sent)
    }

    /// Saves a link whose record is another one now. The store refuses one that belongs to another link.
    async fn claim(&self, work: &mut Work, session: &mut Session, lonely: sync_core::Link) -> Result<Turn, Error> {
        let history = std::mem::take(&mut work.history);
        match self.store.save(&work.link, work.revision, work.worked, &history).await? {
            Saved::Saved { revision, dirty } => {
                (work.revision, work.dirty) = (revision, dirty);
                work.before = work.link.clone();
                session.seen = BySide::default();
                // A closed record could not be told Yes; the deal that moved into it is shared all the same.
                session.heir_is_shared = true;
                Ok(Turn::Again)
            }
            Saved::Lost | Saved::Taken { .. } => {
                (work.link, work.history) = (lonely, history);
                Ok(Turn::Lost)
            }
        }
    }
}

/// The account of an opportunity that names it as its customer alone: sellers look for it in the other lookup.
fn account_to_name(opportunity: &Seen) -> Option<Uuid> {
    let row = opportunity.raw.as_ref()?;
    let is_lacking = row.get("parentaccountid").is_some_and(serde_json::Value::is_null);
    let customer = row.get("customerid_account")?.get("accountid")?.as_str()?;
    Uuid::parse_str(customer).ok().filter(|_| is_lacking)
}
