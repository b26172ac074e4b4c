//! Doors, clients and engine from settings and secrets.

use std::sync::{Arc, Mutex};

use doors::{ChangesDoor, EventsDoor};
use engine::Engine;
use partner_center::Custody;
use partner_center::events::{EventsConfig, Verifier};
use secrecy::SecretString;
use store::Store;

use crate::environment::Variable;
use crate::{Error, Sources};

impl Sources {
    /// The door of Partner Center's events.
    ///
    /// # Errors
    /// When nobody's signature could hold.
    pub fn events_door(&self) -> Result<EventsDoor, Error> {
        let events = &self.settings.partner_center.events;
        let verifier = Verifier::new(EventsConfig {
            certificate_urls: events.certificate_urls.clone(),
            signer_organization: events.signer_organization.clone(),
            signer_name: events.signer_name.clone(),
            trusted_roots: events.trusted_roots.clone(),
            intermediates: events.intermediates.clone(),
        });
        let verifier = verifier.map_err(|error| Error::Settings(format!("partner_center.events.{error}")))?;
        Ok(EventsDoor::new(verifier))
    }

    /// The door of Dataverse's changes.
    ///
    /// # Errors
    /// When the function is not told the keys.
    pub fn changes_door(&self) -> Result<ChangesDoor, Error> {
        let secrets = self.dataverse.as_ref().ok_or_else(|| untold(Variable::DataverseSecret))?;
        let keys = dataverse::KeyRing::new(&secrets.webhook_keys);
        Ok(ChangesDoor::new(keys, &self.settings.dataverse.column_prefix))
    }

    /// The engine on a store. Its clients redeem the refresh token and store nothing.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub fn engine<S: Store>(&self, store: S) -> Result<Engine<S>, Error> {
        let secrets = self.partner_center.as_ref().ok_or_else(|| untold(Variable::PartnerCenterSecret))?;
        let configured = secrets.refresh_token.clone().ok_or_else(|| untold(Variable::PartnerCenterSecret))?;
        let partner_center = self.partner_center_client(Custody::ReadOnly { configured })?;
        let clock: engine::Clock = Arc::new(jiff::Timestamp::now);
        Engine::new(store, partner_center, self.dataverse_client()?, self.settings.clone(), clock).map_err(|problems| {
            let problems: Vec<String> =
                problems.iter().map(|problem| format!("{}: {}", problem.key, problem.reason)).collect();
            Error::Settings(problems.join("; "))
        })
    }

    /// A Partner Center client that hands every new refresh token to `held`.
    pub(crate) fn partner_center_holding(
        &self,
        held: &Arc<Mutex<SecretString>>,
    ) -> Result<partner_center::Client, Error> {
        self.partner_center_client(Custody::Held(Arc::clone(held)))
    }

    fn partner_center_client(&self, custody: Custody) -> Result<partner_center::Client, Error> {
        let settings = &self.settings.partner_center;
        let secrets = self.partner_center.as_ref().ok_or_else(|| untold(Variable::PartnerCenterSecret))?;
        let client = partner_center::Client::new(partner_center::Config {
            authority_url: settings.authority_url.clone(),
            tenant_id: settings.tenant_id.clone(),
            client_id: settings.client_id.clone(),
            client_secret: secrets.client_secret.clone(),
            custody,
            referrals_url: settings.referrals_url.clone(),
            webhooks_url: settings.webhooks_url.clone(),
            referrals_audience: settings.referrals_audience.clone(),
            webhooks_audience: settings.webhooks_audience.clone(),
            timeout: self.settings.sync.http_timeout,
        });
        client.map_err(|error| Error::Settings(error.to_string()))
    }

    fn dataverse_client(&self) -> Result<dataverse::Client, Error> {
        let settings = &self.settings.dataverse;
        let secrets = self.dataverse.as_ref().ok_or_else(|| untold(Variable::DataverseSecret))?;
        let client = dataverse::Client::new(dataverse::Config {
            url: settings.url.clone(),
            authority_url: settings.authority_url.clone(),
            tenant_id: settings.tenant_id.clone(),
            client_id: settings.client_id.clone(),
            client_secret: secrets.client_secret.clone(),
            audience: settings.audience.clone(),
            timeout: self.settings.sync.http_timeout,
        });
        client.map_err(|error| Error::Settings(error.to_string()))
    }
}

fn untold(variable: Variable) -> Error {
    Error::Settings(format!("this function is not told {}", variable.name()))
}
