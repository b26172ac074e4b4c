//! What to do with a link now, given what was seen of both sides.

use crate::compare::compare;
use crate::{
    Blocker, BySide, Code, Digest, Entry, FieldId, Fields, Link, Phase, Policy, Reading, Rule, RuleField, Side, Sight,
    Snapshot, State, Verdict, reading,
};

/// The verdict on one group, for `plan` and `why`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDecision {
    /// The group's id.
    pub group: String,
    /// What to do with it.
    pub verdict: Verdict,
}

/// The one thing to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing to write.
    Rest,
    /// `side` could not be read: look again later.
    Wait(Side),
    /// `side` answered 404: look again in an hour.
    Missing(Side),
    /// The seller switched the sharing off.
    Pause,
    /// The missing half cannot be made yet.
    Block(Blocker),
    /// Make the missing half on `side`.
    Create {
        /// The side that lacks its half.
        side: Side,
        /// The rules' fields that the new half is asked to hold.
        sent: Fields,
    },
    /// Change fields on `side`, if its version is still the one seen.
    Update {
        /// The side that is written.
        side: Side,
        /// What it is asked to hold.
        sent: Fields,
    },
}

/// What [`decide`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Verdict by group; empty while the pair has one half.
    pub groups: Vec<GroupDecision>,
    /// What to do.
    pub step: Step,
    /// Base entries to save whatever becomes of the step.
    pub bases: Vec<(Side, FieldId, Reading, Digest)>,
    /// History, to be saved together with the intent.
    pub entries: Vec<Entry>,
    /// What keeps the pair from being the same, found anew by every decision while it lasts.
    pub problem: Option<Blocker>,
    /// What waits for a closed side to be reopened, and is in history already; none while the pair is not compared.
    pub kept: Option<Fields>,
}

impl Decision {
    pub(crate) fn only(step: Step) -> Self {
        Self { groups: Vec::new(), step, bases: Vec::new(), entries: Vec::new(), problem: None, kept: None }
    }

    /// Notes a problem, unless one that needs a person is there already.
    pub fn stands(&mut self, found: &Blocker) {
        if self.problem.as_ref().is_none_or(|problem| problem.code == Code::WriteOff) {
            self.problem = Some(found.clone());
        }
    }
}

/// Decides one round. Total: it has an answer for every input and never fails.
#[must_use]
pub fn decide(link: &Link, sights: &BySide<Sight>, policy: &Policy) -> Decision {
    if link.state == State::Detached {
        return Decision::only(Step::Rest);
    }
    for side in Side::ALL {
        match sights[side] {
            Sight::Unreadable => return Decision::only(Step::Wait(side)),
            Sight::Absent => return Decision::only(Step::Missing(side)),
            Sight::Present(_) | Sight::Assumed | Sight::NotYet => {}
        }
    }
    match (&sights.crm, link.state) {
        (Sight::Present(crm), _) if !crm.shared => return Decision::only(Step::Pause),
        (Sight::Present(_), _) | (_, State::Active | State::Detached) => {}
        // Only a record that was read and says Yes ends a pause.
        (_, State::Paused) => return Decision::only(Step::Rest),
    }
    match (link.pair.missing(), &sights.partner_center, &sights.crm) {
        (Some(Side::Crm), Sight::Present(source), _) => Decision::only(create(Side::Crm, source, policy)),
        (Some(Side::PartnerCenter), _, Sight::Present(source)) => {
            Decision::only(create(Side::PartnerCenter, source, policy))
        }
        (Some(_), ..) => Decision::only(Step::Rest),
        (None, ..) => compare(link, sights, policy),
    }
}

fn create(side: Side, source: &Snapshot, policy: &Policy) -> Step {
    if !policy.write.allows(side) {
        return Step::Block(Blocker::write_off(side));
    }
    let is_late = source.phase == Phase::Closed && !(side == Side::Crm && policy.include_closed);
    if is_late {
        let (code, text) = match side {
            Side::Crm => (Code::ClosedBeforeFirstSight, "the referral was closed before it was first seen."),
            Side::PartnerCenter => (Code::Closed, "the opportunity is closed: reopen it to share it."),
        };
        return Step::Block(Blocker { code, text: text.to_owned() });
    }
    if let (Side::PartnerCenter, Some(blocker)) = (side, source.blockers.first()) {
        return Step::Block(blocker.clone());
    }
    let is_known = |field: &RuleField| reading(&source.fields, &field.id).is_known();
    let travels = |rule: &&Rule| rule.direction.allows(side) && rule.fields.iter().all(is_known);
    let fields = policy.rules.iter().filter(travels).flat_map(|rule| &rule.fields);
    let sent = fields.map(|field| (field.id.clone(), reading(&source.fields, &field.id).clone())).collect();
    Step::Create { side, sent }
}
