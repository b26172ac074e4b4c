//! Makes the calls: 60 seconds each, any 2xx is success, one more try after 502, 503, 504 or silence, a failed job
//! otherwise (dataverse-api 5.4, 5.6). Waits are real time.
//!
//! First tries leave one after another unless `parallel_deliveries`, so that a receiver at rest sees changes in order;
//! further tries are made while others leave.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::deliveries::{Departure, Outcome};
use super::steps::Notice;
use super::{endpoint, jobs};
use crate::dataverse::simulator::Simulator;
use crate::dataverse::world::ORGANIZATION_NAME;

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
        deliveries.ended(departure, Outcome::Dropped);
        return Try::Ended;
    };
    let (allowed, new_operation) =
        simulator.read(|world| (world.switches.delivery_attempts as usize, world.switches.new_operation_on_retry));
    let mut body = notice.body.clone();
    if new_operation && deliveries.tries(departure) > 0 {
        body = body.replace(&notice.operation.to_string(), &Uuid::new_v4().to_string());
    }
    let status = post(simulator, client, &endpoint, notice, body).await;
    let tries = deliveries.tried(departure, status);
    let outcome = match status {
        Some(200..300) => Outcome::Delivered,
        Some(502..=504) | None if tries < allowed => return Try::Again,
        _ => Outcome::Failed,
    };
    simulator.read_mut(|world| jobs::end(world, notice, outcome, status));
    deliveries.ended(departure, outcome);
    Try::Ended
}

/// One try: the status answered, if one was.
async fn post(
    simulator: &Simulator,
    client: &reqwest::Client,
    endpoint: &endpoint::Endpoint,
    notice: &Notice,
    body: String,
) -> Option<u16> {
    let (timeout, content_type, organization, size_header) = simulator.read(|world| {
        let switches = &world.switches;
        let organization = world.url.split_once("://").map_or("", |(_, host)| host).to_owned();
        let organization =
            if switches.organization_header_is_host { organization } else { ORGANIZATION_NAME.to_owned() };
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
    let answer = request.body(body).send().await;
    answer.ok().map(|answer| answer.status().as_u16())
}
