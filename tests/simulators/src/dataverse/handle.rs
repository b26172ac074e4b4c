//! The simulator in a test's hand: start it, act as a seller or an administrator, look at what it holds. Everything here
//! is also a control route (`control`).
//!
//! Sellers' acts go through the same validation as the API and panic, with the platform's own words, when they are
//! refused: that is a mistake of whoever wrote the test. Each has a `try_` twin that answers the refusal.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::answers::{Answer, Refused};
use super::protection::Protection;
use super::rules::opportunity::Closing;
use super::rules::rights::Level;
use super::schema::Schema;
use super::simulator::Simulator;
use super::stamps::Stamps;
use super::switches::Switches;
use super::webhooks::{self, Deliveries, Delivery};
use super::world::World;
use super::{calls, control, oauth, seller};
use crate::harness::{self, Clock, Events, Harness, Identity, Release, Server};

/// A running organisation with Dynamics 365 Sales: sign-in service and Web API at one address. Stops when dropped.
pub struct Dataverse {
    simulator: Arc<Simulator>,
    harness: Harness,
    server: Server,
    delivering: JoinHandle<()>,
}

/// An act that the platform refused: status, code and message as the API would answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Such as `0x80040515`.
    pub code: String,
    /// The platform's words.
    pub message: String,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self { status: refused.status, code: refused.code.into_owned(), message: refused.message }
    }
}

impl Dataverse {
    /// The Entra tenant.
    pub const TENANT_ID: &str = "3c7d2f5e-9b1a-4e0c-8f6d-1a2b3c4d5e04";
    /// The app that has an application user.
    pub const CLIENT_ID: &str = "9e4b7a61-0c3d-4f8e-a5b2-6c7d8e9f0a05";
    /// The app's secret.
    pub const CLIENT_SECRET: &str = "simulated~dataverse+secret/1";
    /// The value that webhook calls carry in `x-cosell-key`.
    pub const WEBHOOK_KEY: &str = "simulated-webhook-key";

    /// Starts with the columns and tables that `cosell install` makes, no deals and nobody registered. The ids it makes
    /// follow from the seed.
    pub async fn start(address: SocketAddr, seed: u64, clock: Clock) -> io::Result<Self> {
        Self::start_with(address, seed, clock, Schema::installed()).await
    }

    /// Starts as Microsoft delivers it: nothing of Cosell is installed.
    pub async fn start_bare(address: SocketAddr, seed: u64, clock: Clock) -> io::Result<Self> {
        Self::start_with(address, seed, clock, Schema::standard()).await
    }

    async fn start_with(address: SocketAddr, seed: u64, clock: Clock, schema: Schema) -> io::Result<Self> {
        let bound = Server::bind(address).await?;
        let world = World::new(bound.url(), schema, Stamps::new(clock.clone(), seed));
        let (deliveries, departures) = Deliveries::new();
        let simulator = Arc::new(Simulator {
            url: bound.url(),
            clock: clock.clone(),
            identity: Identity::new(clock.clone()),
            protection: Protection::default(),
            deliveries,
            world: Mutex::new(world),
        });
        let harness = Harness::new(clock, &[]);
        let router = Router::new()
            .merge(calls::routes(simulator.clone()))
            .merge(oauth::routes(simulator.clone()))
            .merge(control::routes(simulator.clone()))
            .merge(harness::control::routes(harness.clone()));
        let delivering = tokio::spawn(webhooks::work(simulator.clone(), departures));
        Ok(Self { simulator, server: bound.serve(router, harness.clone()), harness, delivering })
    }

    /// The root of the environment and the address of its sign-in service, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The request log, the fault rules and the clock. Requests for tokens are logged too.
    pub fn harness(&self) -> &Harness {
        &self.harness
    }

    /// Kills all access tokens.
    pub fn revoke_access_tokens(&self) {
        self.simulator.identity.revoke_all();
    }

    /// Changes switches.
    pub fn switches(&self, change: impl FnOnce(&mut Switches)) {
        self.simulator.change(|world| change(&mut world.switches));
    }

    /// Sets the level of one privilege of the application user's, such as `prvReadOpportunity`.
    pub fn set_privilege(&self, privilege: &str, level: Level) {
        self.simulator.change(|world| world.rights.set(privilege, level));
    }

    /// Gives the application user every privilege again.
    pub fn reset_privileges(&self) {
        self.simulator.change(|world| world.rights.reset());
    }

    /// Registers an address for the changes of opportunities, leads and solution rows, as an installer does.
    pub fn register(&self, url: &str) {
        expected("the endpoint cannot be registered", register(&self.simulator, url));
    }

    /// A seller makes a row. Lookups are set by navigation property and `@odata.bind`, as over the API.
    pub fn create(&self, table: &str, columns: Value) -> Uuid {
        expected(table, self.try_create(table, columns))
    }

    /// A seller changes columns of a row and saves once.
    pub fn edit(&self, table: &str, id: Uuid, columns: Value) {
        expected(table, self.try_edit(table, id, columns));
    }

    /// A seller deletes a row.
    pub fn delete(&self, table: &str, id: Uuid) {
        expected(table, self.try_delete(table, id));
    }

    /// The same as [`Self::create`]; answers a refusal.
    ///
    /// # Errors
    /// What the platform says.
    pub fn try_create(&self, table: &str, columns: Value) -> Result<Uuid, Refusal> {
        self.act(|world| seller::create(world, table, columns))
    }

    /// The same as [`Self::edit`]; answers a refusal.
    ///
    /// # Errors
    /// What the platform says.
    pub fn try_edit(&self, table: &str, id: Uuid, columns: Value) -> Result<(), Refusal> {
        self.act(|world| seller::edit(world, table, id, columns))
    }

    /// The same as [`Self::delete`]; answers a refusal.
    ///
    /// # Errors
    /// What the platform says.
    pub fn try_delete(&self, table: &str, id: Uuid) -> Result<(), Refusal> {
        self.act(|world| seller::delete(world, table, id))
    }

    /// A seller closes an opportunity as won, for its estimated value.
    pub fn win(&self, opportunity: Uuid) {
        expected("win", self.act(|world| seller::close(world, opportunity, Closing::Win, 3, json!({}))));
    }

    /// A seller closes an opportunity as lost: 4 is Canceled, 5 Out-Sold.
    pub fn lose(&self, opportunity: Uuid, status: i64) {
        expected("lose", self.act(|world| seller::close(world, opportunity, Closing::Lose, status, json!({}))));
    }

    /// A seller reopens a closed opportunity or reactivates a closed lead.
    pub fn reopen(&self, table: &str, id: Uuid) {
        self.edit(table, id, json!({ "statecode": 0, "statuscode": 1 }));
    }

    /// A seller qualifies a lead into account, contact and opportunity. Answers the opportunity.
    pub fn qualify(&self, lead: Uuid) -> Uuid {
        expected("qualify", self.act(|world| seller::qualify(world, lead)))
    }

    /// A seller disqualifies a lead: 4 Lost, 5 Cannot Contact, 6 No Longer Interested, 7 Canceled.
    pub fn disqualify(&self, lead: Uuid, status: i64) {
        self.edit("lead", lead, json!({ "statecode": 2, "statuscode": status }));
    }

    /// A seller merges two accounts, contacts or leads: the subordinate is deactivated and names its master.
    pub fn merge(&self, table: &str, master: Uuid, subordinate: Uuid) {
        expected("merge", self.act(|world| seller::merge(world, table, master, subordinate)));
    }

    /// A row with every column, as the API shows it.
    pub fn row(&self, table: &str, id: Uuid) -> Option<Value> {
        self.simulator.read(|world| seller::row(world, table, id))
    }

    /// Every row of a table by id.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        self.simulator.read(|world| seller::rows(world, table))
    }

    /// What becomes of webhook calls from now on. Those that are held stay held until they are released.
    pub fn events(&self, events: Events) {
        self.simulator.deliveries.set_events(events);
    }

    /// Lets the held calls leave.
    pub fn release(&self, release: Release) {
        self.simulator.deliveries.release(release);
    }

    /// Waits until no call is under way. Held calls are not under way.
    pub async fn settled(&self) {
        self.simulator.deliveries.settled().await;
    }

    /// What came of every call that left or was lost, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.simulator.deliveries.log()
    }

    fn act<T>(&self, act: impl FnOnce(&mut World) -> Answer<T>) -> Result<T, Refusal> {
        self.simulator.change(|world| world.attempt(act)).map_err(Refusal::from)
    }
}

impl Drop for Dataverse {
    fn drop(&mut self) {
        self.delivering.abort();
    }
}

pub(super) fn register(simulator: &Simulator, url: &str) -> Result<(), Refusal> {
    let register = |world: &mut World| webhooks::register(world, url, Dataverse::WEBHOOK_KEY);
    simulator.change(|world| world.attempt(register)).map_err(Refusal::from)
}

/// What a test takes for granted.
#[track_caller]
fn expected<T>(what: impl Display, result: Result<T, Refusal>) -> T {
    match result {
        Ok(value) => value,
        Err(refusal) => panic!("Dataverse refuses ({what}): {refusal}"),
    }
}
