//! Brings events to whoever registered for them: signed, ten tries, no redirects (partner-center-api 6.4, 6.5).
//!
//! First tries leave one after another, so that a receiver at rest sees the events in order; tries after the first are
//! made while others leave, so that a failing event holds nobody up. The waits are real time, the dates simulated.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::choices::Forgery;
use super::deliveries::{Departure, Outcome};
use super::event::{Event, Resource};
use super::simulator::Simulator;
use super::webhooks::{Attempt, Registration};

/// Two ways to send: redirects are not followed unless a switch says so.
#[derive(Clone)]
struct Clients {
    usual: reqwest::Client,
    following: reqwest::Client,
}

impl Clients {
    fn new() -> reqwest::Result<Self> {
        let client = |policy: Policy| reqwest::Client::builder().no_proxy().redirect(policy).build();
        Ok(Self { usual: client(Policy::none())?, following: client(Policy::limited(5))? })
    }
}

/// Delivers until the simulator ends.
pub(super) async fn work(simulator: Arc<Simulator>, mut departures: mpsc::UnboundedReceiver<Departure>) {
    let clients = match Clients::new() {
        Ok(clients) => clients,
        Err(error) => {
            tracing::error!(%error, "events cannot be delivered");
            return;
        }
    };
    let mut later_tries = JoinSet::new();
    while let Some(departure) = departures.recv().await {
        if try_once(&simulator, &clients, &departure).await == Try::Again {
            later_tries.spawn(try_on(simulator.clone(), clients.clone(), departure));
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

async fn try_on(simulator: Arc<Simulator>, clients: Clients, departure: Departure) {
    loop {
        let wait = simulator.read(|world| world.switches.retry_spacing_milliseconds);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        if try_once(&simulator, &clients, &departure).await == Try::Ended {
            return;
        }
    }
}

async fn try_once(simulator: &Simulator, clients: &Clients, departure: &Departure) -> Try {
    let deliveries = &simulator.deliveries;
    let (registration, switches) =
        simulator.read(|world| (world.registration_for(departure.event.name).cloned(), world.switches.clone()));
    let Some(registration) = registration else {
        deliveries.ended(departure, Outcome::Dropped);
        return Try::Ended;
    };
    let client = if switches.follow_redirects { &clients.following } else { &clients.usual };
    let status = post(simulator, client, &registration, &departure.event).await;
    let success = status.is_some_and(|status| match switches.only_200_is_success {
        true => status == 200,
        false => (200..300).contains(&status),
    });
    let outcome = deliveries.note_try(departure, status, success, switches.delivery_attempts);
    if let Resource::Validation(id) = &departure.event.resource {
        let attempt = Attempt { at: simulator.clock.now(), status };
        simulator.change(|world| world.webhooks.note_attempt(id, attempt, outcome != Outcome::UnderWay));
    }
    if outcome == Outcome::UnderWay {
        return Try::Again;
    }
    deliveries.ended(departure, outcome);
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
    let token_header = if registration.in_ms_signature { "x-ms-signature" } else { "Authorization" };
    let mut request = client
        .post(&registration.url)
        .timeout(Duration::from_millis(timeout))
        .header("Content-Type", "application/json")
        .header("Accept-Encoding", "gzip, deflate");
    for (name, value) in simulator.signed_headers(&body, token_header).ok()? {
        request = request.header(name, value);
    }
    if forgery == Forgery::TamperedBody {
        // Well formed, and points somewhere else.
        let elsewhere = Resource::Referral("00000000-0000-4000-8000-000000000000".to_owned());
        body = Event { resource: elsewhere, ..event.clone() }.body().ok()?;
    }
    let answer = request.body(body).send().await;
    answer.ok().map(|answer| answer.status().as_u16())
}
