//! What one side asks of the other where no field says it: an answer to a referral, and a lead that becomes something
//! else (design section 4 "Closing", "Creating").
//!
//! | referral | record | do |
//! |---|---|---|
//! | any | a lead that was merged | the link moves to its master |
//! | unanswered | a lead that a seller qualified | accept |
//! | answered | a qualified lead | the link moves to its opportunity |
//! | unanswered | open, and the seller says Accept or Decline | answer so |
//! | answered | open, and the seller says Accept or Decline | tell once that there is nothing to answer |
//! | accepted or won | an open lead whose fields are at rest | qualify it |

use crate::{Code, Entity, Link, Pair, Phase, RecordId, Side, State};

/// A seller's answer to a referral, as the column `cosell_response` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// We work on it.
    Accept,
    /// We do not.
    Decline,
}

impl Response {
    /// Both, in the order of the choice column.
    pub const ALL: [Self; 2] = [Self::Accept, Self::Decline];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
        }
    }
}

/// What a CRM record has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Open.
    Open,
    /// A lead that has become an account, a contact and an opportunity.
    Qualified,
    /// A lead that a person merged into another one.
    Merged(RecordId),
    /// Won, lost or disqualified.
    Closed,
}

/// A referral, as far as answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answerable {
    /// How far it is.
    pub phase: Phase,
    /// Whether somebody sent it to us.
    pub incoming: bool,
    /// Whether it is won.
    pub won: bool,
}

/// What was read of both sides in this round; a side that was not read says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acting {
    /// The referral.
    pub referral: Option<Answerable>,
    /// The record.
    pub record: Option<Standing>,
    /// The seller's answer, if the record was read and has one.
    pub response: Option<Response>,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Nothing: the fields are compared.
    Nothing,
    /// Read this side first.
    Look(Side),
    /// Answer the referral.
    Respond {
        /// How.
        response: Response,
        /// Whether the column asks for it, as opposed to what became of the record.
        by_column: bool,
    },
    /// Remember the column's value: it asks for nothing, or for what is so already.
    Heed(Option<Response>),
    /// Tell the seller once that this answer has no effect, and why.
    Remark(Response, Code),
    /// The link moves to the opportunity that came of the lead.
    FollowQualified,
    /// The link moves to the lead that this one was merged into.
    FollowMaster(RecordId),
    /// Qualify the lead.
    Qualify,
}

/// What is to be done before the fields are compared.
#[must_use]
pub fn act(link: &Link, seen: &Acting) -> Act {
    if !is_at_work(link) {
        return Act::Nothing;
    }
    match (&seen.record, seen.referral) {
        (None | Some(Standing::Closed), _) => Act::Nothing,
        (Some(Standing::Merged(master)), _) => Act::FollowMaster(master.clone()),
        (Some(Standing::Qualified), None) => Act::Look(Side::PartnerCenter),
        (Some(Standing::Qualified), Some(Answerable { phase: Phase::Unanswered, .. })) => {
            Act::Respond { response: Response::Accept, by_column: false }
        }
        (Some(Standing::Qualified), Some(_)) => Act::FollowQualified,
        (Some(Standing::Open), referral) => heed(link.response, seen.response, referral),
    }
}

/// What is to be done once the fields are at rest.
#[must_use]
pub fn act_at_rest(link: &Link, seen: &Acting) -> Act {
    let is_lead = link.pair.record().is_some_and(|record| record.entity == Entity::Lead);
    if !is_lead || !is_at_work(link) {
        return Act::Nothing;
    }
    match (&seen.record, seen.referral) {
        (Some(Standing::Qualified | Standing::Merged(_) | Standing::Closed), _) => Act::Nothing,
        (None, _) if link.phase.crm == Phase::Closed => Act::Nothing,
        (_, None) if link.phase.partner_center == Phase::Unanswered => Act::Nothing,
        (_, Some(Answerable { phase: Phase::Unanswered, .. })) => Act::Nothing,
        (_, Some(Answerable { phase: Phase::Closed, won: false, .. })) => Act::Nothing,
        // The customer is in the referral, the parents are in the lead, and only an open one may be qualified.
        (_, None) => Act::Look(Side::PartnerCenter),
        (None, Some(_)) => Act::Look(Side::Crm),
        (Some(Standing::Open), Some(_)) => Act::Qualify,
    }
}

fn is_at_work(link: &Link) -> bool {
    link.state == State::Active && link.intent.is_none() && matches!(link.pair, Pair::Both(..))
}

/// An answer is an act, not a field: worked once, and never again while it stands there.
fn heed(worked: Option<Response>, said: Option<Response>, referral: Option<Answerable>) -> Act {
    if said == worked {
        return Act::Nothing;
    }
    let Some(response) = said else { return Act::Heed(None) };
    match referral {
        None => Act::Look(Side::PartnerCenter),
        Some(Answerable { phase: Phase::Unanswered, .. }) => Act::Respond { response, by_column: true },
        Some(Answerable { phase: Phase::Open, incoming: true, .. }) if response == Response::Accept => Act::Heed(said),
        Some(Answerable { phase: Phase::Open, .. }) => Act::Remark(response, Code::NotAccepted),
        Some(Answerable { phase: Phase::Closed, .. }) => Act::Remark(response, Code::Closed),
    }
}
