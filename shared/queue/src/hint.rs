//! "Look at this id on this side": all that an event, a poll or a replay ever says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Which side to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintSide {
    /// Partner Center.
    PartnerCenter,
    /// The CRM.
    Crm,
}

impl HintSide {
    /// The word in the message body.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PartnerCenter => "partner_center",
            Self::Crm => "crm",
        }
    }
}

/// What the id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A referral.
    Referral,
    /// An opportunity.
    Opportunity,
    /// A lead.
    Lead,
    /// A solution row of an opportunity.
    Solution,
}

/// The body of a message (design section 7, door `queue`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Where to look.
    pub side: HintSide,
    /// At what.
    pub entity: Entity,
    /// Its id.
    pub id: String,
    /// What woke us: `event`, `related`, `feed`, `due`, `command`.
    pub cause: String,
    /// When.
    pub seen_at: Timestamp,
}

impl Hint {
    /// Messages of one group are worked in order, one at a time.
    #[must_use]
    pub fn group(&self) -> String {
        format!("{}:{}", self.side.word(), self.id)
    }

    /// Whether one look answers both. What a wake or a person asks for is more than what a change on one side does.
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let change = |hint: &Self| ["event", "feed"].contains(&hint.cause.as_str());
        (self.side, self.entity, &self.id) == (other.side, other.entity, &other.id)
            && (self.cause == other.cause || change(self) && change(other))
    }
}

/// A hint and what makes it the same as another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The hint.
    pub hint: Hint,
    dedupe_id: String,
}

impl Message {
    /// A message whose identity is the digest of `parts`.
    #[must_use]
    pub fn new(hint: Hint, parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        let dedupe_id = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { hint, dedupe_id }
    }

    /// A message as it was stored.
    #[must_use]
    pub fn restore(hint: Hint, dedupe_id: String) -> Self {
        Self { hint, dedupe_id }
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn dedupe_id(&self) -> &str {
        &self.dedupe_id
    }
}
