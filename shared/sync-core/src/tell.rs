//! What the seller sees of a link in the CRM's own columns, and when it is worth a write.

use crate::{Code, Link, Phase, Policy, ReferralId, Side, State};

/// The choice column `cosell_syncstate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncState {
    /// Being worked.
    Pending,
    /// Both sides are the same, or on their way.
    Synced,
    /// Missing or refused data.
    Failed,
    /// A person decides.
    Conflict,
    /// An unanswered referral, or writing is off.
    Waiting,
}

impl SyncState {
    /// Every state, in the order of the choice column.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Synced, Self::Failed, Self::Conflict, Self::Waiting];

    /// The word in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Synced => "synced",
            Self::Failed => "failed",
            Self::Conflict => "conflict",
            Self::Waiting => "waiting",
        }
    }
}

/// What a CRM record was told, or is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its sync state.
    pub state: SyncState,
    /// The problem's code, if there is a problem.
    pub code: Option<Code>,
    /// The problem's sentence; empty without one.
    pub text: String,
    /// The referral whose ids the record carries; none if they stay on a merged record.
    pub referral: Option<ReferralId>,
}

/// What the record should show now.
#[must_use]
pub fn tell(link: &Link) -> Told {
    let problem = link.problem.as_ref().map(|problem| &problem.blocker);
    let state = match problem.map(|blocker| blocker.code) {
        Some(Code::WriteOff) => SyncState::Waiting,
        Some(Code::Conflict | Code::ClosedDifferently | Code::DuplicateReferral | Code::AccountAmbiguous) => {
            SyncState::Conflict
        }
        Some(_) => SyncState::Failed,
        None if link.pair.missing().is_some() => SyncState::Pending,
        None if link.phase.partner_center == Phase::Unanswered => SyncState::Waiting,
        None => SyncState::Synced,
    };
    Told {
        state,
        code: problem.map(|blocker| blocker.code),
        text: problem.map(|blocker| blocker.text.clone()).unwrap_or_default(),
        referral: link.pair.referral().filter(|_| link.subordinate.is_none()).cloned(),
    }
}

/// What the record shows once the write in hand has gone through: the problem that it ends is not told any more.
#[must_use]
pub fn tell_done(link: &Link) -> Told {
    match &link.problem {
        Some(problem) if !problem.blocker.code.stands() => tell(&Link { problem: None, ..link.clone() }),
        _ => tell(link),
    }
}

impl Link {
    /// What the record should be told by a write of its own: only news that a seller waits for, never `Pending`, and
    /// nothing to a record that is closed, paused, or not to be written.
    #[must_use]
    pub fn news(&self, policy: &Policy) -> Option<Told> {
        let told = tell(self);
        let worth_it = self.pair.record().is_some()
            && self.state == State::Active
            && self.intent.is_none()
            && self.phase.crm != Phase::Closed
            && policy.write.allows(Side::Crm)
            && told.state != SyncState::Pending
            && self.told.as_ref() != Some(&told);
        worth_it.then_some(told)
    }
}
