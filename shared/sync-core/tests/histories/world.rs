//! Everything outside the worker: both vendors, the network between, the store, the queue, and time.

use std::fmt::Write as _;
use std::rc::Rc;

use sync_core::{BySide, Fields, Found, Pair, Policy, Reading, ReferralId, Side, Sight, Snapshot};

use crate::coverage::Coverage;
use crate::guards::Guards;
use crate::ledger::Ledger;
use crate::random::Random;
use crate::store::Store;
use crate::vendor::{Request, Row, Vendor};

/// A request is not sent later than this after it was decided: the worker gives up instead.
pub(crate) const SEND_WINDOW: i64 = 20;
/// A request that got no answer lands within this time, or never.
pub(crate) const FLIGHT_MAX: i64 = 30;
/// A new referral can be found after this time at the latest.
pub(crate) const INDEX_LAG_MAX: i64 = 40;
/// The wait of `sync.ambiguity_wait`: longer than all three together.
pub(crate) const WAIT: i64 = SEND_WINDOW + FLIGHT_MAX + INDEX_LAG_MAX + 10;

/// "Look at this side"; never truth.
#[derive(Debug, Clone)]
pub(crate) struct Hint {
    pub(crate) ready_at: i64,
    pub(crate) names: BySide<bool>,
}

impl Hint {
    pub(crate) fn of(side: Side, ready_at: i64) -> Self {
        Self { ready_at, names: BySide::from_fn(|named| named == side) }
    }

    pub(crate) fn wake(ready_at: i64) -> Self {
        Self { ready_at, names: BySide::from_fn(|_| true) }
    }
}

/// What a worker hears of a request.
pub(crate) enum Heard {
    /// It happened; the target as it is now, if the answer shows it.
    Done(Pair, Option<Snapshot>),
    /// The precondition failed.
    Precondition,
    /// 429: not executed.
    Throttled,
    /// 400: not executed, and it would not be if it were repeated.
    Refused,
    /// No answer.
    Nothing,
}

/// The world of one history.
pub(crate) struct World {
    pub(crate) now: i64,
    pub(crate) random: Random,
    pub(crate) guards: Guards,
    /// Whether anything goes wrong.
    pub(crate) faults: bool,
    /// Whether workers may take a side to be as it was.
    pub(crate) assume: bool,
    pub(crate) vendors: BySide<Vendor>,
    pub(crate) store: Store,
    pub(crate) queue: Vec<Hint>,
    pub(crate) late: Vec<(i64, Request)>,
    pub(crate) policy: Rc<Policy>,
    pub(crate) ledger: Ledger,
    pub(crate) coverage: Coverage,
    /// Our writes of mapped fields that landed.
    pub(crate) writes: u64,
    /// Our writes of our own columns that landed.
    pub(crate) tells: u64,
    pub(crate) intents: u64,
    /// How many values people typed.
    pub(crate) values: u64,
    /// Whether the settings were changed to the second mapping.
    pub(crate) mapping_changed: bool,
    /// Whether the pair began equal, or by a create of ours.
    pub(crate) based: bool,
    pub(crate) rival_came: bool,
    pub(crate) violation: Option<String>,
    pub(crate) trace: Option<String>,
}

impl World {
    /// True `per_mille` times in a thousand while things go wrong.
    pub(crate) fn fault(&mut self, per_mille: usize, what: &'static str) -> bool {
        let happens = self.faults && self.random.chance(per_mille);
        if happens {
            self.coverage.seen(what);
        }
        happens
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let _ = writeln!(trace, "{:>5} {}", self.now, line());
        }
    }

    pub(crate) fn violate(&mut self, what: String) {
        self.note(|| format!("VIOLATION {what}"));
        self.violation.get_or_insert(what);
    }

    /// Something changed on `side`: an event, which may come late, twice, in another order, or never.
    pub(crate) fn announce(&mut self, side: Side) {
        if self.fault(150, "hint lost") {
            return;
        }
        let copies = if self.fault(120, "hint doubled") { 2 } else { 1 };
        for _ in 0..copies {
            let delay = if self.fault(300, "hint late") { self.random.ticks(10, 80) } else { self.random.ticks(0, 3) };
            self.queue.push(Hint::of(side, self.now + delay));
        }
    }

    /// Reads one row by its id.
    pub(crate) fn read(&mut self, side: Side, id: &str) -> Sight {
        if self.fault(25, "read failed") {
            return Sight::Unreadable;
        }
        if self.fault(8, "read said 404") {
            return Sight::Absent;
        }
        let Some(row) = self.vendors[side].row(id) else { return Sight::Absent };
        let mut snapshot = row.snapshot();
        if self.fault(10, "field unreadable") {
            let missing = self.random.below(snapshot.fields.len());
            let field = snapshot.fields.keys().nth(missing).cloned();
            match (field, self.guards.unknown_waits) {
                (Some(field), true) => drop(snapshot.fields.remove(&field)),
                (Some(field), false) => drop(snapshot.fields.insert(field, Reading::Cleared)),
                (None, _) => {}
            }
        }
        Sight::Present(snapshot)
    }

    /// Reads a record by its alternate key.
    pub(crate) fn read_by_key(&mut self, key: &str) -> (Sight, Option<Pair>) {
        if self.fault(25, "read failed") {
            return (Sight::Unreadable, None);
        }
        match self.vendors.crm.row_marked(key) {
            Some(row) => (Sight::Present(row.snapshot()), Some(half(Side::Crm, row))),
            None => (Sight::Absent, None),
        }
    }

    /// Lists the referrals with this external reference.
    pub(crate) fn search(&mut self, reference: &str) -> Vec<Found> {
        let found = self.vendors.partner_center.search(reference, self.now);
        found.map(|row| Found { referral: ReferralId::new(row.id.clone()), engagement: None }).collect()
    }
}

/// The half of the pair that a row is.
pub(crate) fn half(side: Side, row: &Row) -> Pair {
    match side {
        Side::PartnerCenter => Pair::ReferralOnly(ReferralId::new(row.id.clone())),
        Side::Crm => Pair::RecordOnly(crate::naming::record(&row.id)),
    }
}

/// Fields for the trace.
pub(crate) fn show(fields: &Fields) -> String {
    let texts = fields.iter().map(|(id, reading)| {
        let text = reading.value().map_or("-", |value| value.as_str());
        format!("{}={text}", id.as_str())
    });
    texts.collect::<Vec<_>>().join(" ")
}
