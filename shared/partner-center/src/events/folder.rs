//! Certificates come from a configured folder and nowhere else, and are fetched rarely.
//!
//! Whoever calls the door chooses the address, so the rule is a plain one: the configured folder, byte for byte, and a
//! plain file name after it. That leaves no room for other hosts, ports, user names, queries or dots.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use url::{Host, Url};

use super::{ConfigError, Refusal};

const NAME_LENGTH_MAX: usize = 100;
const CERTIFICATE_BYTES_MAX: usize = 32 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);
const KEPT: SignedDuration = SignedDuration::from_hours(24);
const REFUSED_FOR: SignedDuration = SignedDuration::from_secs(60);
const ENTRIES_MAX: usize = 16;
/// Forged requests must not make us a cannon that fires at the certificate store.
const FETCHES_PER_MINUTE: u32 = 10;

/// A folder that certificates may come from.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    text: String,
    loopback: bool,
}

impl Folder {
    pub(super) fn new(text: &str) -> Result<Self, ConfigError> {
        let wrong = |reason: &str| ConfigError { key: "certificate_urls", reason: format!("`{text}` {reason}") };
        let url = Url::parse(text).map_err(|_| wrong("is no address"))?;
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(wrong("has no host")),
        };
        match (url.scheme(), loopback, url.domain().is_some()) {
            ("http", true, _) | ("https", false, true) => {}
            ("https", ..) => return Err(wrong("must name a public host")),
            _ => return Err(wrong("must be https")),
        }
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !plain || url.fragment().is_some() || !url.path().ends_with('/') || url.as_str() != text {
            return Err(wrong("must be a folder in its plain spelling, with a / at the end"));
        }
        Ok(Self { text: text.to_owned(), loopback: url.scheme() == "http" && loopback })
    }

    fn holds(&self, address: &str) -> bool {
        let Some(name) = address.strip_prefix(self.text.as_str()) else { return false };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        name.len() <= NAME_LENGTH_MAX
            && name.len() > ".cer".len()
            && name.ends_with(".cer")
            && !name.contains("..")
            && name.bytes().all(plain)
    }
}

/// The certificates of the folders.
pub(super) struct Certificates {
    folders: Vec<Folder>,
    public: reqwest::Client,
    loopback: reqwest::Client,
    kept: Mutex<Kept>,
    /// Held while fetching: one at a time, so that a burst of events fetches once.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    minute: Option<(Timestamp, u32)>,
}

enum Entry {
    Certificate(CertificateDer<'static>, Timestamp),
    Refused(Refusal, Timestamp),
}

impl Certificates {
    pub(super) fn new(folders: Vec<Folder>) -> Result<Self, ConfigError> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
        };
        let failed = |error: reqwest::Error| ConfigError { key: "certificate_urls", reason: error.to_string() };
        Ok(Self {
            folders,
            public: builder().https_only(true).dns_resolver(Arc::new(PublicOnly)).build().map_err(failed)?,
            loopback: builder().build().map_err(failed)?,
            kept: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    pub(super) async fn get(&self, address: &str, now: Timestamp) -> Result<CertificateDer<'static>, Refusal> {
        let Some(folder) = self.folders.iter().find(|folder| folder.holds(address)) else {
            return Err(Refusal::signature("the certificate is not in a folder of certificate_urls"));
        };
        if let Some(known) = self.known(address, now) {
            return known;
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(known) = self.known(address, now) {
            return known;
        }
        if !self.may_fetch(now) {
            return Err(Refusal::Transient { reason: "too many certificates were asked for".to_owned() });
        }
        let fetched = self.fetch(folder, address).await;
        let entry = match &fetched {
            Ok(certificate) => Entry::Certificate(certificate.clone(), later(now, KEPT)),
            Err(refusal) => Entry::Refused(refusal.clone(), later(now, REFUSED_FOR)),
        };
        self.keep(address, entry, now);
        fetched
    }

    fn known(&self, address: &str, now: Timestamp) -> Option<Result<CertificateDer<'static>, Refusal>> {
        match self.kept().entries.get(address)? {
            Entry::Certificate(certificate, until) if now < *until => Some(Ok(certificate.clone())),
            Entry::Refused(refusal, until) if now < *until => Some(Err(refusal.clone())),
            Entry::Certificate(..) | Entry::Refused(..) => None,
        }
    }

    fn may_fetch(&self, now: Timestamp) -> bool {
        let mut kept = self.kept();
        let (since, fetches) = match kept.minute {
            Some((since, fetches)) if now.duration_since(since).abs() < SignedDuration::from_mins(1) => {
                (since, fetches)
            }
            _ => (now, 0),
        };
        kept.minute = Some((since, fetches + 1));
        fetches < FETCHES_PER_MINUTE
    }

    fn keep(&self, address: &str, entry: Entry, now: Timestamp) {
        let mut kept = self.kept();
        kept.entries.retain(|_, entry| match entry {
            Entry::Certificate(_, until) | Entry::Refused(_, until) => now < *until,
        });
        if kept.entries.len() >= ENTRIES_MAX {
            kept.entries.retain(|_, entry| matches!(entry, Entry::Certificate(..)));
        }
        if kept.entries.len() < ENTRIES_MAX {
            kept.entries.insert(address.to_owned(), entry);
        }
    }

    async fn fetch(&self, folder: &Folder, address: &str) -> Result<CertificateDer<'static>, Refusal> {
        let away = |reason: &str| Refusal::Transient { reason: format!("the certificate cannot be fetched: {reason}") };
        let client = if folder.loopback { &self.loopback } else { &self.public };
        let mut response = client.get(address).send().await.map_err(|_| away("no connection"))?;
        let status = response.status();
        if status.is_client_error() && status.as_u16() != 429 {
            return Err(Refusal::signature("the certificate is not in its folder"));
        }
        if !status.is_success() {
            return Err(away(status.as_str()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| away("the answer broke off"))? {
            if bytes.len() + chunk.len() > CERTIFICATE_BYTES_MAX {
                return Err(Refusal::signature("the certificate is over 32 KiB"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(CertificateDer::from_pem_slice(&bytes).unwrap_or_else(|_| CertificateDer::from(bytes)))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Resolves names to public addresses only: a name server of somebody else must not lead us into our own network.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            // Global unicast is 2000::/3; documentation and 6to4 are not the internet.
            None => {
                let [first, second, ..] = v6.segments();
                (0x2000..0x4000).contains(&first) && !(first == 0x2001 && second == 0x0db8) && first != 0x2002
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_in_the_folder_or_nowhere() {
        let folder = Folder::new("https://store.example/cert/").unwrap();
        assert!(folder.holds("https://store.example/cert/pc.example.com.cer"));
        for wrong in [
            "https://store.example/cert/",
            "https://store.example/cert/.cer",
            "https://store.example/cert/a.pem",
            "https://store.example/cert/../a.cer",
            "https://store.example/cert/b/a.cer",
            "https://store.example/cert/a%2ecer",
            "https://store.example/cert/a.cer?x=.cer",
            "https://store.example/cert/a.cer#.cer",
            "https://store.example:443/cert/a.cer",
            "https://STORE.example/cert/a.cer",
            "https://store.example@evil.example/cert/a.cer",
            "https://store.example.evil.example/cert/a.cer",
            "http://store.example/cert/a.cer",
            "https://evil.example/cert/a.cer",
        ] {
            assert!(!folder.holds(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_folder_is_https_and_public_or_http_on_this_machine() {
        for right in ["https://store.example/", "http://127.0.0.1:9/cert/", "http://localhost/c/"] {
            assert!(Folder::new(right).is_ok(), "{right}");
        }
        for wrong in [
            "http://store.example/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://localhost/",
            "ftp://x/",
            "x",
            "https://store.example/cert",
            "https://u@store.example/",
            "https://store.example/?x/",
            "https://store.example:443/",
        ] {
            assert!(Folder::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn private_addresses_are_not_the_internet() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "192.168.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["20.60.0.1", "2603:1030::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
