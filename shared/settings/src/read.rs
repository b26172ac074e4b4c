//! From the file's text to [`Settings`], every default named once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mapping::Mapping;
use toml::Table;
use url::Url;

use crate::section::Section;
use crate::{
    Account, Console, Dataverse, Defaults, Events, Inbound, Notify, PartnerCenter, Service, Settings, Shape, Sync,
    Write,
};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which key.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there, or not readable.
    #[error("{path} cannot be read ({reason}): name the settings with --config")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// It is not TOML.
    #[error("{path}, line {line}: {reason}")]
    Syntax {
        /// Which file.
        path: String,
        /// Where.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Keys are wrong.
    #[error("{path} has {count}:{list}", count = counted(problems.len()), list = listed(problems))]
    Problems {
        /// Which file.
        path: String,
        /// Each of them.
        problems: Vec<Problem>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

fn counted(problems: usize) -> String {
    if problems == 1 { "a problem".to_owned() } else { format!("{problems} problems") }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

impl Settings {
    /// Reads a file. Paths in it are relative to its folder.
    ///
    /// # Errors
    /// Every problem at once, each with key and reason.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::Unreadable { path: path.display().to_string(), reason: error.to_string() })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a file. `path` names it in errors, and its folder is where relative paths begin.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let table: Table = text.parse().map_err(|error: toml::de::Error| Error::Syntax {
            path: name.clone(),
            line: line_of(text, &error),
            reason: error.message().to_owned(),
        })?;
        let mut problems = Vec::new();
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        match root(table, &folder, &mut problems) {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(Error::Problems { path: name, problems }),
        }
    }
}

/// The line, counted from 1, that a syntax error is in.
pub(crate) fn line_of(text: &str, error: &toml::de::Error) -> usize {
    let start = error.span().map_or(0, |span| span.start);
    text.get(..start).unwrap_or(text).matches('\n').count() + 1
}

fn root(table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<Settings> {
    let mut root = Section::new("", table, problems);
    let tables = ["partner_center", "dataverse", "service", "sync", "console", "defaults", "account", "fields"];
    let [partner_center, dataverse, service, sync, console, defaults, account, fields] =
        tables.map(|key| root.table(key));
    let notify = root.has("notify").then(|| root.table("notify"));
    let problems = root.problems();
    let partner_center = read_partner_center(partner_center, folder, problems);
    let dataverse = read_dataverse(dataverse, problems);
    let prefix = dataverse.as_ref().map_or(COLUMN_PREFIX, |dataverse| &dataverse.column_prefix).to_owned();
    let settings = Settings {
        service: read_service(service, problems),
        sync: read_sync(sync, problems),
        console: read_console(console, problems),
        notify: notify.and_then(|table| read_notify(table, problems)),
        defaults: read_defaults(defaults, problems),
        account: read_account(account, problems),
        fields: crate::fields::read(&prefix, fields, problems),
        partner_center: match partner_center {
            Some(partner_center) => partner_center,
            None => {
                root.finish();
                return None;
            }
        },
        dataverse: match dataverse {
            Some(dataverse) => dataverse,
            None => {
                root.finish();
                return None;
            }
        },
    };
    root.finish();
    Some(settings)
}

fn read_partner_center(table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<PartnerCenter> {
    let mut section = Section::new("partner_center", table, problems);
    let (tenant_id, client_id) = (section.required_text("tenant_id"), section.required_text("client_id"));
    let partner_id = section.required_text("partner_id");
    let organization_id = section.text("organization_id", "");
    let authority_url = section.url("authority_url", AUTHORITY);
    let referrals_url = section.url("referrals_url", "https://api.partner.microsoft.com");
    let webhooks_url = section.url("webhooks_url", "https://api.partnercenter.microsoft.com");
    let referrals_audience = section.text("referrals_audience", "https://api.partner.microsoft.com");
    let webhooks_audience = section.text("webhooks_audience", "https://api.partnercenter.microsoft.com");
    let portal_url = section.url("portal_url", "https://partner.microsoft.com");
    let referral_path = section.text("referral_path", "/dashboard/referrals/v2/leads?referralId={id}");
    if !referral_path.starts_with('/') || !referral_path.contains("{id}") {
        section.wrong("referral_path", "must begin with / and hold {id}");
    }
    let events = section.table("events");
    let events = read_events(events, folder, section.problems());
    section.finish();
    Some(PartnerCenter {
        tenant_id,
        client_id,
        partner_id,
        authority_url: authority_url?,
        organization_id,
        referrals_url: referrals_url?,
        webhooks_url: webhooks_url?,
        referrals_audience,
        webhooks_audience,
        portal_url: portal_url?,
        referral_path,
        events,
    })
}

const AUTHORITY: &str = "https://login.microsoftonline.com";

fn read_events(table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Events {
    let mut section = Section::new("partner_center.events", table, problems);
    let certificate_urls = section.texts("certificate_urls", &["https://3psostorageacct.blob.core.windows.net/cert/"]);
    for text in &certificate_urls {
        if let Err(reason) = crate::section::checked_url(text) {
            section.wrong("certificate_urls", reason);
        } else if !text.ends_with('/') {
            section.wrong("certificate_urls", "must name a folder, with a / at the end");
        }
    }
    let beside = |pem: String| match pem.contains("-----BEGIN") {
        true => pem,
        false => folder.join(PathBuf::from(pem)).display().to_string(),
    };
    let events = Events {
        certificate_urls,
        signer_organization: section.text("signer_organization", "Microsoft Corporation"),
        signer_name: section.text("signer_name", "pcnotifications-dispatch.microsoft.com"),
        trusted_roots: section.texts("trusted_roots", &[]).into_iter().map(beside).collect(),
        intermediates: section.texts("intermediates", &[]).into_iter().map(beside).collect(),
    };
    section.finish();
    events
}

const COLUMN_PREFIX: &str = "cosell";

fn read_dataverse(table: Table, problems: &mut Vec<Problem>) -> Option<Dataverse> {
    let mut section = Section::new("dataverse", table, problems);
    let url = section.required_url("url");
    let (tenant_id, client_id) = (section.required_text("tenant_id"), section.required_text("client_id"));
    let authority_url = section.url("authority_url", AUTHORITY);
    let audience = section.text("audience", "");
    let column_prefix = section.text("column_prefix", COLUMN_PREFIX);
    // Dataverse's own rule for a publisher's prefix (dataverse-api 7.1).
    let fits = (2..=8).contains(&column_prefix.len())
        && column_prefix.starts_with(|first: char| first.is_ascii_lowercase())
        && column_prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && !column_prefix.starts_with("mscrm");
    if !fits {
        section.wrong("column_prefix", "must be 2 to 8 lower-case letters and digits, a letter first, and not mscrm");
    }
    section.finish();
    let url = url?;
    let audience = if audience.is_empty() { origin(&url) } else { audience };
    Some(Dataverse { url, tenant_id, client_id, authority_url: authority_url?, audience, column_prefix })
}

fn origin(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn read_service(table: Table, problems: &mut Vec<Problem>) -> Service {
    let mut section = Section::new("service", table, problems);
    let service = Service { public_url: section.url("public_url", "") };
    section.finish();
    service
}

fn read_sync(table: Table, problems: &mut Vec<Problem>) -> Sync {
    let mut section = Section::new("sync", table, problems);
    let writes = [("both", Write::Both), ("crm", Write::Crm), ("none", Write::None)];
    let inbounds = [("all", Inbound::All), ("co-sell-only", Inbound::CoSellOnly)];
    let sync = Sync {
        poll_interval: section.duration("poll_interval", Duration::from_secs(5 * 60)),
        http_timeout: section.duration("http_timeout", Duration::from_secs(15)),
        ambiguity_wait: section.duration("ambiguity_wait", Duration::from_secs(45)),
        write: section.choice("write", &writes, Write::Both),
        inbound: section.choice("inbound", &inbounds, Inbound::All),
        name_mark: section.boolean("name_mark", true),
        assume: section.boolean("assume", true),
        max_writes_per_run: section.count("max_writes_per_run", 500),
        history_days: section.count("history_days", 730),
    };
    section.finish();
    sync
}

fn read_console(table: Table, problems: &mut Vec<Problem>) -> Console {
    let mut section = Section::new("console", table, problems);
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 8788));
    let console = Console { listen: section.parsed("listen", default, "address with a port, such as 127.0.0.1:8788") };
    section.finish();
    console
}

fn read_notify(table: Table, problems: &mut Vec<Problem>) -> Option<Notify> {
    let mut section = Section::new("notify", table, problems);
    let url = section.required_url("url");
    let shapes = [("json", Shape::Json), ("slack", Shape::Slack), ("teams", Shape::Teams)];
    let shape = section.choice("shape", &shapes, Shape::Json);
    section.finish();
    Some(Notify { url: url?, shape })
}

fn read_defaults(table: Table, problems: &mut Vec<Problem>) -> Defaults {
    let mut section = Section::new("defaults", table, problems);
    let mut columns = |entity: &str| {
        let table = section.table(entity);
        let json = |(column, value): (String, toml::Value)| Some((column, serde_json::to_value(value).ok()?));
        table.into_iter().filter_map(json).collect::<BTreeMap<_, _>>()
    };
    let defaults = Defaults { opportunity: columns("opportunity"), lead: columns("lead"), account: columns("account") };
    section.finish();
    defaults
}

fn read_account(table: Table, problems: &mut Vec<Problem>) -> Account {
    let mut section = Section::new("account", table, problems);
    let match_on = section.texts("match_on", &["name", "postal_code"]);
    let words = Mapping::account_match_words();
    for word in &match_on {
        if !words.contains(&word.as_str()) {
            section.wrong("match_on", format!("`{word}` is not one of {}", words.join(", ")));
        }
    }
    if !match_on.iter().any(|word| word == "name") {
        section.wrong("match_on", "must hold name: without it every customer would be the same");
    }
    section.finish();
    Account { match_on }
}
