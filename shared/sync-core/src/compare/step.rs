//! Which one thing is done, when several are to be done.

use crate::compare::Round;
use crate::{Decision, Entry, FieldId, Kind, Reading, Side, Step, reading};

impl Round<'_> {
    /// The one thing to do.
    pub(super) fn step(mut self) -> Decision {
        let reason = |side: Side| reading(self.seen[side], &FieldId::new(FieldId::STATUS_REASON)).clone();
        let told = self.link.told.as_ref().and_then(|told| told.closing);
        let member = self.members.iter().next().map(|(id, reading)| (id.clone(), reading.clone()));
        let (entries, step) = match (self.closing.crm, member) {
            (None, ..) if !self.writes.crm.is_empty() => {
                (Done::Fields(Side::Crm), Step::Update { side: Side::Crm, sent: std::mem::take(&mut self.writes.crm) })
            }
            (_, Some((member, reading))) => {
                (Done::Member(member.clone()), Step::Member { member, there: reading.value().is_some() })
            }
            (Some(ending), ..) if told == Some(ending) && self.writes.crm.is_empty() => {
                (Done::Status(Side::Crm), Step::CloseRecord { ending })
            }
            (Some(ending), ..) => {
                let mut sent = std::mem::take(&mut self.writes.crm);
                if let known @ Reading::Is(_) = reason(Side::PartnerCenter)
                    && known != reason(Side::Crm)
                {
                    sent.insert(FieldId::new(FieldId::STATUS_REASON), known);
                }
                (Done::Fields(Side::Crm), Step::Prepare { ending, sent })
            }
            (None, ..) if !self.writes.partner_center.is_empty() => {
                let side = Side::PartnerCenter;
                (Done::Fields(side), Step::Update { side, sent: std::mem::take(&mut self.writes[side]) })
            }
            (None, ..) => match self.closing.partner_center {
                Some(ending) => {
                    (Done::Status(Side::PartnerCenter), Step::CloseReferral { ending, reason: reason(Side::Crm) })
                }
                None => (Done::Nothing, Step::Rest),
            },
        };
        self.decision.entries.retain(|entry| entries.has(entry));
        self.decision.step = step;
        self.decision
    }
}

/// What a step does, and so which lines of history belong to it; the others come with their own step.
enum Done {
    Nothing,
    Fields(Side),
    Member(FieldId),
    Status(Side),
}

impl Done {
    fn has(&self, entry: &Entry) -> bool {
        if matches!(entry.kind, Kind::Adopted | Kind::Refused) {
            return true;
        }
        let is_status = entry.field.as_str() == FieldId::STATUS;
        let is_row = entry.side == Side::Crm && entry.field.as_member().is_some();
        match self {
            Self::Nothing => false,
            Self::Fields(side) => entry.side == *side && !is_status && !is_row,
            Self::Member(member) => entry.side == Side::Crm && entry.field == *member,
            Self::Status(side) => entry.side == *side && is_status,
        }
    }
}
