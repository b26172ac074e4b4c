//! Certificates come from a configured folder and nowhere else.
//!
//! Whoever calls the door chooses the address, so the rule is a plain one: the configured folder, byte for byte, and a
//! plain file name after it. That leaves no room for other hosts, ports, user names, queries or dots.

use url::{Host, Url};

use super::ConfigError;

const STEM_BYTES_MAX: usize = 100;
const EXTENSION: &str = ".cer";

/// A folder that certificates may come from.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    text: String,
    /// Plain http on this machine; anything else is https to a public address.
    pub(super) loopback: bool,
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
        Ok(Self { text: text.to_owned(), loopback })
    }

    /// Whether the address is a file of this folder.
    pub(super) fn holds(&self, address: &str) -> bool {
        let Some(name) = address.strip_prefix(self.text.as_str()) else { return false };
        let Some(stem) = name.strip_suffix(EXTENSION) else { return false };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=STEM_BYTES_MAX).contains(&stem.len()) && !name.contains("..") && stem.bytes().all(plain)
    }

    /// Where the certificate of this name is published, as in the documentation's sample (partner-center-api 6.2).
    pub(super) fn address_of(&self, name: &str) -> String {
        format!("{}{name}{EXTENSION}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_in_the_folder_or_nowhere() {
        let folder = Folder::new("https://store.example/cert/").unwrap();
        assert!(folder.holds("https://store.example/cert/pc-1_x.example.com.cer"));
        assert!(folder.holds(&folder.address_of("pc.example.com")));
        assert!(folder.holds(&format!("https://store.example/cert/{}.cer", "a".repeat(100))));
        let long = format!("https://store.example/cert/{}.cer", "a".repeat(101));
        for wrong in [
            long.as_str(),
            "",
            "https://store.example/cert/",
            "https://store.example/cert/.cer",
            "https://store.example/cert/a.pem",
            "https://store.example/cert/a.CER",
            "https://store.example/cert/../a.cer",
            "https://store.example/cert/a..cer",
            "https://store.example/cert/..\\a.cer",
            "https://store.example/cert//a.cer",
            "https://store.example/cert/b/a.cer",
            "https://store.example/cert/a%2ecer",
            "https://store.example/cert/%2e%2e/a.cer",
            "https://store.example/cert/a.cer?x=.cer",
            "https://store.example/cert/a.cer#.cer",
            "https://store.example/cert/a.cer ",
            " https://store.example/cert/a.cer",
            "https://store.example/cert/ä.cer",
            "https://store.example/certs/a.cer",
            "https://store.example:443/cert/a.cer",
            "https://store.example:8443/cert/a.cer",
            "https://store.example./cert/a.cer",
            "https://STORE.example/cert/a.cer",
            "HTTPS://store.example/cert/a.cer",
            "https://user@store.example/cert/a.cer",
            "https://store.example@evil.example/cert/a.cer",
            "https://store.example/cert/@evil.example/a.cer",
            "https://store.example.evil.example/cert/a.cer",
            "https://evil.example/?https://store.example/cert/a.cer",
            "http://store.example/cert/a.cer",
            "//store.example/cert/a.cer",
            "https://evil.example/cert/a.cer",
        ] {
            assert!(!folder.holds(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_folder_is_https_and_public_or_http_on_this_machine() {
        for right in ["https://store.example/", "http://127.0.0.1:9/cert/", "http://localhost/c/", "http://[::1]:9/c/"]
        {
            assert!(Folder::new(right).is_ok(), "{right}");
        }
        for wrong in [
            "http://store.example/",
            "http://10.0.0.1/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://20.60.0.1/",
            "https://localhost/",
            "ftp://x/",
            "x",
            "",
            "https://store.example",
            "https://store.example/cert",
            "https://STORE.example/",
            "https://store.example/a/../",
            "https://u@store.example/",
            "https://store.example/?x/",
            "https://store.example/#x/",
            "https://store.example:443/",
        ] {
            assert!(Folder::new(wrong).is_err(), "{wrong}");
        }
    }
}
