//! A worker looks at both sides and decides.

use sync_core::{
    BySide, Decision, Effect, Fields, Intent, IntentId, Side, Sight, Step, Timestamp, Verdict, decide, tell, tell_done,
};

use super::{After, Stage, Worker};
use crate::mapping::{GROUPS, as_the_crm_keeps, state};
use crate::naming::{id_of, mark_of};
use crate::world::World;

impl Worker {
    pub(super) fn look(&mut self, world: &mut World, side: Side) -> Stage {
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

    pub(super) fn decide(&mut self, world: &mut World) -> Stage {
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

    /// Before a record is made, the one that may be there already is looked for (design section 4 "Creating").
    pub(super) fn look_up(&mut self, world: &mut World, sent: Fields) -> Stage {
        match world.read_by_key(&mark_of(&self.link)) {
            (Sight::Present(_), Some(half)) => {
                world.coverage.seen("half found before create");
                self.link.adopt(half, Timestamp::from_millis(world.now));
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
        let told = if effect == Effect::Tell { tell(&self.link) } else { tell_done(&self.link) };
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
            tells: (side == Side::Crm).then_some(told),
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
}
