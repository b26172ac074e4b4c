//! The durable note of one remote effect, written before the effect.

use crate::{Base, BySide, Digest, Etag, FieldId, Fields, IntentId, Link, RecordRef, Response, Side, Timestamp, Told};

/// What kind of effect it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Makes the missing half of the pair.
    Create,
    /// Makes a row that the missing half needs first (an account), under a primary key chosen by us.
    Parent {
        /// Logical name of the table.
        table: String,
        /// The chosen primary key.
        key: String,
    },
    /// Changes mapped fields.
    Update,
    /// Changes only columns that are ours: ids, state, audit.
    Tell,
    /// Answers the referral.
    Respond {
        /// How.
        response: Response,
        /// Whether the seller's column asked for it, which is then worked.
        by_column: bool,
    },
    /// Qualifies the lead.
    Qualify,
    /// Lets the deal go on in another record, which gets our columns.
    Move {
        /// Which.
        to: RecordRef,
        /// What both sides' bases are from then on.
        base: BySide<Base>,
        /// The merged record that keeps the referral's id, if its master is the new record.
        subordinate: Option<RecordRef>,
    },
}

/// One remote effect that may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its id, which the CRM's stamp column carries.
    pub id: IntentId,
    /// The side that it writes.
    pub side: Side,
    /// What it does.
    pub effect: Effect,
    /// The request, word for word, so that a repetition is the same request.
    pub request: String,
    /// The other side as it was when this was decided: what its base becomes when the effect is known to have happened.
    pub source: Fields,
    /// What the target is asked to hold.
    pub sent: Fields,
    /// Digests of the mapping rows of `source` and `sent`; of a create, those of every row that has a rule.
    pub digests: Vec<(FieldId, Digest)>,
    /// The target's version that the write is conditional on; none for a create.
    pub target_etag: Option<Etag>,
    /// What the CRM record is told along with it.
    pub tells: Option<Told>,
    /// When it was decided.
    pub started_at: Timestamp,
    /// When the effect was last attempted.
    pub attempted_at: Timestamp,
    /// How often it was attempted.
    pub tries: u32,
}

impl Intent {
    /// From when on an attempt whose answer never came cannot land any more: `wait_millis` after the last attempt.
    #[must_use]
    pub fn ripe_at(&self, wait_millis: i64) -> Timestamp {
        self.attempted_at.plus_millis(wait_millis)
    }

    /// The digest of a field's row when the intent was made.
    #[must_use]
    pub fn digest(&self, field: &FieldId) -> Option<&Digest> {
        self.digests.iter().find(|(id, _)| id == field).map(|(_, digest)| digest)
    }
}

impl Link {
    /// Notes an intent before its effect. There is room for one: says whether it was noted.
    #[must_use]
    pub fn begin(&mut self, intent: Intent) -> bool {
        let free = self.intent.is_none();
        if free {
            self.intent = Some(intent);
        }
        free
    }

    /// Notes that the effect in flight is attempted once more; to be saved before the request is sent.
    pub fn try_again(&mut self, now: Timestamp) {
        if let Some(intent) = &mut self.intent {
            intent.attempted_at = now;
            intent.tries = intent.tries.saturating_add(1);
        }
    }
}
