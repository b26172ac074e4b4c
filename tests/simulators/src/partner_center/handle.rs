//! The simulator in a test's hand: start it, act as a seller or the system, look at what it holds. Everything here is
//! also a control route (`control`).

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::deliveries::{Deliveries, Delivery};
use super::refresh_tokens::RefreshTokens;
use super::signing::Signer;
use super::simulator::Simulator;
use super::stamp::Stamps;
use super::switches::Switches;
use super::webhooks::{REFERRAL_EVENTS, Registration, TEST_EVENT};
use super::world::{Person, Role, World};
use super::{certificates, control, delivering, oauth, routes, seller, webhooks_host};
use crate::harness::{self, Clock, Events, Harness, Identity, Release, Server};

/// A running Partner Center: sign-in service, both API hosts and certificate store at one address. Stops when dropped.
pub struct PartnerCenter {
    simulator: Arc<Simulator>,
    harness: Harness,
    server: Server,
    tasks: [JoinHandle<()>; 2],
}

impl PartnerCenter {
    /// The partner's Entra tenant.
    pub const TENANT_ID: &str = "5f0a1c52-7a44-4b43-9d0e-0d7f4f6f1a01";
    /// The app that the partner registered.
    pub const CLIENT_ID: &str = "0b8e6f9d-2f53-4c1c-8a57-3c4f7f1d2b02";
    /// The app's secret.
    pub const CLIENT_SECRET: &str = "simulated-partner-center-secret";
    /// The partner's location, as in `mpnId`.
    pub const PARTNER_ID: &str = "1234567";
    /// The partner's organization, as in `organizationId`.
    pub const ORGANIZATION_ID: &str = "8d3c5a0e-61b7-4f52-b6a4-5e9c2d7f3c03";
    /// The partner's name.
    pub const ORGANIZATION_NAME: &str = "Adatum Consulting";
    /// The person behind the refresh token.
    pub const PERSON_EMAIL: &str = "sync@adatum.example";
    /// What a token for the referrals host is asked for.
    pub const REFERRALS_AUDIENCE: &str = "https://api.partner.microsoft.com";
    /// What a token for the webhooks host is asked for.
    pub const WEBHOOKS_AUDIENCE: &str = "https://api.partnercenter.microsoft.com";

    /// Starts with no referrals and no registration. The ids it makes follow from the seed.
    pub async fn start(address: SocketAddr, seed: u64, clock: Clock) -> io::Result<Self> {
        let bound = Server::bind(address).await?;
        let person = Person { role: Role::ReferralsAdmin, mfa: true, email: Self::PERSON_EMAIL.to_owned() };
        let stamps = Stamps::new(clock.clone(), seed);
        let world = World::new(stamps, Switches::default(), Self::ORGANIZATION_ID.to_owned(), person);
        let mut refresh_tokens = RefreshTokens::new(seed);
        refresh_tokens.issue(clock.now(), Switches::default().refresh_token_days);
        let (deliveries, departures) = Deliveries::new();
        let simulator = Arc::new(Simulator {
            url: bound.url(),
            clock: clock.clone(),
            organization_name: Self::ORGANIZATION_NAME.to_owned(),
            referrals_audience: Self::REFERRALS_AUDIENCE.to_owned(),
            webhooks_audience: Self::WEBHOOKS_AUDIENCE.to_owned(),
            identity: Identity::new(clock.clone()),
            referrals_meter: Default::default(),
            webhooks_meter: Default::default(),
            refresh_tokens: Mutex::new(refresh_tokens),
            signer: Signer::shared()?,
            deliveries,
            world: Mutex::new(world),
        });
        let harness = Harness::new(clock, &[]);
        let router = Router::new()
            .merge(routes::routes(simulator.clone()))
            .merge(webhooks_host::routes(simulator.clone()))
            .merge(oauth::routes(simulator.clone()))
            .merge(certificates::routes(simulator.clone()))
            .merge(control::routes(simulator.clone()))
            .merge(harness::control::routes(harness.clone()));
        let delivering = tokio::spawn(delivering::work(simulator.clone(), departures));
        let expiring = tokio::spawn(expire_in_time(simulator.clone()));
        Ok(Self { simulator, server: bound.serve(router, harness.clone()), harness, tasks: [delivering, expiring] })
    }

    /// The base URL of everything here, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The request log, the fault rules and the clock. Requests for tokens and certificates are logged too.
    pub fn harness(&self) -> &Harness {
        &self.harness
    }

    /// The newest refresh token that works.
    pub fn refresh_token(&self) -> String {
        self.simulator.refresh_tokens().newest()
    }

    /// The person consents again. Answers the new refresh token.
    pub fn consent(&self) -> String {
        self.simulator.issue_refresh_token()
    }

    /// Kills all access tokens, as the vendor may at any time.
    pub fn revoke_access_tokens(&self) {
        self.simulator.identity.revoke_all();
    }

    /// Kills all refresh tokens, as a password change does.
    pub fn revoke_refresh_tokens(&self) {
        self.simulator.refresh_tokens().revoke_all();
    }

    /// The folder that certificates of events are in: what settings put in `certificate_urls`.
    pub fn certificate_folder(&self) -> String {
        format!("{}/cert/", self.simulator.url)
    }

    /// The root that vouches for the signer, as PEM.
    pub fn root_pem(&self) -> String {
        self.simulator.signer.root_pem()
    }

    /// The certificates between root and signer, as PEM; they are not published.
    pub fn intermediates_pem(&self) -> Vec<String> {
        self.simulator.signer.intermediates_pem()
    }

    /// Changes switches.
    pub fn switches(&self, change: impl FnOnce(&mut Switches)) {
        self.simulator.change(|world| change(&mut world.switches));
    }

    /// The role of the person behind the refresh token. Holds at once.
    pub fn set_role(&self, role: Role) {
        self.simulator.change(|world| world.person.role = role);
    }

    /// Whether the person used a second factor. Holds for access tokens issued from now on.
    pub fn set_mfa(&self, mfa: bool) {
        self.simulator.change(|world| world.person.mfa = mfa);
    }

    /// Registers an address for the four referral events and the test event, with the signature in `x-ms-signature`, as
    /// an installer does. Takes the slot from whoever has it.
    pub fn register(&self, url: &str) {
        register(&self.simulator, url);
    }

    /// The address that is registered.
    pub fn registered(&self) -> Option<String> {
        registered(&self.simulator)
    }

    /// Microsoft's seller creates a deal for us; `members` are laid over a complete one (direction Incoming, type Shared,
    /// status New). Answers the id of our own referral. A shared deal has a copy of Microsoft's in its engagement.
    pub fn invite(&self, members: Value) -> String {
        self.simulator.change(|world| seller::invite(world, Self::ORGANIZATION_NAME, members))
    }

    /// A seller edits one member in the portal, by JSON pointer. False if there is no such referral.
    pub fn edit(&self, id: &str, pointer: &str, value: Value) -> bool {
        self.edit_many(id, &[(pointer, value)])
    }

    /// A seller edits several members and saves once. False if there is no such referral.
    pub fn edit_many(&self, id: &str, members: &[(&str, Value)]) -> bool {
        self.simulator.change(|world| seller::edit(world, id, members))
    }

    /// A change by the system itself: etag and date move, nothing that matters does.
    pub fn bump(&self, id: &str) {
        self.simulator.change(|world| world.bump(id));
    }

    /// Hides a referral from the API, as if it were gone, or shows it again.
    pub fn hide(&self, id: &str, hidden: bool) {
        self.simulator.change(|world| world.hide(id, hidden));
    }

    /// Lets a referral expire now, whatever its date. False if there is no such referral or it is answered.
    pub fn expire(&self, id: &str) -> bool {
        expire(&self.simulator, id)
    }

    /// A referral as it is kept: names unescaped, the value as it was given.
    pub fn referral(&self, id: &str) -> Option<Value> {
        self.simulator.read(|world| world.find(id).map(|stored| stored.document.clone()))
    }

    /// Microsoft's copy in the engagement of a referral.
    pub fn microsoft_copy(&self, id: &str) -> Option<Value> {
        self.simulator.read(|world| seller::microsoft_in_engagement(world, id))
    }

    /// Every referral, ours, Microsoft's and hidden ones, in order of creation.
    pub fn referrals(&self) -> Vec<Value> {
        self.simulator.read(|world| world.all().iter().map(|stored| stored.document.clone()).collect())
    }

    /// What becomes of events from now on. Those that are held stay held until they are released.
    pub fn events(&self, events: Events) {
        self.simulator.deliveries.set_events(events);
    }

    /// Lets the held events leave.
    pub fn release(&self, release: Release) {
        self.simulator.deliveries.release(release);
    }

    /// Lets the events leave again that were given up after the last try, as if the vendor emptied its offline queue.
    pub fn replay(&self) {
        self.simulator.deliveries.replay();
    }

    /// The headers that a body of any content would be delivered with, signed as events are at present.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, body: &[u8]) -> io::Result<Vec<(&'static str, String)>> {
        self.simulator.signed_headers(body, "x-ms-signature").map_err(io::Error::other)
    }

    /// Waits until no delivery is under way. Held events are not under way.
    pub async fn settled(&self) {
        self.simulator.deliveries.settled().await;
    }

    /// What came of every event that left or was lost, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.simulator.deliveries.log()
    }
}

impl Drop for PartnerCenter {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

pub(super) fn register(simulator: &Simulator, url: &str) {
    simulator.change(|world| {
        let events = REFERRAL_EVENTS.iter().chain(&[TEST_EVENT]).map(|event| (*event).to_owned()).collect();
        let (subscriber_id, changed_at) = (world.stamps.id(), world.stamps.now());
        let url = url.to_owned();
        world.webhooks.registrations =
            vec![Registration { subscriber_id, url, events, in_ms_signature: true, by_app: false, changed_at }];
    });
}

pub(super) fn registered(simulator: &Simulator) -> Option<String> {
    simulator.read(|world| world.webhooks.registrations.last().map(|registration| registration.url.clone()))
}

/// Referrals expire whether somebody calls or not; every second the clock is looked at.
async fn expire_in_time(simulator: Arc<Simulator>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        simulator.change(|_| ());
    }
}

pub(super) fn expire(simulator: &Simulator, id: &str) -> bool {
    simulator.change(|world| world.expire_one(id))
}
