//! Works what no field says: a seller's answer to a referral, a lead that became something else (`sync_core::act`).

use serde_json::{Value, json};
use store::Store;
use sync_core::{
    Act, Acting, Answerable, Blocker, BySide, Code, Effect, Entry, FieldId, Fields, Kind, Link, Phase, Reading,
    Response, Side, Sight, State, SyncState, act, act_at_rest,
};

use crate::request::{self, Change, Plan, Request};
use crate::session::{Session, Turn, Work};
use crate::sides::Seen;
use crate::telling::blocker;
use crate::{Engine, Error, time};

/// What became of an act.
pub(crate) enum Acted {
    /// The round ends with it.
    Went(Turn),
    /// There is none, or something keeps it from being done: the fields are compared, and then this is told.
    Nothing(Option<Blocker>),
}

impl<S: Store> Engine<S> {
    /// Does what must be done before the fields are compared.
    pub(crate) async fn act(&self, work: &mut Work, session: &mut Session) -> Result<Acted, Error> {
        if session.heir_is_shared && work.link.state == State::Paused {
            work.link.state = State::Active;
        }
        let is_shared = session.seen.crm.as_ref().and_then(Seen::snapshot).is_none_or(|crm| crm.shared);
        if !is_shared && !session.heir_is_shared {
            return Ok(Acted::Nothing(None));
        }
        match act(&work.link, &self.acting(work, session)) {
            Act::Nothing | Act::Qualify => Ok(Acted::Nothing(None)),
            Act::Look(side) => Ok(look(session, side)),
            Act::Respond { response, by_column } => self.respond(work, session, response, by_column).await,
            Act::Heed(response) => {
                work.link.response = response;
                Ok(Acted::Nothing(None))
            }
            Act::Remark(response, code) => {
                work.link.response = Some(response);
                self.audit(&mut work.link, SyncState::Failed, code, remark(response, code));
                // Whatever the record was told before, this is news.
                work.link.told = None;
                Ok(Acted::Nothing(None))
            }
            Act::FollowQualified => self.follow_qualified(work, session).await,
            Act::FollowMaster(master) => self.follow_master(work, session, master).await,
        }
    }

    /// Does what must be done once the fields are at rest, or tells what keeps it from being done.
    pub(crate) async fn act_at_rest(
        &self,
        work: &mut Work,
        session: &mut Session,
        withheld: Option<Blocker>,
    ) -> Result<Turn, Error> {
        let acted = match act_at_rest(&work.link, &self.acting(work, session)) {
            Act::Qualify => self.qualify(work, session).await?,
            Act::Look(side) => look(session, side),
            _ => Acted::Nothing(None),
        };
        let withheld = match acted {
            Acted::Went(turn) => return Ok(turn),
            Acted::Nothing(also) => also.or(withheld),
        };
        if let Some(blocker) = withheld {
            // Finding the same again is no news, though the comparison of the fields found nothing wrong.
            if let Some(before) = work.before.problem.as_ref().filter(|problem| problem.blocker == blocker) {
                work.link.problem.get_or_insert_with(|| before.clone());
            }
            work.link.block(blocker, time::core((self.clock)()));
        }
        self.tell_or_rest(work, session).await
    }

    fn acting(&self, work: &Work, session: &Session) -> Acting {
        self.acting_of(&work.link, &session.seen)
    }

    /// What both sides show, as far as acts go.
    pub(crate) fn acting_of(&self, link: &Link, seen: &BySide<Option<Seen>>) -> Acting {
        let raw = BySide::from_fn(|side| seen[side].as_ref().and_then(|seen| seen.raw.as_ref()));
        let phase = seen.partner_center.as_ref().and_then(Seen::snapshot).map(|seen| seen.phase);
        let entity = link.pair.record().map(|record| record.entity);
        Acting {
            referral: raw.partner_center.zip(phase).map(|(referral, phase)| answerable(referral, phase)),
            record: raw.crm.zip(entity).and_then(|(record, entity)| self.mapping.standing(entity, record)),
            response: raw.crm.and_then(|record| self.mapping.response(record)),
        }
    }

    /// Answers the referral: both members in one document, so that the pair is valid (partner-center-api 4.8, 5.1).
    async fn respond(
        &self,
        work: &mut Work,
        session: &mut Session,
        response: Response,
        by_column: bool,
    ) -> Result<Acted, Error> {
        if !self.policy.write.allows(Side::PartnerCenter) {
            let text = "the answer is not sent to Partner Center: set write in the [sync] table.";
            return Ok(Acted::Nothing(Some(blocker(Code::WriteOff, text))));
        }
        if let Some(turn) = self.brake(work).await? {
            return Ok(Acted::Went(turn));
        }
        let (status, substatus) = match response {
            Response::Accept => ("Active", "Accepted"),
            Response::Decline => ("Closed", "Declined"),
        };
        let set = |path: &str, value: &str, add| Change { add, path: path.to_owned(), value: json!(value) };
        let mut changes = vec![set("/status", status, false), set("/substatus", substatus, false)];
        let record = session.seen.crm.as_ref().and_then(|seen| seen.raw.as_ref());
        if let (Response::Decline, Some(reason)) = (response, record.and_then(|record| self.mapping.reason(record))) {
            changes.push(set("/statusReason", reason, true));
        }
        let before = session.seen.partner_center.as_ref().and_then(|seen| seen.raw.as_ref());
        let entry = Entry {
            side: Side::PartnerCenter,
            field: FieldId::new("status"),
            from: before.map_or(Reading::Unknown, |before| Reading::is(status_of(before))),
            to: Reading::is(format!("{status}/{substatus}")),
            kind: Kind::Written,
            winner_and_loser: None,
            rule: if by_column { "the seller's response" } else { "the seller qualified the lead" },
            intent: None,
        };
        let plan = Plan {
            side: Side::PartnerCenter,
            effect: Effect::Respond { response, by_column },
            sent: Fields::new(),
            seen: &BySide::default(),
            target_etag: session.etag(&work.link, Side::PartnerCenter),
            tells: None,
        };
        let request = Request::PatchReferral(changes);
        let intent = request::intent(request::new_id(), plan, &request, &self.policy, (self.clock)());
        self.note(work, &session.cause, Some(&intent), &[entry]);
        Ok(Acted::Went(self.carry_out(work, session, intent).await?))
    }
}

/// A side that was only assumed is read. One that could not be is left to the comparison of the fields.
fn look(session: &mut Session, side: Side) -> Acted {
    match session.seen[side].as_ref().map(|seen| &seen.sight) {
        Some(Sight::Assumed) => {
            (session.named[side], session.seen[side]) = (true, None);
            Acted::Went(Turn::Again)
        }
        _ => Acted::Nothing(None),
    }
}

fn answerable(referral: &Value, phase: Phase) -> Answerable {
    let is = |member: &str, word: &str| referral.get(member).and_then(Value::as_str) == Some(word);
    Answerable { phase, incoming: is("direction", "Incoming"), won: phase == Phase::Closed && is("substatus", "Won") }
}

fn status_of(referral: &Value) -> String {
    let text = |member: &str| referral.get(member).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("status"), text("substatus"))
}

/// Why an answer has no effect, and what would have.
fn remark(response: Response, code: Code) -> &'static str {
    match (code, response) {
        (Code::Closed, _) => "Response has no effect: the referral has ended in Partner Center.",
        (_, Response::Accept) => "Response has no effect: only a referral that was sent to us can be accepted.",
        (_, Response::Decline) => {
            "Response has no effect: only a new referral can be declined; close the opportunity as lost to end it."
        }
    }
}
