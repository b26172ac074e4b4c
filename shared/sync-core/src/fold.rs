//! Takes the outcome of the remote effect in flight.

use crate::{
    Effect, Entity, Fields, Intent, Link, Pair, Problem, Reading, RecordId, RecordRef, ReferralId, Side, Timestamp,
    reading,
};

/// What the target returned for a write that happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The half that a create made.
    pub pair: Option<Pair>,
    /// The engagement of a referral that was made.
    pub engagement: Option<String>,
    /// The fields as the target now holds them. A field absent here keeps the value sent; empty when recovered.
    pub fields: Fields,
}

impl Answer {
    /// A referral was made.
    #[must_use]
    pub fn referral(id: ReferralId, engagement: Option<String>, fields: Fields) -> Self {
        Self { pair: Some(Pair::ReferralOnly(id)), engagement, fields }
    }

    /// A record was made.
    #[must_use]
    pub fn record(entity: Entity, id: RecordId, fields: Fields) -> Self {
        Self { pair: Some(Pair::RecordOnly(RecordRef { entity, id })), engagement: None, fields }
    }
}

/// What became of the effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Done(Answer),
    /// It certainly did not happen: the precondition failed, the request was throttled, or it was never sent.
    NotDone,
    /// It certainly did not happen, and repeating it is pointless until something changes.
    Refused(crate::Blocker),
    /// Nobody knows: the intent stays, and [`crate::recover`] finds out.
    Unknown,
}

/// Folds the outcome of the intent in flight into the link. Without an intent it does nothing.
///
/// `NotDone` speaks of one attempt. A create that was attempted before may still land, so its intent stays and
/// [`crate::recover`] finds out; an update is attempted once.
///
/// After our own write the target's base is what it returned, and the source's base is the snapshot kept in the intent,
/// never a later reading: an edit made meanwhile still differs from its base, and still travels.
pub fn fold(link: &mut Link, outcome: Outcome, now: Timestamp) {
    let Some(intent) = link.intent.take() else { return };
    match outcome {
        Outcome::Done(answer) => {
            if let Effect::Move { to, base, subordinate } = intent.effect {
                link.move_to(to, base, subordinate, now);
                link.told = intent.tells;
                link.problem = None;
                return;
            }
            let source = intent.side.other();
            for (field, sent) in &intent.sent {
                let Some(digest) = intent.digest(field) else { continue };
                let returned = match reading(&answer.fields, field) {
                    Reading::Unknown => sent,
                    known => known,
                };
                link.base[intent.side].save(field, returned, digest);
                link.base[source].save(field, reading(&intent.source, field), digest);
            }
            if intent.effect == Effect::Create {
                start_unsent(link, &intent, &answer.fields);
            }
            if let Effect::Respond { response, by_column: true } = intent.effect {
                link.response = Some(response);
            }
            link.settled[intent.side] = None;
            if let Some(made) = answer.pair {
                join(link, made, now);
            }
            if answer.engagement.is_some() {
                link.engagement = answer.engagement;
            }
            let stands = link.problem.as_ref().is_some_and(|problem| problem.blocker.code.stands());
            if intent.effect != Effect::Tell && !stands {
                link.problem = None;
            }
            if intent.tells.is_some() && intent.side == Side::Crm {
                link.told = intent.tells;
            }
        }
        Outcome::NotDone => {
            link.settled[intent.side] = None;
            if intent.effect == Effect::Create && intent.tries > 1 {
                link.intent = Some(intent);
            }
        }
        Outcome::Refused(blocker) => {
            link.settled[intent.side] = None;
            let since = now;
            let same = link.problem.take().filter(|problem| problem.blocker == blocker);
            let looks = same.as_ref().map_or(0, |problem| problem.looks.saturating_add(1));
            link.problem = Some(Problem { blocker, since: same.map_or(since, |problem| problem.since), looks });
        }
        Outcome::Unknown => link.intent = Some(intent),
    }
}

/// A half that we made holds nothing but what was sent. That is the base of the other fields on both sides, so that a
/// value of the source that could not be read at the time still travels.
fn start_unsent(link: &mut Link, intent: &Intent, returned: &Fields) {
    for (field, digest) in intent.digests.iter().filter(|(field, _)| !intent.sent.contains_key(field)) {
        let start = match reading(returned, field) {
            Reading::Unknown => &Reading::Cleared,
            known => known,
        };
        for side in Side::ALL {
            link.base[side].save(field, start, digest);
        }
    }
}

/// Completes the pair with the half that was made or found.
fn join(link: &mut Link, made: Pair, now: Timestamp) {
    if link.pair.missing().is_some() {
        link.linked_at = Some(now);
    }
    link.pair = match (link.pair.clone(), made) {
        (Pair::ReferralOnly(referral), Pair::RecordOnly(record))
        | (Pair::RecordOnly(record), Pair::ReferralOnly(referral)) => Pair::Both(referral, record),
        (pair, _) => pair,
    };
}

impl Link {
    /// Completes the pair with a half that was found, not made by us: there is no base for it, and a create in flight
    /// has become pointless.
    pub fn adopt(&mut self, found: Pair, now: Timestamp) {
        join(self, found, now);
        self.intent.take_if(|intent| intent.effect == Effect::Create);
        self.settled = crate::BySide::default();
    }
}
