//! Carries out the intent in flight: one remote write, and what it answered.

use dataverse::{Key, Precondition, Write};
use partner_center::Operation;
use serde_json::{Map, Value};
use store::Store;
use sync_core::{
    Answer, Effect, Entity, Intent, Link, Outcome, Pair, Reading, RecordId, ReferralId, Side, Sight, reading,
};
use uuid::Uuid;

use crate::request::{self, Change, Request, RowKey};
use crate::sides::Seen;
use crate::tables::{LEADS, entity_of, id_column, set_of};
use crate::trouble::{Trouble, crm_outcome, partner_center_outcome};
use crate::{Engine, Point};

/// The fact that keeps our own organization's id, once learned.
pub(crate) const ORGANIZATION: &str = "partner_center.organization_id";

/// What one effect brought.
pub(crate) struct Performed {
    pub(crate) outcome: Outcome,
    /// The target as its answer shows it.
    pub(crate) seen: Option<Seen>,
    /// Why to wait before going on.
    pub(crate) trouble: Option<Trouble>,
}

impl Performed {
    fn nothing(outcome: Outcome, trouble: Option<Trouble>) -> Self {
        Self { outcome, seen: None, trouble }
    }
}

impl<S: Store> Engine<S> {
    /// Sends the intent's request, once. The intent must be saved before.
    pub(crate) async fn perform(&self, link: &Link, intent: &Intent) -> Performed {
        let Some(request) = request::of(link) else {
            tracing::error!(link = %link.id, intent = %intent.id, "the intent's request cannot be read; it is dropped");
            return Performed::nothing(Outcome::NotDone, None);
        };
        match request {
            Request::CreateReferral(body) => self.create_referral(link, intent, &body).await,
            Request::PatchReferral(changes) => self.patch_referral(link, intent, changes).await,
            Request::CreateRow { set, key, columns } => self.create_row(intent, &set, &key, &columns).await,
            Request::UpdateRecord(columns) => self.update_record(link, intent, &columns).await,
            Request::QualifyLead(body) => self.qualify_lead(link, intent, &body).await,
        }
    }

    async fn create_referral(&self, link: &Link, intent: &Intent, body: &Value) -> Performed {
        match self.partner_center.create(body, intent.id.as_str()).await {
            Ok(referral) => {
                self.reach(Point::ReferralCreated);
                let id = ReferralId::new(referral.id().as_str());
                if let Some(organization) = referral.organization_id() {
                    self.learn_organization(organization).await;
                }
                let engagement = referral.engagement_id().map(str::to_owned);
                let seen = complete(self.referral_seen(&referral), link, intent);
                let fields = seen.snapshot().map(|snapshot| snapshot.fields.clone()).unwrap_or_default();
                let outcome = Outcome::Done(Answer::referral(id, engagement, fields));
                Performed { outcome, seen: Some(seen), trouble: None }
            }
            Err(error) => {
                let (outcome, trouble) = partner_center_outcome(&error);
                Performed::nothing(outcome, trouble)
            }
        }
    }

    async fn patch_referral(&self, link: &Link, intent: &Intent, changes: Vec<Change>) -> Performed {
        let id = link.pair.referral().and_then(|id| partner_center::ReferralId::parse(id.as_str()));
        let (Some(id), Some(etag)) = (id, &intent.target_etag) else {
            return Performed::nothing(Outcome::NotDone, None);
        };
        let operations: Vec<Operation> = changes
            .into_iter()
            .map(|Change { add, path, value }| match add {
                true => Operation::Add { path, value },
                false => Operation::Replace { path, value },
            })
            .collect();
        match self.partner_center.patch(&id, etag.as_str(), &operations).await {
            Ok(answer) => {
                self.reach(Point::SideUpdated);
                let seen = answer.map(|referral| complete(self.referral_seen(&referral), link, intent));
                Performed { outcome: done(seen.as_ref()), seen, trouble: None }
            }
            Err(error) => {
                let (outcome, trouble) = partner_center_outcome(&error);
                Performed::nothing(outcome, trouble)
            }
        }
    }

    async fn create_row(&self, intent: &Intent, set: &str, key: &RowKey, columns: &Map<String, Value>) -> Performed {
        let key = key.clone().into();
        let entity = entity_of(set).filter(|_| intent.effect == Effect::Create);
        let select = entity.map_or_else(|| self.mapping.account_select(), |entity| self.select(entity));
        match (self.write(set, &key, columns, Precondition::MustNotExist, &select, intent).await, entity) {
            (Ok(row), Some(entity)) => {
                self.reach(Point::RecordCreated);
                let id = row.as_ref().and_then(|row| id_of(row, id_column(entity)));
                let (Some(row), Some(id)) = (row, id) else { return Performed::nothing(Outcome::Unknown, None) };
                let Ok(seen) = self.row_seen(entity, &row).await else {
                    return Performed::nothing(Outcome::Unknown, None);
                };
                let fields = seen.snapshot().map(|snapshot| snapshot.fields.clone()).unwrap_or_default();
                let answer = Answer::record(entity, id, fields);
                Performed { outcome: Outcome::Done(answer), seen: Some(seen), trouble: None }
            }
            (Ok(_), None) => Performed::nothing(Outcome::Done(Answer::default()), None),
            (Err(error), _) => {
                let (outcome, trouble) = crm_outcome(&error);
                Performed::nothing(outcome, trouble)
            }
        }
    }

    /// The answer may name the rows that came of it, or nothing (dataverse-api 6.5): they are read, not believed.
    async fn qualify_lead(&self, link: &Link, intent: &Intent, body: &Value) -> Performed {
        let lead = link.pair.record().and_then(|record| Uuid::parse_str(record.id.as_str()).ok());
        let Some(lead) = lead else { return Performed::nothing(Outcome::NotDone, None) };
        let action = format!("{LEADS}({lead})/Microsoft.Dynamics.CRM.QualifyLead");
        match self.dataverse.action(&action, body, Some(&tag(intent))).await {
            Ok(_) => {
                self.reach(Point::SideUpdated);
                Performed::nothing(Outcome::Done(Answer::default()), None)
            }
            Err(error) => {
                let (outcome, trouble) = crm_outcome(&error);
                Performed::nothing(outcome, trouble)
            }
        }
    }

    async fn update_record(&self, link: &Link, intent: &Intent, columns: &Map<String, Value>) -> Performed {
        let moves = match &intent.effect {
            Effect::Move { to, .. } => Some(to),
            _ => None,
        };
        let record = moves.or(link.pair.record());
        let id = record.and_then(|record| Uuid::parse_str(record.id.as_str()).ok());
        let (Some(record), Some(id), Some(etag)) = (record, id, &intent.target_etag) else {
            return Performed::nothing(Outcome::NotDone, None);
        };
        let precondition = Precondition::Matches(etag.as_str().to_owned());
        let (set, select) = (set_of(record.entity), self.select(record.entity));
        match self.write(set, &Key::Primary(id), columns, precondition, &select, intent).await {
            Ok(row) => {
                self.reach(Point::SideUpdated);
                let seen = match row.filter(|_| moves.is_none()) {
                    Some(row) => self.row_seen(record.entity, &row).await.ok().map(|seen| complete(seen, link, intent)),
                    // Of the record that the link moved to, nothing has been read to complete it by.
                    None => None,
                };
                Performed { outcome: done(seen.as_ref()), seen, trouble: None }
            }
            Err(error) => {
                let (outcome, trouble) = crm_outcome(&error);
                Performed::nothing(outcome, trouble)
            }
        }
    }

    async fn write(
        &self,
        set: &str,
        key: &Key,
        columns: &Map<String, Value>,
        precondition: Precondition,
        select: &[String],
        intent: &Intent,
    ) -> Result<Option<Value>, dataverse::Error> {
        let select: Vec<&str> = select.iter().map(String::as_str).collect();
        let tag = tag(intent);
        let write = Write { body: columns, precondition, select: &select, tag: Some(&tag) };
        let written = self.dataverse.upsert(set, key, &write).await?;
        Ok(written.row.map(|row| Value::Object(row.raw().clone())))
    }
}

/// Reaches webhooks as a shared variable; it is a hint for people who read them, nothing decides by it.
fn tag(intent: &Intent) -> String {
    format!("cosell:{}", intent.id)
}

impl From<RowKey> for Key {
    fn from(key: RowKey) -> Self {
        match key {
            RowKey::Primary(id) => Self::Primary(id),
            RowKey::Alternate { column, value } => Self::Alternate { column, value },
        }
    }
}

/// The record id in a CRM row.
pub(crate) fn id_of(row: &Value, column: &str) -> Option<RecordId> {
    let id = Uuid::parse_str(row.get(column)?.as_str()?).ok()?;
    Some(RecordId::new(id.to_string()))
}

/// Which half a CRM row is.
pub(crate) fn half_of(entity: Entity, row: &Value) -> Option<Pair> {
    let id = id_of(row, id_column(entity))?;
    Some(Pair::RecordOnly(sync_core::RecordRef { entity, id }))
}

fn done(seen: Option<&Seen>) -> Outcome {
    let fields = seen.and_then(Seen::snapshot).map(|snapshot| snapshot.fields.clone()).unwrap_or_default();
    Outcome::Done(Answer { fields, ..Answer::default() })
}

/// Absence in the answer to our own write is no change (partner-center-api 3.2): what was sent, or the base, fills in.
fn complete(mut seen: Seen, link: &Link, intent: &Intent) -> Seen {
    if let Sight::Present(snapshot) = &mut seen.sight {
        let base = link.base[intent.side].entries().map(|(id, entry)| (id, &entry.reading));
        for (id, known) in intent.sent.iter().chain(base) {
            if *reading(&snapshot.fields, id) == Reading::Unknown {
                snapshot.fields.insert(id.clone(), known.clone());
            }
        }
        if intent.side == Side::Crm && snapshot.stamp.is_none() {
            snapshot.stamp = Some(intent.id.clone());
        }
    }
    seen
}
