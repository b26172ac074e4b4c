//! The events on their way, those that are held back, and what came of each (partner-center-api 6.4). The sending itself
//! is in `delivering`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::event::Event;
use crate::harness::{Events, Release};

/// What came of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Such as `referral-updated`.
    pub event_name: String,
    /// What the event points to.
    pub resource_uri: String,
    /// What the receiver answered to each try; none where it did not answer.
    pub tries: Vec<Option<u16>>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not yet.
    UnderWay,
    /// The receiver answered 2xx.
    Delivered,
    /// The last try failed.
    GivenUp,
    /// Lost on purpose.
    Lost,
    /// Nobody was registered any more when it left.
    Dropped,
}

/// The events on their way.
pub(super) struct Deliveries {
    state: Mutex<State>,
    under_way: watch::Sender<usize>,
    queue: mpsc::UnboundedSender<Departure>,
}

#[derive(Default)]
struct State {
    events: Events,
    held: Vec<Event>,
    log: Vec<Delivery>,
    /// The vendor's offline queue: events that were given up.
    offline: Vec<Event>,
}

/// An event that leaves, and its place in the log.
#[derive(Clone)]
pub(super) struct Departure {
    pub(super) event: Event,
    place: usize,
}

impl Deliveries {
    /// Deliveries, and the queue to pass to `delivering::work`.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Departure>) {
        let (queue, departures) = mpsc::unbounded_channel();
        (Self { state: Mutex::default(), under_way: watch::Sender::new(0), queue }, departures)
    }

    /// Takes an event over.
    pub(super) fn tell(&self, event: Event) {
        let mut state = self.state();
        match state.events {
            Events::Deliver => self.depart(&mut state, event),
            Events::Hold => state.held.push(event),
            Events::Lose => {
                state.note(&event, Outcome::Lost);
            }
        }
    }

    /// What becomes of events from now on. Those that are held stay held.
    pub(super) fn set_events(&self, events: Events) {
        self.state().events = events;
    }

    /// What becomes of events at present, and how many are held.
    pub(super) fn events(&self) -> (Events, usize) {
        let state = self.state();
        (state.events, state.held.len())
    }

    /// Lets the held events leave.
    pub(super) fn release(&self, release: Release) {
        let mut state = self.state();
        let mut held = std::mem::take(&mut state.held);
        if release == Release::Reversed {
            held.reverse();
        }
        for event in held {
            if release == Release::Twice {
                self.depart(&mut state, event.clone());
            }
            self.depart(&mut state, event);
        }
    }

    /// Lets the events leave again that were given up (9, point 10).
    pub(super) fn replay(&self) {
        let mut state = self.state();
        for event in std::mem::take(&mut state.offline) {
            self.depart(&mut state, event);
        }
    }

    /// Notes what a receiver answered to a try, and whether that was a success. Answers how it stands.
    pub(super) fn note_try(&self, departure: &Departure, status: Option<u16>, success: bool, allowed: u32) -> Outcome {
        let mut state = self.state();
        let entry = &mut state.log[departure.place];
        entry.tries.push(status);
        match (success, entry.tries.len() >= allowed as usize) {
            (true, _) => Outcome::Delivered,
            (false, true) => {
                state.offline.push(departure.event.clone());
                Outcome::GivenUp
            }
            (false, false) => Outcome::UnderWay,
        }
    }

    /// Ends a delivery.
    pub(super) fn ended(&self, departure: &Departure, outcome: Outcome) {
        self.end(&mut self.state(), departure.place, outcome);
    }

    /// Waits until no delivery is under way. Held events are not under way.
    pub(super) async fn settled(&self) {
        // Fails only when the sender is gone, which is `self`.
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// What came of every event that left or was lost so far, oldest first.
    pub(super) fn log(&self) -> Vec<Delivery> {
        self.state().log.clone()
    }

    fn depart(&self, state: &mut State, event: Event) {
        let place = state.note(&event, Outcome::UnderWay);
        self.under_way.send_modify(|count| *count += 1);
        if self.queue.send(Departure { event, place }).is_err() {
            self.end(state, place, Outcome::Dropped);
        }
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
    fn note(&mut self, event: &Event, outcome: Outcome) -> usize {
        let (event_name, resource_uri) = (event.name.to_owned(), event.resource_uri());
        self.log.push(Delivery { event_name, resource_uri, tries: Vec::new(), outcome });
        self.log.len() - 1
    }
}
