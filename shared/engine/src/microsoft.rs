//! Microsoft's side of an engagement: its own referral, found by listing or by a hint, and what the CRM is shown of it.
//!
//! Which id a related event carries is not documented (partner-center-api 6.3): Microsoft's, or ours. Either leads to the
//! link, Microsoft's by the engagement that its referral names, ours as ever. Should no event come, the feed shows
//! Microsoft's referral too; should it not, a move of ours that explains nothing else, and a look now and then, do.

use std::time::Duration;

use partner_center::Referral;
use queue::Hint;
use store::{LinkKey, Store};
use sync_core::{BySide, Decision, Link, Microsoft, Pair, Side, Sight, Step, Verdict};

use crate::find::{CAUSE_COMMAND, CAUSE_DUE, CAUSE_RELATED, MICROSOFT, session};
use crate::session::{Session, Turn, Work};
use crate::trouble::Trouble;
use crate::{Engine, Error, Worked, time};

/// Microsoft's answer is looked for this often, whatever events and feeds bring; it has 14 days (partner-center-api 5.5).
const SWEEP: Duration = Duration::from_secs(12 * 60 * 60);

/// What this hint is to find out about Microsoft's side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing so far.
    #[default]
    NotYet,
    /// The engagement is to be listed.
    Ask,
    /// It is in hand.
    Seen(Microsoft),
    /// It was found out.
    Done,
}

impl<S: Store> Engine<S> {
    /// Microsoft's referral in an engagement, if there is one that we may see: one that is open before one that has ended,
    /// the newest first.
    pub(crate) async fn microsoft_in(&self, engagement: &str) -> Result<Option<Microsoft>, Trouble> {
        let failed = |error: partner_center::Error| Trouble::of_partner_center(&error);
        let mut page = self.partner_center.engagement(engagement).await.map_err(failed)?;
        let mut found: Vec<(bool, Option<jiff::Timestamp>, Microsoft)> = Vec::new();
        loop {
            let theirs = page.referrals.iter().filter(|referral| referral.organization_id() == Some(MICROSOFT));
            found.extend(theirs.filter_map(|referral| {
                let microsoft = mapping::microsoft(referral.raw())?;
                Some((microsoft.is_open(), referral.created(), microsoft))
            }));
            match page.next.take() {
                Some(next) => page = self.partner_center.next_page(&next).await.map_err(failed)?,
                None => break,
            }
        }
        let best = found.into_iter().max_by(|(open, created, _), (other_open, other_created, _)| {
            (open, created).cmp(&(other_open, other_created))
        });
        Ok(best.map(|(_, _, microsoft)| microsoft))
    }

    /// A hint named Microsoft's referral: the links of its engagement show it.
    pub(crate) async fn follow_microsoft(&self, hint: &Hint, referral: &Referral) -> Result<Worked, Error> {
        let (Some(engagement), Some(microsoft)) = (referral.engagement_id(), mapping::microsoft(referral.raw())) else {
            return Ok(Worked::Uninteresting);
        };
        let mut worked = Worked::Uninteresting;
        for link in self.store.by_engagement(engagement).await? {
            let mut session = session(hint, Side::PartnerCenter, None);
            session.named = BySide::default();
            session.microsoft = Look::Seen(microsoft.clone());
            self.bring_to_rest(&link, session).await?;
            worked = Worked::Done;
        }
        Ok(worked)
    }

    /// Whether a link of its engagement does not know Microsoft's referral as it is now.
    pub(crate) async fn is_news_of_microsoft(&self, referral: &Referral) -> Result<bool, Error> {
        let (Some(engagement), Some(now)) = (referral.engagement_id(), mapping::microsoft(referral.raw())) else {
            return Ok(false);
        };
        for link in self.store.by_engagement(engagement).await? {
            let Some(stored) = self.store.load(LinkKey::Id(&link)).await? else { continue };
            let before = stored.link.microsoft.as_ref();
            if succeeds(before, &now) && before != Some(&now.clone().seen_again(before)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds out what this hint is to find out about Microsoft's side, once.
    pub(crate) async fn see_microsoft(&self, work: &mut Work, session: &mut Session) -> Result<Option<Turn>, Error> {
        let link = &mut work.link;
        if session.microsoft == Look::NotYet && wants_a_look(link, session) {
            session.microsoft = Look::Ask;
        }
        let seen = match std::mem::replace(&mut session.microsoft, Look::NotYet) {
            Look::Seen(microsoft) => Some(microsoft),
            Look::Ask => match link.engagement.clone() {
                Some(engagement) => match self.microsoft_in(&engagement).await {
                    Ok(found) => found,
                    Err(trouble) => {
                        session.microsoft = Look::Ask;
                        return Ok(Some(self.trouble(work, Side::PartnerCenter, &trouble)));
                    }
                },
                None => None,
            },
            as_it_was => {
                session.microsoft = as_it_was;
                return Ok(None);
            }
        };
        session.microsoft = Look::Done;
        if let Some(now) = seen.filter(|now| succeeds(work.link.microsoft.as_ref(), now)) {
            work.link.microsoft = Some(now.seen_again(work.link.microsoft.as_ref()));
        }
        Ok(None)
    }

    /// A link that waits for Microsoft looks again by itself.
    pub(crate) fn sweep_later(&self, work: &mut Work) {
        let waits = work.link.not_before.is_none() && work.link.microsoft.as_ref().is_some_and(Microsoft::is_open);
        if !waits {
            return;
        }
        let now = time::core((self.clock)());
        let planned = work.before.not_before.filter(|at| *at > now && work.before.parked_for.is_none());
        work.link.not_before = Some(planned.unwrap_or_else(|| now.plus_millis(time::millis(SWEEP))));
    }
}

/// Who waits for Microsoft, or is asked about by a person, looks.
fn wants_a_look(link: &Link, session: &Session) -> bool {
    let is_whole = matches!(link.pair, Pair::Both(..));
    let waits = link.microsoft.as_ref().is_some_and(Microsoft::is_open);
    is_whole
        && match session.cause.as_str() {
            CAUSE_RELATED | CAUSE_COMMAND => true,
            CAUSE_DUE => waits,
            _ => false,
        }
}

/// Whether our referral got another version and nothing that we map moved: then it may be Microsoft's that did
/// (partner-center-api 2.4).
pub(crate) fn moved_alone(link: &Link, sights: &BySide<Sight>, decision: &Decision) -> bool {
    let Sight::Present(seen) = &sights.partner_center else { return false };
    let settled = link.settled.partner_center.as_ref().map(|settled| &settled.etag);
    decision.step == Step::Rest
        && decision.groups.iter().all(|group| group.verdict == Verdict::Rest)
        && settled.is_some()
        && settled != seen.etag.as_ref()
        && link.microsoft.as_ref().is_some_and(Microsoft::is_open)
}

/// Another referral of Microsoft's takes the place of one that has ended, and of no other.
fn succeeds(before: Option<&Microsoft>, now: &Microsoft) -> bool {
    before.is_none_or(|before| before.referral == now.referral || !before.is_open())
}
