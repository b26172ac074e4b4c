//! One worker: does what `engine` does, one step at a time, so that others can come between any two.
//!
//! ```text
//! load --- intent in flight? --- ask target --- judge ---+-- save --- send --- take the answer
//!      \-- look at both sides --- decide ----------------+              ^            |
//!                                   ^------------------------ (again, in memory) ----+
//! ```
//!
//! This file loads and saves; [`deciding`] looks and decides, [`sending`] sends and takes the answer, [`recovering`] asks
//! what became of a request whose answer never came.

mod deciding;
mod recovering;
mod sending;

use std::rc::Rc;

use sync_core::{BySide, Entry, Evidence, Fields, Link, Policy, Side, Sight};

use crate::mapping::State;
use crate::world::{Heard, Hint, World};

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
    /// The link as it was loaded, unless a mark asks for a save.
    unchanged: Option<Rc<Link>>,
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
            unchanged: None,
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

    /// Whether it has asked a target what became of a request, and has not judged yet.
    pub(crate) fn holds_evidence(&self) -> bool {
        matches!(self.stage, Stage::Judge(..))
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
        (self.link, self.revision, self.marks, self.unchanged) = match &world.store.saved {
            Some(saved) => {
                let unchanged = saved.due.is_none().then(|| Rc::clone(&saved.link));
                (Link::clone(&saved.link), saved.revision, saved.marks, unchanged)
            }
            None => (unmade.clone(), 0, 0, None),
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

    fn save(&mut self, world: &mut World, after: After, first_sights: &mut Vec<FirstSight>) -> Stage {
        if after == After::Finish && self.entries.is_empty() && self.unchanged.as_deref() == Some(&self.link) {
            world.coverage.seen("nothing to save");
            return self.finish(world);
        }
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
                self.finish(world)
            }
        }
    }

    fn finish(&self, world: &mut World) -> Stage {
        if let Some(at) = self.wake_at {
            world.queue.push(Hint::wake(at));
        }
        Stage::Idle
    }
}

fn nothing_seen() -> BySide<Sight> {
    BySide::from_fn(|_| Sight::Unreadable)
}
