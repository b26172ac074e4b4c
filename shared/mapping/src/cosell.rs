//! The shapes of sharing a deal with Microsoft: what a seller asks for, what our referral says, and the bodies that make
//! a private deal partner-led or co-sell (partner-center-api 4.3, 4.4).

use serde_json::{Value, json};
use sync_core::{Blocker, Code, DealType, FieldId, Fields, Microsoft, Reading, ReferralId, RuleField, reading};

use crate::codec::{self, For};
use crate::people::contact;
use crate::referral::{is_sent, place, solution};
use crate::row::{Direction, Row};
use crate::{Codec, Mapping, attributes, text};

/// The organization that stands for Microsoft.
pub const MICROSOFT: &str = "msft";

/// Rows whose values go into the invitation and freeze with it (partner-center-api 5.2).
const ONCE: [&str; 3] = ["help", "notes_to_microsoft", "customer_contact"];

/// Members of our referral that Microsoft's has too: the same customer, deal and consent.
const SAME: [&str; 6] = ["name", "qualification", "customerProfile", "consent", "details", "team"];
/// Members that only the server sets (partner-center-api 3.6).
const SERVERS_OWN: [&str; 4] =
    ["isMatchingComplete", "emailValidationStatus", "phoneValidationStatus", "customerRequestedContact"];

fn is_true(reading: &Reading) -> bool {
    reading.value().is_some_and(|value| value.as_str() == "true")
}

impl Mapping {
    /// Whether a side says that Microsoft's sellers see the deal; `None` if it cannot be read.
    #[must_use]
    pub fn is_visible(&self, fields: &Fields) -> Option<bool> {
        let reading = reading(fields, &self.visible());
        reading.is_known().then(|| is_true(reading))
    }

    /// The id of the row of the flag.
    #[must_use]
    pub fn visible(&self) -> FieldId {
        FieldId::new("visible")
    }

    /// The id of the row of the customer's contact.
    #[must_use]
    pub fn contact_row(&self) -> FieldId {
        FieldId::new("customer_contact")
    }

    /// The id of the row of the team.
    #[must_use]
    pub fn team_row(&self) -> FieldId {
        FieldId::new("team")
    }

    /// What the seller asks for: help means co-sell, the flag alone partner-led.
    #[must_use]
    pub fn asked(&self, record: &Fields) -> DealType {
        let is_on = |id: &str| self.row(&FieldId::new(id)).is_some_and(|row| row.direction != Direction::Off);
        match reading(record, &FieldId::new("help")) {
            Reading::Is(_) if is_on("help") => DealType::CoSell,
            _ if is_on("visible") && self.is_visible(record) == Some(true) => DealType::PartnerLed,
            _ => DealType::Private,
        }
    }

    /// The rows that freeze with the invitation, as the core knows rows.
    #[must_use]
    pub fn once(&self) -> Vec<RuleField> {
        let rows = ONCE.iter().filter_map(|id| self.row(&FieldId::new(*id)));
        rows.filter(|row| row.direction == Direction::Invite).map(Row::rule_field).collect()
    }

    /// A row as the core knows it; none if there is no such row, or it is off.
    #[must_use]
    pub fn rule_field(&self, id: &FieldId) -> Option<RuleField> {
        self.row(id).filter(|row| row.direction != Direction::Off).map(Row::rule_field)
    }

    /// What keeps the record's contact from being sent, if help is asked for. `fields` are what the record reads as.
    #[must_use]
    pub fn contact_missing(&self, record: &Value, fields: &Fields) -> Option<Blocker> {
        let row = self.row(&self.contact_row())?;
        if self.asked(fields) != DealType::CoSell || !row.writes_referral() {
            return None;
        }
        let label = &row.label;
        let text = match contact(record).map(|contact| contact.missing()) {
            None => format!("{label} is empty: choose one on the opportunity; Microsoft helps only with one."),
            Some(missing) if missing.is_empty() => return None,
            Some(missing) => {
                format!(
                    "{label} has no {}: fill it in on the contact; Microsoft needs it to help.",
                    missing.join(" and no ")
                )
            }
        };
        Some(Blocker { code: Code::ContactMissing, text })
    }

    /// Makes the body of a new referral what the seller asks for. A private one stays as it is.
    pub fn open_up(&self, body: &mut Value, record: &Value, asked: DealType, solutions: &[(String, String)]) {
        if let Some(owner) = self.owner(record) {
            body["team"] = json!([owner]);
        }
        if asked >= DealType::PartnerLed {
            body["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
        }
        if asked == DealType::CoSell {
            body["type"] = json!("Shared");
            if let Some((code, _)) = solutions.first() {
                body["target"] = json!([{ "type": "SolutionProfile", "id": code }]);
            }
            if let Some(contact) = self.contact_member(record) {
                body["customerProfile"]["team"] = json!([contact]);
            }
        }
    }

    /// The body of Microsoft's referral: ours, for Microsoft, with what the seller asks. `ours` is its JSON and `fields`
    /// what it reads as, which is more where an answer left something out; `record` and `asked` are the record's.
    #[must_use]
    pub fn invitation(&self, engagement: &str, ours: &Value, fields: &Fields, record: &Value, asked: &Fields) -> Value {
        let mut body = json!({
            "type": "Shared",
            "engagementId": engagement,
            "target": [{ "type": "BusinessProfileLocation", "id": MICROSOFT }],
            "inviteContext": {},
        });
        for member in SAME {
            if let Some(value) = ours.get(member).filter(|value| !value.is_null()) {
                body[member] = as_sent(value);
            }
        }
        let solutions = self.solutions(record);
        for row in self.rows.iter().filter(|row| is_sent(row) && row.codec != Codec::Person) {
            match (row.codec, row.attribute(), reading(fields, &row.id)) {
                (Codec::Set, ..) if body.pointer(&row.referral).is_none() => {
                    place(&mut body, &row.referral, Value::Array(solutions.iter().map(solution).collect()));
                }
                (Codec::Set, ..) | (_, _, Reading::Unknown | Reading::Cleared) => {}
                (_, Some(kind), known) => attributes::set(&mut body, row, kind, known),
                (_, None, known) => place(&mut body, &row.referral, codec::to_referral(row, known, For::Post)),
            }
        }
        for consent in
            ["consentToToShareInfoWithOthers", "consentToContact", "consentToShareReferralWithMicrosoftSellers"]
        {
            body["consent"][consent] = json!(true);
        }
        let has_contact = body.pointer("/customerProfile/team/0").is_some();
        if let (false, Some(contact)) = (has_contact, self.contact_member(record)) {
            body["customerProfile"]["team"] = json!([contact]);
        }
        for id in ["help", "notes_to_microsoft"] {
            let Some(row) = self.row(&FieldId::new(id)).filter(|row| row.direction == Direction::Invite) else {
                continue;
            };
            if let known @ Reading::Is(_) = reading(asked, &row.id) {
                place(&mut body, &row.referral, codec::to_referral(row, known, For::Post));
            }
        }
        body
    }
}

impl Row {
    pub(crate) fn rule_field(&self) -> RuleField {
        RuleField { id: self.id.clone(), digest: self.digest(), clearable: self.clearable }
    }
}

/// A member as it may be sent again: what only the server sets is left out, and texts are as they were typed.
fn as_sent(value: &Value) -> Value {
    match value {
        Value::String(raw) => json!(text::unescaped(raw)),
        Value::Array(items) => Value::Array(items.iter().map(as_sent).collect()),
        Value::Object(members) => {
            let ours = members.iter().filter(|(name, value)| !SERVERS_OWN.contains(&name.as_str()) && !value.is_null());
            Value::Object(ours.map(|(name, value)| (name.clone(), as_sent(value))).collect())
        }
        other => other.clone(),
    }
}

/// Microsoft's referral, as a record shows it. Its CRM id counts once Microsoft has accepted (connector-and-peers S29).
#[must_use]
pub fn microsoft(referral: &Value) -> Option<Microsoft> {
    let text = |pointer: &str| referral.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (status, substatus) = (text("/status")?, text("/substatus").unwrap_or("None"));
    let accepted = status == "Active" || (status == "Closed" && ["Won", "Lost"].contains(&substatus));
    Some(Microsoft {
        referral: ReferralId::new(text("/id")?.to_lowercase()),
        status: format!("{status}/{substatus}"),
        crm_id: text("/trackingInfo/microsoftMsxId").filter(|_| accepted).map(str::to_owned),
    })
}
