//! Makes the calls: 60 seconds each, any 2xx is success, one more try after 502, 503, 504 or silence, a failed job
//! otherwise (dataverse-api 5.4, 5.6). Waits are real time.
//!
//! First tries leave one after another unless `parallel_deliveries`, so that a receiver at rest sees changes in order;
//! further tries are made while others leave.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::steps::Notice;
use super::{endpoint, jobs};
use crate::dataverse::simulator::Simulator;
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
    notice: Notice,
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

/// Delivers until the simulator ends.
pub(crate) async fn work(simulator: Arc<Simulator>, mut departures: mpsc::UnboundedReceiver<Departure>) {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "webhook calls cannot be made");
            return;
        }
    };
    let mut under_way = JoinSet::new();
    while let Some(departure) = departures.recv().await {
        if simulator.read(|world| world.switches.parallel_deliveries) {
            under_way.spawn(make(simulator.clone(), client.clone(), departure));
        } else if try_once(&simulator, &client, &departure).await == Try::Again {
            under_way.spawn(try_on(simulator.clone(), client.clone(), departure));
        }
        while under_way.try_join_next().is_some() {}
    }
}

/// Whether a delivery goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Try {
    Again,
    Ended,
}

async fn make(simulator: Arc<Simulator>, client: reqwest::Client, departure: Departure) {
    if try_once(&simulator, &client, &departure).await == Try::Again {
        try_on(simulator, client, departure).await;
    }
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
    let notice = &departure.notice;
    let row = simulator.read(|world| world.store.get("serviceendpoint", notice.endpoint).cloned());
    let Some(endpoint) = row.as_ref().and_then(endpoint::of) else {
        deliveries.end(&mut deliveries.state(), departure.place, Outcome::Dropped);
        return Try::Ended;
    };
    let status = post(simulator, client, &endpoint, notice).await;
    let allowed = simulator.read(|world| world.switches.delivery_attempts) as usize;
    let outcome = {
        let mut state = deliveries.state();
        let entry = &mut state.log[departure.place];
        entry.tries.push(status);
        match status {
            Some(200..300) => Outcome::Delivered,
            Some(502..=504) | None if entry.tries.len() < allowed => return Try::Again,
            _ => Outcome::Failed,
        }
    };
    simulator.read_mut(|world| jobs::end(world, notice, outcome, status));
    deliveries.end(&mut deliveries.state(), departure.place, outcome);
    Try::Ended
}

/// One try: the status answered, if one was.
async fn post(
    simulator: &Simulator,
    client: &reqwest::Client,
    endpoint: &endpoint::Endpoint,
    notice: &Notice,
) -> Option<u16> {
    let (timeout, content_type, organization, size_header) = simulator.read(|world| {
        let switches = &world.switches;
        let organization = world.url.split_once("://").map_or("", |(_, host)| host).to_owned();
        let organization = if switches.organization_header_is_host {
            organization
        } else {
            crate::dataverse::world::ORGANIZATION_NAME.to_owned()
        };
        let content_type = switches.webhook_content_type.clone();
        (switches.attempt_timeout_milliseconds, content_type, organization, switches.size_header.clone())
    });
    let mut request = client
        .post(endpoint.url.clone())
        .timeout(Duration::from_millis(timeout))
        .header("Content-Type", content_type)
        .header("x-request-id", Uuid::new_v4().to_string())
        .header("x-ms-dynamics-organization", organization)
        .header("x-ms-dynamics-entity-name", &*notice.table)
        .header("x-ms-dynamics-request-name", notice.message.name())
        .header("x-ms-correlation-request-id", notice.correlation.to_string());
    if notice.oversized {
        request = request.header("x-ms-dynamics-msg-size-exceeded", size_header);
    }
    for (name, value) in &endpoint.headers {
        request = request.header(name, value);
    }
    let answer = request.body(notice.body.clone()).send().await;
    answer.ok().map(|answer| answer.status().as_u16())
}
