//! What a person may write into `cosell.toml`, and what is said when it is wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use settings::{Error, Inbound, Secrets, Settings, Write};

const SMALLEST: &str = r#"
[partner_center]
tenant_id = "tenant"
client_id = "client"
partner_id = "1234567"
[dataverse]
url = "https://org.crm4.dynamics.com"
tenant_id = "tenant"
client_id = "client"
"#;

fn parse(text: &str) -> Result<Settings, Error> {
    Settings::parse(text, Path::new("/etc/cosell/cosell.toml"))
}

fn problems(more: &str) -> Vec<String> {
    match parse(&format!("{SMALLEST}{more}")) {
        Err(Error::Problems { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let settings = parse(SMALLEST).unwrap();
    let partner_center = &settings.partner_center;
    assert_eq!(partner_center.authority_url.as_str(), "https://login.microsoftonline.com/");
    assert_eq!(partner_center.referrals_url.as_str(), "https://api.partner.microsoft.com/");
    assert_eq!(partner_center.webhooks_url.as_str(), "https://api.partnercenter.microsoft.com/");
    assert_eq!(partner_center.referrals_audience, "https://api.partner.microsoft.com");
    assert_eq!(partner_center.referral_path, "/dashboard/referrals/v2/leads?referralId={id}");
    assert_eq!(partner_center.events.signer_name, "pcnotifications-dispatch.microsoft.com");
    assert_eq!(settings.dataverse.audience, "https://org.crm4.dynamics.com");
    assert_eq!(settings.dataverse.column_prefix, "cosell");
    let sync = &settings.sync;
    assert_eq!((sync.poll_interval, sync.http_timeout), (Duration::from_secs(300), Duration::from_secs(15)));
    assert_eq!((sync.ambiguity_wait, sync.write, sync.inbound), (Duration::from_secs(45), Write::Both, Inbound::All));
    assert_eq!((sync.name_mark, sync.assume, sync.max_writes_per_run, sync.history_days), (true, true, 500, 730));
    assert_eq!(settings.account.match_on, ["name", "postal_code"]);
    assert_eq!(settings.console.listen.to_string(), "127.0.0.1:8788");
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let error = parse("").unwrap_err().to_string();
    for key in [
        "partner_center.tenant_id",
        "partner_center.client_id",
        "partner_center.partner_id",
        "dataverse.url",
        "dataverse.tenant_id",
        "dataverse.client_id",
    ] {
        assert!(error.contains(&format!("{key}: is missing")), "{key} in {error}");
    }
    assert!(error.starts_with("/etc/cosell/cosell.toml has 6 problems:"), "{error}");
}

#[test]
fn every_wrong_value_names_its_key() {
    for (more, expected) in [
        ("[sync]\npoll_intervall = \"5m\"", "sync.poll_intervall: is not a setting"),
        ("[snyc]", "snyc: is not a setting"),
        ("[sync]\npoll_interval = 5", "sync.poll_interval: is a number; it must be a text"),
        ("[sync]\npoll_interval = \"soon\"", "sync.poll_interval: `soon` is no duration"),
        ("[sync]\npoll_interval = \"0s\"", "sync.poll_interval: `0s` is no duration"),
        ("[sync]\nwrite = \"all\"", "sync.write: `all` is not one of both, crm, none"),
        ("[sync]\nassume = \"yes\"", "sync.assume: is a text; it must be true or false"),
        ("[sync]\nhistory_days = 0", "sync.history_days: must be a whole number above zero"),
        ("[service]\npublic_url = \"http://example.com\"", "service.public_url: must be https"),
        ("[service]\npublic_url = \"https://u:p@example.com\"", "service.public_url: holds a user name or password"),
        ("[console]\nlisten = \"8788\"", "console.listen: `8788` is no address"),
        ("[account]\nmatch_on = [\"name\", \"shoe_size\"]", "account.match_on: `shoe_size` is not one of"),
        ("[account]\nmatch_on = [\"city\"]", "account.match_on: must hold name"),
        ("[fields.deal_value]\ncolumn = \"x\"", "fields.deal_value.column: is not a setting"),
        ("[fields.deal_value]\ncrm = 5", "fields.deal_value.crm: invalid type: integer `5`"),
        ("[fields.deal_value]\nlookup = { table = \"x\" }", "fields.deal_value.lookup: missing field `key`"),
        ("[fields]\ndeal_value = 5", "fields.deal_value: is a number; it must be a table"),
        (
            "[fields.deal_value]\ncodec = \"gold\"",
            "fields.deal_value.codec: `gold` is not one of text, html_text, money",
        ),
        ("[fields.own]\ncrm = \"new_x\"", "fields.own.referral: is missing"),
        ("[notify]\nshape = \"json\"", "notify.url: is missing"),
    ] {
        let said = problems(more);
        assert!(said.iter().any(|line| line.starts_with(expected)), "{expected} in {said:?}");
    }
}

#[test]
fn every_wrong_member_of_every_row_is_said_at_once() {
    let said = problems(
        "[fields.deal_value]\ncolumn = \"x\"\ncodec = \"gold\"\n[fields.own]\nowner = 5\ncrm = \"new_x\"\ncodec = \"text\"",
    );
    let keys: Vec<&str> = said.iter().filter_map(|line| line.split_once(": ")).map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        ["fields.deal_value.column", "fields.own.owner", "fields.deal_value.codec", "fields.own.referral"]
    );
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let said = problems("[service]\npublic_url = \"https://ada:hunter2@example.com\"").join("\n");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_syntax_error_names_its_line() {
    let error = parse("[partner_center]\ntenant_id = \n").unwrap_err().to_string();
    assert!(error.starts_with("/etc/cosell/cosell.toml, line 2:"), "{error}");
}

#[test]
fn every_url_may_be_this_very_machine() {
    let text = SMALLEST.replace("https://org.crm4.dynamics.com", "http://127.0.0.1:9402");
    let more = "[partner_center.events]\ncertificate_urls = [\"http://127.0.0.1:9401/cert/\"]\ntrusted_roots = [\"root.pem\"]\n";
    let settings = parse(&text.replace("[dataverse]", &format!("{more}[dataverse]"))).unwrap();
    assert_eq!(settings.dataverse.audience, "http://127.0.0.1:9402");
    assert_eq!(settings.partner_center.events.trusted_roots, ["/etc/cosell/root.pem"]);
}

const SECRETS: &str = r#"
[partner_center]
client_secret = "one"
refresh_token = "two"
[dataverse]
client_secret = "three"
webhook_keys = ["four"]
"#;

fn secrets_file(text: &str, mode: u32) -> (tempfile::TempDir, Result<Secrets, String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cosell.secrets.toml");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let read = Secrets::read_beside(&folder.path().join("cosell.toml")).map_err(|error| error.to_string());
    (folder, read)
}

#[test]
fn secrets_are_read_and_never_printed() {
    let (_folder, secrets) = secrets_file(SECRETS, 0o600);
    let secrets = secrets.unwrap();
    assert_eq!(secrets.partner_center.refresh_token.as_ref().unwrap().expose_secret(), "two");
    assert_eq!(secrets.dataverse.webhook_keys[0].expose_secret(), "four");
    let printed = format!("{secrets:?}");
    assert!(!["one", "two", "three", "four"].iter().any(|secret| printed.contains(secret)), "{printed}");
}

#[test]
fn the_refresh_token_may_be_missing_before_the_first_sign_in_but_not_empty() {
    let (_folder, secrets) = secrets_file(&SECRETS.replace("refresh_token = \"two\"", ""), 0o600);
    assert!(secrets.unwrap().partner_center.refresh_token.is_none());
    let (_folder, secrets) = secrets_file(&SECRETS.replace("\"two\"", "\"\""), 0o600);
    assert!(secrets.unwrap_err().contains("partner_center.refresh_token must be a text that is not empty"));
}

#[test]
fn secrets_that_others_can_read_are_refused() {
    let (_folder, secrets) = secrets_file(SECRETS, 0o644);
    assert!(secrets.unwrap_err().contains("mode 644): run chmod 600"));
}

#[test]
fn what_is_missing_from_the_secrets_is_named_and_nothing_is_shown() {
    let (_folder, secrets) = secrets_file("[partner_center]\nclient_secret = \"hush\"\nextra = \"hush\"\n", 0o600);
    let error = secrets.unwrap_err();
    for part in [
        "dataverse.client_secret is missing",
        "dataverse.webhook_keys is missing",
        "partner_center.extra is not a secret",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(!error.contains("hush"), "{error}");
    let (_folder, broken) = secrets_file("client_secret = \"hush", 0o600);
    let error = broken.unwrap_err();
    assert!(error.contains("line 1") && !error.contains("hush"), "{error}");
}
