//! Certificates are fetched rarely, whatever callers of the door send.
//!
//! ```text
//! known and young               -> used as it is, for a day or as long as it is valid
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
use x509_parser::prelude::{FromDer, X509Certificate};

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
    /// Each with the client that may call it.
    folders: Vec<(Folder, reqwest::Client)>,
    /// Where the signer's certificate is expected: fetched even when forgeries have used the budget up.
    expected: Vec<String>,
    known: Mutex<Known>,
    /// Held while fetching: one at a time, so that a burst of events fetches once. Two of them, so that whoever names
    /// odd addresses while the store is slow keeps no true event waiting.
    fetching_expected: tokio::sync::Mutex<()>,
    fetching_others: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    entries: HashMap<String, Entry>,
    /// Since when, and how many unknown addresses were fetched.
    minute: Option<(Timestamp, u32)>,
}

/// What came of the tries at one address.
struct Entry {
    outcome: Outcome,
    /// Since when that is so, and for how long it is taken to be so.
    since: Timestamp,
    lasts: SignedDuration,
    /// The last try, also one that changed nothing.
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
        let expected = folders.iter().map(|folder| folder.address_of(signer_name)).collect();
        let with_client = |folder: Folder| client_for(&folder).map(|client| (folder, client));
        let folders = folders.into_iter().map(with_client).collect::<Result<_, _>>();
        let failed = |error: reqwest::Error| ConfigError { key: "certificate_urls", reason: error.to_string() };
        Ok(Self {
            expected,
            folders: folders.map_err(failed)?,
            known: Mutex::default(),
            fetching_expected: tokio::sync::Mutex::default(),
            fetching_others: tokio::sync::Mutex::default(),
        })
    }

    /// The certificate at an address that the caller of the door named.
    pub(super) async fn get(&self, address: &str, now: Timestamp) -> Result<CertificateDer<'static>, Refusal> {
        let Some(client) = self.client(address) else {
            return Err(Refusal::signature("the certificate is not in a folder of certificate_urls"));
        };
        if let Some(known) = self.known().young(address, now) {
            return known;
        }
        let _one_at_a_time = self.turn(address).lock().await;
        if let Some(known) = self.known().young(address, now) {
            return known;
        }
        if !self.known().may_fetch(address, &self.expected, now) {
            return Err(Refusal::Transient { reason: "too many certificates were asked for".to_owned() });
        }
        let fetched = fetch(client, address).await;
        self.known().note(address, fetched, now)
    }

    /// The client for an address, if it is in a folder.
    fn client(&self, address: &str) -> Option<&reqwest::Client> {
        self.folders.iter().find(|(folder, _)| folder.holds(address)).map(|(_, client)| client)
    }

    /// Another certificate than `seen`, which does not verify, if there is one by now. Whoever sends a wrong signature
    /// makes us look, so what comes of it takes nothing from us that we have.
    pub(super) async fn newer_than(
        &self,
        seen: &CertificateDer<'_>,
        address: &str,
        now: Timestamp,
    ) -> Option<CertificateDer<'static>> {
        let client = self.client(address)?;
        let _one_at_a_time = self.turn(address).lock().await;
        {
            let mut known = self.known();
            let entry = known.entries.get_mut(address)?;
            let current = entry.outcome.certificate().ok()?;
            if current != *seen {
                return Some(current);
            }
            if age(entry.tried_at, now) < REFUSED_FOR {
                return None;
            }
            entry.tried_at = now;
        }
        let renewed = fetch(client, address).await.ok()?;
        let another = renewed != *seen;
        self.known().note(address, Ok(renewed.clone()), now).ok()?;
        another.then_some(renewed)
    }

    /// Whose turn it is to fetch.
    fn turn(&self, address: &str) -> &tokio::sync::Mutex<()> {
        match self.expected.iter().any(|expected| expected == address) {
            true => &self.fetching_expected,
            false => &self.fetching_others,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No redirects, no proxy, little patience; and public addresses alone, unless the folder is on this machine.
fn client_for(folder: &Folder) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT);
    match folder.loopback {
        true => builder.build(),
        false => builder.https_only(true).dns_resolver(Arc::new(PublicOnly)).build(),
    }
}

async fn fetch(client: &reqwest::Client, address: &str) -> Result<CertificateDer<'static>, Refusal> {
    let away = |reason: &str| Refusal::Transient { reason: format!("the certificate cannot be fetched: {reason}") };
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

impl Known {
    /// What is known of an address, if it was tried lately.
    fn young(&self, address: &str, now: Timestamp) -> Option<Result<CertificateDer<'static>, Refusal>> {
        let entry = self.entries.get(address)?;
        (age(entry.since, now) < entry.lasts).then(|| entry.outcome.certificate())
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
            let worth = |entry: &Entry| (entry.outcome.certificate().is_ok(), entry.since);
            let least = self.entries.iter().min_by_key(|(_, entry)| worth(entry)).map(|(address, _)| address.clone());
            least.and_then(|address| self.entries.remove(&address));
        }
        let lasts = outcome.lasts(now);
        self.entries.insert(address.to_owned(), Entry { outcome, since: now, lasts, tried_at: now });
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

    fn lasts(&self, now: Timestamp) -> SignedDuration {
        match self {
            // One whose time has passed is looked for again as seldom as one that is not there.
            Self::Fetched(certificate) => left_of(certificate, now).clamp(REFUSED_FOR, KEPT),
            Self::Old(_) | Self::Away(_) => AWAY_FOR,
            Self::Refused(_) => REFUSED_FOR,
        }
    }
}

/// How long a certificate is still valid; no time at all if it does not say.
fn left_of(certificate: &CertificateDer<'_>, now: Timestamp) -> SignedDuration {
    let ends = X509Certificate::from_der(certificate).ok().map(|(_, parsed)| parsed.validity().not_after.timestamp());
    let ends = ends.and_then(|seconds| Timestamp::from_second(seconds).ok());
    ends.map_or(SignedDuration::ZERO, |ends| ends.duration_since(now))
}

/// How long ago; a clock that was set back ends every wait in time all the same.
fn age(then: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(then).abs()
}
