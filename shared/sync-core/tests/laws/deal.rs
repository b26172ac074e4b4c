//! One pair in a world without faults: reads, decides, writes, folds, as the engine does.

use sync_core::{
    Answer, Base, BySide, Digest, Effect, Entity, Entry, Etag, Evidence, Fields, Intent, IntentId, Link, LinkId,
    Outcome, Pair, Phase, Policy, RecordId, RecordRef, Recovery, ReferralId, Response, Side, Sight, Snapshot, Step,
    Timestamp, decide, fold, recover,
};

use crate::domain::Case;

/// A round comes to rest after at most so many writes: one for each side.
const ROUNDS_MAX: u32 = 3;
pub(crate) const WAIT: i64 = 45_000;
pub(crate) const NOW: Timestamp = Timestamp::from_millis(0);

/// One side as its server holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) fields: Fields,
    pub(crate) phase: Phase,
    pub(crate) shared: bool,
    pub(crate) response: Option<Response>,
    pub(crate) version: u32,
    pub(crate) stamp: Option<IntentId>,
}

impl Server {
    pub(crate) fn holding(fields: Fields) -> Self {
        Self { fields, phase: Phase::Open, shared: true, response: None, version: 1, stamp: None }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            fields: self.fields.clone(),
            etag: Some(Etag::new(self.version.to_string())),
            stamp: self.stamp.clone(),
            phase: self.phase,
            shared: self.shared,
            response: self.response,
            blockers: Vec::new(),
        }
    }
}

/// A linked pair.
#[derive(Debug, Clone)]
pub(crate) struct Deal {
    pub(crate) link: Link,
    pub(crate) policy: Policy,
    pub(crate) servers: BySide<Server>,
    pub(crate) history: Vec<Entry>,
    pub(crate) writes: u32,
    /// What a side makes of a text that it is given.
    pub(crate) keeps: BySide<fn(&str) -> String>,
}

pub(crate) fn pair() -> Pair {
    Pair::Both(ReferralId::new("referral"), record())
}

pub(crate) fn record() -> RecordRef {
    RecordRef { entity: Entity::Opportunity, id: RecordId::new("record") }
}

pub(crate) fn link_with(base: BySide<Base>) -> Link {
    Link { base, seen_yes: true, ..Link::new(LinkId::new("link"), pair()) }
}

impl Deal {
    pub(crate) fn new(policy: Policy, base: BySide<Base>, seen: BySide<Fields>) -> Self {
        Self {
            link: link_with(base),
            policy,
            servers: BySide::from_fn(|side| Server::holding(seen[side].clone())),
            history: Vec::new(),
            writes: 0,
            keeps: BySide::from_fn(|_| str::to_owned as fn(&str) -> String),
        }
    }

    pub(crate) fn of(case: &Case) -> Self {
        let mut deal = Self::new(case.policy(), case.bases(), case.seen());
        for side in Side::ALL {
            deal.servers[side].phase = case.phase[side];
            deal.link.phase[side] = case.phase[side];
        }
        deal
    }

    pub(crate) fn sights(&self) -> BySide<Sight> {
        BySide::from_fn(|side| Sight::Present(self.servers[side].snapshot()))
    }

    /// Reads, decides, and notes the intent, if there is one.
    pub(crate) fn decide(&mut self) -> Step {
        let sights = self.sights();
        let decision = decide(&self.link, &sights, &self.policy);
        self.link.observe(&decision, &sights, &self.policy, NOW);
        self.history.extend(decision.entries);
        if let Step::Update { side, sent } = &decision.step {
            let digests = self.policy.fields().map(|field| (field.id.clone(), field.digest.clone()));
            let begun = self.link.begin(Intent {
                id: IntentId::new(format!("intent-{}", self.writes)),
                side: *side,
                effect: Effect::Update,
                request: String::new(),
                source: self.servers[side.other()].fields.clone(),
                sent: sent.clone(),
                digests: digests.collect(),
                target_etag: self.servers[*side].snapshot().etag,
                tells: None,
                started_at: NOW,
                attempted_at: NOW,
                tries: 1,
            });
            assert!(begun, "one intent at a time");
        }
        decision.step
    }

    /// Carries the intent out. The server keeps what it is given in its own way.
    pub(crate) fn carry_out(&mut self) -> Answer {
        let Some(intent) = self.link.intent.clone() else { return Answer::default() };
        let keep = self.keeps[intent.side];
        let server = &mut self.servers[intent.side];
        for (field, sent) in &intent.sent {
            let kept = sent.value().map_or(sent.clone(), |value| sync_core::Reading::is(keep(value.as_str())));
            server.fields.insert(field.clone(), kept);
        }
        server.version += 1;
        server.stamp = (intent.side == Side::Crm).then(|| intent.id.clone());
        self.writes += 1;
        Answer { fields: server.fields.clone(), ..Answer::default() }
    }

    /// Recovers the intent after its answer was lost, long after.
    pub(crate) fn recover(&mut self) {
        let Some(intent) = &self.link.intent else { return };
        let target = Sight::Present(self.servers[intent.side].snapshot());
        match recover(&self.link, &Evidence::Target(target, None), WAIT, NOW.plus_millis(WAIT)) {
            Recovery::Happened(answer, entries) => {
                self.history.extend(entries);
                fold(&mut self.link, Outcome::Done(answer), NOW);
            }
            Recovery::NotDone => fold(&mut self.link, Outcome::NotDone, NOW),
            other => panic!("an update of a readable side can be judged: {other:?}"),
        }
    }

    /// Runs until nothing is written any more. Returns how many writes that took.
    pub(crate) fn run(&mut self) -> u32 {
        let before = self.writes;
        for _ in 0..ROUNDS_MAX {
            match self.decide() {
                Step::Update { .. } => {
                    let answer = self.carry_out();
                    fold(&mut self.link, Outcome::Done(answer), NOW);
                }
                _ => return self.writes - before,
            }
        }
        panic!("does not come to rest: {self:#?}");
    }

    /// A person types.
    pub(crate) fn edit(&mut self, side: Side, fields: Fields) {
        self.servers[side].fields.extend(fields);
        self.servers[side].version += 1;
    }

    /// The mapping rows of every field change.
    pub(crate) fn remap(&mut self) {
        for field in self.policy.rules.iter_mut().flat_map(|rule| &mut rule.fields) {
            field.digest = Digest::new("another row");
        }
        self.policy.digest = Digest::new("another policy");
    }

    pub(crate) fn held(&self, side: Side) -> &Fields {
        &self.servers[side].fields
    }
}
