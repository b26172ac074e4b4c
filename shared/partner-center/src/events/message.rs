//! What an event says, once it is believed (partner-center-api 6.2, 6.3). Docs print PascalCase, the contract camelCase.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Refusal;
use crate::ReferralId;
use crate::referral::instant;

/// Deeper than this is no event.
const DEPTH_MAX: usize = 16;
/// Longer than this is no name and no address.
const TEXT_BYTES_MAX: usize = 2048;
/// Ten attempts take days at most.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Clocks differ by less than this.
const NEWEST: SignedDuration = SignedDuration::from_mins(10);

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub name: EventName,
    /// To which referral; there for the four names about referrals, and for no other.
    pub referral: Option<ReferralId>,
    /// When.
    pub changed_at: Option<Timestamp>,
    /// Digest of the body: the same event again has the same.
    pub body_sha256: String,
    /// Older than any delivery can be, or from the future (reliability 1.3, point 9). An event without a date is not.
    pub stale: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventName {
    /// A referral of ours appeared.
    ReferralCreated,
    /// It changed.
    ReferralUpdated,
    /// Another member of the engagement appeared.
    RelatedReferralCreated,
    /// That one changed.
    RelatedReferralUpdated,
    /// Somebody asked for a test.
    Test,
    /// Something that is not about referrals.
    Other(String),
}

impl Event {
    pub(super) fn read(body: &[u8], body_sha256: String, now: Timestamp) -> Result<Self, Refusal> {
        let malformed = |reason: &str| Refusal::Malformed { reason: reason.to_owned() };
        // Of a member that comes twice the last one counts: the signer is Microsoft, and it is a hint all the same.
        let root: Value = serde_json::from_slice(body).map_err(|_| malformed("the body is not JSON"))?;
        if depth(&root) > DEPTH_MAX {
            return Err(malformed("the body is nested too deep"));
        }
        let text = |pascal: &str, camel: &str| {
            let value = root.get(pascal).or_else(|| root.get(camel))?.as_str()?;
            (value.len() <= TEXT_BYTES_MAX).then_some(value)
        };
        let name = text("EventName", "eventName").ok_or_else(|| malformed("there is no EventName"))?;
        let name = EventName::of(name);
        let id = || text("ResourceUri", "resourceUri").and_then(ReferralId::from_resource_uri);
        let referral = match name.is_about_referrals() {
            true => Some(id().ok_or_else(|| malformed("ResourceUri names no referral"))?),
            false => None,
        };
        let changed_at = text("ResourceChangeUtcDate", "resourceChangeUtcDate").and_then(instant);
        let stale = changed_at.is_some_and(|at| {
            let age = now.duration_since(at);
            age > OLDEST || age < -NEWEST
        });
        Ok(Self { name, referral, changed_at, body_sha256, stale })
    }
}

impl EventName {
    fn of(name: &str) -> Self {
        match name {
            "referral-created" => Self::ReferralCreated,
            "referral-updated" => Self::ReferralUpdated,
            "related-referral-created" => Self::RelatedReferralCreated,
            "related-referral-updated" => Self::RelatedReferralUpdated,
            "test-created" => Self::Test,
            other => Self::Other(other.to_owned()),
        }
    }

    fn is_about_referrals(&self) -> bool {
        !matches!(self, Self::Test | Self::Other(_))
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
    const NOW: &str = "2026-11-23T12:00:00Z";

    fn read(body: &str) -> Result<Event, Refusal> {
        Event::read(body.as_bytes(), "digest".to_owned(), NOW.parse().unwrap())
    }

    fn event(name: &str, changed_at: &str) -> Value {
        json!({
            "EventName": name,
            "ResourceUri": format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{ID}"),
            "ResourceName": "referral",
            "AuditUri": null,
            "ResourceChangeUtcDate": changed_at,
        })
    }

    #[test]
    fn the_documented_event_is_read_in_both_spellings() {
        let pascal = event("referral-updated", "2026-11-23T05:00:00.5485487+00:00").to_string();
        let camel = pascal.replace("EventName", "eventName").replace("Resource", "resource");
        for body in [pascal, camel] {
            let event = read(&body).unwrap();
            assert_eq!(event.name, EventName::ReferralUpdated);
            assert_eq!(event.referral.unwrap().as_str(), ID);
            assert_eq!(event.changed_at, Some("2026-11-23T05:00:00.5485487Z".parse().unwrap()));
            assert!(!event.stale);
        }
    }

    #[test]
    fn every_name_is_known_or_kept() {
        for (name, expected) in [
            ("referral-created", EventName::ReferralCreated),
            ("referral-updated", EventName::ReferralUpdated),
            ("related-referral-created", EventName::RelatedReferralCreated),
            ("related-referral-updated", EventName::RelatedReferralUpdated),
            ("test-created", EventName::Test),
            ("invoice-ready", EventName::Other("invoice-ready".to_owned())),
        ] {
            let event = read(&event(name, NOW).to_string()).unwrap();
            assert_eq!(event.referral.is_some(), expected.is_about_referrals(), "a correlation id is no referral");
            assert_eq!(event.name, expected);
        }
    }

    #[test]
    fn an_event_of_an_impossible_age_is_stale() {
        for (changed_at, stale) in [
            ("2026-11-09T12:00:00Z", false),
            ("2026-11-09T11:59:59Z", true),
            ("2026-11-23T12:10:00Z", false),
            ("2026-11-23T12:10:01Z", true),
            ("0001-01-01T00:00:00Z", true),
            ("yesterday", false),
        ] {
            assert_eq!(read(&event("referral-updated", changed_at).to_string()).unwrap().stale, stale, "{changed_at}");
        }
    }

    #[test]
    fn what_is_no_event_is_malformed() {
        let deep = format!(r#"{{"EventName":"referral-updated","x":{}{}}}"#, "[".repeat(17), "]".repeat(17));
        let deeper = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let long = json!({ "EventName": "x".repeat(TEXT_BYTES_MAX + 1) }).to_string();
        for wrong in [
            "",
            "{",
            "7",
            "[]",
            "{}",
            r#"{"EventName":7}"#,
            r#"{"EventName":"referral-updated"}"#,
            r#"{"EventName":"referral-updated","ResourceUri":"https://x/engagements/v1/referrals/"}"#,
            r#"{"EventName":"referral-updated","ResourceUri":"https://x/engagements/v1/referrals/../1"}"#,
            &deep,
            &deeper,
            &long,
        ] {
            assert!(matches!(read(wrong), Err(Refusal::Malformed { .. })), "{wrong:.80}");
        }
    }
}
