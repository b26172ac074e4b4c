//! Pages (dataverse-api 2.9): a next link repeats the options and holds a cookie whose inner part is percent-encoded
//! twice. It works for the very request that it was given to, and for no other.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::options;

/// Where a page ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// Number of the page to come, from 2 on.
    pub(super) page: u64,
    /// What the list needs to go on.
    pub(super) state: Value,
    /// A pass of change tracking.
    pub(super) tracking: bool,
}

/// Unreserved characters, and those that Dataverse leaves as they are in a link.
const INNER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Place {
    /// The link to the next page of a request.
    pub(super) fn link(&self, address: &str, query: &str) -> String {
        let kept: Vec<&str> = query.split('&').filter(|part| !is_token(part) && !part.is_empty()).collect();
        let inner = format!(
            "<cookie page=\"{}\"><last state='{}' check=\"{}\" /></cookie>",
            self.page - 1,
            self.state,
            self.check(query)
        );
        let inner = lower(&utf8_percent_encode(&inner, INNER).to_string());
        // Encoded once more: `%3c` becomes `%253c`.
        let inner = inner.replace('%', "%25");
        let tracking = if self.tracking { "True" } else { "False" };
        let token = format!(
            "$skiptoken=%3Ccookie%20pagenumber=%22{}%22%20pagingcookie=%22{inner}%22%20istracking=%22{tracking}%22%20/%3E",
            self.page
        );
        let mut link = format!("{address}?");
        for part in kept {
            let _ = write!(link, "{part}&");
        }
        link + &token
    }

    /// Reads the decoded value of `$skiptoken`, which must have been given to this query.
    pub(super) fn read(token: &str, query: &str) -> Answer<Self> {
        Self::parse(token).filter(|(place, check)| *check == place.check(query)).map(|(place, _)| place).ok_or_else(
            || Refused::query("Malformed XML in the Paging Cookie: the $skiptoken is not the one that was given out."),
        )
    }

    fn parse(token: &str) -> Option<(Self, String)> {
        let rest = token.strip_prefix("<cookie pagenumber=\"")?;
        let (page, rest) = rest.split_once("\" pagingcookie=\"")?;
        let (inner, rest) = rest.split_once("\" istracking=\"")?;
        let tracking = rest.strip_suffix("\" />")?;
        // Whoever decodes a link twice hands in the cookie bare.
        if inner.contains(['<', '"']) {
            return None;
        }
        let inner = percent_decode_str(inner).decode_utf8().ok()?;
        let (state, rest) = inner.split_once("<last state='")?.1.rsplit_once("' check=\"")?;
        let check = rest.strip_suffix("\" /></cookie>")?.to_owned();
        let place =
            Self { page: page.parse().ok()?, state: serde_json::from_str(state).ok()?, tracking: tracking == "True" };
        Some((place, check))
    }

    /// A digest of the place and of the other options, decoded, in their order.
    fn check(&self, query: &str) -> String {
        let kept = query.split('&').filter(|part| !is_token(part)).collect::<Vec<_>>().join("&");
        let pairs = options::pairs(&kept);
        let text = json!([self.page, self.state, self.tracking, pairs]).to_string();
        Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn is_token(part: &str) -> bool {
    let name = percent_decode_str(part.split('=').next().unwrap_or_default()).decode_utf8_lossy();
    matches!(&*name, "$skiptoken" | "$deltatoken")
}

/// Percent escapes with lower-case digits, as Dataverse writes them.
pub(super) fn lower(encoded: &str) -> String {
    let mut lower = String::with_capacity(encoded.len());
    let mut digits = 0;
    for character in encoded.chars() {
        if character == '%' {
            digits = 2;
            lower.push(character);
        } else if digits > 0 {
            digits -= 1;
            lower.push(character.to_ascii_lowercase());
        } else {
            lower.push(character);
        }
    }
    lower
}

/// Text with every reserved character percent-encoded, lower-case.
pub(super) fn encoded(text: &str) -> String {
    lower(&utf8_percent_encode(text, INNER).to_string())
}
