//! Opens a deal up to Microsoft: the co-sell saga (design section 4 "Creating"; the rule is `sync_core::Sharing`).
//!
//! ```text
//! create ours -> write its ids back -> share (an upgrade; with the contact) -> list the engagement
//!                                          Microsoft is in it: adopt <---------+---------> is not: create Microsoft's
//! ```
//! Each arrow is one round and at most one intent. Nothing remembers which arrow is next: every round asks both sides.

use store::Store;
use sync_core::{
    BySide, Code, Decision, DealType, Effect, Entity, Entry, FieldId, Fields, Flag, Joining, Kind, Link, Opening, Pair,
    Phase, Reading, Sharing, Side, Sight, State, Step, SyncState, edited_too_late, joining, reading,
};

use crate::request::{self, Plan, Request};
use crate::session::{Session, Turn, Work};
use crate::sides::Seen;
use crate::{Engine, Error};

/// What the saga asks for once the fields are at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Rest,
    /// A side must be read first, and whole.
    Look(Side),
    /// Fields are to be written, as if the comparison had said so.
    Update,
    /// Microsoft is to be invited.
    Invite,
}

impl<S: Store> Engine<S> {
    /// Lays what the saga asks for over a decision that found nothing to write.
    pub(crate) fn saga(&self, work: &mut Work, session: &Session, decision: &mut Decision) -> Next {
        if decision.step != Step::Rest || !is_open(&work.link, &session.seen) {
            return Next::Rest;
        }
        let sharing = match self.sharing(&work.link, &session.seen) {
            Ok(sharing) => sharing,
            Err(look) => return look,
        };
        self.note_flags(&work.link, session, decision);
        self.remark_late_edits(work, session, decision);
        let opening = sharing.as_ref().map_or(Opening::Rest, |sharing| sharing.opening(&self.policy));
        if let Opening::Block(blocker) = &opening {
            decision.stands(blocker);
        }
        let flag = sharing.as_ref().map_or(Flag::Right, Sharing::flag);
        if flag == Flag::Lowered {
            self.remark_lowered(work, session, decision);
        }
        let rests = matches!(opening, Opening::Rest | Opening::Block(_));
        // The flag travels with a write that is due anyway: ids after a create, Microsoft's state after an invitation.
        let can_show = flag != Flag::Right && self.policy.write.allows(Side::Crm);
        if can_show && (rests || work.link.news(&self.policy).is_some()) {
            return update(decision, Side::Crm, [(self.mapping.visible(), Reading::is("true"))].into(), session);
        }
        match opening {
            Opening::Share { flag, contact } => {
                let crm = session.fields(&work.link, Side::Crm);
                let mut sent = Fields::new();
                if flag {
                    sent.insert(self.mapping.visible(), Reading::is("true"));
                }
                if contact {
                    let row = self.mapping.contact_row();
                    sent.insert(row.clone(), reading(&crm, &row).clone());
                }
                update(decision, Side::PartnerCenter, sent, session)
            }
            Opening::Invite => {
                // What was refused is only over when it has gone through.
                if let Some(problem) = work.link.problem.as_ref().filter(|problem| problem.blocker.code == Code::Rejected) {
                    decision.stands(&problem.blocker.clone());
                }
                Next::Invite
            }
            Opening::Rest | Opening::Block(_) => self.owner_joins(&work.link, session, decision),
        }
    }

    /// What both sides say about sharing the deal; nothing if the record cannot be told to ask for anything.
    pub(crate) fn sharing(&self, link: &Link, seen: &BySide<Option<Seen>>) -> Result<Option<Sharing>, Next> {
        let row = self.mapping.rule_field(&self.mapping.visible());
        let base = |side: Side| row.as_ref().and_then(|row| link.base[side].get(&row.id, &row.digest));
        let fields = BySide::from_fn(|side| seen[side].as_ref().and_then(Seen::snapshot).map(|seen| &seen.fields));
        let is_true = |reading: &Reading| reading.value().is_some_and(|value| value.as_str() == "true");
        let shared = match fields.partner_center {
            Some(seen) => self.mapping.is_visible(seen),
            None => base(Side::PartnerCenter).map(is_true),
        };
        let Some(crm) = fields.crm else {
            // A record that is taken to be as it was asks for nothing new, but may have to show what is new.
            let shows = base(Side::Crm).is_some_and(is_true);
            return if shared == Some(true) && !shows { Err(Next::Look(Side::Crm)) } else { Ok(None) };
        };
        let asked = self.mapping.asked(crm);
        let invited = link.microsoft.is_some();
        let raw = |side: Side| seen[side].as_ref().and_then(|seen| seen.raw.as_ref());
        let to_open = asked > DealType::Private && (shared != Some(true) || (asked == DealType::CoSell && !invited));
        if to_open && raw(Side::PartnerCenter).is_none() {
            return Err(Next::Look(Side::PartnerCenter));
        }
        if to_open && !raw(Side::Crm).is_some_and(|record| self.mapping.shows_people(record)) {
            return Err(Next::Look(Side::Crm));
        }
        // A consent that cannot be read is neither given nor to be given.
        let Some(shared) = shared else { return Ok(None) };
        let contact = self.mapping.contact_row();
        Ok(Some(Sharing {
            asked,
            shown: self.mapping.is_visible(crm).unwrap_or(shared),
            was_shown: base(Side::Crm).is_some_and(is_true),
            shared,
            has_contact: fields.partner_center.is_some_and(|seen| matches!(reading(seen, &contact), Reading::Is(_))),
            invited,
            contact_missing: raw(Side::Crm).and_then(|record| self.mapping.contact_missing(record, crm)),
        }))
    }

    /// Both sides' flags as they are now: next time a lowered one is told from one that never rose.
    fn note_flags(&self, link: &Link, session: &Session, decision: &mut Decision) {
        let Some(row) = self.mapping.rule_field(&self.mapping.visible()) else { return };
        for side in Side::ALL {
            let Some(seen) = session.seen[side].as_ref().and_then(Seen::snapshot) else { continue };
            let now = reading(&seen.fields, &row.id);
            let is_new = link.base[side].get(&row.id, &row.digest) != Some(now);
            if now.is_known() && is_new {
                decision.bases.push((side, row.id.clone(), now.clone(), row.digest.clone()));
            }
        }
    }

    /// The seller took back what cannot be taken back: told once, and the flag rises again.
    fn remark_lowered(&self, work: &mut Work, session: &Session, decision: &mut Decision) {
        let visible = self.mapping.visible();
        let label = self.mapping.label(&visible);
        let text = format!("{label} is Yes again: a deal that Microsoft's sellers have seen cannot be hidden from them.");
        self.remark(work, &text);
        let crm = session.fields(&work.link, Side::Crm);
        decision.entries.push(refused(&visible, &Reading::is("true"), reading(&crm, &visible)));
    }

    /// What the seller edits after it was sent to Microsoft stays here, and is told once.
    fn remark_late_edits(&self, work: &mut Work, session: &Session, decision: &mut Decision) {
        let Some(seen) = session.seen.crm.as_ref().and_then(Seen::snapshot) else { return };
        if work.link.microsoft.is_none() {
            return;
        }
        let once = self.mapping.once();
        for (id, before) in edited_too_late(&work.link.base.crm, &seen.fields, &once) {
            let label = self.mapping.label(&id);
            let text = format!("{label} was sent to Microsoft and cannot be changed there any more: write to Microsoft's seller instead.");
            self.remark(work, &text);
            let now = reading(&seen.fields, &id).clone();
            decision.entries.push(refused(&id, &before, &now));
            if let Some(row) = once.iter().find(|row| row.id == id) {
                decision.bases.push((Side::Crm, id, now, row.digest.clone()));
            }
        }
    }

    fn remark(&self, work: &mut Work, text: &str) {
        self.audit(&mut work.link, SyncState::Failed, Code::OneWay, text);
        // Whatever the record was told before, this is news.
        work.link.told = None;
    }

    /// The record's owner joins the team, if that is somebody new.
    fn owner_joins(&self, link: &Link, session: &Session, decision: &mut Decision) -> Next {
        let Some(row) = self.mapping.rule_field(&self.mapping.team_row()) else { return Next::Rest };
        let Some(crm) = session.seen.crm.as_ref().and_then(Seen::snapshot) else { return Next::Rest };
        let (base, owner) = (link.base.crm.get(&row.id, &row.digest), reading(&crm.fields, &row.id));
        if !owner.is_known() || base == Some(owner) || !self.policy.write.allows(Side::PartnerCenter) {
            return Next::Rest;
        }
        let Some(referral) = session.seen.partner_center.as_ref().and_then(Seen::snapshot) else {
            return Next::Look(Side::PartnerCenter);
        };
        match joining(base, owner, reading(&referral.fields, &row.id)) {
            Joining::Rest => Next::Rest,
            Joining::Note => {
                decision.bases.push((Side::Crm, row.id.clone(), owner.clone(), row.digest.clone()));
                Next::Rest
            }
            Joining::Add => update(decision, Side::PartnerCenter, [(row.id, owner.clone())].into(), session),
        }
    }

    /// Makes Microsoft's referral, unless the engagement has one.
    pub(crate) async fn invite(&self, work: &mut Work, session: &mut Session) -> Result<Turn, Error> {
        let raw = BySide::from_fn(|side| session.seen[side].as_ref().and_then(|seen| seen.raw.clone()));
        let (Some(engagement), Some(ours), Some(record)) =
            (work.link.engagement.clone(), raw.partner_center, raw.crm)
        else {
            tracing::error!(link = %work.link.id, "a referral without an engagement: Microsoft cannot be invited");
            return Ok(Turn::Done);
        };
        let fields = BySide::from_fn(|side| session.fields(&work.link, side));
        let once = self.mapping.once();
        match self.microsoft_in(&engagement).await {
            Err(trouble) => return Ok(self.trouble(work, Side::PartnerCenter, &trouble)),
            Ok(Some(microsoft)) => {
                for row in &once {
                    work.link.base.crm.save(&row.id, reading(&fields.crm, &row.id), &row.digest);
                }
                work.link.microsoft = Some(microsoft);
                return Ok(Turn::Again);
            }
            Ok(None) => {}
        }
        let body = self.mapping.invitation(&engagement, &ours, &fields.partner_center, &record, &fields.crm);
        let known = once.iter().filter(|row| reading(&fields.crm, &row.id).is_known());
        let sent: Fields = known.map(|row| (row.id.clone(), reading(&fields.crm, &row.id).clone())).collect();
        let entry = |(id, to): (&FieldId, &Reading)| Entry { kind: Kind::Written, ..refused(id, &Reading::Cleared, to) };
        let entries: Vec<Entry> = sent.iter().filter(|(_, to)| matches!(to, Reading::Is(_))).map(entry).collect();
        let entries: Vec<Entry> = entries.into_iter().map(|entry| Entry { rule: "Microsoft was invited", ..entry }).collect();
        let plan = Plan {
            side: Side::PartnerCenter,
            effect: Effect::Invite,
            sent,
            seen: &fields,
            target_etag: None,
            tells: None,
        };
        let request = Request::InviteMicrosoft(body);
        let mut intent = request::intent(request::new_id(), plan, &request, &self.policy, (self.clock)());
        self.complete_digests(&mut intent);
        self.note(work, &session.cause, Some(&intent), &entries);
        self.carry_out(work, session, intent).await
    }

    /// Rows without a rule have a base all the same once they were sent: it tells a later edit.
    pub(crate) fn complete_digests(&self, intent: &mut sync_core::Intent) {
        let missing: Vec<_> = intent.sent.keys().filter(|id| intent.digest(id).is_none()).cloned().collect();
        for row in missing.iter().filter_map(|id| self.mapping.rule_field(id)) {
            intent.digests.push((row.id, row.digest));
        }
    }
}

/// A pair that is being worked, open on both sides: nothing is shared before a referral is accepted, or after its end.
pub(crate) fn is_open(link: &Link, seen: &BySide<Option<Seen>>) -> bool {
    let phase = |side: Side| seen[side].as_ref().and_then(Seen::snapshot).map_or(link.phase[side], |seen| seen.phase);
    let is_deal = matches!(&link.pair, Pair::Both(_, record) if record.entity == Entity::Opportunity);
    let is_seen = |side: Side| matches!(seen[side].as_ref().map(|seen| &seen.sight), Some(Sight::Present(_) | Sight::Assumed));
    is_deal && link.state == State::Active && Side::ALL.into_iter().all(|side| is_seen(side) && phase(side) == Phase::Open)
}

/// The decision's step becomes a write of `sent`, with the lines of history that come with it.
fn update(decision: &mut Decision, side: Side, sent: Fields, session: &Session) -> Next {
    let before = session.seen[side].as_ref().and_then(Seen::snapshot).map(|seen| seen.fields.clone()).unwrap_or_default();
    for (id, to) in &sent {
        decision.entries.push(Entry {
            side,
            field: id.clone(),
            from: reading(&before, id).clone(),
            to: to.clone(),
            kind: Kind::Written,
            winner_and_loser: None,
            rule: "the deal is opened up to Microsoft",
            intent: None,
        });
    }
    decision.step = Step::Update { side, sent };
    Next::Update
}

/// A line about an edit that cannot travel.
fn refused(id: &FieldId, from: &Reading, to: &Reading) -> Entry {
    Entry {
        side: Side::PartnerCenter,
        field: id.clone(),
        from: from.clone(),
        to: to.clone(),
        kind: Kind::Refused,
        winner_and_loser: None,
        rule: Code::OneWay.word(),
        intent: None,
    }
}
