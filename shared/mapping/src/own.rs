//! The columns that only we write: ids, sync state, audit, stamp (design section 5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sync_core::{Code, IntentId, SyncState};

use crate::Mapping;

/// Names of our own columns and tables under the configured prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnColumns {
    /// Share with Partner Center.
    pub sync: String,
    /// Referral id; an alternate key.
    pub referral_id: String,
    /// Engagement id.
    pub engagement_id: String,
    /// Where a person opens the referral.
    pub referral_link: String,
    /// Choice: Accept, Decline; the seller's answer to an incoming referral.
    pub response: String,
    /// Why the seller declines or gives up.
    pub reason: String,
    /// Choice: Pending, Synced, Failed, Conflict, Waiting.
    pub sync_state: String,
    /// Newest first.
    pub audit: String,
    /// The intent that wrote last.
    pub stamp: String,
    /// Entity set of the solution rows.
    pub solution_set: String,
    /// A solution row's lookup of its opportunity, as it is read.
    pub solution_opportunity: String,
    /// A solution row's name.
    pub solution_name: String,
    /// A solution row's code.
    pub solution_code: String,
    /// Collection navigation from an opportunity to its solution rows.
    pub solution_rows: String,
}

/// Option of the first sync state; the others follow in the order of [`SyncState::ALL`].
const FIRST_STATE: u32 = 727_000_001;
/// The most UTF-16 units that the audit column takes.
const AUDIT_UNITS_MAX: usize = 100_000;

impl OwnColumns {
    pub(crate) fn new(prefix: &str) -> Self {
        let column = |name: &str| format!("{prefix}_{name}");
        Self {
            sync: column("sync"),
            referral_id: column("referralid"),
            engagement_id: column("engagementid"),
            referral_link: column("referrallink"),
            response: column("response"),
            reason: column("reason"),
            sync_state: column("syncstate"),
            audit: column("audit"),
            stamp: column("stamp"),
            solution_set: column("solutions"),
            solution_opportunity: format!("_{}_value", column("opportunityid")),
            solution_name: column("name"),
            solution_code: column("code"),
            solution_rows: format!("{prefix}_opportunity_{prefix}_solution"),
        }
    }
}

/// What our own columns are to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnWrite<'a> {
    /// The sync state.
    pub state: SyncState,
    /// The referral's id, once there is one.
    pub referral_id: Option<&'a str>,
    /// Its engagement's.
    pub engagement_id: Option<&'a str>,
    /// Where a person opens it.
    pub referral_link: Option<String>,
    /// Audit lines, newest first.
    pub audit: &'a [String],
    /// The intent that writes.
    pub stamp: &'a IntentId,
}

impl Mapping {
    /// Our own columns, as they ride along with a write. An id that is not known yet is left out, never cleared.
    #[must_use]
    pub fn own_columns(&self, write: &OwnWrite<'_>) -> Map<String, Value> {
        let own = &self.own;
        let position = SyncState::ALL.iter().position(|state| *state == write.state).unwrap_or_default();
        let option = FIRST_STATE + u32::try_from(position).unwrap_or_default();
        let mut columns = Map::new();
        columns.insert(own.sync_state.clone(), json!(option));
        columns.insert(own.stamp.clone(), json!(write.stamp.as_str()));
        columns.insert(own.audit.clone(), json!(audit(write.audit)));
        let ids = [
            (&own.referral_id, write.referral_id),
            (&own.engagement_id, write.engagement_id),
            (&own.referral_link, write.referral_link.as_deref()),
        ];
        for (column, value) in ids {
            if let Some(value) = value {
                columns.insert(column.clone(), json!(value));
            }
        }
        columns
    }
}

/// The audit column: whole lines, as many as fit.
fn audit(lines: &[String]) -> String {
    let mut left = AUDIT_UNITS_MAX;
    let mut kept = Vec::new();
    for line in lines {
        match left.checked_sub(line.encode_utf16().count() + 1) {
            Some(rest) => left = rest,
            None => break,
        }
        kept.push(line.as_str());
    }
    kept.join("\n")
}

/// One audit line: `2026-11-23T05:00Z OK synced: sentence` (design section 5).
#[must_use]
pub fn audit_line(at: Timestamp, state: SyncState, code: Code, sentence: &str) -> String {
    let word = match state {
        SyncState::Synced => "OK",
        SyncState::Pending | SyncState::Waiting => "WAIT",
        SyncState::Failed => "FAIL",
        SyncState::Conflict => "CONFLICT",
    };
    let at = at.strftime("%Y-%m-%dT%H:%MZ");
    format!("{at} {word} {}: {}", code.word(), sentence.replace(['\n', '\r'], " "))
}
