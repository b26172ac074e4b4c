//! Both simulators in this process, and a `cosell serve` beside it that can be killed and started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use simulators::dataverse::Dataverse;
use simulators::harness::{Clock, RequestEntry};
use simulators::partner_center::PartnerCenter;
use simulators::staging;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How often something is looked at.
pub(crate) const GLANCE: Duration = Duration::from_millis(2);
/// Nothing takes longer, or it does not happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Quiet for this long is quiet.
const QUIET: Duration = Duration::from_millis(300);

/// Two vendors and one service.
pub(crate) struct World {
    pub(crate) partner_center: PartnerCenter,
    pub(crate) dataverse: Dataverse,
    folder: TempDir,
    listen: SocketAddr,
    cosell: PathBuf,
    http: reqwest::Client,
    serve: Option<Child>,
}

impl World {
    /// Starts the vendors. `sync` is the body of the `[sync]` table.
    pub(crate) async fn new(cosell: &Path, sync: &str) -> Result<Self> {
        if !cosell.exists() {
            bail!("there is no {}: build it with `cargo build`, or name it with --cosell", cosell.display());
        }
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let clock = Clock::default();
        let partner_center = PartnerCenter::start(anywhere, 1, clock.clone()).await?;
        let dataverse = Dataverse::start(anywhere, 1, clock).await?;
        let folder = TempDir::new()?;
        staging::write(folder.path(), &partner_center, &dataverse, sync)?;
        // Free a moment ago; kept for the restarts, so that the registrations stay true.
        let listen = TcpListener::bind(anywhere)?.local_addr()?;
        partner_center.register(&format!("http://{listen}/partner-center/events"));
        dataverse.register(&format!("http://{listen}/dataverse/changes"));
        let cosell = cosell.to_owned();
        Ok(Self { partner_center, dataverse, folder, listen, cosell, http: reqwest::Client::new(), serve: None })
    }

    /// Starts the service and waits until its doors are open.
    pub(crate) async fn start(&mut self, kill_at: Option<&str>) -> Result<()> {
        let folder = self.folder.path();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("serve.log"))?;
        let mut command = Command::new(&self.cosell);
        command.arg("--config").arg(folder.join("cosell.toml")).arg("--data").arg(folder.join("data"));
        command.args(["serve", "--listen", &self.listen.to_string()]);
        if let Some(point) = kill_at {
            command.args(["--kill-at", point]);
        }
        command.env("RUST_LOG", "warn").stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        self.serve = Some(command.spawn().context("the service cannot be started")?);
        let give_up = Instant::now() + PATIENCE;
        while self.health().await.is_none() {
            let ended = self.serve.as_mut().map(Child::try_wait).transpose()?.flatten();
            // A kill before the doors open is a kill all the same.
            if ended.is_some() && kill_at.is_some() {
                return Ok(());
            }
            if ended.is_some() || Instant::now() > give_up {
                let log = std::fs::read_to_string(folder.join("serve.log")).unwrap_or_default();
                bail!("the service did not come up:\n{log}");
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Kills the service with SIGKILL.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        if let Some(mut serve) = self.serve.take() {
            serve.kill().await?;
        }
        Ok(())
    }

    /// Waits until the service has died of SIGKILL. Says whether it did, as opposed to living on.
    pub(crate) async fn died(&mut self, patience: Duration) -> Result<bool> {
        let Some(serve) = &mut self.serve else { return Ok(false) };
        match tokio::time::timeout(patience, serve.wait()).await {
            Ok(status) => {
                self.serve = None;
                Ok(status?.signal() == Some(9))
            }
            Err(_) => Ok(false),
        }
    }

    async fn health(&self) -> Option<Value> {
        let response = self.http.get(format!("http://{}/health", self.listen)).send().await.ok()?;
        response.json().await.ok()
    }

    /// Waits until nothing is delivered, queued or worked any more.
    pub(crate) async fn quiet(&self) -> Result<()> {
        let give_up = Instant::now() + PATIENCE;
        let mut since = Instant::now();
        while since.elapsed() < QUIET {
            if Instant::now() > give_up {
                bail!("it never became quiet");
            }
            self.partner_center.settled().await;
            self.dataverse.settled().await;
            let busy = match self.health().await {
                Some(health) => ["waiting", "in_flight"].iter().any(|one| health["queue"][*one] != 0),
                None => true,
            };
            if busy {
                since = Instant::now();
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Waits until something is so. Says whether it came.
    pub(crate) async fn until(&self, patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
        let give_up = Instant::now() + patience;
        while !is_so() {
            if Instant::now() > give_up {
                return false;
            }
            tokio::time::sleep(GLANCE).await;
        }
        true
    }

    pub(crate) fn forget_requests(&self) {
        self.partner_center.harness().clear_requests();
        self.dataverse.harness().clear_requests();
    }

    /// What both vendors were asked since, without tokens, certificates, feeds and the currency table.
    pub(crate) fn counted(&self) -> Vec<RequestEntry> {
        const BACKGROUND: [&str; 5] = ["/oauth2/", "/cert/", "deltatoken", "transactioncurrencies", "updatedDateTime"];
        let both = [self.partner_center.harness().requests(), self.dataverse.harness().requests()];
        let background = |entry: &RequestEntry| BACKGROUND.iter().any(|part| entry.path_and_query.contains(part));
        both.into_iter().flatten().filter(|entry| !background(entry)).collect()
    }
}
