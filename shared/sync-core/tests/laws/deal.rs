//! One pair in a world without faults: reads, decides, writes, folds, as the engine does.

use sync_core::{
    Answer, Base, Blocker, BySide, Digest, Effect, Ending, Entity, Entry, Etag, Evidence, FieldId, Fields, Intent,
    IntentId, Link, LinkId, Outcome, Pair, Phase, Policy, Reading, RecordId, RecordRef, Recovery, ReferralId, Side, Sight, Snapshot, Step, Timestamp, Told, decide, fold, reading, recover, tell_closing,
};

use crate::domain::Case;

/// A pair comes to rest after at most so many writes.
const ROUNDS_MAX: u32 = 12;
pub(crate) const WAIT: i64 = 45_000;
pub(crate) const NOW: Timestamp = Timestamp::from_millis(0);

/// One side as its server holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) fields: Fields,
    pub(crate) phase: Phase,
    pub(crate) shared: bool,
    pub(crate) version: u32,
    pub(crate) stamp: Option<IntentId>,
}

impl Server {
    pub(crate) fn holding(fields: Fields) -> Self {
        Self { fields, phase: Phase::Open, shared: true, version: 1, stamp: None }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut fields = self.fields.clone();
        fields.insert(FieldId::new(FieldId::STATUS), Reading::is(self.phase.class().word()));
        Snapshot {
            fields,
            etag: Some(Etag::new(self.version.to_string())),
            stamp: self.stamp.clone(),
            phase: self.phase,
            shared: self.shared,
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
    /// Lines that are told once.
    pub(crate) notes: Vec<Blocker>,
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
            notes: Vec::new(),
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
        self.notes.extend(decision.notes);
        if let Some((side, effect, sent, tells)) = self.effect_of(&decision.step) {
            let seen = self.servers[side.other()].snapshot().fields;
            let begun = self.link.begin(Intent {
                id: IntentId::new(format!("intent-{}", self.writes)),
                side,
                request: String::new(),
                source: Intent::source_of(&seen, &sent),
                digests: self.policy.digests(&effect, &sent),
                effect,
                sent,
                target_etag: self.servers[side].snapshot().etag,
                tells,
                started_at: NOW,
                attempted_at: NOW,
                tries: 1,
            });
            assert!(begun, "one intent at a time");
        }
        decision.step
    }

    /// What carries a step out, as the engine does it.
    fn effect_of(&self, step: &Step) -> Option<(Side, Effect, Fields, Option<Told>)> {
        let status = |ending: &Ending| {
            let class = Phase::Closed(*ending).class();
            Fields::from([(FieldId::new(FieldId::STATUS), Reading::is(class.word()))])
        };
        match step {
            Step::Update { side, sent } => Some((*side, Effect::Update, sent.clone(), None)),
            Step::Member { member, there } => {
                let reading = if *there { Reading::is("yes") } else { Reading::Cleared };
                let effect = Effect::Member { table: "solution".to_owned(), key: "key".to_owned() };
                Some((Side::Crm, effect, Fields::from([(member.clone(), reading)]), None))
            }
            Step::Prepare { ending, sent } => {
                Some((Side::Crm, Effect::Update, sent.clone(), Some(tell_closing(&self.link, *ending))))
            }
            Step::CloseRecord { ending } => Some((Side::Crm, Effect::Close, status(ending), None)),
            Step::CloseReferral { ending, .. } => Some((Side::PartnerCenter, Effect::Close, status(ending), None)),
            Step::Rest | Step::Wait(_) | Step::Missing(_) | Step::Pause | Step::Block(_) | Step::Create { .. } => None,
        }
    }

    /// Carries the intent out. The server keeps what it is given in its own way, and refuses what comes after the end.
    pub(crate) fn carry_out(&mut self, step: &Step) -> Answer {
        let Some(intent) = self.link.intent.clone() else { return Answer::default() };
        let keep = self.keeps[intent.side];
        let server = &mut self.servers[intent.side];
        // A row of a set is a record of its own, which the end of the deal does not lock.
        let is_row = matches!(intent.effect, Effect::Member { .. });
        assert!(is_row || !server.phase.is_closed(), "a closed side is written: {intent:?}");
        for (field, sent) in &intent.sent {
            let kept = sent.value().map_or(sent.clone(), |value| Reading::is(keep(value.as_str())));
            match field.as_member() {
                Some((set, code)) => {
                    let others: Vec<String> = reading(&server.fields, &FieldId::new(set))
                        .codes()
                        .filter(|known| *known != code)
                        .map(str::to_owned)
                        .collect();
                    let there = sent.value().map(|_| code.to_owned());
                    server.fields.insert(FieldId::new(set), Reading::set(others.into_iter().chain(there)));
                }
                None if field.as_str() == FieldId::STATUS => {}
                None => drop(server.fields.insert(field.clone(), kept)),
            }
        }
        match step {
            Step::CloseRecord { ending } | Step::CloseReferral { ending, .. } => server.phase = Phase::Closed(*ending),
            _ => {}
        }
        server.version += 1;
        let has_stamp = intent.side == Side::Crm && matches!(intent.effect, Effect::Update);
        server.stamp = if has_stamp { Some(intent.id.clone()) } else { server.stamp.clone() };
        self.writes += 1;
        Answer { fields: server.snapshot().fields, ..Answer::default() }
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
            let step = self.decide();
            if self.link.intent.is_none() {
                return self.writes - before;
            }
            let answer = self.carry_out(&step);
            fold(&mut self.link, Outcome::Done(answer), NOW);
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
