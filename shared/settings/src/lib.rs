//! Reads `cosell.toml` and the secrets beside it, and reports every problem at once (design section 6).
//!
//! Nothing is guessed: an unknown key is an error, because a misspelled one would silently be its default.

mod fields;
mod read;
mod secrets;
mod section;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use mapping::RowSettings;
use serde_json::Value;
use url::Url;

pub use read::{Error, Problem};
pub use secrets::{DataverseSecrets, PartnerCenterSecrets, Secrets, SecretsError};

/// Everything in `cosell.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `[partner_center]`
    pub partner_center: PartnerCenter,
    /// `[dataverse]`
    pub dataverse: Dataverse,
    /// `[service]`
    pub service: Service,
    /// `[sync]`
    pub sync: Sync,
    /// `[console]`
    pub console: Console,
    /// `[notify]`
    pub notify: Option<Notify>,
    /// `[defaults.*]`
    pub defaults: Defaults,
    /// `[account]`
    pub account: Account,
    /// `[fields.*]`
    pub fields: BTreeMap<String, RowSettings>,
}

/// `[partner_center]`: where Partner Center is and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerCenter {
    /// Entra tenant of the partner account.
    pub tenant_id: String,
    /// App registration.
    pub client_id: String,
    /// Location written to new referrals as `mpnId`.
    pub partner_id: String,
    /// Where tokens come from.
    pub authority_url: Url,
    /// Ours; empty: learned.
    pub organization_id: String,
    /// Host of the referrals API.
    pub referrals_url: Url,
    /// Host of the webhooks API.
    pub webhooks_url: Url,
    /// Token audience of the referrals API.
    pub referrals_audience: String,
    /// Token audience of the webhooks API.
    pub webhooks_audience: String,
    /// Where people open referrals.
    pub portal_url: Url,
    /// Path of a referral there, `{id}` is its id.
    pub referral_path: String,
    /// `[partner_center.events]`
    pub events: Events,
}

/// `[partner_center.events]`: who may sign an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// Folders that certificates may come from.
    pub certificate_urls: Vec<String>,
    /// Organization in the certificate.
    pub signer_organization: String,
    /// Name in the certificate.
    pub signer_name: String,
    /// More anchors: PEM text, or paths of PEM files.
    pub trusted_roots: Vec<String>,
    /// Not anchors: PEM text, or paths of PEM files.
    pub intermediates: Vec<String>,
}

/// `[dataverse]`: where the CRM is and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataverse {
    /// The environment.
    pub url: Url,
    /// Its Entra tenant.
    pub tenant_id: String,
    /// App registration.
    pub client_id: String,
    /// Where tokens come from.
    pub authority_url: Url,
    /// Token audience.
    pub audience: String,
    /// Prefix of our own columns and tables.
    pub column_prefix: String,
}

/// `[service]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Where the doors are reachable; for registration only.
    pub public_url: Option<Url>,
}

/// `[sync]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync {
    /// How often the feeds are read.
    pub poll_interval: Duration,
    /// How long one request may take.
    pub http_timeout: Duration,
    /// How long after the last attempt a write whose outcome is unknown may still land.
    pub ambiguity_wait: Duration,
    /// What may be written.
    pub write: Write,
    /// Which referrals come in.
    pub inbound: Inbound,
    /// Whether a record's name carries the mark.
    pub name_mark: bool,
    /// Whether a side that nobody named may be assumed to equal its base.
    pub assume: bool,
    /// The brake.
    pub max_writes_per_run: u32,
    /// How long history is kept.
    pub history_days: u32,
}

/// `sync.write`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Both sides.
    Both,
    /// The CRM only: staging beside production.
    Crm,
    /// Nothing: a shadow run.
    None,
}

/// `sync.inbound`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inbound {
    /// Everything that is ours.
    All,
    /// No lead-class referrals.
    CoSellOnly,
}

/// `[console]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// Where it listens.
    pub listen: SocketAddr,
}

/// `[notify]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// Where notifications go.
    pub url: Url,
    /// In which shape.
    pub shape: Shape,
}

/// `notify.shape`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Plain JSON.
    Json,
    /// Slack's.
    Slack,
    /// Teams'.
    Teams,
}

/// `[defaults.*]`: values for columns that the CRM requires on create.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// Of opportunities.
    pub opportunity: BTreeMap<String, Value>,
    /// Of leads.
    pub lead: BTreeMap<String, Value>,
    /// Of accounts.
    pub account: BTreeMap<String, Value>,
}

/// `[account]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What an account is matched on.
    pub match_on: Vec<String>,
}
