//! One mapping row: where a field is in the referral, where in the CRM, how it is spelled, which way it travels.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use sync_core::{Digest, FieldId};

use crate::Codec;

/// A mapping row, built-in or the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id: the key in `[fields.ID]`.
    pub id: FieldId,
    /// What people call it.
    pub label: String,
    /// JSON pointer into the referral.
    pub referral: String,
    /// Logical name of the CRM column; none of a set of rows.
    pub crm: Option<String>,
    /// Whose column it is.
    pub entity: Entity,
    /// How its values are spelled.
    pub codec: Codec,
    /// Which way it travels.
    pub direction: Direction,
    /// Who wins when both sides moved.
    pub owner: Owner,
    /// Rows of one group merge as one value.
    pub group: Option<String>,
    /// Referral value to CRM value, of a choice.
    pub choices: BTreeMap<String, String>,
    /// The most UTF-16 units that the CRM column takes, of a text.
    pub max_length: Option<u32>,
    /// Whether the user accepts that the way back is not known: several referral values lead to one CRM value.
    pub lossy: bool,
    /// Whether Partner Center takes it empty.
    pub clearable: bool,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Every word that may be written in the settings.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// The word in the settings.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What a word of the settings means.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Whose column a row names.
    Entity {
        /// The deal.
        Opportunity = "opportunity",
        /// The lead.
        Lead = "lead",
        /// The customer's account.
        Account = "account",
        /// The customer's contact.
        Contact = "contact",
    }
}

words! {
    /// Which way a row travels.
    Direction {
        /// Both ways.
        Both = "both",
        /// From Partner Center to the CRM.
        ToCrm = "to_crm",
        /// From the CRM to Partner Center.
        ToPartner = "to_partner",
        /// Once, when the other half is made; never after.
        CreateOnly = "create_only",
        /// False to true only, by a user's act.
        Rise = "rise",
        /// Read when Microsoft is invited, frozen afterwards.
        Invite = "invite",
        /// Nowhere.
        Off = "off",
    }
}

words! {
    /// Who wins when both sides moved.
    Owner {
        /// The CRM.
        Crm = "crm",
        /// Partner Center.
        PartnerCenter = "partner_center",
        /// A person decides.
        Ask = "ask",
    }
}

impl Row {
    /// Whether values of the row are ever written to the referral.
    #[must_use]
    pub fn writes_referral(&self) -> bool {
        match self.direction {
            // No referral is made of a lead.
            Direction::CreateOnly => self.entity != Entity::Lead,
            Direction::Both | Direction::ToPartner | Direction::Rise | Direction::Invite => true,
            Direction::ToCrm | Direction::Off => false,
        }
    }

    /// Whether values of the row are ever written to its CRM column.
    #[must_use]
    pub fn writes_crm(&self) -> bool {
        match self.direction {
            Direction::Both | Direction::ToCrm | Direction::CreateOnly | Direction::Rise => true,
            Direction::ToPartner | Direction::Invite | Direction::Off => false,
        }
    }

    /// Whether its values are contact data, which is shown nowhere but in its own column.
    #[must_use]
    pub fn is_of_person(&self) -> bool {
        ["/customerProfile/team", "/team"].iter().any(|people| self.referral.starts_with(people))
    }

    /// What the row means, condensed. Owner and direction are not part of it: changing them makes no base void.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digest = Sha256::new();
        let choices = self.choices.iter().flat_map(|(referral, crm)| [referral.as_str(), crm.as_str()]);
        let group = self.group.as_deref().unwrap_or_default();
        let parts =
            [&self.referral, self.crm.as_deref().unwrap_or_default(), self.entity.word(), self.codec.word(), group];
        for part in parts.into_iter().chain(choices) {
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        let bytes = digest.finalize();
        // Half of it is plenty for telling two rows apart, and every base entry carries one.
        Digest::new(bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

/// `deal_value` as people say it.
pub(crate) fn spoken(id: &str) -> String {
    let mut words = id.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
