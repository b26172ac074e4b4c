//! The pair of a referral and a record, and all that is remembered of it.

use crate::{
    Base, BySide, Code, Digest, Etag, Fields, Intent, LinkId, Phase, RecordId, ReferralId, Response, Side, Timestamp,
    Told,
};

/// What kind of record a link has in the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// A deal.
    Opportunity,
    /// A referral that nobody has accepted yet and no seller qualified.
    Lead,
}

impl Entity {
    /// The logical name of the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opportunity => "opportunity",
            Self::Lead => "lead",
        }
    }
}

/// A CRM record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// Its table.
    pub entity: Entity,
    /// Its primary key.
    pub id: RecordId,
}

/// Which halves of the pair exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pair {
    /// A referral whose record is still to be made or found.
    ReferralOnly(ReferralId),
    /// A record whose referral is still to be made or found.
    RecordOnly(RecordRef),
    /// Both.
    Both(ReferralId, RecordRef),
}

impl Pair {
    /// The referral, if there is one.
    #[must_use]
    pub fn referral(&self) -> Option<&ReferralId> {
        match self {
            Self::ReferralOnly(referral) | Self::Both(referral, _) => Some(referral),
            Self::RecordOnly(_) => None,
        }
    }

    /// The record, if there is one.
    #[must_use]
    pub fn record(&self) -> Option<&RecordRef> {
        match self {
            Self::RecordOnly(record) | Self::Both(_, record) => Some(record),
            Self::ReferralOnly(_) => None,
        }
    }

    /// The half that is still to be made.
    #[must_use]
    pub fn missing(&self) -> Option<Side> {
        match self {
            Self::ReferralOnly(_) => Some(Side::Crm),
            Self::RecordOnly(_) => Some(Side::PartnerCenter),
            Self::Both(..) => None,
        }
    }
}

/// The version of a side at which it equaled its base under this policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The version.
    pub etag: Etag,
    /// The policy's digest.
    pub policy: Digest,
}

/// Whether a link is worked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Worked.
    #[default]
    Active,
    /// The seller switched the sharing off; it resumes by merge.
    Paused,
    /// One side is gone for good; nothing is written or made anew.
    Detached,
}

impl State {
    /// The word in the store and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Detached => "detached",
        }
    }
}

/// One thing that is missing or wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// From the closed list.
    pub code: Code,
    /// A sentence for the seller; names the column's label and what to do. Never contact data.
    pub text: String,
}

/// Why a link does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub blocker: Blocker,
    /// Since when.
    pub since: Timestamp,
    /// How often it was looked at again; sets the next look.
    pub looks: u32,
}

/// A referral, a record, and what is remembered of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Our id.
    pub id: LinkId,
    /// Which halves exist.
    pub pair: Pair,
    /// The engagement that the referral belongs to.
    pub engagement: Option<String>,
    /// Whether it is worked.
    pub state: State,
    /// Each side's fields as it last returned them.
    pub base: BySide<Base>,
    /// The version at which each side equaled its base; none when it must be read.
    pub settled: BySide<Option<Settled>>,
    /// How far each side was when last seen.
    pub phase: BySide<Phase>,
    /// The one remote effect in flight.
    pub intent: Option<Intent>,
    /// Why it does not get on.
    pub problem: Option<Problem>,
    /// What waits for a closed side to be reopened, and is in history already.
    pub kept: Fields,
    /// The seller's answer that was worked, or told to have no effect.
    pub response: Option<Response>,
    /// A merged record that keeps the referral's id: an id is unique, so the record of this link cannot carry it.
    pub subordinate: Option<RecordRef>,
    /// What the CRM record was last told.
    pub told: Option<Told>,
    /// Audit lines, newest first.
    pub audit: Vec<String>,
    /// Not worked before this, unless a person asks.
    pub not_before: Option<Timestamp>,
    /// Why it waits, when the cause is not the deal itself: throttling, a dead token, a missing role.
    pub parked_for: Option<Code>,
    /// Since when each side answers 404 by id. Once is no proof; again after an hour is.
    pub absent_since: BySide<Option<Timestamp>>,
    /// When the second half was made or found; a brake counts only writes to pairs that are older than the run.
    pub linked_at: Option<Timestamp>,
}

impl Link {
    /// At most this many audit lines are kept (design section 5).
    pub const AUDIT_LINES_MAX: usize = 30;

    /// A link as it is at first sight of one half, or of both.
    #[must_use]
    pub fn new(id: LinkId, pair: Pair) -> Self {
        Self {
            id,
            pair,
            engagement: None,
            state: State::Active,
            base: BySide::default(),
            settled: BySide::default(),
            phase: BySide::default(),
            intent: None,
            problem: None,
            kept: Fields::new(),
            response: None,
            subordinate: None,
            told: None,
            audit: Vec::new(),
            not_before: None,
            parked_for: None,
            absent_since: BySide::default(),
            linked_at: None,
        }
    }

    /// Whether `side` may be taken to equal its base without reading it.
    #[must_use]
    pub fn can_assume(&self, side: Side, policy: &Digest) -> bool {
        self.pair.missing().is_none()
            && self.intent.is_none()
            && self.settled[side].as_ref().is_some_and(|settled| settled.policy == *policy)
    }

    /// Lets the deal go on in another record, with these bases.
    pub fn move_to(&mut self, to: RecordRef, base: BySide<Base>, subordinate: Option<RecordRef>, now: Timestamp) {
        let Some(referral) = self.pair.referral().cloned() else { return };
        if self.pair.missing().is_some() {
            self.linked_at = Some(now);
        }
        self.pair = Pair::Both(referral, to);
        self.base = base;
        self.subordinate = subordinate;
        self.settled = BySide::default();
        self.absent_since.crm = None;
        self.told = None;
    }

    /// Forgets a record that has ended without a successor, so that the referral gets another one.
    pub fn lose_record(&mut self) {
        let Some(referral) = self.pair.referral().cloned() else { return };
        self.pair = Pair::ReferralOnly(referral);
        self.base = BySide::default();
        self.settled = BySide::default();
        self.told = None;
    }

    /// Adds an audit line; the oldest gives way.
    pub fn add_audit_line(&mut self, line: String) {
        self.audit.insert(0, line);
        self.audit.truncate(Self::AUDIT_LINES_MAX);
    }

    /// Notes a problem. Returns whether it is news: the same code and text again is not.
    pub fn block(&mut self, blocker: Blocker, now: Timestamp) -> bool {
        match &mut self.problem {
            Some(problem) if problem.blocker == blocker => {
                problem.looks = problem.looks.saturating_add(1);
                false
            }
            _ => {
                self.problem = Some(Problem { blocker, since: now, looks: 0 });
                true
            }
        }
    }
}
