//! How a deal stands in each vendor's words, and the requests that end it (partner-center-api 3.3, 5.1; dataverse-api 6.1,
//! 6.2, 6.4).

use serde_json::{Map, Value, json};
use sync_core::{Ending, Entity, FieldId, Fields, Phase, Reading};

use crate::text;
use crate::{Mapping, PatchOp, PatchOperation};

/// Subject and description of the activity that ends an opportunity, in UTF-16 units (dataverse-api 6.4).
const DESCRIPTION_UNITS_MAX: u32 = 2000;

/// How a record is ended.
#[derive(Debug, Clone, PartialEq)]
pub enum CloseRecord {
    /// An unbound action of that name.
    Action(&'static str, Value),
    /// A PATCH of the record.
    Patch(Map<String, Value>),
}

/// How far a referral is. Only what was sent to us waits for our answer. None if it does not say in words we know.
pub(crate) fn of_referral(referral: &Value) -> Option<Phase> {
    let text = |name: &str| referral.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("status"), text("direction")) {
        ("Closed", _) => Some(Phase::Closed(match text("substatus") {
            "Won" => Ending::Won,
            "Lost" => Ending::Lost,
            "Declined" => Ending::Declined,
            "Expired" => Ending::Expired,
            "Error" => Ending::Error,
            _ => Ending::Unclear,
        })),
        ("New", "Incoming") => Some(Phase::Unanswered),
        ("New" | "Active", _) => Some(Phase::Open),
        _ => None,
    }
}

/// How far a record is: open, won or lost by its state; the status reason may be anybody's own. A lead that was qualified
/// lives on as an opportunity, and one that was merged away as its master: neither has ended.
pub(crate) fn of_record(entity: Entity, record: &Value) -> Option<Phase> {
    let state = record.get("statecode")?.as_i64()?;
    let is_merged = record.get("merged").and_then(Value::as_bool) == Some(true);
    match (entity, state) {
        (_, 0) => Some(Phase::Open),
        _ if is_merged => None,
        (Entity::Opportunity, 1) => Some(Phase::Closed(Ending::Won)),
        (_, 2) => Some(Phase::Closed(Ending::Lost)),
        _ => None,
    }
}

/// The phase; a record that says it in no words we know takes no writes of ours, and one that was not asked is as good as
/// open.
pub(crate) fn or_unclear(phase: Option<Phase>, record: &Value) -> Phase {
    phase.unwrap_or(match record.get("statecode") {
        None | Some(Value::Null) => Phase::Open,
        Some(_) => Phase::Closed(Ending::Unclear),
    })
}

/// The value of the status group, where a side says how it stands.
pub(crate) fn add_class(fields: &mut Fields, phase: Option<Phase>) {
    if let Some(phase) = phase {
        fields.insert(FieldId::new(FieldId::STATUS), Reading::is(phase.class().word()));
    }
}

/// The reason that a side gives, or gave.
pub(crate) fn add_reason(fields: &mut Fields, reason: Option<&Value>) {
    let reason = match reason {
        Some(Value::String(reason)) if !reason.trim().is_empty() => Reading::is(text::plain(&text::unescaped(reason))),
        Some(Value::String(_) | Value::Null) => Reading::Cleared,
        _ => return,
    };
    fields.insert(FieldId::new(FieldId::STATUS_REASON), reason);
}

impl Mapping {
    /// The request that ends a record which is open (design section 4 "Closing"): won 3, lost 4; a lead 2/4, and 2/7
    /// where the referral expired or failed.
    #[must_use]
    pub fn close_record(&self, entity: Entity, record_id: &str, ending: Ending, reason: &Reading) -> CloseRecord {
        if entity == Entity::Lead {
            let status = if matches!(ending, Ending::Expired | Ending::Error) { 7 } else { 4 };
            let columns = [("statecode", json!(2)), ("statuscode", json!(status))];
            return CloseRecord::Patch(columns.map(|(column, value)| (column.to_owned(), value)).into_iter().collect());
        }
        let (action, status, subject) = match ending {
            Ending::Won => ("WinOpportunity", 3, "Won in Partner Center"),
            Ending::Lost => ("LoseOpportunity", 4, "Lost in Partner Center"),
            Ending::Declined => ("LoseOpportunity", 4, "Declined in Partner Center"),
            Ending::Expired => ("LoseOpportunity", 4, "Expired in Partner Center"),
            Ending::Error | Ending::Unclear => ("LoseOpportunity", 4, "Closed in Partner Center"),
        };
        let mut activity =
            json!({ "subject": subject, "opportunityid@odata.bind": format!("/opportunities({record_id})") });
        if let Some(reason) = reason.value() {
            activity["description"] = json!(text::cut(reason.as_str(), DESCRIPTION_UNITS_MAX));
        }
        CloseRecord::Action(action, json!({ "Status": status, "OpportunityClose": activity }))
    }

    /// The operations that end a referral; status and substatus go together (partner-center-api 4.8).
    #[must_use]
    pub fn close_referral(&self, ending: Ending, reason: &Reading) -> Vec<PatchOperation> {
        let substatus = match ending {
            Ending::Won => "Won",
            Ending::Declined => "Declined",
            Ending::Lost | Ending::Expired | Ending::Error | Ending::Unclear => "Lost",
        };
        stands("Closed", substatus, reason)
    }
}

fn stands(status: &str, substatus: &str, reason: &Reading) -> Vec<PatchOperation> {
    let operation = |op, path: &str, value: &str| PatchOperation { op, path: path.to_owned(), value: json!(value) };
    let mut operations =
        vec![operation(PatchOp::Replace, "/status", status), operation(PatchOp::Replace, "/substatus", substatus)];
    if let Some(reason) = reason.value() {
        operations.push(operation(PatchOp::Add, "/statusReason", reason.as_str()));
    }
    operations
}
