//! The one remote effect of an intent, word for word, so that a repetition is the same request.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sync_core::{BySide, Digest, Effect, Etag, FieldId, Fields, Intent, IntentId, Link, Policy, Side, Told};
use uuid::Uuid;

use crate::time;

/// What is sent, without the precondition, which is the intent's etag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// `POST` a referral.
    CreateReferral(Value),
    /// `PATCH` the link's referral.
    PatchReferral(Vec<Change>),
    /// `PATCH` a CRM row that must not exist yet, under a key that only we would choose.
    CreateRow {
        /// Entity set.
        set: String,
        /// Its key.
        key: RowKey,
        /// Its columns.
        columns: Map<String, Value>,
    },
    /// `PATCH` the link's record, or the one that the link moves to.
    UpdateRecord(Map<String, Value>),
    /// Qualify the link's lead.
    QualifyLead(Value),
}

/// How a CRM row that we make is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RowKey {
    /// Its primary key, chosen by us.
    Primary(Uuid),
    /// An alternate key.
    Alternate {
        /// The key's column.
        column: String,
        /// Its value.
        value: String,
    },
}

/// One JSON Patch operation (RFC 6902); Partner Center takes `add` and `replace` (partner-center-api 4.8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Whether the member is set whether or not it is there.
    pub(crate) add: bool,
    /// JSON pointer.
    pub(crate) path: String,
    /// The new value.
    pub(crate) value: Value,
}

/// What an intent is made of, apart from the request itself.
pub(crate) struct Plan<'a> {
    pub(crate) side: Side,
    pub(crate) effect: Effect,
    pub(crate) sent: Fields,
    /// Both sides as decided upon.
    pub(crate) seen: &'a BySide<Fields>,
    pub(crate) target_etag: Option<Etag>,
    pub(crate) tells: Option<Told>,
}

/// A new id for an intent; the CRM's stamp column carries it.
pub(crate) fn new_id() -> IntentId {
    IntentId::new(Uuid::now_v7().to_string())
}

/// Puts an intent together.
pub(crate) fn intent(id: IntentId, plan: Plan<'_>, request: &Request, policy: &Policy, now: jiff::Timestamp) -> Intent {
    let digests: Vec<(FieldId, Digest)> = policy
        .fields()
        .filter(|field| plan.sent.contains_key(&field.id))
        .map(|field| (field.id.clone(), field.digest.clone()))
        .collect();
    let of_sent = |fields: &Fields| -> Fields {
        fields.iter().filter(|(id, _)| plan.sent.contains_key(*id)).map(|(id, r)| (id.clone(), r.clone())).collect()
    };
    Intent {
        id,
        source: of_sent(&plan.seen[plan.side.other()]),
        side: plan.side,
        effect: plan.effect,
        request: serde_json::to_string(request).unwrap_or_default(),
        sent: plan.sent,
        digests,
        target_etag: plan.target_etag,
        tells: plan.tells,
        started_at: time::core(now),
        attempted_at: time::core(now),
        tries: 1,
    }
}

/// The request of the intent in flight; none if it can't be read, which only another version of ours could cause.
pub(crate) fn of(link: &Link) -> Option<Request> {
    serde_json::from_str(&link.intent.as_ref()?.request).ok()
}
