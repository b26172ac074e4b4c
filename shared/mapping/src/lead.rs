//! The lead's shape (dataverse-api 6.2), and what it shares with the opportunity that may come of it.

use serde_json::{Map, Value};
use sync_core::{Code, Etag, FieldId, Fields, IntentId, Phase, Reading, RecordId, Response, Snapshot, Standing};

use crate::codec::Codec;
use crate::opportunity::lookup;
use crate::row::{Direction, Entity};
use crate::{Currencies, FieldProblem, Mapping, Read};

/// Option of the first answer of `cosell_response`; the others follow in the order of [`Response::ALL`].
const FIRST_RESPONSE: i64 = 727_000_001;

/// Lookups of a lead that say what became of it, or of whom (dataverse-api 6.2, 6.5).
#[rustfmt::skip]
const LOOKUPS: [&str; 4] = ["masterid", "qualifyingopportunityid", "parentaccountid", "parentcontactid"];

/// Lead-class (design section 4): sent to us alone, by Microsoft or by nobody, and qualified by somebody
/// (partner-center-api 3.5). None of this ever changes.
#[must_use]
pub fn is_lead_class(referral: &Value) -> bool {
    let text = |pointer: &str| referral.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("/direction") == Some("Incoming")
        && text("/type") == Some("Independent")
        && text("/inviteContext/invitedBy/organizationId").is_none_or(|inviter| inviter == "msft")
        && text("/qualification").is_some_and(|qualification| qualification != "None")
}

impl Mapping {
    /// Columns for `$select`.
    #[must_use]
    pub fn lead_select(&self) -> Vec<String> {
        let fixed = ["leadid", "statecode", "statuscode", "merged"].map(str::to_owned);
        let mut columns: Vec<String> = fixed.into_iter().chain(LOOKUPS.map(lookup)).collect();
        self.add_columns_of(Entity::Lead, &mut columns);
        columns
    }

    /// A lead as the CRM returned it.
    #[must_use]
    pub fn lead_snapshot(&self, record: &Value, currencies: &Currencies) -> Read<Snapshot> {
        let (mut fields, mut problems) = (Fields::new(), Vec::new());
        for row in self.rows_of(Entity::Lead) {
            match self.read_column(row, record, currencies) {
                Some(Ok(reading)) => {
                    fields.insert(row.id.clone(), reading);
                }
                Some(Err(code)) => problems.push(FieldProblem {
                    field: row.id.clone(),
                    code,
                    text: format!("{} has a value that is not understood: choose another one.", row.label),
                }),
                None => {}
            }
        }
        let text = |column: &str| record.get(column).and_then(Value::as_str).filter(|text| !text.is_empty());
        let snapshot = Snapshot {
            etag: text("@odata.etag").map(Etag::new),
            stamp: text(&self.own.stamp).map(IntentId::new),
            phase: match record.get("statecode").and_then(Value::as_i64) {
                Some(0) | None => Phase::Open,
                Some(_) => Phase::Closed,
            },
            shared: record.get(&self.own.sync).and_then(Value::as_bool) == Some(true),
            fields,
            // No referral is made of a lead.
            blockers: Vec::new(),
        };
        Read { value: snapshot, problems }
    }

    /// Columns of a PATCH that makes a lead hold `sent`.
    #[must_use]
    pub fn lead_columns(&self, sent: &Fields, currencies: &Currencies) -> Read<Map<String, Value>> {
        self.columns_of(Entity::Lead, sent, currencies)
    }

    /// Columns of a new lead.
    #[must_use]
    pub fn create_lead(&self, fields: &Fields, currencies: &Currencies) -> Read<Map<String, Value>> {
        self.lead_columns(&self.arriving(Entity::Lead, fields), currencies)
    }

    /// Each field of a lead and the field of an opportunity that is the same member of the referral in the same spelling.
    #[must_use]
    pub fn twins(&self) -> Vec<(FieldId, FieldId)> {
        let of_lead = self.rows_of(Entity::Lead);
        let twin = |lead: &crate::Row| {
            let mut opportunity = self.rows_of(Entity::Opportunity);
            let found = opportunity.find(|row| (&row.referral, row.codec) == (&lead.referral, lead.codec))?;
            Some((lead.id.clone(), found.id.clone()))
        };
        of_lead.filter_map(twin).collect()
    }

    /// What a lead or an opportunity has come to; none if the answer does not show it.
    #[must_use]
    pub fn standing(&self, entity: sync_core::Entity, record: &Value) -> Option<Standing> {
        let state = record.get("statecode").and_then(Value::as_i64)?;
        let master = || {
            let id = record.get(lookup("masterid")).and_then(Value::as_str).filter(|id| !id.is_empty())?;
            Some(Standing::Merged(RecordId::new(id.to_ascii_lowercase())))
        };
        Some(match (entity, state) {
            (_, 0) => Standing::Open,
            (sync_core::Entity::Lead, 1) => Standing::Qualified,
            (sync_core::Entity::Lead, _) => master().unwrap_or(Standing::Closed),
            (sync_core::Entity::Opportunity, _) => Standing::Closed,
        })
    }

    /// The seller's answer to the referral, on a lead or an opportunity.
    #[must_use]
    pub fn response(&self, record: &Value) -> Option<Response> {
        let option = record.get(&self.own.response).and_then(Value::as_i64)?;
        let position = usize::try_from(option.checked_sub(FIRST_RESPONSE)?).ok()?;
        Response::ALL.get(position).copied()
    }

    /// Why the seller declines or gives up.
    #[must_use]
    pub fn reason<'a>(&self, record: &'a Value) -> Option<&'a str> {
        record.get(&self.own.reason).and_then(Value::as_str).map(str::trim).filter(|reason| !reason.is_empty())
    }

    /// The known values that a new record starts with.
    pub(crate) fn arriving(&self, entity: Entity, fields: &Fields) -> Fields {
        let arrives = |direction| matches!(direction, Direction::Both | Direction::ToCrm | Direction::CreateOnly);
        let rows = self.rows_of(entity).filter(|row| arrives(row.direction));
        let known = rows.filter_map(|row| Some((row.id.clone(), fields.get(&row.id)?.clone())));
        known.filter(|(_, reading)| matches!(reading, Reading::Is(_))).collect()
    }

    /// Adds the columns of a table's rows, and those of ours that both tables have.
    pub(crate) fn add_columns_of(&self, entity: Entity, columns: &mut Vec<String>) {
        let own = &self.own;
        columns.extend([&own.sync, &own.referral_id, &own.stamp, &own.response, &own.reason].map(String::clone));
        for row in self.rows_of(entity) {
            let Some(column) = &row.crm else { continue };
            let column = if row.codec == Codec::Currency { lookup(column) } else { column.clone() };
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }

    /// A currency that a field names and the CRM lacks.
    pub(crate) fn currency_missing(field: &FieldId, code: &str) -> FieldProblem {
        let text = format!("Dynamics 365 has no active currency {code}: add it there, or change it in Partner Center.");
        FieldProblem { field: field.clone(), code: Code::CurrencyMissing, text }
    }
}
