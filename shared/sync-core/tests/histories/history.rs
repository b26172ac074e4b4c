//! One history: a stormy time in which everything may happen, then calm, then the link must be at rest.

use std::collections::BTreeMap;

use sync_core::{
    BySide, Code, Digest, Direction, Link, Pair, Phase, ReferralId, Settled, Side, Sight, Step, Verdict, WriteMode,
    decide,
};

use crate::coverage::Coverage;
use crate::guards::Guards;
use crate::ledger::Ledger;
use crate::mapping::{GROUPS, State, policy, state};
use crate::people::{self, Beginning};
use crate::random::Random;
use crate::store::{Saved, Store};
use crate::vendor::{Row, Vendor};
use crate::worker::{FirstSight, Worker, id_of, new_link, record};
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
    first_sights: BTreeMap<&'static str, BySide<State>>,
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
            rival_came: false,
            violation: None,
            trace: traced.then(String::new),
        };
        world.assume = world.random.chance(700);
        if world.random.chance(100) {
            world.policy = policy(WriteMode::Crm, false);
        }
        let beginning = Beginning::draw(&mut world);
        world.coverage.seen(beginning.word());
        let unmade = make_rows(&mut world, beginning);
        let workers = (0..3).map(|_| Worker::new(&world, &unmade)).collect();
        Self { world, beginning, unmade, workers, first_sights: BTreeMap::new() }
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
            self.judge();
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
        if world.fault(15, "worker frozen") {
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

    /// What must be true at rest.
    fn judge(&mut self) {
        let Some(Saved { link, .. }) = self.world.store.saved.clone() else {
            return self.world.violate("the link was never made".to_owned());
        };
        let asks_a_person = link.problem.as_ref().is_some_and(|found| found.blocker.code == Code::DuplicateReferral);
        if asks_a_person && self.beginning == Beginning::OutboundWithRival {
            return self.world.coverage.seen("at rest: a person decides");
        }
        if link.intent.is_some() || link.pair.missing().is_some() {
            return self.world.violate(format!("unfinished: {:?} {:?}", link.pair, link.intent));
        }
        let rows = BySide::from_fn(|side| self.world.vendors[side].row(&id_of(&link, side)).map(Row::snapshot));
        let (Some(partner_center), Some(crm)) = (rows.partner_center, rows.crm) else {
            return self.world.violate("the link points nowhere".to_owned());
        };
        let fields = BySide { partner_center: partner_center.fields.clone(), crm: crm.fields.clone() };
        let sights = BySide { partner_center: Sight::Present(partner_center), crm: Sight::Present(crm) };
        let decision = decide(&link, &sights, &self.world.policy);
        if decision.step != Step::Rest || link.news(&self.world.policy).is_some() {
            self.world.violate(format!("not at rest: {:?}", decision.step));
        }
        for (group, decided) in GROUPS.iter().zip(&decision.groups) {
            let states = BySide::from_fn(|side| state(&fields[side], group));
            let equal = states.partner_center == states.crm;
            let may_differ = group.direction != Direction::Both
                || decided.verdict == Verdict::Ask
                || (self.adopts() && self.first_sights.get(group.id) == Some(&states));
            if !equal && !may_differ {
                let (verdict, now) = (decided.verdict, self.world.now);
                self.world.violate(format!("{} differs at {now}: {states:?} {verdict:?}", group.id));
            }
        }
        let World { writes, tells, ledger, .. } = &self.world;
        let edits = ledger.edits;
        if *writes > edits + 2 {
            self.world.violate(format!("{writes} writes for {edits} edits"));
        } else if *tells > edits + 3 {
            self.world.violate(format!("{tells} tells for {edits} edits"));
        }
    }

    /// Whether this history may link what it did not make, or read it by another mapping than before.
    fn adopts(&self) -> bool {
        let rivals = [Beginning::Adopted, Beginning::InboundWithRival];
        rivals.contains(&self.beginning) || self.world.mapping_changed
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

/// Makes the rows that are there at the beginning, and the link that they begin.
fn make_rows(world: &mut World, beginning: Beginning) -> Link {
    let same = people::typed_fields(world, Side::Crm);
    for side in Side::ALL {
        if beginning.has(side) {
            world.ledger.begins_with(&same);
            let id = format!("{}-1", side.word());
            let mut row = Row::new(&id, None, same.clone());
            if side == Side::PartnerCenter && beginning != Beginning::Linked && world.random.chance(300) {
                row.phase = Phase::Unanswered;
            }
            world.vendors[side].rows.push(row);
            world.announce(side);
        }
    }
    let referral = ReferralId::new("partner_center-1");
    let mut link = new_link(match (beginning.has(Side::PartnerCenter), beginning.has(Side::Crm)) {
        (true, true) => Pair::Both(referral, record("crm-1")),
        (true, false) => Pair::ReferralOnly(referral),
        (false, _) => Pair::RecordOnly(record("crm-1")),
    });
    if beginning == Beginning::Linked {
        for side in Side::ALL {
            for field in world.policy.fields() {
                link.base[side].save(&field.id, &same[&field.id], &field.digest);
            }
            let etag = world.vendors[side].rows[0].snapshot().etag;
            link.settled[side] = etag.map(|etag| Settled { etag, policy: Digest::new("first") });
        }
        world.store.save(&link, 0, &[], true);
    }
    link
}
