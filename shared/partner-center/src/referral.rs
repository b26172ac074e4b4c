//! A referral as it came, and the members that the protocol needs (partner-center-api 3.1).

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The id of one organization's copy of a deal: a lower-case GUID, safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReferralId(String);

impl ReferralId {
    /// The id, if it is a GUID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::parse_str(text.trim()).ok().map(|id| Self(id.to_string()))
    }

    /// The id at the end of an event's `ResourceUri` (partner-center-api 6.3). The address itself is never called.
    #[must_use]
    pub fn from_resource_uri(uri: &str) -> Option<Self> {
        let path = uri.split(['?', '#']).next()?.trim_end_matches('/');
        Self::parse(path.rsplit('/').next()?)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReferralId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A referral.
#[derive(Clone, PartialEq)]
pub struct Referral {
    id: ReferralId,
    raw: Value,
}

impl Referral {
    /// Reads a referral in either spelling of its members; none without an id that is a GUID.
    #[must_use]
    pub fn read(raw: Value) -> Option<Self> {
        let raw = in_camel_case(raw);
        let id = ReferralId::parse(raw.get("id")?.as_str()?)?;
        Some(Self { id, raw })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &ReferralId {
        &self.id
    }

    /// Its version, quotes included (partner-center-api 2.4).
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.text("/eTag")
    }

    /// The group that it belongs to.
    #[must_use]
    pub fn engagement_id(&self) -> Option<&str> {
        self.text("/engagementId")
    }

    /// Whose copy it is: a GUID, or `msft`.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.text("/organizationId")
    }

    /// The CRM's id, if somebody set it.
    #[must_use]
    pub fn external_reference_id(&self) -> Option<&str> {
        self.text("/externalReferenceId")
    }

    /// `Incoming` or `Outgoing`.
    #[must_use]
    pub fn direction(&self) -> Option<&str> {
        self.text("/direction")
    }

    /// `Independent` or `Shared`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.text("/type")
    }

    /// `None`, `Direct`, `MarketingQualified` or `SalesQualified`.
    #[must_use]
    pub fn qualification(&self) -> Option<&str> {
        self.text("/qualification")
    }

    /// The organization that invited us.
    #[must_use]
    pub fn invited_by(&self) -> Option<&str> {
        self.text("/inviteContext/invitedBy/organizationId")
    }

    /// `New`, `Active` or `Closed`.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.text("/status")
    }

    /// `Pending`, `Received`, `Accepted`, `Won`, `Lost`, `Declined`, `Expired`, `Error`.
    #[must_use]
    pub fn substatus(&self) -> Option<&str> {
        self.text("/substatus")
    }

    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        instant(self.text("/createdDateTime")?)
    }

    /// When it last changed.
    #[must_use]
    pub fn updated(&self) -> Option<Timestamp> {
        instant(self.text("/updatedDateTime")?)
    }

    /// The whole referral as it came, members in camelCase.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.raw.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
    }
}

/// A moment; without a zone it is in UTC, as Partner Center prints some (partner-center-api 6.1).
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let zoneless = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(zoneless)
}

/// Ids only: a referral is full of people.
impl fmt::Debug for Referral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Referral").field("id", &self.id.0).field("etag", &self.etag()).finish_non_exhaustive()
    }
}

/// The documentation's own samples mix both spellings (partner-center-api 3); a member in camelCase goes first.
pub(crate) fn in_camel_case(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(in_camel_case).collect()),
        Value::Object(members) => {
            let mut renamed = Map::with_capacity(members.len());
            for (name, value) in members {
                let lower = lowered(&name);
                if lower == name || !renamed.contains_key(&lower) {
                    renamed.insert(lower, in_camel_case(value));
                }
            }
            Value::Object(renamed)
        }
        other => other,
    }
}

fn lowered(name: &str) -> String {
    let mut lower = name.to_owned();
    if let Some(first) = lower.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    lower
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "11111111-aaaa-4bbb-8ccc-000000000001";

    #[test]
    fn an_id_is_a_guid_and_nothing_else() {
        let id = ReferralId::parse("11111111-AAAA-4BBB-8CCC-000000000001").unwrap();
        assert_eq!(id.as_str(), ID);
        for wrong in ["", "..", "1/2", "11111111-aaaa-4bbb-8ccc-00000000000", "msft"] {
            assert_eq!(ReferralId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_id_of_an_event_is_the_last_part_of_its_address() {
        for uri in [
            format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{ID}"),
            format!("https://evil.example/{ID}/?x=1"),
            ID.to_owned(),
        ] {
            assert_eq!(ReferralId::from_resource_uri(&uri).unwrap().as_str(), ID, "{uri}");
        }
        assert_eq!(ReferralId::from_resource_uri("https://x/engagements/v1/referrals/"), None);
    }

    #[test]
    fn members_are_read_in_either_spelling() {
        let referral = Referral::read(json!({ "Id": ID, "ETag": "\"1\"", "Details": { "DealValue": 5 } })).unwrap();
        assert_eq!(referral.etag(), Some("\"1\""));
        assert_eq!(referral.raw().pointer("/details/dealValue"), Some(&json!(5)));
    }

    #[test]
    fn a_member_in_both_spellings_is_read_in_camel_case() {
        for raw in [json!({ "Id": "x", "id": ID }), json!({ "id": ID, "Id": "x" })] {
            assert_eq!(Referral::read(raw).unwrap().id().as_str(), ID);
        }
    }

    #[test]
    fn moments_are_read_in_every_spelling_that_was_seen() {
        let noon: Timestamp = "2026-11-23T12:00:00.1234567Z".parse().unwrap();
        for text in ["2026-11-23T12:00:00.1234567Z", "2026-11-23T12:00:00.1234567+00:00", "2026-11-23T12:00:00.1234567"]
        {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
        assert_eq!(instant("soon"), None);
    }

    #[test]
    fn money_keeps_every_digit() {
        let text = format!(r#"{{"id":"{ID}","details":{{"dealValue":12345678901234567.10}}}}"#);
        let referral = Referral::read(serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(referral.raw().pointer("/details/dealValue").unwrap().to_string(), "12345678901234567.10");
    }

    #[test]
    fn nullable_members_are_none_and_not_text() {
        let raw = json!({ "id": ID, "eTag": null, "externalReferenceId": "", "inviteContext": null, "status": 7 });
        let referral = Referral::read(raw).unwrap();
        assert_eq!((referral.etag(), referral.external_reference_id()), (None, None));
        assert_eq!((referral.invited_by(), referral.status(), referral.updated()), (None, None, None));
    }

    #[test]
    fn people_do_not_print() {
        let referral = Referral::read(json!({ "id": ID, "name": "Ada's deal" })).unwrap();
        assert!(!format!("{referral:?}").contains("Ada"));
    }
}
