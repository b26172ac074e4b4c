//! Brings one link to rest, a round at a time.
//!
//! ```text
//! load -> intent in flight? -> recover -+
//!   ^                                   v
//!   |        read or assume both sides -> decide -> observe -> nothing to write -> save, done
//!   |                ^                                |
//!   +-- lost a race  +--- fold <--- effect <--- save the intent
//! ```
//! Every save is a compare-and-set. Who loses one marks the link dirty and goes home: the winner sees the mark when it
//! saves, and goes round again.

use std::time::Duration;

use store::{Inserted, LinkKey, Store};
use sync_core::{BySide, Code, Entry, Fields, Kind, Link, LinkId, Side, Sight, Step, SyncState, decide};

use crate::acts::Acted;
use crate::halves::Half;
use crate::session::{Session, Turn, Work};
use crate::sides::Seen;
use crate::{Engine, Error, Point, time};

/// A link that needs more rounds than this in one go is chasing somebody's edits; it goes on a moment later.
const ROUNDS_MAX: u32 = 12;
/// How long after that.
const CHASE_WAIT: Duration = Duration::from_secs(1);
/// Who marks a link dirty names a time, in case the winner dies before it sees the mark.
const DIRTY_WAIT: Duration = Duration::from_secs(30);

impl<S: Store> Engine<S> {
    /// Saves a new link, or finds that somebody else did.
    pub(crate) async fn insert(&self, link: &Link) -> Result<bool, Error> {
        let inserted = matches!(self.store.insert(link, &[]).await?, Inserted::New(_));
        if inserted {
            self.reach(Point::LinkInserted);
        }
        Ok(inserted)
    }

    /// Works a link until it rests, waits, or belongs to somebody else.
    pub(crate) async fn bring_to_rest(&self, id: &LinkId, mut session: Session) -> Result<(), Error> {
        while let Some(stored) = self.store.load(LinkKey::Id(id)).await? {
            let mut work = Work::of(stored, &mut session);
            match self.rounds(&mut work, &mut session).await? {
                Turn::Lost => return self.leave_to_winner(id, &session, DIRTY_WAIT).await,
                Turn::Again | Turn::Done => {}
            }
            let everything_seen = work.dirty;
            match self.save(&mut work, everything_seen).await? {
                Some(dirty) if dirty == everything_seen => {
                    self.reach(Point::LinkSaved);
                    return Ok(());
                }
                Some(_) => session.seen = BySide::default(),
                None => return self.leave_to_winner(id, &session, DIRTY_WAIT).await,
            }
        }
        Ok(())
    }

    async fn leave_to_winner(&self, id: &LinkId, session: &Session, wait: Duration) -> Result<(), Error> {
        let due = time::core((self.clock)()).plus_millis(time::millis(wait));
        for side in Side::ALL {
            if session.named[side] {
                self.store.mark_dirty(id, side, due).await?;
            }
        }
        Ok(())
    }

    async fn rounds(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        let now = time::core((self.clock)());
        if let Some(intent) = &work.link.intent {
            let ripe_at = intent.ripe_at(time::millis(self.settings.sync.ambiguity_wait));
            if now < ripe_at {
                // Its worker is probably still at it, and sees our mark when it saves; if it died, the link wakes then.
                let wait = Duration::from_millis(u64::try_from(ripe_at.as_millis() - now.as_millis()).unwrap_or(0));
                self.leave_to_winner(&work.link.id, session, wait).await?;
                work.reset();
                return Ok(Turn::Done);
            }
        }
        (work.link.not_before, work.link.parked_for) = (None, None);
        for _ in 0..ROUNDS_MAX {
            let turn = match work.link.intent.is_some() {
                true => self.recover_round(work, session).await?,
                false => self.decide_round(work, session).await?,
            };
            match turn {
                Turn::Again => {}
                Turn::Done | Turn::Lost => return Ok(turn),
            }
        }
        self.park(work, CHASE_WAIT, None);
        Ok(Turn::Done)
    }

    async fn decide_round(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        for side in Side::ALL {
            if session.seen[side].is_none() {
                let assume = self.settings.sync.assume && !session.named[side];
                session.seen[side] = if assume && self.can_assume(&work.link, side) {
                    Some(Seen::nothing(Sight::Assumed))
                } else {
                    match self.read(&work.link, side).await {
                        Ok(seen) => Some(seen),
                        Err(trouble) => return Ok(self.trouble(work, side, &trouble)),
                    }
                };
            }
        }
        self.reach(Point::SidesRead);
        let withheld = match self.act(work, session).await? {
            Acted::Went(turn) => return Ok(turn),
            Acted::Nothing(withheld) => withheld,
        };
        let sights = BySide::from_fn(|side| match &session.seen[side] {
            Some(seen) => seen.sight.clone(),
            None => Sight::Unreadable,
        });
        let policy = self.rules(&work.link, session);
        let decision = decide(&work.link, &sights, policy);
        work.link.observe(&decision, &sights, policy, time::core((self.clock)()));
        let (caused, found): (Vec<_>, Vec<_>) =
            decision.entries.iter().cloned().partition(|entry| matches!(entry.kind, Kind::Written | Kind::Conflict));
        self.note(work, &session.cause, None, &found);
        if decision.step == Step::Rest {
            return self.act_at_rest(work, session, withheld).await;
        }
        self.step(work, session, decision.step, &caused).await
    }

    fn can_assume(&self, link: &Link, side: Side) -> bool {
        link.pair.record().is_some_and(|record| link.can_assume(side, &self.policy_of(record.entity).digest))
    }

    /// `caused` are the lines of history that become true only with the write; they are saved with its intent.
    async fn step(&self, work: &mut Work, session: &mut Session, step: Step, caused: &[Entry]) -> Result<Turn, Error> {
        match step {
            Step::Update { side, sent } => {
                if let Some(turn) = self.brake(work).await? {
                    return Ok(turn);
                }
                let seen = BySide::from_fn(|side| session.fields(&work.link, side));
                match self.update_intent(work, session, side, sent, &seen).await {
                    Ok(Ok(intent)) => {
                        self.note(work, &session.cause, Some(&intent), caused);
                        self.carry_out(work, session, intent).await
                    }
                    Ok(Err(blocker)) => {
                        work.link.block(blocker, time::core((self.clock)()));
                        self.tell_or_rest(work, session).await
                    }
                    Err(trouble) => Ok(self.trouble(work, side, &trouble)),
                }
            }
            Step::Create { side, sent } => self.make_half(work, session, side, sent).await,
            Step::Missing(side) => Ok(self.absent(work, side).await),
            Step::Wait(_) => {
                self.park(work, CHASE_WAIT, Some(Code::Throttled));
                Ok(Turn::Done)
            }
            Step::Pause => Ok(Turn::Done),
            Step::Rest | Step::Block(_) => self.tell_or_rest(work, session).await,
        }
    }

    async fn make_half(&self, work: &mut Work, session: &mut Session, side: Side, sent: Fields) -> Result<Turn, Error> {
        let Some(source) = session.seen[side.other()].clone() else { return Ok(Turn::Again) };
        let half = match side {
            Side::Crm => self.record_half(&mut work.link, &source, sent).await?,
            Side::PartnerCenter => self.referral_half(&work.link, &source, sent).await?,
        };
        match half {
            Half::Make(intent) => self.carry_out(work, session, *intent).await,
            Half::Found(pair) => {
                let table = pair.record().or(work.link.pair.record()).map_or("opportunity", |r| r.entity.word());
                let sentence = format!("the {table} and the referral were linked; they existed already.");
                self.audit(&mut work.link, SyncState::Synced, Code::Adopted, &sentence);
                self.join(work, session, pair).await
            }
            Half::Blocked(blocker) => {
                work.link.block(blocker, time::core((self.clock)()));
                self.tell_or_rest(work, session).await
            }
            Half::NotYet(wait) => {
                self.park(work, wait, None);
                Ok(Turn::Done)
            }
            Half::Trouble(trouble) => Ok(self.trouble(work, side, &trouble)),
        }
    }
}
