//! Brings events to whoever registered for them: signed, ten tries, no redirects (partner-center-api 6.4, 6.5).
//!
//! First tries leave one after another, so that a receiver at rest sees the events in order; tries after the first are
//! made while others leave, so that a failing event holds nobody up. The waits are real time, the dates simulated.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::event::{Event, Resource};
use super::simulator::Simulator;
use super::switches::Forgery;
use super::webhooks::{Attempt, Registration};
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
}

/// An event that leaves, and its place in the log.
#[derive(Clone)]
pub(super) struct Departure {
    event: Event,
    place: usize,
}

impl Deliveries {
    /// Deliveries, and the queue to pass to [`work`].
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

/// Delivers until the simulator ends.
pub(super) async fn work(simulator: Arc<Simulator>, mut departures: mpsc::UnboundedReceiver<Departure>) {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "events cannot be delivered");
            return;
        }
    };
    let mut later_tries = JoinSet::new();
    while let Some(departure) = departures.recv().await {
        if try_once(&simulator, &client, &departure).await == Try::Again {
            later_tries.spawn(try_on(simulator.clone(), client.clone(), departure));
        }
        while later_tries.try_join_next().is_some() {}
    }
}

/// Whether a delivery goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Try {
    Again,
    Ended,
}

async fn try_on(simulator: Arc<Simulator>, client: reqwest::Client, departure: Departure) {
    loop {
        let wait = simulator.read(|world| world.switches.retry_spacing_milliseconds);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        if try_once(&simulator, &client, &departure).await == Try::Ended {
            return;
        }
    }
}

async fn try_once(simulator: &Simulator, client: &reqwest::Client, departure: &Departure) -> Try {
    let deliveries = &simulator.deliveries;
    let Some(registration) = simulator.read(|world| world.webhooks.registration.clone()) else {
        deliveries.end(&mut deliveries.state(), departure.place, Outcome::Dropped);
        return Try::Ended;
    };
    let status = post(simulator, client, &registration, &departure.event).await;
    let allowed = simulator.read(|world| world.switches.delivery_attempts) as usize;
    let outcome = {
        let mut state = deliveries.state();
        let entry = &mut state.log[departure.place];
        entry.tries.push(status);
        match status {
            Some(200..300) => Outcome::Delivered,
            _ if entry.tries.len() >= allowed => Outcome::GivenUp,
            _ => Outcome::UnderWay,
        }
    };
    if let Resource::Validation(id) = &departure.event.resource {
        let attempt = Attempt { at: simulator.clock.now(), status };
        simulator.change(|world| world.webhooks.note_attempt(id, attempt, outcome != Outcome::UnderWay));
    }
    if outcome == Outcome::UnderWay {
        return Try::Again;
    }
    deliveries.end(&mut deliveries.state(), departure.place, outcome);
    Try::Ended
}

/// One try: the status answered, if one was.
async fn post(
    simulator: &Simulator,
    client: &reqwest::Client,
    registration: &Registration,
    event: &Event,
) -> Option<u16> {
    let (forgery, timeout) =
        simulator.read(|world| (world.switches.forgery, world.switches.attempt_timeout_milliseconds));
    let mut body = event.body().ok()?;
    let signature = simulator.signer.sign(&body, forgery).ok()?;
    let mut request = client
        .post(&registration.url)
        .timeout(Duration::from_millis(timeout))
        .header("Content-Type", "application/json")
        .header("Accept-Encoding", "gzip, deflate");
    if forgery != Forgery::Unsigned {
        let folder = if forgery == Forgery::OtherFolder { "elsewhere" } else { "cert" };
        let certificate_url = format!("{}/{folder}/{}", simulator.url, signature.certificate_file);
        let token_header = if registration.in_ms_signature { "x-ms-signature" } else { "Authorization" };
        request = request
            .header(token_header, signature.token)
            .header("X-MS-Certificate-Url", certificate_url)
            .header("X-MS-Signature-Algorithm", signature.algorithm);
    }
    if forgery == Forgery::TamperedBody {
        // Well formed, and points somewhere else.
        let elsewhere = Resource::Referral("00000000-0000-4000-8000-000000000000".to_owned());
        body = Event { resource: elsewhere, ..event.clone() }.body().ok()?;
    }
    let answer = request.body(body).send().await;
    answer.ok().map(|answer| answer.status().as_u16())
}
