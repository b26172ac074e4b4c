//! What a sync would do now, and why: both sides are read, everything is decided, nothing is written.

use partner_center::{ListQuery, Order};
use serde_json::Value;
use store::{LinkKey, Store};
use sync_core::{
    Act, BySide, Decision, FieldId, Fields, Held, Link, LinkId, Pair, Policy, Reading, RecordId, RecordRef, ReferralId,
    Response, Side, Sight, Step, Verdict, act, act_at_rest, decide, reading,
};
use uuid::Uuid;

use crate::sides::Seen;
use crate::tables::OPPORTUNITIES;
use crate::trouble::Trouble;
use crate::{Engine, Error};

/// One thing that a sync would do, or that keeps it from doing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The link; none where there is none yet.
    pub link: Option<LinkId>,
    /// Its referral.
    pub referral: Option<ReferralId>,
    /// Its record.
    pub record: Option<RecordId>,
    /// The side that would be written.
    pub side: Side,
    /// The field; none where the line is about the whole deal.
    pub field: Option<FieldId>,
    /// What the side holds.
    pub from: Reading,
    /// What it would hold.
    pub to: Reading,
    /// Why, or why not.
    pub reason: String,
}

impl<S: Store> Engine<S> {
    /// What a sync would do to a link.
    ///
    /// # Errors
    /// When a vendor cannot be asked.
    pub async fn plan(&self, link: &Link) -> Result<Vec<Planned>, Error> {
        if let Some(intent) = &link.intent {
            let reason = "a write is in flight; what became of it is looked up first".to_owned();
            return Ok(vec![whole(link, intent.side, reason)]);
        }
        let mut seen = BySide::<Option<Seen>>::default();
        for side in Side::ALL {
            seen[side] = Some(self.read(link, side).await.map_err(|trouble| trouble.poll_error(side))?);
        }
        let sights = BySide::from_fn(|side| seen[side].as_ref().map_or(Sight::Unreadable, |seen| seen.sight.clone()));
        let policy = self.policy_of(self.entity_of(link, seen.partner_center.as_ref()));
        let decision = decide(link, &sights, policy);
        let fields = BySide::from_fn(|side| match &sights[side] {
            Sight::Present(snapshot) => snapshot.fields.clone(),
            _ => Fields::new(),
        });
        let seen = self.acting_of(link, &seen);
        let acts = [act(link, &seen), act_at_rest(link, &seen)];
        let mut lines: Vec<Planned> =
            acts.iter().filter_map(act_spoken).map(|(side, reason)| whole(link, side, reason.to_owned())).collect();
        lines.extend(self.lines(link, &decision, &fields, policy));
        Ok(lines)
    }

    fn lines(&self, link: &Link, decision: &Decision, fields: &BySide<Fields>, policy: &Policy) -> Vec<Planned> {
        let mut lines = Vec::new();
        match &decision.step {
            Step::Rest | Step::Update { .. } => {}
            Step::Wait(side) => lines.push(whole(link, *side, "it cannot be read now".to_owned())),
            Step::Missing(side) => {
                lines.push(whole(link, *side, "it is not found; that is looked at again".to_owned()))
            }
            Step::Pause => lines.push(whole(link, Side::PartnerCenter, "paused: the seller set Sync to No".to_owned())),
            Step::Block(blocker) => {
                let side = link.pair.missing().unwrap_or(Side::Crm);
                lines.push(whole(link, side, format!("{}: {}", blocker.code.word(), blocker.text)));
            }
            Step::Create { side, sent } => {
                lines.extend(sent.iter().map(|(field, to)| Planned {
                    field: Some(field.clone()),
                    to: to.clone(),
                    ..whole(link, *side, "created: it is not there yet".to_owned())
                }));
            }
        }
        for group in &decision.groups {
            let Some(rule) = policy.rules.iter().find(|rule| rule.group == group.group) else { continue };
            let Some((to, reason)) = spoken(group.verdict) else { continue };
            for field in &rule.fields {
                let (from, value) = (reading(&fields[to], &field.id), reading(&fields[to.other()], &field.id));
                if from != value {
                    lines.push(Planned {
                        field: Some(field.id.clone()),
                        from: from.clone(),
                        to: value.clone(),
                        ..whole(link, to, reason.to_owned())
                    });
                }
            }
        }
        lines
    }

    /// What a sync would make of referrals and records that have no link yet.
    ///
    /// # Errors
    /// When a vendor cannot be asked, or the store is not available.
    pub async fn plan_new(&self) -> Result<Vec<Planned>, Error> {
        let mut planned = Vec::new();
        let failed = |error: partner_center::Error| Trouble::of_partner_center(&error).poll_error(Side::PartnerCenter);
        let query = ListQuery { order: Order::UpdatedAscending, ..ListQuery::default() };
        let mut page = self.partner_center.list(&query).await.map_err(failed)?;
        loop {
            for referral in &page.referrals {
                let id = ReferralId::new(referral.id().as_str());
                if self.store.load(LinkKey::Referral(&id)).await?.is_none() && self.makes_a_record(referral).await? {
                    let mut link = Link::new(LinkId::new(""), Pair::ReferralOnly(id));
                    link.engagement = referral.engagement_id().map(str::to_owned);
                    planned.extend(self.plan_unlinked(link).await?);
                }
            }
            match page.next.take() {
                Some(next) => page = self.partner_center.next_page(&next).await.map_err(failed)?,
                None => break,
            }
        }
        let own = self.mapping.own();
        let query = dataverse::Query {
            select: &["opportunityid"],
            filter: Some(format!("{} eq true", own.sync)),
            ..dataverse::Query::default()
        };
        let rows = self.dataverse.query(OPPORTUNITIES, &query).await;
        for row in rows.map_err(|error| Trouble::of_crm(&error).poll_error(Side::Crm))? {
            let Some(id) =
                row.raw().get("opportunityid").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok())
            else {
                continue;
            };
            let record = RecordRef { entity: sync_core::Entity::Opportunity, id: RecordId::new(id.to_string()) };
            if self.store.load(LinkKey::Record(&record.id)).await?.is_none() {
                planned.extend(self.plan_unlinked(Link::new(LinkId::new(""), Pair::RecordOnly(record))).await?);
            }
        }
        Ok(planned)
    }

    async fn plan_unlinked(&self, link: Link) -> Result<Vec<Planned>, Error> {
        let planned = self.plan(&link).await?;
        Ok(planned.into_iter().map(|line| Planned { link: None, ..line }).collect())
    }
}

fn whole(link: &Link, side: Side, reason: String) -> Planned {
    Planned {
        link: Some(link.id.clone()),
        referral: link.pair.referral().cloned(),
        record: link.pair.record().map(|record| record.id.clone()),
        side,
        field: None,
        from: Reading::Unknown,
        to: Reading::Unknown,
        reason,
    }
}

/// What an act would do, and to which side.
fn act_spoken(act: &Act) -> Option<(Side, &'static str)> {
    match act {
        Act::Nothing | Act::Look(_) | Act::Heed(_) => None,
        Act::Respond { response: Response::Accept, by_column: true } => {
            Some((Side::PartnerCenter, "accepted: the seller's response says so"))
        }
        Act::Respond { response: Response::Accept, by_column: false } => {
            Some((Side::PartnerCenter, "accepted: the seller qualified the lead"))
        }
        Act::Respond { response: Response::Decline, .. } => {
            Some((Side::PartnerCenter, "declined: the seller's response says so"))
        }
        Act::Remark(..) => Some((Side::Crm, "not-accepted: the seller's response has no effect, and is told so")),
        Act::FollowQualified => Some((Side::Crm, "the deal goes on in the opportunity of the qualified lead")),
        Act::FollowMaster(_) => Some((Side::Crm, "record-merged: the referral goes on with the master lead")),
        Act::Qualify => Some((Side::Crm, "the lead becomes an opportunity: the referral was accepted")),
    }
}

/// Which side a verdict would write, and why or why not; none where there is nothing to say.
pub(crate) fn spoken(verdict: Verdict) -> Option<(Side, &'static str)> {
    match verdict {
        Verdict::Wait | Verdict::Rest | Verdict::Adopt | Verdict::Observe => None,
        Verdict::FirstSight => Some((Side::Crm, "differs-since-adoption: nothing is written until somebody edits it")),
        Verdict::Write { to, conflict: false } => Some((
            to,
            match to {
                Side::PartnerCenter => "edited in Dynamics 365",
                Side::Crm => "edited in Partner Center",
            },
        )),
        Verdict::Write { to, conflict: true } => {
            Some((to, "edited on both sides: the owner wins, the loser is kept in history"))
        }
        Verdict::Held { to, why } => Some((
            to,
            match why {
                Held::WriteOff => "write-off: the settings forbid this write",
                Held::Unanswered => "not-accepted: it waits until the referral is accepted",
                Held::Closed => "closed: a closed deal takes no more changes",
            },
        )),
        Verdict::Ask => Some((Side::Crm, "conflict: edited on both sides; choose one with `cosell resolve`")),
    }
}
