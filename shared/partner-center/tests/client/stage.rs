//! A simulated Partner Center, and clients of it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use partner_center::{Client, Config, Custody, ReferralId};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::harness::{Clock, Fault, FaultRule, RequestEntry};
use simulators::partner_center::PartnerCenter;

pub(crate) const COLLECTION: &str = "/v1.0/engagements/referrals";

/// The simulator, and what a test wants of it.
pub(crate) struct Stage {
    pub(crate) pc: PartnerCenter,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { pc: PartnerCenter::start(address, 11, Clock::default()).await.unwrap() }
    }

    /// What a client is made with; it redeems the newest refresh token and stores nothing.
    pub(crate) fn config(&self) -> Config {
        let url = |text: &str| text.parse().unwrap();
        Config {
            authority_url: url(&self.pc.url()),
            tenant_id: PartnerCenter::TENANT_ID.to_owned(),
            client_id: PartnerCenter::CLIENT_ID.to_owned(),
            client_secret: SecretString::from(PartnerCenter::CLIENT_SECRET),
            custody: Custody::ReadOnly { configured: SecretString::from(self.pc.refresh_token()) },
            referrals_url: url(&self.pc.url()),
            webhooks_url: url(&self.pc.url()),
            referrals_audience: PartnerCenter::REFERRALS_AUDIENCE.to_owned(),
            webhooks_audience: PartnerCenter::WEBHOOKS_AUDIENCE.to_owned(),
            timeout: Duration::from_secs(20),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }

    /// A client that keeps rotated tokens in a folder.
    pub(crate) fn keeper(&self, folder: &Path, configured: &str) -> Client {
        let configured = Some(SecretString::from(configured));
        let custody = Custody::File { directory: folder.to_owned(), configured };
        Client::new(Config { custody, ..self.config() }).unwrap()
    }

    /// The next request of this method to the referrals fails so.
    pub(crate) fn fail_once(&self, method: &str, fault: Fault) {
        self.pc.harness().add_fault(FaultRule::once(method, COLLECTION, fault));
    }

    /// The requests whose path has this in it.
    pub(crate) fn requests(&self, path_contains: &str) -> Vec<RequestEntry> {
        let mut requests = self.pc.harness().requests();
        requests.retain(|entry| entry.path_and_query.contains(path_contains));
        requests
    }

    /// The statuses that such requests were answered with.
    pub(crate) fn statuses(&self, path_contains: &str) -> Vec<Option<u16>> {
        self.requests(path_contains).into_iter().map(|entry| entry.status).collect()
    }
}

/// Listens, and must not hear anything.
pub(crate) struct Spy(TcpListener);

impl Spy {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(crate) fn host(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Whether anybody has connected: the kernel keeps connections until they are accepted.
    pub(crate) fn heard(&self) -> bool {
        self.0.accept().is_ok()
    }
}

pub(crate) fn id(text: &str) -> ReferralId {
    ReferralId::parse(text).unwrap()
}

/// A private deal that the API takes.
pub(crate) fn deal() -> Value {
    let contact = json!({
        "firstName": "Ana", "lastName": "Example", "phoneNumber": "+441130000000", "email": "ana@northwind.example",
    });
    json!({
        "name": "Northwind ERP move",
        "externalReferenceId": "crm-opp-000123",
        "qualification": "SalesQualified",
        "type": "Independent",
        "customerProfile": {
            "name": "Northwind Traders Ltd",
            "address": { "addressLine1": "1 Example Road", "city": "Leeds", "postalCode": "LS1 1AA", "country": "GB" },
            "team": [contact],
        },
        "consent": {
            "consentToToShareInfoWithOthers": true,
            "consentToContact": true,
            "consentToShareReferralWithMicrosoftSellers": false,
        },
        "details": {
            "notes": "Moving ERP to Azure.",
            "dealValue": 50000,
            "currency": "GBP",
            "closingDateTime": "2027-03-31T00:00:00Z",
            "requirements": { "solutions": [{ "type": "Name", "id": "SOL-00001-AAA", "name": "Invented ERP" }] },
        },
        "team": [contact],
        "target": [],
    })
}
