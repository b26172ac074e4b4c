//! One worker: does what `engine` does, one step at a time, so that others can come between any two.
//!
//! ```text
//! load --- intent in flight? --- ask target --- judge ---+-- save --- send --- take the answer
//!      \-- look at both sides --- decide ----------------+              ^            |
//!                                   ^------------------------ (again, in memory) ----+
//! ```

use std::rc::Rc;

use sync_core::{
    Answer, Blocker, BySide, Code, Decision, Effect, Entity, Entry, Evidence, Fields, Intent, IntentId, Link, LinkId,
    Outcome, Pair, Policy, RecordId, RecordRef, Recovery, Side, Sight, Snapshot, Step, Timestamp, Verdict, decide,
    fold, recover, tell,
};

use crate::mapping::{GROUPS, State, as_the_crm_keeps, state};
use crate::vendor::{Request, Target};
use crate::world::{Heard, Hint, SEND_WINDOW, WAIT, World};

/// After so many rounds for one hint the link is left to its due time.
const ROUNDS_MAX: u32 = 8;
/// A hint that was not acknowledged comes back after this time.
const VISIBILITY: i64 = 30;

/// Where a worker is. Everything it holds is lost when it crashes.
enum Stage {
    Idle,
    Load,
    Ask,
    Judge(Evidence, i64),
    Look(Side),
    Decide,
    LookUp(Fields),
    Save(After),
    Send,
    Take(Heard),
}

/// What follows a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Send,
    Round,
    Finish,
}

/// A first sight, remembered for the oracle: such a group differs until somebody edits it.
pub(crate) type FirstSight = (&'static str, BySide<State>);

/// One worker.
pub(crate) struct Worker {
    stage: Stage,
    hint: Hint,
    pub(crate) frozen_until: i64,
    link: Link,
    revision: u64,
    marks: u64,
    rounds: u32,
    policy: Rc<Policy>,
    sights: BySide<Sight>,
    entries: Vec<Entry>,
    first_sights: Vec<FirstSight>,
    /// When this worker wants the link to be looked at again.
    wake_at: Option<i64>,
}

impl Worker {
    pub(crate) fn new(world: &World, link: &Link) -> Self {
        Self {
            stage: Stage::Idle,
            hint: Hint::wake(0),
            frozen_until: 0,
            link: link.clone(),
            revision: 0,
            marks: 0,
            rounds: 0,
            policy: Rc::clone(&world.policy),
            sights: nothing_seen(),
            entries: Vec::new(),
            first_sights: Vec::new(),
            wake_at: None,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// Receives a hint.
    pub(crate) fn take(&mut self, hint: Hint) {
        (self.hint, self.rounds, self.stage) = (hint, 0, Stage::Load);
    }

    /// Dies. The hint was not acknowledged, so it comes back.
    pub(crate) fn crash(&mut self, world: &mut World) {
        if !self.is_idle() {
            world.coverage.seen(match self.stage {
                Stage::Send => "crash before the effect",
                Stage::Take(_) => "crash after the effect",
                _ => "crash elsewhere",
            });
            world.note(|| "crash".to_owned());
            self.stage = self.give_back(world);
        }
    }

    fn give_back(&self, world: &mut World) -> Stage {
        world.queue.push(Hint { ready_at: world.now + VISIBILITY, ..self.hint.clone() });
        Stage::Idle
    }

    /// Takes one step.
    pub(crate) fn step(&mut self, world: &mut World, unmade: &Link, first_sights: &mut Vec<FirstSight>) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => Stage::Idle,
            Stage::Load => self.load(world, unmade),
            Stage::Ask => self.ask(world),
            Stage::Judge(evidence, asked_at) => self.judge(world, &evidence, asked_at),
            Stage::Look(side) => self.look(world, side),
            Stage::Decide => self.decide(world),
            Stage::LookUp(sent) => self.look_up(world, sent),
            Stage::Save(after) => self.save(world, after, first_sights),
            Stage::Send => self.send(world),
            Stage::Take(heard) => self.take_answer(world, heard),
        };
    }

    fn load(&mut self, world: &mut World, unmade: &Link) -> Stage {
        (self.link, self.revision, self.marks) = match &world.store.saved {
            Some(saved) => (saved.link.clone(), saved.revision, saved.marks),
            None => (unmade.clone(), 0, 0),
        };
        self.policy = Rc::clone(&world.policy);
        self.sights = nothing_seen();
        self.entries.clear();
        self.first_sights.clear();
        self.wake_at = None;
        self.rounds += 1;
        if self.rounds > ROUNDS_MAX {
            world.coverage.seen("too many rounds");
            return self.give_back(world);
        }
        if self.rounds > 1 {
            self.hint.names = BySide::from_fn(|_| true);
        }
        match self.link.intent {
            Some(_) => Stage::Ask,
            None => Stage::Look(Side::PartnerCenter),
        }
    }

    fn ask(&mut self, world: &mut World) -> Stage {
        let Some(intent) = &self.link.intent else { return Stage::Look(Side::PartnerCenter) };
        let evidence = match (intent.side, &intent.effect) {
            (Side::PartnerCenter, Effect::Create) => Evidence::Search(world.search(&mark_of(&self.link))),
            (Side::Crm, Effect::Create) => {
                let (sight, half) = world.read_by_key(&mark_of(&self.link));
                Evidence::Target(sight, half)
            }
            (side, _) => Evidence::Target(world.read(side, &id_of(&self.link, side)), None),
        };
        Stage::Judge(evidence, world.now)
    }

    fn judge(&mut self, world: &mut World, evidence: &Evidence, asked_at: i64) -> Stage {
        let wait = if world.guards.quiesce_wait { WAIT } else { 0 };
        let judged_at = if world.guards.evidence_ages { asked_at } else { world.now };
        let recovery = recover(&self.link, evidence, wait, Timestamp::from_millis(judged_at));
        world.note(|| format!("recovery {recovery:?}"));
        let now = Timestamp::from_millis(world.now);
        match recovery {
            Recovery::Happened(answer, entries) => {
                world.coverage.seen(match entries.is_empty() {
                    true => "recovery: happened",
                    false => "recovery: the present value wins",
                });
                self.entries.extend(entries);
                self.fold(world, Outcome::Done(answer));
                Stage::Save(After::Round)
            }
            Recovery::NotDone => {
                world.coverage.seen("recovery: not done");
                self.fold(world, Outcome::NotDone);
                Stage::Save(After::Round)
            }
            Recovery::Again => {
                world.coverage.seen("recovery: again");
                self.link.try_again(now);
                Stage::Save(After::Send)
            }
            Recovery::WaitUntil(at) => {
                world.coverage.seen("recovery: wait");
                world.queue.push(Hint::wake(at.as_millis()));
                Stage::Idle
            }
            Recovery::Foreign(half) => {
                world.coverage.seen("recovery: foreign");
                self.link.adopt(half);
                Stage::Save(After::Round)
            }
            Recovery::Duplicates(_) => {
                world.coverage.seen("recovery: duplicates");
                let text = "two referrals claim this opportunity".to_owned();
                self.link.block(Blocker { code: Code::DuplicateReferral, text }, now);
                Stage::Save(After::Finish)
            }
        }
    }

    fn look(&mut self, world: &mut World, side: Side) -> Stage {
        self.sights[side] = if self.link.pair.missing() == Some(side) {
            Sight::NotYet
        } else if world.assume && !self.hint.names[side] && self.link.can_assume(side, &self.policy.digest) {
            world.coverage.seen("side assumed");
            Sight::Assumed
        } else {
            world.read(side, &id_of(&self.link, side))
        };
        match side {
            Side::PartnerCenter => Stage::Look(Side::Crm),
            Side::Crm => Stage::Decide,
        }
    }

    fn decide(&mut self, world: &mut World) -> Stage {
        let decision = decide(&self.link, &self.sights, &self.policy);
        self.count(world, &decision);
        world.note(|| format!("decision {:?}", decision.step));
        self.link.observe(&decision, &self.sights, &self.policy, Timestamp::from_millis(world.now));
        let Decision { step, entries, .. } = decision;
        self.entries.extend(entries);
        match step {
            Step::Wait(_) | Step::Missing(_) => {
                self.wake_at = Some(world.now + 20);
                Stage::Save(After::Finish)
            }
            Step::Pause => Stage::Save(After::Finish),
            Step::Rest | Step::Block(_) => match self.link.news(&self.policy) {
                Some(_) => self.begin(world, Side::Crm, Effect::Tell, Fields::new()),
                None => Stage::Save(After::Finish),
            },
            Step::Create { side: Side::Crm, sent } => Stage::LookUp(sent),
            Step::Create { side, sent } => self.begin(world, side, Effect::Create, sent),
            Step::Update { side, sent } => self.begin(world, side, Effect::Update, sent),
        }
    }

    fn count(&mut self, world: &mut World, decision: &Decision) {
        world.coverage.seen(match decision.step {
            Step::Rest => "step: rest",
            Step::Wait(_) => "step: wait",
            Step::Missing(_) => "step: missing",
            Step::Pause => "step: pause",
            Step::Block(_) => "step: block",
            Step::Create { .. } => "step: create",
            Step::Update { .. } => "step: update",
        });
        for (group, decided) in GROUPS.iter().zip(&decision.groups) {
            world.coverage.seen(match decided.verdict {
                Verdict::Wait => "verdict: wait",
                Verdict::Rest => "verdict: rest",
                Verdict::Adopt => "verdict: adopt",
                Verdict::FirstSight => "verdict: first sight",
                Verdict::Observe => "verdict: observe",
                Verdict::Write { conflict: false, .. } => "verdict: write",
                Verdict::Write { conflict: true, .. } => "verdict: write, conflict",
                Verdict::Held { .. } => "verdict: held",
                Verdict::Ask => "verdict: ask",
            });
            if decided.verdict == Verdict::FirstSight {
                let seen = BySide::from_fn(|side| state(&self.fields_of(side), group));
                self.first_sights.push((group.id, seen));
            }
        }
    }

    /// Before a record is made, the one that may be there already is looked for (design section 4 "Creating").
    fn look_up(&mut self, world: &mut World, sent: Fields) -> Stage {
        match world.read_by_key(&mark_of(&self.link)) {
            (Sight::Present(_), Some(half)) => {
                world.coverage.seen("half found before create");
                self.link.adopt(half);
                Stage::Save(After::Round)
            }
            (Sight::Absent, _) => self.begin(world, Side::Crm, Effect::Create, sent),
            _ => {
                self.wake_at = Some(world.now + 20);
                Stage::Save(After::Finish)
            }
        }
    }

    fn begin(&mut self, world: &mut World, side: Side, effect: Effect, mut sent: Fields) -> Stage {
        world.intents += 1;
        // The mapping knows how the CRM keeps texts, so that an intent says what the target will hold.
        if side == Side::Crm {
            as_the_crm_keeps(&mut sent);
        }
        let id = IntentId::new(format!("intent-{}", world.intents));
        let target_etag = match &self.sights[side] {
            Sight::Present(snapshot) => snapshot.etag.clone(),
            _ => self.link.settled[side].as_ref().map(|settled| settled.etag.clone()),
        };
        for entry in &mut self.entries {
            entry.intent.get_or_insert_with(|| id.clone());
        }
        let digests = self.policy.fields().map(|field| (field.id.clone(), field.digest.clone())).collect();
        let now = Timestamp::from_millis(world.now);
        let begun = self.link.begin(Intent {
            id,
            side,
            effect,
            request: String::new(),
            source: self.fields_of(side.other()),
            sent,
            digests,
            target_etag,
            tells: (side == Side::Crm).then(|| tell(&self.link)),
            started_at: now,
            attempted_at: now,
            tries: 1,
        });
        assert!(begun, "decided while an intent was in flight");
        match world.guards.intent_before_effect {
            true => Stage::Save(After::Send),
            false => Stage::Send,
        }
    }

    fn save(&mut self, world: &mut World, after: After, first_sights: &mut Vec<FirstSight>) -> Stage {
        let check = world.guards.revision_check;
        let Some((revision, marks)) = world.store.save(&self.link, self.revision, &self.entries, check) else {
            world.coverage.seen("race lost");
            world.store.mark_dirty(world.now + VISIBILITY);
            return Stage::Idle;
        };
        self.revision = revision;
        self.entries.clear();
        first_sights.append(&mut self.first_sights);
        match after {
            After::Send => Stage::Send,
            After::Round => Stage::Load,
            After::Finish if marks > self.marks => {
                world.coverage.seen("winner goes round for a loser");
                Stage::Load
            }
            After::Finish => {
                world.store.clear_due();
                if let Some(at) = self.wake_at {
                    world.queue.push(Hint::wake(at));
                }
                Stage::Idle
            }
        }
    }

    fn send(&mut self, world: &mut World) -> Stage {
        let Some(intent) = &self.link.intent else { return Stage::Load };
        if world.guards.send_window && world.now > intent.attempted_at.as_millis() + SEND_WINDOW {
            world.coverage.seen("too late to send");
            return self.give_back(world);
        }
        let target = match intent.effect {
            Effect::Create => Target::New(mark_of(&self.link)),
            _ => Target::Row(id_of(&self.link, intent.side), intent.target_etag.clone()),
        };
        let request = Request { intent: intent.id.clone(), side: intent.side, target, fields: intent.sent.clone() };
        Stage::Take(world.send(request))
    }

    fn take_answer(&mut self, world: &mut World, heard: Heard) -> Stage {
        let Some(intent) = self.link.intent.clone() else { return Stage::Load };
        match heard {
            Heard::Done(made, answer) => {
                let fields = answer.as_ref().map(|snapshot| snapshot.fields.clone()).unwrap_or_default();
                let pair = (intent.effect == Effect::Create).then_some(made);
                self.fold(world, Outcome::Done(Answer { pair, engagement: None, fields }));
                match (answer, intent.tries) {
                    (Some(snapshot), 1) => self.go_on_in_memory(intent.side, snapshot),
                    _ => Stage::Save(After::Round),
                }
            }
            Heard::Precondition => {
                world.coverage.seen("precondition failed");
                self.fold(world, Outcome::NotDone);
                Stage::Save(After::Round)
            }
            Heard::Throttled => {
                self.fold(world, Outcome::NotDone);
                self.wake_at = Some(world.now + 20);
                Stage::Save(After::Finish)
            }
            Heard::Nothing => {
                self.fold(world, Outcome::Unknown);
                world.queue.push(Hint::wake(world.now + if self.rounds % 2 == 0 { 2 } else { WAIT }));
                Stage::Idle
            }
        }
    }

    /// The answer is the newest sight of the target, so that the next decision needs no read.
    fn go_on_in_memory(&mut self, side: Side, snapshot: Snapshot) -> Stage {
        self.sights[side] = Sight::Present(snapshot);
        Stage::Decide
    }

    fn fold(&mut self, world: &World, outcome: Outcome) {
        let written = self.link.intent.clone().filter(|_| matches!(outcome, Outcome::Done(_)));
        fold(&mut self.link, outcome, Timestamp::from_millis(world.now));
        if let Some(intent) = written.filter(|_| !world.guards.per_side_base) {
            for (field, sent) in &intent.sent {
                let Some(digest) = intent.digest(field) else { continue };
                for side in Side::ALL {
                    self.link.base[side].save(field, sent, digest);
                }
            }
        }
    }

    fn fields_of(&self, side: Side) -> Fields {
        match &self.sights[side] {
            Sight::Present(snapshot) => snapshot.fields.clone(),
            Sight::Assumed => {
                let entries = self.link.base[side].entries();
                entries.map(|(field, entry)| (field.clone(), entry.reading.clone())).collect()
            }
            Sight::Absent | Sight::NotYet | Sight::Unreadable => Fields::new(),
        }
    }
}

/// The record of that id.
pub(crate) fn record(id: &str) -> RecordRef {
    RecordRef { entity: Entity::Opportunity, id: RecordId::new(id) }
}

/// A link before anything is known of it.
pub(crate) fn new_link(pair: Pair) -> Link {
    Link::new(LinkId::new("link"), pair)
}

/// The id of a link's row.
pub(crate) fn id_of(link: &Link, side: Side) -> String {
    let id = match side {
        Side::PartnerCenter => link.pair.referral().map(|id| id.as_str()),
        Side::Crm => link.pair.record().map(|record| record.id.as_str()),
    };
    id.unwrap_or_default().to_owned()
}

/// What the missing half carries, so that it can be found: the id of the half that is there.
fn mark_of(link: &Link) -> String {
    match link.pair.missing() {
        Some(side) => id_of(link, side.other()),
        None => String::new(),
    }
}

fn nothing_seen() -> BySide<Sight> {
    BySide::from_fn(|_| Sight::Unreadable)
}
