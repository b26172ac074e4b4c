//! The stage: both simulators, a service on a folder that goes away, and the means to act and to look.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use queue::Queue;
use serde_json::Value;
use simulators::dataverse::Dataverse;
use simulators::harness::{Clock, RequestEntry};
use simulators::partner_center::PartnerCenter;
use simulators::staging;
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

use super::teller::{Arrival, Teller};
use crate::args;
use crate::place::Place;
use crate::serve::{self, Running};

/// Short, so that the story does not wait long for what only the feed can tell.
const POLL: Duration = Duration::from_secs(3);
/// Nothing in the story takes longer, or it does not happen.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often the stage looks.
const GLANCE: Duration = Duration::from_millis(2);
/// Quiet for this long is quiet.
const QUIET: Duration = Duration::from_millis(150);

/// Everything that is running.
pub(crate) struct Stage {
    pub(crate) partner_center: PartnerCenter,
    pub(crate) dataverse: Dataverse,
    pub(crate) running: Running,
    folder: TempDir,
}

impl Stage {
    /// Starts everything on free ports of this machine.
    pub(crate) async fn set() -> Result<Self> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let clock = Clock::default();
        let partner_center = PartnerCenter::start(anywhere, 1, clock.clone()).await.context("no Partner Center")?;
        let dataverse = Dataverse::start(anywhere, 1, clock).await.context("no Dataverse")?;
        let folder = TempDir::new().context("no folder for the demo's data")?;
        let sync = format!("poll_interval = \"{}s\"", POLL.as_secs());
        staging::write(folder.path(), &partner_center, &dataverse, &sync)?;
        let place = Place::open(&folder.path().join("cosell.toml"), &folder.path().join("data"))?;
        let running = serve::start(&place, args::Serve { listen: anywhere, kill_at: None }).await?;
        let doors = format!("http://{}", running.address);
        partner_center.register(&format!("{doors}{}", doors::EVENTS_PATH));
        dataverse.register(&format!("{doors}{}", doors::CHANGES_PATH));
        let stage = Self { partner_center, dataverse, running, folder };
        stage.quiet().await;
        Ok(stage)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn poll_seconds(&self) -> u64 {
        POLL.as_secs()
    }

    pub(crate) async fn clear(self) {
        self.running.stop().await;
    }

    /// The text of a record's column; empty if it has none.
    pub(crate) fn column(&self, deal: Uuid, column: &str) -> String {
        self.dataverse.row("opportunity", deal).map(|row| plain(&row[column])).unwrap_or_default()
    }

    /// The text of a referral's member; empty if it has none.
    pub(crate) fn member(&self, referral: &str, pointer: &str) -> String {
        let referral = self.partner_center.referral(referral);
        referral.and_then(|referral| referral.pointer(pointer).map(plain)).unwrap_or_default()
    }

    /// Waits until something is so. Says whether it came.
    pub(crate) async fn until(&self, mut is_so: impl FnMut() -> bool) -> bool {
        let give_up = Instant::now() + PATIENCE;
        while !is_so() {
            if Instant::now() > give_up {
                return false;
            }
            tokio::time::sleep(GLANCE).await;
        }
        true
    }

    /// Makes a change, waits until it has arrived and all is quiet, and notes what it took.
    pub(crate) async fn travels(
        &self,
        teller: &mut Teller,
        what: &'static str,
        change: impl FnOnce(),
        arrived: impl FnMut() -> bool,
    ) -> Result<()> {
        self.quiet().await;
        self.forget_requests();
        let began = Instant::now();
        change();
        let came = self.until(arrived).await;
        let latency = began.elapsed();
        self.quiet().await;
        let requests = self.counted();
        let writes = requests.iter().filter(|request| request.write).count();
        let reads = requests.len() - writes;
        teller.expect(&format!("{what} ({} ms)", latency.as_millis()), came)?;
        teller.arrivals.push(Arrival { what, latency, reads, writes });
        Ok(())
    }

    /// Waits until nothing is delivered, queued or worked any more.
    pub(crate) async fn quiet(&self) {
        let give_up = Instant::now() + PATIENCE;
        let mut since = Instant::now();
        while since.elapsed() < QUIET && Instant::now() < give_up {
            self.partner_center.settled().await;
            self.dataverse.settled().await;
            let depth = self.running.service.queue.depth().await.unwrap_or_default();
            if depth.waiting + depth.in_flight > 0 {
                since = Instant::now();
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    pub(crate) fn forget_requests(&self) {
        self.partner_center.harness().clear_requests();
        self.dataverse.harness().clear_requests();
    }

    /// What both vendors were asked since, without tokens, certificates and the timed reading of the feeds.
    pub(crate) fn counted(&self) -> Vec<RequestEntry> {
        let both = [self.partner_center.harness().requests(), self.dataverse.harness().requests()];
        both.into_iter().flatten().filter(|request| !is_background(&request.path_and_query)).collect()
    }
}

fn is_background(path: &str) -> bool {
    ["/oauth2/", "/cert/", "deltatoken", "transactioncurrencies", "/referrals?"].iter().any(|part| path.contains(part))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A number with every digit of its text.
pub(crate) fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
