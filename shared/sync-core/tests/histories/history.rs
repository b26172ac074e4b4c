//! One history: a stormy time in which everything may happen, then calm, then the link must be at rest.

use sync_core::{BySide, Link, Side, WriteMode};

use crate::beginning::{Beginning, make_rows};
use crate::coverage::Coverage;
use crate::guards::Guards;
use crate::ledger::Ledger;
use crate::mapping::policy;
use crate::people;
use crate::random::Random;
use crate::rest::{FirstSights, judge};
use crate::store::Store;
use crate::vendor::Vendor;
use crate::worker::{FirstSight, Worker};
use crate::world::{Hint, World};

/// A calm link rests after far fewer steps.
const CALM_STEPS_MAX: u32 = 20_000;

/// What became of a history.
pub(crate) struct Played {
    pub(crate) coverage: Coverage,
    pub(crate) violation: Option<String>,
    pub(crate) trace: Option<String>,
}

struct History {
    world: World,
    beginning: Beginning,
    unmade: Link,
    workers: Vec<Worker>,
    first_sights: FirstSights,
}

/// Plays the history of a seed.
pub(crate) fn play(seed: u64, guards: Guards, traced: bool) -> Played {
    let mut history = History::begin(seed, guards, traced);
    history.storm();
    history.calm();
    let world = history.world;
    Played { coverage: world.coverage, violation: world.violation, trace: world.trace }
}

impl History {
    fn begin(seed: u64, guards: Guards, traced: bool) -> Self {
        let vendor = |side| Vendor { side, rows: Vec::new() };
        let mut world = World {
            now: 0,
            random: Random::new(seed),
            guards,
            faults: true,
            assume: false,
            vendors: BySide::from_fn(vendor),
            store: Store::default(),
            queue: Vec::new(),
            late: Vec::new(),
            policy: policy(WriteMode::Both, false),
            ledger: Ledger::default(),
            coverage: Coverage::default(),
            writes: 0,
            tells: 0,
            intents: 0,
            values: 0,
            mapping_changed: false,
            based: false,
            rival_came: false,
            violation: None,
            trace: traced.then(String::new),
        };
        world.assume = world.random.chance(700);
        if world.random.chance(100) {
            world.policy = policy(WriteMode::Crm, false);
        }
        let beginning = Beginning::draw(&mut world);
        world.based = !beginning.adopts() && beginning != Beginning::OutboundWithRival;
        world.coverage.seen(beginning.word());
        let unmade = make_rows(&mut world, beginning);
        let workers = (0..3).map(|_| Worker::new(&world, &unmade)).collect();
        Self { world, beginning, unmade, workers, first_sights: FirstSights::new() }
    }

    /// Everything may happen.
    fn storm(&mut self) {
        let end = self.world.random.ticks(40, 320);
        while self.world.now < end && self.world.violation.is_none() {
            self.world.now += 1;
            people::act(&mut self.world, self.beginning);
            self.tick();
        }
    }

    /// Nothing goes wrong any more, and nobody types. The reconciler hints everything, twice: the first pass repairs
    /// what lost hints left, the second finds nothing to do.
    fn calm(&mut self) {
        self.world.faults = false;
        self.world.note(|| "calm".to_owned());
        people::accept(&mut self.world);
        people::reopen(&mut self.world);
        people::share(&mut self.world, true);
        self.world.policy = policy(WriteMode::Both, self.world.mapping_changed);
        self.settle();
        for pass in 1..=2 {
            let (writes, tells) = (self.world.writes, self.world.tells);
            for side in Side::ALL {
                self.world.announce(side);
            }
            self.settle();
            if pass == 2 && (writes, tells) != (self.world.writes, self.world.tells) {
                self.world.violate("a second reconciliation wrote again".to_owned());
            }
        }
        if self.world.violation.is_none() {
            judge(&mut self.world, self.beginning, &self.first_sights);
        }
        self.count();
    }

    /// Runs until nothing is left to do.
    fn settle(&mut self) {
        for _ in 0..CALM_STEPS_MAX {
            if self.world.violation.is_some() {
                return;
            }
            if self.workers.iter().all(Worker::is_idle) {
                let hints = self.world.queue.iter().map(|hint| hint.ready_at);
                let late = self.world.late.iter().map(|(lands_at, _)| *lands_at);
                let due = self.world.store.saved.iter().filter_map(|saved| saved.due);
                match hints.chain(late).chain(due).min() {
                    Some(next) => self.world.now = self.world.now.max(next),
                    None => return,
                }
            }
            self.world.now += 1;
            self.tick();
        }
        self.world.violate("it does not come to rest".to_owned());
    }

    /// One moment: requests land, and one worker takes one step.
    fn tick(&mut self) {
        let world = &mut self.world;
        world.land_late_requests();
        if world.store.take_due(world.now) {
            world.coverage.seen("woken by a dirty mark");
            world.queue.push(Hint::wake(world.now));
        }
        let at = world.random.below(self.workers.len());
        let worker = &mut self.workers[at];
        if worker.frozen_until > world.now && world.faults {
            return;
        }
        if worker.is_idle() {
            let ready: Vec<usize> =
                (0..world.queue.len()).filter(|at| world.queue[*at].ready_at <= world.now).collect();
            if !ready.is_empty() {
                let chosen = ready[world.random.below(ready.len())];
                worker.take(world.queue.swap_remove(chosen));
            }
            return;
        }
        // Evidence that grows old in a worker's hands is the subtlest danger, so it happens often.
        if world.fault(if worker.holds_evidence() { 120 } else { 15 }, "worker frozen") {
            worker.frozen_until = world.now + world.random.ticks(10, 200);
            return;
        }
        if world.fault(15, "worker crashed") {
            worker.crash(world);
            return;
        }
        let mut first_sights: Vec<FirstSight> = Vec::new();
        world.note(|| format!("worker {at}"));
        worker.step(world, &self.unmade, &mut first_sights);
        self.first_sights.extend(first_sights);
    }

    fn count(&mut self) {
        let World { coverage, ledger, store, writes, tells, .. } = &mut self.world;
        coverage.seen("history");
        coverage.add("edit", ledger.edits);
        coverage.add("write", *writes);
        coverage.add("tell", *tells);
        coverage.add("conflict", store.conflicts);
    }
}
