//! What may travel where, and who wins: the part of the mapping that decides.

use crate::{Digest, FieldId, Reading, Side};

/// Which way a group travels once the link exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// From Partner Center to the CRM.
    ToCrm,
    /// From the CRM to Partner Center.
    ToPartnerCenter,
    /// Nowhere: values are observed.
    Off,
}

impl Direction {
    /// Whether a value may be written to `side`.
    #[must_use]
    pub fn allows(self, side: Side) -> bool {
        match (self, side) {
            (Self::Both, _) | (Self::ToCrm, Side::Crm) | (Self::ToPartnerCenter, Side::PartnerCenter) => true,
            (Self::Off, _) | (Self::ToCrm, Side::PartnerCenter) | (Self::ToPartnerCenter, Side::Crm) => false,
        }
    }
}

/// Who wins when both sides moved to different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// That side.
    Side(Side),
    /// A person decides; until then nothing is written.
    Ask,
}

/// The setting `sync.write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Both sides are written.
    Both,
    /// Only the CRM is written: staging beside production.
    Crm,
    /// Nothing is written: a shadow run.
    None,
}

impl WriteMode {
    /// Whether `side` may be written at all.
    #[must_use]
    pub fn allows(self, side: Side) -> bool {
        match (self, side) {
            (Self::Both, _) | (Self::Crm, Side::Crm) => true,
            (Self::None, _) | (Self::Crm, Side::PartnerCenter) => false,
        }
    }
}

/// One field of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleField {
    /// The field.
    pub id: FieldId,
    /// Digest of its mapping row.
    pub digest: Digest,
    /// Whether "known to be empty" may be written to Partner Center, which refuses an empty name, value or date
    /// (partner-center-api 5.2).
    pub clearable: bool,
}

/// How one group merges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The group's id; a lone field's own id.
    pub group: String,
    /// What people call it.
    pub label: String,
    /// Its fields; never none.
    pub fields: Vec<RuleField>,
    /// Which way it travels.
    pub direction: Direction,
    /// Who wins.
    pub owner: Owner,
}

impl Rule {
    /// Whether these readings, one per field in order, can be written to `side`.
    #[must_use]
    pub fn can_send(&self, side: Side, readings: &[&Reading]) -> bool {
        self.direction.allows(side)
            && self.fields.iter().zip(readings).all(|(field, reading)| match reading {
                Reading::Unknown => false,
                Reading::Cleared => field.clearable || side == Side::Crm,
                Reading::Is(_) => true,
            })
    }
}

/// All rules, and what may be written at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// One rule per group, in the order of the mapping table. Rows that have no decision once the link exists
    /// (`create_only`, `invite`) are not here.
    pub rules: Vec<Rule>,
    /// The setting `sync.write`.
    pub write: WriteMode,
    /// Whether a referral that is closed when it is first seen makes a record after all (`sync --include-closed`).
    pub include_closed: bool,
    /// Digest of all rules' digests: an etag saved under another policy settles nothing.
    pub digest: Digest,
}

impl Policy {
    /// Every field that has a rule.
    pub fn fields(&self) -> impl Iterator<Item = &RuleField> {
        self.rules.iter().flat_map(|rule| &rule.fields)
    }
}
