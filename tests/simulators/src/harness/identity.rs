//! Bearer tokens: opaque, random, each for one audience, for a while, with flags. Knows no OAuth grants.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::clock::Clock;

/// The tokens issued by one simulator. Copies share them.
#[derive(Clone)]
pub struct Identity {
    clock: Clock,
    grants: Arc<Mutex<HashMap<String, Grant>>>,
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The API it is meant for.
    pub audience: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Claims such as `mfa`, in the simulator's own words.
    pub flags: BTreeSet<String>,
}

/// Why a request's token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No `Authorization: Bearer ...`.
    Missing,
    /// Not issued here, or revoked.
    Unknown,
    /// Past its end.
    Expired,
    /// Issued for another API.
    WrongAudience,
}

impl Identity {
    /// No tokens yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, grants: Arc::default() }
    }

    /// Issues a token.
    pub fn issue(&self, audience: &str, lifetime: Duration, flags: &[&str]) -> String {
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        let grant = Grant {
            audience: audience.to_owned(),
            expires_at: self.clock.now().saturating_add(lifetime).unwrap_or(Timestamp::MAX),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        };
        self.grants().insert(token.clone(), grant);
        token
    }

    /// The grant behind a request's token. Audiences are compared without a slash at the end.
    pub fn check(&self, headers: &HeaderMap, audience: &str) -> Result<Grant, Refusal> {
        let token = headers
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()))
            .ok_or(Refusal::Missing)?;
        let grant = self.grants().get(token).cloned().ok_or(Refusal::Unknown)?;
        if grant.expires_at <= self.clock.now() {
            return Err(Refusal::Expired);
        }
        if grant.audience.trim_end_matches('/') != audience.trim_end_matches('/') {
            return Err(Refusal::WrongAudience);
        }
        Ok(grant)
    }

    /// Makes every token issued so far unknown.
    pub fn revoke_all(&self) {
        self.grants().clear();
    }

    fn grants(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").field("grants", &self.grants().len()).finish_non_exhaustive()
    }
}
