//! What to do about an intent whose answer never came, and about a half that turns out to exist.

use store::{Saved, Store};
use sync_core::{BySide, Code, Effect, Outcome, Pair, Recovery, recover};

use crate::session::{Session, Turn, Work};
use crate::telling::blocker;
use crate::{Engine, Error, time};

impl<S: Store> Engine<S> {
    pub(crate) async fn recover_round(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        let Some(intent) = work.link.intent.clone() else { return Ok(Turn::Again) };
        let wait = time::millis(self.settings.sync.ambiguity_wait);
        let (evidence, seen) = match self.evidence(&work.link, &intent).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                work.link.not_before = Some(intent.ripe_at(wait));
                return Ok(Turn::Done);
            }
            Err(trouble) => return Ok(self.trouble(work, intent.side, &trouble)),
        };
        let verdict = recover(&work.link, &evidence, wait, time::core((self.clock)()));
        tracing::info!(link = %work.link.id, intent = %intent.id, side = intent.side.word(), "recovering an intent");
        session.named[intent.side] = true;
        session.seen[intent.side] = seen.filter(|seen| work.link.pair.missing().is_none() && seen.snapshot().is_some());
        match verdict {
            Recovery::Happened(answer, entries) => {
                self.note(work, &session.cause, Some(&intent), &entries);
                self.fold(work, &intent, Outcome::Done(answer));
                if let Effect::Move { .. } = intent.effect {
                    session.forget_assumptions();
                }
                Ok(Turn::Again)
            }
            Recovery::NotDone => {
                self.fold(work, &intent, Outcome::NotDone);
                Ok(Turn::Again)
            }
            Recovery::Again => {
                let now = time::core((self.clock)());
                if let Some(intent) = &mut work.link.intent {
                    (intent.attempted_at, intent.tries) = (now, intent.tries.saturating_add(1));
                }
                work.link.not_before = Some(now.plus_millis(wait));
                let worked = work.worked;
                match self.save(work, worked).await? {
                    Some(_) => self.attempt(work, session).await,
                    None => Ok(Turn::Lost),
                }
            }
            Recovery::WaitUntil(at) => {
                work.link.not_before = Some(at);
                Ok(Turn::Done)
            }
            Recovery::Foreign(half) => {
                self.fold(work, &intent, Outcome::NotDone);
                self.join(work, session, half).await
            }
            Recovery::Duplicates(_) => {
                let text = "several referrals carry this opportunity's id: close all but one in Partner Center";
                self.fold(work, &intent, Outcome::Refused(blocker(Code::DuplicateReferral, text)));
                self.tell_or_rest(work, session).await
            }
        }
    }

    /// Links a half that exists. The store refuses one that belongs to another link; then a person decides.
    pub(crate) async fn join(&self, work: &mut Work, session: &mut Session, half: Pair) -> Result<Turn, Error> {
        let lonely = work.link.clone();
        work.link.adopt(half, time::core((self.clock)()));
        let history = std::mem::take(&mut work.history);
        match self.store.save(&work.link, work.revision, work.worked, &history).await? {
            Saved::Saved { revision, dirty } => {
                (work.revision, work.dirty) = (revision, dirty);
                work.before = work.link.clone();
                session.seen = BySide::default();
                Ok(Turn::Again)
            }
            Saved::Lost => Ok(Turn::Lost),
            Saved::Taken { .. } => {
                (work.link, work.history) = (lonely, history);
                let text = "this referral and this opportunity each belong to another deal: unlink one of them";
                work.link.block(blocker(Code::DuplicateReferral, text), time::core((self.clock)()));
                self.tell_or_rest(work, session).await
            }
        }
    }
}
