//! How openly a deal is worked with Microsoft, and the next act that makes it what the seller asked for (partner-center-api
//! 4.3, 4.4).
//!
//! ```text
//! Private ----share----> PartnerLed ----invite----> CoSell        never back: sharing and inviting cannot be undone
//!    `-------share, with the customer's contact-------^
//! ```
//! The acts follow from what both sides say now, not from what was done so far: a worker that died in between, or an
//! answer that never came, leaves the same question with the same answer.

use crate::{Base, Blocker, Code, Policy, Reading, ReferralId, RuleField, Side, reading};
use crate::{FieldId, Fields};

/// How openly a deal is worked with Microsoft. Each includes the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DealType {
    /// Nobody at Microsoft sees it.
    Private,
    /// Microsoft's sellers see it.
    PartnerLed,
    /// Microsoft's sellers are asked for help.
    CoSell,
}

/// Microsoft's own referral in the engagement, as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Microsoft {
    /// Its id.
    pub referral: ReferralId,
    /// `Status/Substatus`.
    pub status: String,
    /// Microsoft's CRM id, once its seller has accepted.
    pub crm_id: Option<String>,
}

impl Microsoft {
    /// Whether Microsoft may still change it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.status.starts_with("Closed")
    }

    /// What is known after `seen`: an id that Microsoft once named stays.
    #[must_use]
    pub fn seen_again(self, before: Option<&Self>) -> Self {
        let kept = || before.filter(|before| before.referral == self.referral)?.crm_id.clone();
        Self { crm_id: self.crm_id.clone().or_else(kept), ..self }
    }
}

/// What both sides say about sharing an open deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// What the seller asks for.
    pub asked: DealType,
    /// Whether the record says that Microsoft's sellers see the deal.
    pub shown: bool,
    /// Whether it said so when it was last read or written.
    pub was_shown: bool,
    /// Whether Microsoft's sellers do see it.
    pub shared: bool,
    /// Whether the referral names a customer contact.
    pub has_contact: bool,
    /// Whether Microsoft is in the engagement.
    pub invited: bool,
    /// What keeps the record's customer contact from being sent.
    pub contact_missing: Option<Blocker>,
}

/// What to do next in Partner Center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Nothing.
    Rest,
    /// Something is missing first; nothing is written before.
    Block(Blocker),
    /// Change our own referral.
    Share {
        /// Let Microsoft's sellers see it.
        flag: bool,
        /// Name the customer's contact, which freezes once the deal is shared (partner-center-api 5.2).
        contact: bool,
    },
    /// Make Microsoft's referral.
    Invite,
}

/// How the record's flag differs from what is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// It is as it should be.
    Right,
    /// The deal is seen by Microsoft's sellers, and the record does not say so yet.
    Risen,
    /// The seller took it back, which cannot be done.
    Lowered,
}

impl Sharing {
    /// What to do next in Partner Center.
    #[must_use]
    pub fn opening(&self, policy: &Policy) -> Opening {
        let help = self.asked == DealType::CoSell && !self.invited;
        let contact = help && !self.has_contact;
        let flag = self.asked > DealType::Private && !self.shared;
        if !help && !flag {
            return Opening::Rest;
        }
        if !policy.write.allows(Side::PartnerCenter) {
            return Opening::Block(Blocker::write_off(Side::PartnerCenter));
        }
        match &self.contact_missing {
            Some(missing) if contact => Opening::Block(missing.clone()),
            _ if flag || contact => Opening::Share { flag, contact },
            _ => Opening::Invite,
        }
    }

    /// How the record's flag differs from what is so.
    #[must_use]
    pub fn flag(&self) -> Flag {
        match (self.shared, self.shown, self.was_shown) {
            (false, ..) | (true, true, _) => Flag::Right,
            (true, false, false) => Flag::Risen,
            (true, false, true) => Flag::Lowered,
        }
    }
}

/// The rows among `once` that a seller edited after they had been sent, with what they held before. What was never sent
/// has no base, and what cannot be read is no edit.
#[must_use]
pub fn edited_too_late(base: &Base, seen: &Fields, once: &[RuleField]) -> Vec<(FieldId, Reading)> {
    let edited = |field: &RuleField| {
        let (before, now) = (base.get(&field.id, &field.digest)?, reading(seen, &field.id));
        (now.is_known() && now != before).then(|| (field.id.clone(), before.clone()))
    };
    once.iter().filter_map(edited).collect()
}

/// What to do about the record's owner and the referral's team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    /// Nothing.
    Rest,
    /// Remember the owner, write nothing: a first sight, or a member already.
    Note,
    /// Bring the owner into the team.
    Add,
}

/// Whether the owner joins the team. `members` holds one member per line; nobody is ever removed, and who was removed in
/// Partner Center is not brought back.
#[must_use]
pub fn joining(base: Option<&Reading>, owner: &Reading, members: &Reading) -> Joining {
    match (base, owner, members) {
        (_, Reading::Unknown, _) | (_, _, Reading::Unknown) => Joining::Rest,
        (Some(base), owner, _) if base == owner => Joining::Rest,
        (None, ..) | (_, Reading::Cleared, _) => Joining::Note,
        (_, Reading::Is(_), Reading::Cleared) => Joining::Add,
        (_, Reading::Is(owner), Reading::Is(members)) => {
            match members.as_str().lines().any(|member| member == owner.as_str()) {
                true => Joining::Note,
                false => Joining::Add,
            }
        }
    }
}

impl Blocker {
    /// The settings forbid to write `side`.
    #[must_use]
    pub fn write_off(side: Side) -> Self {
        let text = format!("{} is not written: set write in the [sync] table.", side.label());
        Self { code: Code::WriteOff, text }
    }
}
