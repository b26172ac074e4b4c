//! How the deal stands on both sides (design section 4 "Closing"). Classes are compared: open, won, lost. A side is
//! closed by an action of its own, and none is ever reopened.

use crate::compare::Round;
use crate::{
    Blocker, BySide, Code, Ending, Entity, FieldId, Held, Phase, Rule, Side, Class, Verdict, merge, reading,
};

/// What becomes of the status group.
pub(crate) enum StatusVerdict {
    /// As any other group.
    Plain(Verdict),
    /// Close `to`.
    Close {
        /// Which side.
        to: Side,
        /// How it ends there.
        ending: Ending,
        /// Both sides had moved.
        conflict: bool,
    },
    /// The referral ended in a way that does not end an accepted deal: its seller is told.
    StaysOpen(Blocker),
    /// Both sides ended, differently, or one that has ended was reopened: nothing is reopened by us.
    ClosedDifferently(Blocker),
    /// They still are as their seller was told.
    StillDifferent(Blocker),
}

impl FieldId {
    /// The id of the field that says how the deal stands.
    pub const STATUS: &'static str = "status";
    /// The id of the field that says why it ended; it travels only with a close.
    pub const STATUS_REASON: &'static str = "status_reason";
}

/// Decides the status group.
pub(crate) fn decide_status(round: &Round<'_>, rule: &Rule) -> StatusVerdict {
    let off = BySide::from_fn(|side| (!round.policy.write.allows(side)).then_some(Held::WriteOff));
    let verdict = merge(rule, &round.link.base, round.seen, &off);
    let (to, conflict, is_off) = match verdict {
        Verdict::Write { to, conflict } => (to, conflict, false),
        Verdict::Held { to, .. } => (to, false, true),
        Verdict::Rest if still_differs(round) => {
            return StatusVerdict::StillDifferent(closed_differently(round, rule));
        }
        plain => return StatusVerdict::Plain(plain),
    };
    if round.phase[to].is_closed() {
        return StatusVerdict::ClosedDifferently(closed_differently(round, rule));
    }
    let ending = match (to, round.phase[to.other()]) {
        (Side::Crm, Phase::Closed(ending)) => match stays_open(round, ending) {
            Some(note) => return StatusVerdict::StaysOpen(note),
            None => ending,
        },
        (Side::PartnerCenter, Phase::Closed(ending)) => match (ending, round.phase.partner_center) {
            (Ending::Won, Phase::Unanswered) => {
                return StatusVerdict::Plain(Verdict::Held { to, why: Held::Unanswered });
            }
            (Ending::Won, _) => Ending::Won,
            (_, Phase::Unanswered) => Ending::Declined,
            _ => Ending::Lost,
        },
        // The fields say more than the phase does; whoever reads both from one answer never comes here.
        (_, Phase::Open | Phase::Unanswered) => return StatusVerdict::Plain(Verdict::Wait),
    };
    match is_off {
        true => StatusVerdict::Plain(verdict),
        false => StatusVerdict::Close { to, ending, conflict },
    }
}

/// Whether the seller was told that both sides ended differently, and they still do.
fn still_differs(round: &Round<'_>) -> bool {
    let told = round.link.problem.as_ref().is_some_and(|problem| problem.blocker.code == Code::ClosedDifferently);
    told && round.phase.partner_center.class() != round.phase.crm.class()
}

/// An expired or failed referral does not end a deal that was accepted; one that nobody answered is over. A lead cannot
/// be won, and an end that we do not know ends nothing.
fn stays_open(round: &Round<'_>, ending: Ending) -> Option<Blocker> {
    let is_lead = round.link.pair.record().is_some_and(|record| record.entity == Entity::Lead);
    let goes_on = match ending {
        Ending::Lost | Ending::Declined => false,
        Ending::Won => is_lead,
        Ending::Expired | Ending::Error => round.link.accepted && !is_lead,
        Ending::Unclear => true,
    };
    goes_on.then(|| {
        let text = format!(
            "the referral {} in Partner Center; the {} stays open here.",
            ending.sentence(),
            match is_lead {
                true => Entity::Lead.word(),
                false => Entity::Opportunity.word(),
            }
        );
        Blocker { code: ending.code(), text }
    })
}

fn closed_differently(round: &Round<'_>, rule: &Rule) -> Blocker {
    let word = |side: Side| {
        let field = rule.fields.first().map(|field| &field.id);
        let class = field.and_then(|field| reading(round.seen[side], field).value());
        class.map_or(round.phase[side].class().word(), |value| {
            Class::from_word(value.as_str()).map_or(Class::Open.word(), Class::word)
        })
    };
    let (partner_center, crm) = (word(Side::PartnerCenter), word(Side::Crm));
    let text = format!("the deal is {partner_center} in Partner Center and {crm} here: nothing is reopened.");
    Blocker { code: Code::ClosedDifferently, text }
}

impl Ending {
    /// The code of the audit line that tells it.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Won | Self::Lost | Self::Declined | Self::Error => Code::Closed,
            Self::Expired => Code::Expired,
            Self::Unclear => Code::UnknownValue,
        }
    }

    /// What to say of it, after "the referral".
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Won => "was won",
            Self::Lost => "was lost",
            Self::Declined => "was declined",
            Self::Expired => "expired, because nobody answered in time,",
            Self::Error => "was closed as an error",
            Self::Unclear => "was closed in a way that is not known",
        }
    }
}
