//! What became of an intent whose answer never came.
//!
//! ```text
//! intent saved --- request sent --- ? --- nothing heard
//!                        |<- wait ->|  a request that is still under way has landed or died by then
//! ```
//! The CRM keeps a stamp, so that it can say for sure. Partner Center keeps none: there the fields speak, and where they
//! do not speak clearly, **the target's present value wins** and ours is kept in history (reliability 8.4).

use crate::{
    Answer, Effect, Entry, Fields, Intent, Kind, Link, Pair, Phase, Reading, ReferralId, Response, Side, Sight,
    Snapshot, Timestamp, reading,
};

/// A target that answers 404 or hides a field for this long will not tell any more what became of the write.
const PATIENCE_MILLIS: i64 = 60 * 60 * 1000;

/// A referral found by the external reference that the intent carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub referral: ReferralId,
    /// Its engagement.
    pub engagement: Option<String>,
}

/// What was found out about the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The target itself, read by its id or its unique key, and the pair half that this read proves.
    Target(Sight, Option<Pair>),
    /// Every referral of ours that carries the intent's external reference.
    Search(Vec<Found>),
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// It happened; fold this, and keep these lines.
    Happened(Answer, Vec<Entry>),
    /// It did not happen and cannot any more: fold `NotDone`, decide anew.
    NotDone,
    /// It did not happen: send the same request again.
    Again,
    /// Too early to say.
    WaitUntil(Timestamp),
    /// Somebody else made this half: link it without a base.
    Foreign(Pair),
    /// More than one referral claims the record: a person decides.
    Duplicates(Vec<ReferralId>),
}

/// Judges the intent in flight by the evidence. `wait_millis` is how long after its last attempt a request may still
/// land. `now` is when the evidence was asked for, not when it came: what was seen too early proves nothing later.
/// Without an intent there is nothing to recover: [`Recovery::NotDone`].
#[must_use]
pub fn recover(link: &Link, evidence: &Evidence, wait_millis: i64, now: Timestamp) -> Recovery {
    let Some(intent) = &link.intent else { return Recovery::NotDone };
    let ripe_at = intent.ripe_at(wait_millis);
    let later = Recovery::WaitUntil(ripe_at.max(now.plus_millis(wait_millis.max(1))));
    match evidence {
        Evidence::Search(_) if now < ripe_at => Recovery::WaitUntil(ripe_at),
        Evidence::Search(found) => match found.as_slice() {
            [] => Recovery::Again,
            [one] => {
                let made = Answer::referral(one.referral.clone(), one.engagement.clone(), Fields::new());
                Recovery::Happened(made, Vec::new())
            }
            many => Recovery::Duplicates(many.iter().map(|found| found.referral.clone()).collect()),
        },
        Evidence::Target(Sight::Present(target), half) => match intent.effect {
            Effect::Create => created(intent, target, half.clone()),
            Effect::Parent { .. } => Recovery::Happened(Answer::default(), Vec::new()),
            Effect::Update | Effect::Tell | Effect::Move { .. } => updated(link, intent, target, later, now, ripe_at),
            Effect::Respond { response, .. } => stepped(target.phase, Some(response), now, ripe_at),
            Effect::Qualify => stepped(target.phase, None, now, ripe_at),
        },
        Evidence::Target(Sight::Absent, _) => match intent.effect {
            // The unique key and the chosen primary key make a repetition harmless.
            Effect::Create | Effect::Parent { .. } => Recovery::Again,
            // A single 404 never means "gone" (design section 4 "Waiting"): the write may well have happened.
            _ if may_still_tell(intent, now) => later,
            _ => Recovery::NotDone,
        },
        Evidence::Target(Sight::Unreadable | Sight::Assumed | Sight::NotYet, _) => later,
    }
}

fn created(intent: &Intent, target: &Snapshot, half: Option<Pair>) -> Recovery {
    match half {
        Some(half) if target.stamp.as_ref() != Some(&intent.id) => Recovery::Foreign(half),
        half => Recovery::Happened(Answer { pair: half, ..Answer::default() }, Vec::new()),
    }
}

fn updated(
    link: &Link,
    intent: &Intent,
    target: &Snapshot,
    later: Recovery,
    now: Timestamp,
    ripe_at: Timestamp,
) -> Recovery {
    let happened = || Recovery::Happened(Answer::default(), Vec::new());
    if target.stamp.as_ref() == Some(&intent.id) {
        return happened();
    }
    let unchanged = target.etag == intent.target_etag;
    if intent.side == Side::Crm && !unchanged {
        // The version moved without our stamp, so the condition of our request fails for ever.
        return Recovery::NotDone;
    }
    // A write is atomic and was sent only where the target differed: one field that holds ours tells for all of them,
    // and so does one that still holds its base. Others may have been edited meanwhile. Where both speak, somebody typed
    // our value too, or took it back; deciding anew is right for the one and kept in history for the other.
    let present = |field| reading(&target.fields, field);
    let holds_ours = intent.sent.iter().any(|(field, sent)| present(field) == sent);
    let holds_old = intent.sent.iter().any(|(field, sent)| {
        let old = intent.digest(field).and_then(|digest| link.base[intent.side].get(field, digest));
        old.is_some_and(|old| old != sent && old == present(field))
    });
    let is_whole = intent.sent.keys().all(|field| present(field).is_known());
    if !unchanged && holds_ours && !holds_old {
        happened()
    } else if now < ripe_at {
        Recovery::WaitUntil(ripe_at)
    } else if unchanged || holds_old {
        Recovery::NotDone
    } else if !is_whole && may_still_tell(intent, now) {
        later
    } else {
        Recovery::Happened(Answer::default(), target_wins(intent, target))
    }
}

/// An answered referral is never new again (partner-center-api 3.3), and a qualified lead is closed (dataverse-api 6.5):
/// how far the target is tells. What was answered otherwise cannot be answered any more.
fn stepped(phase: Phase, response: Option<Response>, now: Timestamp, ripe_at: Timestamp) -> Recovery {
    let before = if response.is_some() { Phase::Unanswered } else { Phase::Open };
    let after = if response == Some(Response::Accept) { Phase::Open } else { Phase::Closed };
    if phase == after {
        Recovery::Happened(Answer::default(), Vec::new())
    } else if phase == before && now < ripe_at {
        Recovery::WaitUntil(ripe_at)
    } else {
        Recovery::NotDone
    }
}

/// Whether a target that does not show itself, or not wholly, is worth another look.
fn may_still_tell(intent: &Intent, now: Timestamp) -> bool {
    now < intent.attempted_at.plus_millis(PATIENCE_MILLIS)
}

/// The lines that keep our value where the target's present one wins.
fn target_wins(intent: &Intent, target: &Snapshot) -> Vec<Entry> {
    let differs = |(field, sent): &(&crate::FieldId, &Reading)| {
        let present = reading(&target.fields, field);
        present.is_known() && present != *sent
    };
    let line = |(field, sent): (&crate::FieldId, &Reading)| {
        let (winner, loser) = (reading(&target.fields, field).clone(), sent.clone());
        Entry {
            side: intent.side.other(),
            field: field.clone(),
            from: loser.clone(),
            to: winner.clone(),
            kind: Kind::Conflict,
            winner_and_loser: Some((winner, loser)),
            rule: "outcome unknown: the present value wins",
            intent: Some(intent.id.clone()),
        }
    };
    intent.sent.iter().filter(differs).map(line).collect()
}
