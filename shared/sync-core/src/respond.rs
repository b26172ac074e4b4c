//! A seller's answer to an incoming referral: an act, not a field. It is worked once, remembered on the link, and never
//! written or cleared by us (design section 4 "Closing").

use crate::compare::{Round, write_off};
use crate::{Blocker, Code, Ending, FieldId, Phase, Response, Side, Snapshot, Step, reading};

/// The step that an answer which was not worked yet asks for, if there is one; else it is noted as worked.
pub(crate) fn respond(round: &mut Round<'_>, crm: &Snapshot) -> Option<Step> {
    let response = crm.response.filter(|response| round.link.answered != Some(*response))?;
    let note = match (round.phase.partner_center, response) {
        (Phase::Unanswered, _) if !round.policy.write.allows(Side::PartnerCenter) => {
            round.decision.stands(&write_off(Side::PartnerCenter));
            return None;
        }
        (Phase::Unanswered, _) => {
            let reason = reading(&crm.fields, &FieldId::new(FieldId::STATUS_REASON)).clone();
            return Some(Step::Answer { response, reason });
        }
        // What the seller wants is so already.
        (Phase::Open, Response::Accept) | (Phase::Closed(Ending::Declined), Response::Decline) => None,
        (Phase::Open, Response::Decline) => Some((
            Code::NotAccepted,
            "the referral is being worked already and can no longer be declined: close the opportunity as lost instead.",
        )),
        (Phase::Closed(_), _) => {
            Some((Code::Closed, "the referral is closed in Partner Center: it can no longer be answered."))
        }
    };
    round.decision.answered = Some(response);
    if let Some((code, text)) = note {
        round.decision.notes.push(Blocker { code, text: text.to_owned() });
    }
    None
}
