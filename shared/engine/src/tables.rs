//! What differs between the two tables that a deal can be in.

use dataverse::Key;
use mapping::{Currencies, Read};
use serde_json::{Map, Value};
use store::Store;
use sync_core::{Entity, Fields, Link, Phase, Policy, Sight, Snapshot};

use crate::session::Session;
use crate::sides::{Seen, note_problems};
use crate::trouble::Trouble;
use crate::{Engine, sides};

/// The entity set of opportunities (dataverse-api 6).
pub(crate) const OPPORTUNITIES: &str = "opportunities";
/// The entity set of leads.
pub(crate) const LEADS: &str = "leads";

/// The entity set of a table.
pub(crate) fn set_of(entity: Entity) -> &'static str {
    match entity {
        Entity::Opportunity => OPPORTUNITIES,
        Entity::Lead => LEADS,
    }
}

/// The table of an entity set, if records are in it.
pub(crate) fn entity_of(set: &str) -> Option<Entity> {
    [Entity::Opportunity, Entity::Lead].into_iter().find(|entity| set_of(*entity) == set)
}

/// The primary key's column.
pub(crate) fn id_column(entity: Entity) -> &'static str {
    match entity {
        Entity::Opportunity => "opportunityid",
        Entity::Lead => "leadid",
    }
}

impl<S: Store> Engine<S> {
    /// The rules of a table.
    pub(crate) fn policy_of(&self, entity: Entity) -> &Policy {
        match entity {
            Entity::Opportunity => &self.policy,
            Entity::Lead => &self.lead_policy,
        }
    }

    /// The table that the link's record is in, or is to be in: a lead-class referral that nobody has answered becomes a
    /// lead, everything else an opportunity (design section 4 "What becomes what").
    pub(crate) fn entity_of(&self, link: &Link, referral: Option<&Seen>) -> Entity {
        if let Some(record) = link.pair.record() {
            return record.entity;
        }
        let raw = referral.and_then(|seen| seen.raw.as_ref());
        let phase = referral.and_then(Seen::snapshot).map(|snapshot| snapshot.phase);
        match raw.is_some_and(mapping::is_lead_class) && phase == Some(Phase::Unanswered) {
            true => Entity::Lead,
            false => Entity::Opportunity,
        }
    }

    /// The rules for a link that is being worked.
    pub(crate) fn rules(&self, link: &Link, session: &Session) -> &Policy {
        self.policy_of(self.entity_of(link, session.seen.partner_center.as_ref()))
    }

    /// Columns of a table for `$select`.
    pub(crate) fn select(&self, entity: Entity) -> Vec<String> {
        match entity {
            Entity::Opportunity => self.mapping.opportunity_select(),
            Entity::Lead => self.mapping.lead_select(),
        }
    }

    /// One GET with everything that a decision about a record needs.
    pub(crate) async fn read_row(&self, entity: Entity, key: &Key) -> Result<Seen, Trouble> {
        let select = self.select(entity);
        let select: Vec<&str> = select.iter().map(String::as_str).collect();
        let expand = (entity == Entity::Opportunity).then(|| self.mapping.opportunity_expand());
        match self.dataverse.get(set_of(entity), key, &select, expand.as_deref()).await {
            Ok(row) => self.row_seen(entity, &Value::Object(row.raw().clone())).await,
            Err(dataverse::Error::NotFound { .. }) => Ok(Seen::nothing(Sight::Absent)),
            Err(error) => Err(Trouble::of_crm(&error)),
        }
    }

    /// A record that is in hand.
    pub(crate) async fn row_seen(&self, entity: Entity, row: &Value) -> Result<Seen, Trouble> {
        let currencies = self.currencies().await?;
        let read: Read<Snapshot> = match entity {
            Entity::Opportunity => self.mapping.opportunity_snapshot(row, &currencies),
            Entity::Lead => self.mapping.lead_snapshot(row, &currencies),
        };
        note_problems(sync_core::Side::Crm, &read.problems);
        Ok(sides::Seen { sight: Sight::Present(read.value), raw: Some(row.clone()) })
    }

    /// Columns of a PATCH that makes a record hold `sent`.
    pub(crate) fn columns(&self, entity: Entity, sent: &Fields, currencies: &Currencies) -> Read<Map<String, Value>> {
        match entity {
            Entity::Opportunity => self.mapping.opportunity_columns(sent, currencies),
            Entity::Lead => self.mapping.lead_columns(sent, currencies),
        }
    }

    /// Columns of a new record, those that the settings demand included.
    pub(crate) fn new_columns(
        &self,
        entity: Entity,
        fields: &Fields,
        currencies: &Currencies,
    ) -> Read<Map<String, Value>> {
        let (made, defaults) = match entity {
            Entity::Opportunity => {
                (self.mapping.create_opportunity(fields, currencies), &self.settings.defaults.opportunity)
            }
            Entity::Lead => (self.mapping.create_lead(fields, currencies), &self.settings.defaults.lead),
        };
        let mut columns: Map<String, Value> =
            defaults.iter().map(|(column, value)| (column.clone(), value.clone())).collect();
        columns.extend(made.value);
        Read { value: columns, problems: made.problems }
    }
}
