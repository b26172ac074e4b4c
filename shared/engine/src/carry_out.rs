//! Prepares an intent, saves it, carries it out, and folds what became of it.

use store::Store;
use sync_core::{BySide, Code, Effect, Fields, Intent, Link, Outcome, Response, Side, SyncState, fold, tell};

use crate::request::{self, Change, Plan, Request};
use crate::session::{Session, Turn, Work};
use crate::telling::blocker;
use crate::trouble::Trouble;
use crate::{Engine, Error, Point, time};

impl<S: Store> Engine<S> {
    /// Tells the record what its seller waits for, if that is news; otherwise the link rests.
    pub(crate) async fn tell_or_rest(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        if let Some(problem) = work.link.problem.clone() {
            self.look_again(work, &problem);
        }
        let etag = session.etag(&work.link, Side::Crm);
        let (Some(told), Some(etag)) = (work.link.news(&self.policy), etag) else { return Ok(Turn::Done) };
        self.audit_problem(&mut work.link, &told);
        let id = request::new_id();
        let columns = self.own_columns(&work.link, &told, &id);
        let plan = Plan {
            side: Side::Crm,
            effect: Effect::Tell,
            sent: Fields::new(),
            seen: &BySide::default(),
            target_etag: Some(etag),
            tells: Some(told),
        };
        let request = Request::UpdateRecord(columns);
        let intent = request::intent(id, plan, &request, &self.policy, (self.clock)());
        self.carry_out(work, session, intent).await
    }

    pub(crate) async fn update_intent(
        &self,
        work: &mut Work,
        session: &Session,
        side: Side,
        sent: Fields,
        seen: &BySide<Fields>,
    ) -> Result<Result<Intent, sync_core::Blocker>, Trouble> {
        let id = request::new_id();
        let target_etag = session.etag(&work.link, side);
        let (request, tells) = match side {
            Side::PartnerCenter => {
                self.audit_written(&mut work.link, side, &sent);
                let operations = self.mapping.patch_referral(&sent, &seen.partner_center).into_iter();
                let change = |operation: mapping::PatchOperation| Change {
                    add: operation.op == mapping::PatchOp::Add,
                    path: operation.path,
                    value: operation.value,
                };
                (Request::PatchReferral(operations.map(change).collect()), None)
            }
            Side::Crm => {
                let currencies = self.currencies().await?;
                let entity = self.entity_of(&work.link, session.seen.partner_center.as_ref());
                let read = self.columns(entity, &sent, &currencies);
                if let Some(problem) = read.problems.iter().find(|problem| problem.code == Code::CurrencyMissing) {
                    return Ok(Err(blocker(problem.code, problem.text.clone())));
                }
                self.audit_cuts(&mut work.link, SyncState::Synced, &read.problems);
                self.audit_written(&mut work.link, side, &sent);
                let told = tell(&Link { problem: None, ..work.link.clone() });
                let mut columns = read.value;
                columns.extend(self.own_columns(&work.link, &told, &id));
                (Request::UpdateRecord(columns), Some(told))
            }
        };
        let plan = Plan { side, effect: Effect::Update, sent, seen, target_etag, tells };
        let policy = self.rules(&work.link, session);
        Ok(Ok(request::intent(id, plan, &request, policy, (self.clock)())))
    }

    /// Saves the intent, carries it out, folds what became of it.
    pub(crate) async fn carry_out(
        &self,
        work: &mut Work,
        session: &mut Session,
        intent: Intent,
    ) -> Result<Turn, Error> {
        for line in &mut work.history {
            line.intent.get_or_insert_with(|| intent.id.clone());
        }
        let ripe_at = intent.ripe_at(time::millis(self.settings.sync.ambiguity_wait));
        if !work.link.begin(intent) {
            return Ok(Turn::Again);
        }
        // Should this process die now, the link wakes by itself when the outcome can be judged.
        work.link.not_before = Some(ripe_at);
        let worked = work.worked;
        match self.save(work, worked).await? {
            Some(_) => {}
            None => return Ok(Turn::Lost),
        }
        self.reach(Point::IntentSaved);
        self.attempt(work, session).await
    }

    /// Sends the intent in flight once and folds the outcome in memory; the next save makes it durable.
    pub(crate) async fn attempt(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        let Some(intent) = work.link.intent.clone() else { return Ok(Turn::Again) };
        let performed = self.perform(&work.link, &intent).await;
        let unknown = performed.outcome == Outcome::Unknown;
        let refused = matches!(performed.outcome, Outcome::Refused(_));
        if let Outcome::Done(_) = performed.outcome {
            tracing::info!(link = %work.link.id, side = intent.side.word(), intent = %intent.id, cause = session.cause, "written");
        }
        self.fold(work, &intent, performed.outcome);
        self.reach(Point::OutcomeFolded);
        session.named[intent.side] = true;
        let before = session.seen[intent.side].take();
        session.seen[intent.side] = performed.seen.map(|after| after.completed_by(before));
        if let Effect::Move { .. } = intent.effect {
            session.forget_assumptions();
        }
        if unknown {
            return Ok(Turn::Again);
        }
        work.link.not_before = None;
        match performed.trouble {
            Some(trouble) => Ok(self.trouble(work, intent.side, &trouble)),
            None if refused && intent.effect != Effect::Tell => self.tell_refusal(work, session).await,
            None => Ok(Turn::Again),
        }
    }

    /// What was refused now would be refused again: the seller is told, and it is looked at again later.
    async fn tell_refusal(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        if session.seen.crm.is_none() {
            match self.read(&work.link, Side::Crm).await {
                Ok(seen) => session.seen.crm = Some(seen),
                Err(trouble) => return Ok(self.trouble(work, Side::Crm, &trouble)),
            }
        }
        Box::pin(self.tell_or_rest(work, session)).await
    }

    pub(crate) fn fold(&self, work: &mut Work, intent: &Intent, outcome: Outcome) {
        let done = matches!(outcome, Outcome::Done(_));
        if matches!(outcome, Outcome::NotDone | Outcome::Refused(_)) && announced(intent) {
            // The line that was to travel with it is not true.
            work.link.audit.drain(..1.min(work.link.audit.len()));
        }
        fold(&mut work.link, outcome, time::core((self.clock)()));
        if done && intent.effect == Effect::Create && intent.side == Side::PartnerCenter {
            let sentence = "the referral was made in Partner Center.";
            self.audit(&mut work.link, SyncState::Synced, Code::Created, sentence);
        }
        if let (true, Effect::Respond { response, .. }) = (done, &intent.effect) {
            let sentence = match response {
                Response::Accept => "the referral was accepted in Partner Center.",
                Response::Decline => "the referral was declined in Partner Center.",
            };
            self.audit(&mut work.link, SyncState::Synced, Code::Synced, sentence);
        }
    }
}

/// Whether an audit line was added when the intent was made.
fn announced(intent: &Intent) -> bool {
    match intent.effect {
        Effect::Update | Effect::Move { .. } => true,
        Effect::Create => intent.side == Side::Crm,
        Effect::Tell => intent.tells.as_ref().is_some_and(|told| told.code.is_some()),
        Effect::Parent { .. } | Effect::Respond { .. } | Effect::Qualify => false,
    }
}
