//! Certificates are fetched rarely, whatever callers of the door send.
//!
//! ```text
//! known and young               -> used as it is, for a day
//! known, but does not verify    -> fetched again, at most once a minute: it may have been renewed under its address
//! known and old                 -> fetched again; while the store is away the old one does
//! not known                     -> fetched, within a budget that all unknown addresses share
//! refused                       -> remembered for a minute, or for some seconds if the store was away
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::redirect;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use webpki::EndEntityCert;

use super::folder::Folder;
use super::public_address::PublicOnly;
use super::{ConfigError, Refusal};

const CERTIFICATE_BYTES_MAX: usize = 32 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Not to be found, or no certificate. Also how often one that does not verify is looked for again.
const REFUSED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Short: Microsoft tries an event ten times, and nobody knows how soon after one another (partner-center-api 6.4).
const AWAY_FOR: SignedDuration = SignedDuration::from_secs(5);
const ENTRIES_MAX: usize = 16;
/// Forged requests must not make us a cannon that fires at the certificate store.
const UNKNOWN_PER_MINUTE: u32 = 10;

/// The certificates of the folders.
pub(super) struct CertificateStore {
    folders: Vec<Folder>,
    /// Where the signer's certificate is expected: fetched even when forgeries have used the budget up.
    expected: Vec<String>,
    public: reqwest::Client,
    loopback: reqwest::Client,
    known: Mutex<Known>,
    /// Held while fetching: one at a time, so that a burst of events fetches once.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    entries: HashMap<String, Entry>,
    /// Since when, and how many unknown addresses were fetched.
    minute: Option<(Timestamp, u32)>,
}

/// What came of the last try at one address.
struct Entry {
    outcome: Outcome,
    tried_at: Timestamp,
}

enum Outcome {
    Fetched(CertificateDer<'static>),
    /// The store is away; this is what it gave before.
    Old(CertificateDer<'static>),
    /// The store is away, and gave nothing before.
    Away(Refusal),
    /// There is no certificate.
    Refused(Refusal),
}

impl CertificateStore {
    pub(super) fn new(folders: Vec<Folder>, signer_name: &str) -> Result<Self, ConfigError> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
        };
        let failed = |error: reqwest::Error| ConfigError { key: "certificate_urls", reason: error.to_string() };
        Ok(Self {
            expected: folders.iter().map(|folder| folder.address_of(signer_name)).collect(),
            folders,
            public: builder().https_only(true).dns_resolver(Arc::new(PublicOnly)).build().map_err(failed)?,
            loopback: builder().build().map_err(failed)?,
            known: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// The certificate at an address that the caller of the door named.
    pub(super) async fn get(&self, address: &str, now: Timestamp) -> Result<CertificateDer<'static>, Refusal> {
        let Some(folder) = self.folders.iter().find(|folder| folder.holds(address)) else {
            return Err(Refusal::signature("the certificate is not in a folder of certificate_urls"));
        };
        if let Some(known) = self.known().young(address, now) {
            return known;
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(known) = self.known().young(address, now) {
            return known;
        }
        if !self.known().may_fetch(address, &self.expected, now) {
            return Err(Refusal::Transient { reason: "too many certificates were asked for".to_owned() });
        }
        self.renew(folder, address, now).await
    }

    /// Another certificate than `seen`, which does not verify, if there is one by now.
    pub(super) async fn newer_than(
        &self,
        seen: &CertificateDer<'_>,
        address: &str,
        now: Timestamp,
    ) -> Option<CertificateDer<'static>> {
        let folder = self.folders.iter().find(|folder| folder.holds(address))?;
        let _one_at_a_time = self.fetching.lock().await;
        let (current, tried_at) = {
            let known = self.known();
            let entry = known.entries.get(address)?;
            (entry.outcome.certificate().ok()?, entry.tried_at)
        };
        if current != *seen {
            return Some(current);
        }
        if age(tried_at, now) < REFUSED_FOR {
            return None;
        }
        let renewed = self.renew(folder, address, now).await.ok()?;
        (renewed != *seen).then_some(renewed)
    }

    async fn renew(&self, folder: &Folder, address: &str, now: Timestamp) -> Result<CertificateDer<'static>, Refusal> {
        let fetched = self.fetch(folder, address).await;
        self.known().note(address, fetched, now)
    }

    async fn fetch(&self, folder: &Folder, address: &str) -> Result<CertificateDer<'static>, Refusal> {
        let away = |reason: &str| Refusal::Transient { reason: format!("the certificate cannot be fetched: {reason}") };
        let client = if folder.loopback { &self.loopback } else { &self.public };
        let mut response = client.get(address).send().await.map_err(|_| away("no connection"))?;
        let status = response.status();
        if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
            return Err(away(status.as_str()));
        }
        if !status.is_success() {
            return Err(Refusal::signature("the certificate is not in its folder"));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| away("the answer broke off"))? {
            if bytes.len() + chunk.len() > CERTIFICATE_BYTES_MAX {
                return Err(Refusal::signature("the certificate is over 32 KiB"));
            }
            bytes.extend_from_slice(&chunk);
        }
        // `.cer` is DER or PEM.
        let certificate = CertificateDer::from_pem_slice(&bytes).unwrap_or_else(|_| CertificateDer::from(bytes));
        match EndEntityCert::try_from(&certificate) {
            Ok(_) => Ok(certificate),
            Err(_) => Err(Refusal::signature("the certificate cannot be read")),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What is known of an address, if it was tried lately.
    fn young(&self, address: &str, now: Timestamp) -> Option<Result<CertificateDer<'static>, Refusal>> {
        let entry = self.entries.get(address)?;
        (age(entry.tried_at, now) < entry.outcome.lasts()).then(|| entry.outcome.certificate())
    }

    /// Remembers what came of a try. While the store is away, the certificate it gave before does; how long that one is
    /// valid is checked each time it is used.
    fn note(
        &mut self,
        address: &str,
        fetched: Result<CertificateDer<'static>, Refusal>,
        now: Timestamp,
    ) -> Result<CertificateDer<'static>, Refusal> {
        let before = self.entries.remove(address).and_then(|entry| entry.outcome.certificate().ok());
        let outcome = match (fetched, before) {
            (Ok(certificate), _) => Outcome::Fetched(certificate),
            (Err(Refusal::Transient { .. }), Some(before)) => Outcome::Old(before),
            (Err(refusal @ Refusal::Transient { .. }), None) => Outcome::Away(refusal),
            (Err(refusal), _) => Outcome::Refused(refusal),
        };
        let answer = outcome.certificate();
        if self.entries.len() >= ENTRIES_MAX {
            let worth = |entry: &Entry| (entry.outcome.certificate().is_ok(), entry.tried_at);
            let least = self.entries.iter().min_by_key(|(_, entry)| worth(entry)).map(|(address, _)| address.clone());
            least.and_then(|address| self.entries.remove(&address));
        }
        self.entries.insert(address.to_owned(), Entry { outcome, tried_at: now });
        answer
    }

    fn may_fetch(&mut self, address: &str, expected: &[String], now: Timestamp) -> bool {
        let had = self.entries.get(address).is_some_and(|entry| entry.outcome.certificate().is_ok());
        if had || expected.iter().any(|expected| expected == address) {
            return true;
        }
        let (since, fetches) = match self.minute {
            Some((since, fetches)) if age(since, now) < SignedDuration::from_mins(1) => (since, fetches),
            _ => (now, 0),
        };
        self.minute = Some((since, fetches.saturating_add(1)));
        fetches < UNKNOWN_PER_MINUTE
    }
}

impl Outcome {
    fn certificate(&self) -> Result<CertificateDer<'static>, Refusal> {
        match self {
            Self::Fetched(certificate) | Self::Old(certificate) => Ok(certificate.clone()),
            Self::Away(refusal) | Self::Refused(refusal) => Err(refusal.clone()),
        }
    }

    fn lasts(&self) -> SignedDuration {
        match self {
            Self::Fetched(_) => KEPT,
            Self::Old(_) | Self::Away(_) => AWAY_FOR,
            Self::Refused(_) => REFUSED_FOR,
        }
    }
}

/// How long ago; a clock that was set back ends every wait in time all the same.
fn age(then: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(then).abs()
}
