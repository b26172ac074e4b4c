//! When one half of a pair answers 404 (design section 4 "Gone").
//!
//! Once proves nothing: roles change, replicas lag. Gone is what answers 404 again at least an hour later, while another
//! read of that side succeeds. Then the link is detached: nothing is written, nothing is made anew, its ids stay taken.

use std::time::Duration;

use dataverse::Query;
use partner_center::{ListQuery, Order};
use store::Store;
use sync_core::{Code, Side, State};

use crate::session::{Turn, Work};
use crate::sides::ACCOUNTS;
use crate::telling::blocker;
use crate::{Engine, time};

/// How long after the first 404 the second one counts.
const CONFIRMED_AFTER: Duration = Duration::from_secs(60 * 60);

impl<S: Store> Engine<S> {
    /// `side` answered 404 by id, and the link remembers since when.
    pub(crate) async fn absent(&self, work: &mut Work, side: Side) -> Turn {
        let now = time::core((self.clock)());
        let since = work.link.absent_since[side].unwrap_or(now);
        let confirmable_at = since.plus_millis(time::millis(CONFIRMED_AFTER));
        if now < confirmable_at || !self.answers(side).await {
            tracing::warn!(link = %work.link.id, side = side.word(), "not found; looked at again in an hour");
            self.park(work, CONFIRMED_AFTER, Some(Code::Gone));
            work.link.not_before =
                work.link.not_before.map(|at| if now < confirmable_at { confirmable_at } else { at });
            return Turn::Done;
        }
        let what = match side {
            Side::PartnerCenter => "the referral is no longer in Partner Center",
            Side::Crm => "the record is no longer in Dynamics 365",
        };
        tracing::warn!(link = %work.link.id, side = side.word(), code = Code::Gone.word(), "gone; the link is detached");
        work.link.state = State::Detached;
        work.link.block(blocker(Code::Gone, format!("{what}: `cosell retry` makes it anew")), now);
        work.link.not_before = None;
        Turn::Done
    }

    /// Whether another read of that side succeeds, so that 404 speaks of the one id and not of our rights.
    async fn answers(&self, side: Side) -> bool {
        match side {
            Side::PartnerCenter => {
                let query = ListQuery { order: Order::UpdatedDescending, ..ListQuery::default() };
                self.partner_center.list(&query).await.is_ok()
            }
            Side::Crm => {
                let query = Query { select: &["accountid"], top: Some(1), ..Query::default() };
                self.dataverse.query(ACCOUNTS, &query).await.is_ok()
            }
        }
    }
}
