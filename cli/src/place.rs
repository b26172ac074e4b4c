//! Where this process works: settings, secrets, the data folder, and the parts made from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use engine::Engine;
use partner_center::Custody;
use partner_center::events::{EventsConfig, Verifier};
use queue::SqliteQueue;
use settings::{Secrets, Settings};
use store::SqliteStore;

use crate::kill::KillAt;
use crate::service::{Pulse, Service};

/// Wrong use: the person at the keyboard must change something before it can work (exit code 2).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUse(pub(crate) String);

/// Nothing is wrong with the command; a person must do something elsewhere (exit code 3).
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NeedsPerson(pub(crate) String);

/// Settings, secrets, and the folder that belongs to them.
pub(crate) struct Place {
    pub(crate) settings: Settings,
    pub(crate) secrets: Secrets,
    pub(crate) data: PathBuf,
}

impl Place {
    /// Reads the settings and the secrets beside them.
    pub(crate) fn open(config: &Path, data: &Path) -> Result<Self> {
        let settings = Settings::read(config).map_err(|error| WrongUse(error.to_string()))?;
        let secrets = Secrets::read_beside(config).map_err(|error| WrongUse(error.to_string()))?;
        Ok(Self { settings, secrets, data: data.to_owned() })
    }

    /// The engine on this folder's store, with its queue.
    pub(crate) async fn service(&self, kill_at: Option<KillAt>) -> Result<Service> {
        let connection = store::sqlite::open(&self.data).await?;
        let queue = SqliteQueue::open(connection.clone(), queue::Options::default()).await?;
        let store = SqliteStore::new(connection);
        let clock: engine::Clock = Arc::new(jiff::Timestamp::now);
        let engine = Engine::new(store, self.partner_center()?, self.dataverse()?, self.settings.clone(), clock);
        let mut engine = engine.map_err(|problems| {
            let lines: Vec<String> =
                problems.iter().map(|problem| format!("  {}: {}", problem.key, problem.reason)).collect();
            WrongUse(format!("mapping rows that cannot work:\n{}", lines.join("\n")))
        })?;
        if let Some(kill_at) = kill_at {
            engine = engine.at_points(kill_at.hook());
        }
        let poll_interval = self.settings.sync.poll_interval;
        Ok(Service { engine: Arc::new(engine), queue, poll_interval, pulse: Pulse::default() })
    }

    /// Who keeps the refresh token of this folder.
    pub(crate) fn custody(&self) -> Custody {
        Custody::File { directory: self.data.clone(), configured: self.secrets.partner_center.refresh_token.clone() }
    }

    /// Where Partner Center is, and how to sign in to it.
    pub(crate) fn partner_center_config(&self) -> partner_center::Config {
        let settings = &self.settings.partner_center;
        partner_center::Config {
            authority_url: settings.authority_url.clone(),
            tenant_id: settings.tenant_id.clone(),
            client_id: settings.client_id.clone(),
            client_secret: self.secrets.partner_center.client_secret.clone(),
            custody: self.custody(),
            referrals_url: settings.referrals_url.clone(),
            webhooks_url: settings.webhooks_url.clone(),
            referrals_audience: settings.referrals_audience.clone(),
            webhooks_audience: settings.webhooks_audience.clone(),
            timeout: self.settings.sync.http_timeout,
        }
    }

    fn partner_center(&self) -> Result<partner_center::Client> {
        let config = self.partner_center_config();
        if config.custody.current().is_none() {
            return Err(NeedsPerson("nobody has signed in to Partner Center yet: run `cosell login`".to_owned()).into());
        }
        partner_center::Client::new(config).context("the Partner Center client cannot be made")
    }

    /// A client of the CRM.
    pub(crate) fn dataverse(&self) -> Result<dataverse::Client> {
        let settings = &self.settings.dataverse;
        dataverse::Client::new(dataverse::Config {
            url: settings.url.clone(),
            authority_url: settings.authority_url.clone(),
            tenant_id: settings.tenant_id.clone(),
            client_id: settings.client_id.clone(),
            client_secret: self.secrets.dataverse.client_secret.clone(),
            audience: settings.audience.clone(),
            timeout: self.settings.sync.http_timeout,
        })
        .context("the Dataverse client cannot be made")
    }

    /// Who may sign an event.
    pub(crate) fn verifier(&self) -> Result<Verifier> {
        let events = &self.settings.partner_center.events;
        Verifier::new(EventsConfig {
            certificate_urls: events.certificate_urls.clone(),
            signer_organization: events.signer_organization.clone(),
            signer_name: events.signer_name.clone(),
            trusted_roots: events.trusted_roots.clone(),
            intermediates: events.intermediates.clone(),
        })
        .map_err(|error| anyhow!(WrongUse(format!("[partner_center.events]: {error}"))))
    }

    /// Who may report a change.
    pub(crate) fn key_ring(&self) -> dataverse::KeyRing {
        dataverse::KeyRing::new(&self.secrets.dataverse.webhook_keys)
    }
}

/// The store of a data folder, for commands that only look.
pub(crate) async fn store(data: &Path) -> Result<SqliteStore> {
    if !data.join("cosell.db").exists() {
        let problem =
            format!("there is no data in {}: run `cosell serve` first, or name the folder with --data", data.display());
        return Err(WrongUse(problem).into());
    }
    let connection = store::sqlite::open(data).await?;
    Ok(SqliteStore::new(connection))
}
