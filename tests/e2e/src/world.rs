//! Both vendors and a stack between them, and the means to act and to look.
//!
//! Minutes pass as fast as the test looks: the schedule's events are real, their spacing is not.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use simulators::dataverse::Dataverse;
use simulators::harness::{Clock, Events, Release, RequestEntry};
use simulators::partner_center::PartnerCenter;
use simulators::staging;
use tokio::time::Instant;
use uuid::Uuid;

use crate::stack::{Programs, Secrets, Stack};

/// Nothing in a story takes longer, or it does not happen.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often a minute passes.
const MINUTE: Duration = Duration::from_millis(400);
/// How often the test looks.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that is running.
pub struct World {
    /// Partner Center.
    pub partner_center: PartnerCenter,
    /// Dynamics 365.
    pub dataverse: Dataverse,
    /// What stands between them.
    pub stack: Stack,
}

impl World {
    /// Starts both vendors, deploys a stack and registers its doors. The first poll has ended.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn open() -> Result<Self> {
        let world = Self::open_with(|_| {}).await?;
        world.minute().await?;
        Ok(world)
    }

    /// The same with functions that `sam build` has made.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn open_built(folder: PathBuf) -> Result<Self> {
        let world = Self::open_from(|_| {}, &Programs::Built(folder)).await?;
        world.minute().await?;
        Ok(world)
    }

    /// The same with other secrets, and before the first minute.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn open_with(change: impl FnOnce(&mut Secrets)) -> Result<Self> {
        Self::open_from(change, &Programs::BesideThis).await
    }

    async fn open_from(change: impl FnOnce(&mut Secrets), programs: &Programs) -> Result<Self> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let clock = Clock::default();
        let partner_center = PartnerCenter::start(anywhere, 1, clock.clone()).await.context("no Partner Center")?;
        let dataverse = Dataverse::start(anywhere, 1, clock).await.context("no Dataverse")?;
        let sync = "poll_interval = \"1s\"\nambiguity_wait = \"3s\"\nhttp_timeout = \"5s\"";
        let mut secrets = Secrets {
            settings: staging::settings(&partner_center, &dataverse, sync),
            partner_center: json!({
                "client_secret": PartnerCenter::CLIENT_SECRET, "refresh_token": partner_center.refresh_token(),
            }),
            dataverse: json!({
                "client_secret": Dataverse::CLIENT_SECRET, "webhook_keys": [Dataverse::WEBHOOK_KEY, "the one before"],
            }),
        };
        change(&mut secrets);
        let stack = Stack::deploy(&secrets, programs).await?;
        partner_center.register(&format!("{}/partner-center/events", stack.doors()));
        dataverse.register(&format!("{}/dataverse/changes", stack.doors()));
        Ok(Self { partner_center, dataverse, stack })
    }

    /// A minute has passed; the reconciler did what it could.
    ///
    /// # Errors
    /// When it failed.
    pub async fn minute(&self) -> Result<Value> {
        match self.stack.minute().await {
            Ok(answer) => Ok(answer),
            Err(failure) => bail!("the reconciler: {failure:?}\n{}", self.stack.lines().join("\n")),
        }
    }

    /// Waits until something is so, while minutes pass.
    ///
    /// # Errors
    /// When it does not come to be.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
        let (give_up, mut minute) = (Instant::now() + PATIENCE, Instant::now());
        while !is_so() {
            if Instant::now() > give_up {
                let lines = self.stack.lines();
                let last = lines.iter().rev().take(40).rev().cloned().collect::<Vec<_>>().join("\n");
                bail!("{what}: it did not come to be\n{:?}\n{last}", self.stack.depth().await);
            }
            if minute.elapsed() > MINUTE {
                // A minute that fails is followed by another.
                let _ = self.stack.minute().await;
                minute = Instant::now();
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Waits until nothing is delivered, queued or worked, and two more minutes have found nothing to write.
    ///
    /// # Errors
    /// When it does not become quiet.
    pub async fn rest(&self) -> Result<()> {
        let give_up = Instant::now() + PATIENCE;
        let mut quiet = 0;
        while quiet < 3 {
            if Instant::now() > give_up {
                bail!("it does not come to rest: {:?}\n{:?}", self.stack.depth().await, self.writes());
            }
            self.partner_center.settled().await;
            self.dataverse.settled().await;
            let before = self.writes().len();
            let _ = self.stack.minute().await;
            tokio::time::sleep(MINUTE).await;
            let (waiting, working, _) = self.stack.depth().await.unwrap_or((1, 1, 0));
            let busy = waiting + working > 0 || self.stack.function("sync-worker").busy() > 0;
            quiet = if busy || self.writes().len() > before { 0 } else { quiet + 1 };
        }
        Ok(())
    }

    /// Everything that was written on both sides since the requests were last forgotten.
    #[must_use]
    pub fn writes(&self) -> Vec<RequestEntry> {
        let both = [self.partner_center.harness().requests(), self.dataverse.harness().requests()];
        both.into_iter()
            .flatten()
            .filter(|request| request.write && !request.path_and_query.contains("/oauth2/"))
            .collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.partner_center.harness().clear_requests();
        self.dataverse.harness().clear_requests();
    }

    /// A seller makes an opportunity with everything that a referral needs, and does not share it yet.
    #[must_use]
    pub fn new_deal(&self, name: &str) -> Uuid {
        let account = self.dataverse.create(
            "account",
            json!({
                "name": format!("Customer of {name}"), "address1_line1": "1 Example Road", "address1_city": "Graz",
                "address1_postalcode": "8010", "address1_country": "AT",
            }),
        );
        let euro = self.dataverse.rows("transactioncurrency").into_iter().find(|row| row["isocurrencycode"] == "EUR");
        let euro = euro.and_then(|row| row["transactioncurrencyid"].as_str().map(str::to_owned)).unwrap_or_default();
        let deal = self.dataverse.create(
            "opportunity",
            json!({
                "name": name, "description": "Moving ERP to Azure.", "estimatedvalue": 250_000.5,
                "estimatedclosedate": "2027-03-31",
                "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({euro})"),
                "parentaccountid@odata.bind": format!("/accounts({account})"),
            }),
        );
        self.dataverse.create(
            "cosell_solution",
            json!({
                "cosell_name": "Adatum ERP Move", "cosell_code": "SOL-00001-AAA",
                "cosell_OpportunityId@odata.bind": format!("/opportunities({deal})"),
            }),
        );
        deal
    }

    /// The seller shares a deal.
    pub fn share(&self, deal: Uuid) {
        self.dataverse.edit("opportunity", deal, json!({ "cosell_sync": true }));
    }

    /// A deal that is on both sides, and the id of its referral.
    ///
    /// # Errors
    /// When it does not travel.
    pub async fn shared_deal(&self, name: &str) -> Result<(Uuid, String)> {
        let deal = self.new_deal(name);
        self.share(deal);
        self.until("the referral's id comes back", || !self.column(deal, "cosell_referralid").is_empty()).await?;
        Ok((deal, self.column(deal, "cosell_referralid")))
    }

    /// The text of an opportunity's column; empty if it has none.
    #[must_use]
    pub fn column(&self, deal: Uuid, column: &str) -> String {
        self.dataverse.row("opportunity", deal).map(|row| plain(&row[column])).unwrap_or_default()
    }

    /// The number in an opportunity's column.
    #[must_use]
    pub fn amount(&self, deal: Uuid) -> Option<f64> {
        self.column(deal, "estimatedvalue").parse().ok()
    }

    /// The text of a referral's member; empty if it has none.
    #[must_use]
    pub fn member(&self, referral: &str, pointer: &str) -> String {
        let referral = self.partner_center.referral(referral);
        referral.and_then(|referral| referral.pointer(pointer).map(plain)).unwrap_or_default()
    }

    /// The deal value of a referral.
    #[must_use]
    pub fn value(&self, referral: &str) -> Option<f64> {
        self.member(referral, "/details/dealValue").parse().ok()
    }

    /// The referrals that name an opportunity.
    #[must_use]
    pub fn referrals_of(&self, deal: Uuid) -> usize {
        let deal = deal.to_string();
        self.partner_center.referrals().iter().filter(|referral| referral["externalReferenceId"] == *deal).count()
    }

    /// What becomes of both vendors' events from now on.
    pub fn events(&self, events: Events) {
        self.partner_center.events(events);
        self.dataverse.events(events);
    }

    /// Lets held events leave.
    pub fn release(&self, release: Release) {
        self.partner_center.release(release);
        self.dataverse.release(release);
    }

    /// What every figure of the stack came to, `name` or `name/code`.
    #[must_use]
    pub fn figure(&self, name: &str, code: Option<&str>) -> f64 {
        let lines = self.stack.lines();
        let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let counted = lines.filter(|line| line.get("_aws").is_some() && code.is_none_or(|code| line["code"] == code));
        counted
            .map(|line| match &line[name] {
                Value::Array(values) => values.iter().filter_map(Value::as_f64).sum(),
                one => one.as_f64().unwrap_or(0.0),
            })
            .sum()
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
