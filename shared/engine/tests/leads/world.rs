//! Both simulators, and an engine on a store and a queue whose clock the test sets.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::{Engine, Point};
use jiff::Timestamp;
use partner_center::Custody;
use queue::{Entity, HintSide, Message, Queue, SqliteQueue};
use serde_json::{Value, json};
use settings::{Secrets, Settings};
use simulators::dataverse::Dataverse;
use simulators::harness::{Clock, Fault, FaultRule, RequestEntry};
use simulators::partner_center::PartnerCenter;
use simulators::staging;
use store::{HistoryLine, LinkKey, SqliteStore, Store};
use sync_core::{Link, RecordId, ReferralId};
use tempfile::TempDir;
use uuid::Uuid;

/// Options of the choice columns (design section 5).
pub(crate) const SYNCED: i64 = 727_000_002;
pub(crate) const FAILED: i64 = 727_000_003;
pub(crate) const CONFLICT: i64 = 727_000_004;
pub(crate) const WAITING: i64 = 727_000_005;
pub(crate) const ACCEPT: i64 = 727_000_001;
pub(crate) const DECLINE: i64 = 727_000_002;

/// Longer than a request may be under way.
const AMBIGUITY: Duration = Duration::from_secs(46);
/// A world that needs more hints than this to come to rest never will.
const HINTS_MAX: usize = 200;

pub(crate) type Hook = Box<dyn Fn(Point) + Send + Sync>;

/// Two vendors and one service.
pub(crate) struct World {
    pub(crate) partner_center: Arc<PartnerCenter>,
    pub(crate) dataverse: Arc<Dataverse>,
    pub(crate) engine: Arc<Engine<SqliteStore>>,
    pub(crate) queue: SqliteQueue,
    ahead: Arc<AtomicI64>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// With more lines for `cosell.toml`, whose last table is `[sync]`.
    pub(crate) async fn with(lines: &str) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let partner_center = PartnerCenter::start(anywhere, 1, Clock::default()).await.unwrap();
        let dataverse = Dataverse::start(anywhere, 1, Clock::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        staging::write(folder.path(), &partner_center, &dataverse, lines).unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let (engine, queue) = service(&folder, &ahead, None).await;
        let (partner_center, dataverse) = (Arc::new(partner_center), Arc::new(dataverse));
        Self { partner_center, dataverse, engine, queue, ahead, folder }
    }

    /// The data folder is lost; another service starts beside the same vendors.
    pub(crate) async fn with_an_empty_store(self) -> Self {
        std::fs::remove_dir_all(self.folder.path().join("data")).unwrap();
        let (engine, queue) = service(&self.folder, &self.ahead, None).await;
        Self { engine, queue, ..self }
    }

    /// Somebody edits `cosell.toml` and starts again.
    pub(crate) async fn with_settings(self, change: impl FnOnce(String) -> String) -> Self {
        let path = self.folder.path().join("cosell.toml");
        std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
        let (engine, queue) = service(&self.folder, &self.ahead, None).await;
        Self { engine, queue, ..self }
    }

    /// The process dies; another one starts on the same data.
    pub(crate) async fn restart(&mut self, hook: Option<Hook>) {
        (self.engine, self.queue) = service(&self.folder, &self.ahead, hook).await;
        self.queue.recall().await.unwrap();
    }

    /// Reads both feeds, works what there is, and lets the clock run until nothing is in flight or waits for its time.
    pub(crate) async fn settle(&self) {
        loop {
            self.round().await;
            if self.links().await.iter().all(|link| link.intent.is_none() && link.parked_for.is_none()) {
                return;
            }
            self.advance(AMBIGUITY);
        }
    }

    /// Reads both feeds and works what there is.
    pub(crate) async fn round(&self) {
        self.engine.poll_partner_center(&self.queue).await.unwrap();
        self.engine.poll_crm(&self.queue).await.unwrap();
        self.drain().await;
    }

    /// Works what is due and what is queued.
    pub(crate) async fn drain(&self) {
        for _ in 0..HINTS_MAX {
            self.engine.wake(&self.queue).await.unwrap();
            let Some(delivery) = self.queue.receive(1).await.unwrap().pop() else { return };
            self.engine.work(&delivery.message).await.unwrap();
            self.queue.acknowledge(&delivery.receipt).await.unwrap();
        }
        panic!("it never comes to rest");
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.ahead.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Works one hint, as an event brings it.
    pub(crate) async fn hint(&self, message: &Message) {
        self.engine.work(message).await.unwrap();
    }

    pub(crate) fn about_referral(&self, id: &str) -> Message {
        self.engine.asked(HintSide::PartnerCenter, Entity::Referral, id)
    }

    pub(crate) fn about_lead(&self, id: Uuid) -> Message {
        self.engine.asked(HintSide::Crm, Entity::Lead, &id.to_string())
    }

    pub(crate) fn about_opportunity(&self, id: Uuid) -> Message {
        self.engine.asked(HintSide::Crm, Entity::Opportunity, &id.to_string())
    }

    /// Microsoft sends a lead; `members` are laid over a usual one.
    pub(crate) fn send_lead(&self, members: Value) -> String {
        let mut lead = json!({
            "name": "Northwind: analytics", "type": "Independent", "qualification": "MarketingQualified",
            "details": { "dealValue": 80000, "currency": "GBP", "closingDateTime": "2027-06-30T00:00:00Z", "notes": "hot" },
            "consent": { "consentToShareReferralWithMicrosoftSellers": false },
        });
        for (name, value) in members.as_object().unwrap() {
            lead[name] = value.clone();
        }
        self.partner_center.invite(lead)
    }

    /// A colleague answers a referral in the portal.
    pub(crate) fn answer(&self, referral: &str, status: &str, substatus: &str) {
        let members = [("/status", json!(status)), ("/substatus", json!(substatus))];
        assert!(self.partner_center.edit_many(referral, &members));
    }

    /// The one row of a table with this value in this column.
    #[track_caller]
    pub(crate) fn the(&self, table: &str, column: &str, value: &str) -> Value {
        let mut rows: Vec<Value> = self.dataverse.rows(table).into_iter().filter(|row| row[column] == value).collect();
        assert_eq!(rows.len(), 1, "{table} rows with {column} = {value}");
        rows.remove(0)
    }

    /// The lead that carries a referral's id.
    #[track_caller]
    pub(crate) fn lead_of(&self, referral: &str) -> Uuid {
        id(&self.the("lead", "cosell_referralid", referral), "leadid")
    }

    /// The opportunity that carries a referral's id.
    #[track_caller]
    pub(crate) fn opportunity_of(&self, referral: &str) -> Uuid {
        id(&self.the("opportunity", "cosell_referralid", referral), "opportunityid")
    }

    pub(crate) fn lead(&self, id: Uuid) -> Value {
        self.dataverse.row("lead", id).unwrap()
    }

    pub(crate) fn opportunity(&self, id: Uuid) -> Value {
        self.dataverse.row("opportunity", id).unwrap()
    }

    /// Status and substatus of a referral.
    pub(crate) fn status(&self, referral: &str) -> String {
        let referral = self.partner_center.referral(referral).unwrap();
        format!("{}/{}", referral["status"].as_str().unwrap(), referral["substatus"].as_str().unwrap())
    }

    pub(crate) async fn link(&self, referral: &str) -> Link {
        let stored = self.engine.store().load(LinkKey::Referral(&ReferralId::new(referral))).await.unwrap();
        stored.expect("a link").link
    }

    pub(crate) async fn links(&self) -> Vec<Link> {
        let stored = self.engine.store().list(None, 100).await.unwrap();
        stored.into_iter().map(|stored| stored.link).collect()
    }

    pub(crate) async fn is_linked(&self, record: Uuid) -> bool {
        let record = RecordId::new(record.to_string());
        self.engine.store().load(LinkKey::Record(&record)).await.unwrap().is_some()
    }

    pub(crate) async fn history(&self, referral: &str) -> Vec<HistoryLine> {
        let link = self.link(referral).await.id;
        self.engine.store().history(&link, 100).await.unwrap()
    }

    pub(crate) fn forget_requests(&self) {
        self.partner_center.harness().clear_requests();
        self.dataverse.harness().clear_requests();
    }

    /// Writes to either vendor since.
    pub(crate) fn writes(&self) -> Vec<RequestEntry> {
        let both = [self.partner_center.harness().requests(), self.dataverse.harness().requests()];
        both.into_iter()
            .flatten()
            .filter(|request| request.write && !request.path_and_query.contains("oauth2"))
            .collect()
    }

    /// The next write of this kind to Dataverse fails.
    pub(crate) fn dataverse_fails(&self, method: &str, path: &str, fault: Fault) {
        self.dataverse.harness().add_fault(FaultRule::once(method, path, fault));
    }

    /// The next write of this kind to Partner Center fails.
    pub(crate) fn partner_center_fails(&self, method: &str, path: &str, fault: Fault) {
        self.partner_center.harness().add_fault(FaultRule::once(method, path, fault));
    }
}

async fn service(
    folder: &TempDir,
    ahead: &Arc<AtomicI64>,
    hook: Option<Hook>,
) -> (Arc<Engine<SqliteStore>>, SqliteQueue) {
    let config = folder.path().join("cosell.toml");
    let (settings, secrets) = (Settings::read(&config).unwrap(), Secrets::read_beside(&config).unwrap());
    let data = folder.path().join("data");
    let pc = &settings.partner_center;
    let partner_center = partner_center::Client::new(partner_center::Config {
        authority_url: pc.authority_url.clone(),
        tenant_id: pc.tenant_id.clone(),
        client_id: pc.client_id.clone(),
        client_secret: secrets.partner_center.client_secret.clone(),
        custody: Custody::File { directory: data.clone(), configured: secrets.partner_center.refresh_token.clone() },
        referrals_url: pc.referrals_url.clone(),
        webhooks_url: pc.webhooks_url.clone(),
        referrals_audience: pc.referrals_audience.clone(),
        webhooks_audience: pc.webhooks_audience.clone(),
        timeout: settings.sync.http_timeout,
    })
    .unwrap();
    let dv = &settings.dataverse;
    let dataverse = dataverse::Client::new(dataverse::Config {
        url: dv.url.clone(),
        authority_url: dv.authority_url.clone(),
        tenant_id: dv.tenant_id.clone(),
        client_id: dv.client_id.clone(),
        client_secret: secrets.dataverse.client_secret.clone(),
        audience: dv.audience.clone(),
        timeout: settings.sync.http_timeout,
    })
    .unwrap();
    let connection = store::sqlite::open(&data).await.unwrap();
    let offset = Arc::clone(ahead);
    let clock: engine::Clock = Arc::new(move || {
        let ahead = jiff::SignedDuration::from_millis(offset.load(Ordering::Relaxed));
        Timestamp::now().checked_add(ahead).unwrap()
    });
    let options = queue::Options { clock: clock.clone(), ..queue::Options::default() };
    let queue = SqliteQueue::open(connection.clone(), options).await.unwrap();
    let store = SqliteStore::new(connection);
    let mut engine = Engine::new(store, partner_center, dataverse, settings, clock).unwrap();
    if let Some(hook) = hook {
        engine = engine.at_points(hook);
    }
    (Arc::new(engine), queue)
}

/// The id in a row's column.
#[track_caller]
pub(crate) fn id(row: &Value, column: &str) -> Uuid {
    Uuid::parse_str(row[column].as_str().unwrap()).unwrap()
}
