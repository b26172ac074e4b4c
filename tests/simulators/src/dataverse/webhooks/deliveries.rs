//! The calls on their way, held or lost, and what came of each. Making them is for `work`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::steps::Notice;
use crate::harness::{Events, Release};

/// What came of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// `Create`, `Update`, `Delete`.
    pub message: String,
    /// Logical name of the table.
    pub table: String,
    /// The row.
    pub id: Uuid,
    /// The job.
    pub operation_id: Uuid,
    /// What the receiver answered to each try; none where it did not answer.
    pub tries: Vec<Option<u16>>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not yet.
    UnderWay,
    /// The receiver answered 2xx.
    Delivered,
    /// The job failed; there is no redelivery.
    Failed,
    /// Lost on purpose.
    Lost,
    /// The endpoint was gone when it left.
    Dropped,
}

/// The calls on their way.
pub(crate) struct Deliveries {
    state: Mutex<State>,
    under_way: watch::Sender<usize>,
    queue: mpsc::UnboundedSender<Departure>,
}

#[derive(Default)]
struct State {
    events: Events,
    held: Vec<Notice>,
    log: Vec<Delivery>,
}

/// A call that leaves, and its place in the log.
#[derive(Clone)]
pub(crate) struct Departure {
    pub(super) notice: Notice,
    place: usize,
}

impl Deliveries {
    /// Deliveries, and the queue to pass to [`work`].
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Departure>) {
        let (queue, departures) = mpsc::unbounded_channel();
        (Self { state: Mutex::default(), under_way: watch::Sender::new(0), queue }, departures)
    }

    /// Takes a call over.
    pub(crate) fn tell(&self, notice: Notice) {
        let mut state = self.state();
        match state.events {
            Events::Deliver => self.depart(&mut state, notice),
            Events::Hold => state.held.push(notice),
            Events::Lose => {
                state.note(&notice, Outcome::Lost);
            }
        }
    }

    /// What becomes of calls from now on. Those that are held stay held.
    pub(crate) fn set_events(&self, events: Events) {
        self.state().events = events;
    }

    /// What becomes of calls at present, and how many are held.
    pub(crate) fn events(&self) -> (Events, usize) {
        let state = self.state();
        (state.events, state.held.len())
    }

    /// Lets the held calls leave.
    pub(crate) fn release(&self, release: Release) {
        let mut state = self.state();
        let mut held = std::mem::take(&mut state.held);
        if release == Release::Reversed {
            held.reverse();
        }
        for notice in held {
            if release == Release::Twice {
                self.depart(&mut state, notice.clone());
            }
            self.depart(&mut state, notice);
        }
    }

    /// Waits until no call is under way. Held calls are not under way.
    pub(crate) async fn settled(&self) {
        // Fails only when the sender is gone, which is `self`.
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// What came of every call that left or was lost so far, oldest first.
    pub(crate) fn log(&self) -> Vec<Delivery> {
        self.state().log.clone()
    }

    fn depart(&self, state: &mut State, notice: Notice) {
        let place = state.note(&notice, Outcome::UnderWay);
        self.under_way.send_modify(|count| *count += 1);
        if self.queue.send(Departure { notice, place }).is_err() {
            self.end(state, place, Outcome::Dropped);
        }
    }

    /// How often a call was tried so far.
    pub(super) fn tries(&self, departure: &Departure) -> usize {
        self.state().log[departure.place].tries.len()
    }

    /// Notes what a try brought; answers how many there were.
    pub(super) fn tried(&self, departure: &Departure, status: Option<u16>) -> usize {
        let mut state = self.state();
        let tries = &mut state.log[departure.place].tries;
        tries.push(status);
        tries.len()
    }

    /// Notes how a call ended.
    pub(super) fn ended(&self, departure: &Departure, outcome: Outcome) {
        self.end(&mut self.state(), departure.place, outcome);
    }

    fn end(&self, state: &mut State, place: usize, outcome: Outcome) {
        state.log[place].outcome = outcome;
        self.under_way.send_modify(|count| *count -= 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, notice: &Notice, outcome: Outcome) -> usize {
        self.log.push(Delivery {
            message: notice.message.name().to_owned(),
            table: notice.table.to_string(),
            id: notice.row,
            operation_id: notice.operation,
            tries: Vec::new(),
            outcome,
        });
        self.log.len() - 1
    }
}
