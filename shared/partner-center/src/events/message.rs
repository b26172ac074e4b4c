//! What an event says, once it is believed (partner-center-api 6.2, 6.3). Docs print PascalCase, the contract camelCase.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Refusal;
use crate::ReferralId;

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
    /// To which referral; always there for the four names about referrals.
    pub referral: Option<ReferralId>,
    /// When.
    pub changed_at: Option<Timestamp>,
    /// Digest of the body: the same event again has the same.
    pub body_sha256: String,
    /// Older than any delivery can be, or from the future.
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
        let referral = text("ResourceUri", "resourceUri").and_then(ReferralId::from_resource_uri);
        if name.is_about_referrals() && referral.is_none() {
            return Err(malformed("ResourceUri names no referral"));
        }
        let changed_at: Option<Timestamp> =
            text("ResourceChangeUtcDate", "resourceChangeUtcDate").and_then(|date| date.parse().ok());
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
