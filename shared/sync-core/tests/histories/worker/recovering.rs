//! A worker finds an intent in flight, and finds out what became of it.

use sync_core::{Blocker, Code, Effect, Evidence, Outcome, Recovery, Side, Timestamp, recover};

use super::{After, Stage, Worker};
use crate::naming::{id_of, mark_of};
use crate::world::{Hint, WAIT, World};

impl Worker {
    pub(super) fn ask(&mut self, world: &mut World) -> Stage {
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

    pub(super) fn judge(&mut self, world: &mut World, evidence: &Evidence, asked_at: i64) -> Stage {
        let wait = if world.guards.quiesce_wait { WAIT } else { 0 };
        let judged_at = if world.guards.evidence_ages { asked_at } else { world.now };
        let recovery = recover(&self.link, evidence, wait, Timestamp::from_millis(judged_at));
        world.note(|| format!("recovery {recovery:?}"));
        let now = Timestamp::from_millis(world.now);
        match recovery {
            Recovery::Happened(_, entries) if !entries.is_empty() && !world.guards.target_wins => {
                self.fold(world, Outcome::NotDone);
                Stage::Save(After::Round)
            }
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
                self.link.adopt(half, Timestamp::from_millis(world.now));
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
}
