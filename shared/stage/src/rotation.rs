//! The life of the Partner Center refresh token on AWS (reliability 5): this is its only writer.
//!
//! ```text
//! take the lease -> redeem the token in use -> propose the new one (AWSPENDING) -> prove it: redeem it, read a list
//!                                                                             -> put it in use (AWSCURRENT)
//! ```
//! The token in use stays in use until the new one is proven. Every step may be the last one: what a run that died has
//! proposed is tried by the next one if the token in use is refused. Two runs cannot race: the lease keeps the second
//! one out, and if the first is frozen for longer than its lease, the change is a compare-and-set on the version that
//! it began with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use partner_center::ListQuery;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use crate::environment::Variable;
use crate::lease::{Epoch, Lease};
use crate::sources::partner_center_of;
use crate::{Error, Secret, Sources, Vault};

/// Longer than the refresher may run.
const LEASE: Duration = Duration::from_secs(5 * 60);

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// A new token is in use.
    Rotated,
    /// The sign-in service gave no other token.
    Unchanged,
    /// Somebody else is at it.
    Busy,
    /// Somebody else has put another token in use meanwhile, and that one stays.
    Overtaken,
}

impl Refreshed {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Unchanged => "unchanged",
            Self::Busy => "busy",
            Self::Overtaken => "overtaken",
        }
    }
}

/// Keeps the refresh token alive.
#[derive(Debug, Clone)]
pub struct Refresher {
    vault: Vault,
    id: String,
    lease: Lease,
}

/// A token that was redeemed: whatever came for it is `held`.
struct Redeemed {
    document: SecretString,
    held: SecretString,
}

impl Refresher {
    pub(crate) fn new(vault: Vault, id: &str, lease: Lease) -> Self {
        Self { vault, id: id.to_owned(), lease }
    }

    /// Proves that the lease can be looked at. In the table there is nothing else that the refresher may touch.
    ///
    /// # Errors
    /// When the table is not there, or not ours to use.
    pub async fn ready(&self) -> Result<(), Error> {
        self.lease.standing().await.map(drop)
    }

    /// Redeems the token in use and puts the new one in its place, once it is proven.
    ///
    /// # Errors
    /// When no token works, or something cannot be reached. The token in use has not changed then.
    pub async fn refresh(&self, sources: &Sources) -> Result<Refreshed, Error> {
        let Some(epoch) = self.lease.take(Timestamp::now(), LEASE).await? else { return Ok(Refreshed::Busy) };
        let refreshed = self.rotate(sources, epoch).await;
        // A lease that cannot be given back ends by itself.
        if let Err(error) = self.lease.give_back(epoch).await {
            tracing::warn!(%error, "the lease stays until its end");
        }
        refreshed
    }

    /// How old the token in use is, in days.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub async fn age_days(&self) -> Result<Option<f64>, Error> {
        let current = self.vault.current(&self.id).await.map_err(|reason| self.unavailable(reason))?;
        Ok(current.created.map(|created| Timestamp::now().duration_since(created).as_secs_f64() / 86_400.0))
    }

    async fn rotate(&self, sources: &Sources, epoch: Epoch) -> Result<Refreshed, Error> {
        let current = self.vault.current(&self.id).await.map_err(|reason| self.unavailable(reason))?;
        let redeemed = self.redeem_what_works(sources, &current).await?;
        if same(&redeemed.held, &self.token(&current.text)?) {
            return Ok(Refreshed::Unchanged);
        }
        let mut version = self.propose(&redeemed).await?;
        let proven = self.redeem(sources, &self.document(&redeemed)?).await?;
        // Proving it may have brought a newer one, and of a token that may be redeemed once only that one lives.
        if !same(&proven.held, &redeemed.held) {
            version = self.propose(&proven).await?;
        }
        if !self.lease.holds(epoch).await? || !self.vault.promote(&self.id, &version, &current.version).await? {
            return Ok(Refreshed::Overtaken);
        }
        Ok(Refreshed::Rotated)
    }

    /// Redeems the token in use; if it is refused, the one that a run that died has proposed.
    async fn redeem_what_works(&self, sources: &Sources, current: &Secret) -> Result<Redeemed, Error> {
        let refused = match self.redeem(sources, &current.text).await {
            Err(error @ Error::SignIn { .. }) => error,
            redeemed => return redeemed,
        };
        let pending = self.vault.pending(&self.id).await.map_err(|reason| self.unavailable(reason))?;
        match pending.filter(|pending| pending.version != current.version) {
            Some(pending) => {
                tracing::warn!("the token in use is refused; the one that was proposed is tried");
                self.redeem(sources, &pending.text).await
            }
            None => Err(refused),
        }
    }

    /// Redeems the token of a document and reads a list with what it brought.
    async fn redeem(&self, sources: &Sources, document: &SecretString) -> Result<Redeemed, Error> {
        let secrets = self.secrets(document)?;
        let held = Arc::new(Mutex::new(self.token(document)?));
        let sources = Sources { partner_center: Some(secrets), ..sources.clone() };
        let client = sources.partner_center_holding(&held)?;
        // The shortest list there is: what changed since now.
        let query = ListQuery { updated_since: Some(Timestamp::now()), ..ListQuery::default() };
        match client.list(&query).await {
            Ok(_) => {}
            Err(error @ partner_center::Error::SignIn { .. }) => {
                return Err(Error::SignIn { reason: error.to_string() });
            }
            Err(error) => return Err(Error::PartnerCenter { reason: error.to_string() }),
        }
        let held = held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Redeemed { document: document.clone(), held })
    }

    async fn propose(&self, redeemed: &Redeemed) -> Result<String, Error> {
        self.vault.propose(&self.id, &self.document(redeemed)?, &Uuid::new_v4().to_string()).await
    }

    /// The secret's document with the new token; whatever else it holds stays.
    fn document(&self, redeemed: &Redeemed) -> Result<SecretString, Error> {
        let parsed = serde_json::from_str(redeemed.document.expose_secret());
        let Ok(Value::Object(mut members)) = parsed else { return Err(self.malformed("it is no JSON object".into())) };
        members.insert("refresh_token".to_owned(), Value::from(redeemed.held.expose_secret()));
        Ok(SecretString::from(Value::Object(members).to_string()))
    }

    fn secrets(&self, document: &SecretString) -> Result<settings::PartnerCenterSecrets, Error> {
        partner_center_of(document).map_err(|reason| self.malformed(reason))
    }

    fn token(&self, document: &SecretString) -> Result<SecretString, Error> {
        self.secrets(document)?.refresh_token.ok_or_else(|| self.malformed("it holds no refresh_token".to_owned()))
    }

    fn malformed(&self, reason: String) -> Error {
        Error::SecretMalformed { id: self.id.clone(), variable: Variable::PartnerCenterSecret.name(), reason }
    }

    fn unavailable(&self, reason: String) -> Error {
        Error::SecretUnavailable { id: self.id.clone(), variable: Variable::PartnerCenterSecret.name(), reason }
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}
