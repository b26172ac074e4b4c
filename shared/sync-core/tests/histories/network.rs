//! The network between a worker and the vendors: it loses, delays and repeats.

use sync_core::{Pair, Side, Snapshot};

use crate::ledger::Landed;
use crate::vendor::{Request, Target};
use crate::world::{FLIGHT_MAX, Heard, INDEX_LAG_MAX, World, half, show};

impl World {
    /// Sends a request over a network that may do anything to it, once.
    pub(crate) fn send(&mut self, request: Request) -> Heard {
        if self.guards.intent_before_effect && !self.store.knows(&request.intent) {
            self.violate(format!("{} was sent before it was durable", request.intent));
        }
        if self.fault(40, "throttled") {
            return Heard::Throttled;
        }
        if self.fault(40, "request lost") {
            return Heard::Nothing;
        }
        if self.fault(60, "request late") {
            let lands_at = self.now + self.random.ticks(1, FLIGHT_MAX);
            self.late.push((lands_at, request));
            return Heard::Nothing;
        }
        // Nothing can stop a second post of a referral, so the client never repeats one by itself.
        let is_conditional = request.side == Side::Crm || matches!(request.target, Target::Row(..));
        if is_conditional && self.fault(40, "request doubled") {
            let lands_at = self.now + self.random.ticks(1, FLIGHT_MAX);
            self.late.push((lands_at, request.clone()));
        }
        let done = self.execute(&request);
        if self.fault(60, "answer lost") {
            return Heard::Nothing;
        }
        match done {
            None => Heard::Precondition,
            Some((half, _)) if self.fault(20, "answer without fields") => Heard::Done(half, None),
            Some((half, snapshot)) => Heard::Done(half, Some(snapshot)),
        }
    }

    /// Lands the late requests whose time has come.
    pub(crate) fn land_late_requests(&mut self) {
        while let Some(at) = self.late.iter().position(|(lands_at, _)| *lands_at <= self.now) {
            let (_, request) = self.late.swap_remove(at);
            match self.execute(&request) {
                Some(_) => self.coverage.seen("late request landed"),
                None => self.coverage.seen("late request refused"),
            }
        }
    }

    fn execute(&mut self, request: &Request) -> Option<(Pair, Snapshot)> {
        let side = request.side;
        let lag = self.random.ticks(0, INDEX_LAG_MAX);
        let before = match &request.target {
            Target::New(_) => None,
            Target::Row(id, _) => self.vendors[side].row(id).map(|row| row.fields.clone()),
        };
        let Some(row) = self.vendors[side].execute(request, self.now + lag, &self.guards) else {
            self.note(|| format!("{side:?} refuses {}", request.intent));
            return None;
        };
        let done = (half(side, row), row.snapshot());
        match request.fields.is_empty() {
            true => self.tells += 1,
            false => self.writes += 1,
        }
        self.note(|| format!("{side:?} takes {}: {}", request.intent, show(&request.fields)));
        let based = self.based && !self.mapping_changed;
        if let Some(before) = &before {
            let landed = Landed { side, before, after: &done.1.fields, based };
            if let Some(wrong) = self.ledger.judge_write(&landed, &self.store) {
                self.violate(wrong);
            }
        }
        let copies = self.copies(side);
        if copies > 1 {
            self.violate(format!("duplicate: {side:?} has {copies} rows"));
        }
        self.announce(side);
        Some(done)
    }
}
