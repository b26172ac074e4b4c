//! A worker sends the request of its intent, and takes the answer.

use sync_core::{Answer, Blocker, Code, Effect, Outcome, Side, Sight, Snapshot, Timestamp, fold};

use super::{After, Stage, Worker};
use crate::naming::{id_of, mark_of};
use crate::vendor::{Request, Target};
use crate::world::{Heard, Hint, SEND_WINDOW, WAIT, World};

impl Worker {
    pub(super) fn send(&mut self, world: &mut World) -> Stage {
        let Some(intent) = &self.link.intent else { return Stage::Load };
        if world.guards.send_window && world.now > intent.attempted_at.as_millis() + SEND_WINDOW {
            world.coverage.seen("too late to send");
            return self.give_back(world);
        }
        let target = match intent.effect {
            Effect::Create => Target::New(mark_of(&self.link)),
            _ => Target::Row(id_of(&self.link, intent.side), intent.target_etag.clone()),
        };
        // A vendor that refuses a request refuses it from the start.
        if intent.tries == 1 && world.fault(15, "refused") {
            return Stage::Take(Heard::Refused);
        }
        let request = Request { intent: intent.id.clone(), side: intent.side, target, fields: intent.sent.clone() };
        Stage::Take(world.send(request))
    }

    pub(super) fn take_answer(&mut self, world: &mut World, heard: Heard) -> Stage {
        let Some(intent) = self.link.intent.clone() else { return Stage::Load };
        match heard {
            Heard::Done(made, answer) => {
                let fields = answer.as_ref().map(|snapshot| snapshot.fields.clone()).unwrap_or_default();
                let pair = (intent.effect == Effect::Create).then_some(made);
                self.fold(world, Outcome::Done(Answer { pair, fields, ..Answer::default() }));
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
            Heard::Refused => {
                let text = "the vendor refused".to_owned();
                self.fold(world, Outcome::Refused(Blocker { code: Code::Rejected, text }));
                self.wake_at = Some(world.now + 40);
                Stage::Save(After::Finish)
            }
            Heard::Nothing => {
                self.fold(world, Outcome::Unknown);
                world.queue.push(Hint::wake(world.now + if self.rounds.is_multiple_of(2) { 2 } else { WAIT }));
                Stage::Idle
            }
        }
    }

    /// The answer is the newest sight of the target, so that the next decision needs no read.
    fn go_on_in_memory(&mut self, side: Side, snapshot: Snapshot) -> Stage {
        self.sights[side] = Sight::Present(snapshot);
        Stage::Decide
    }

    pub(super) fn fold(&mut self, world: &World, outcome: Outcome) {
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
}
