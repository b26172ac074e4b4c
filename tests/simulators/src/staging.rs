//! What a Cosell needs to work against these simulators, settings and a deal: for the demo, for staging, for tests.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::dataverse::Dataverse;
use crate::partner_center::PartnerCenter;

/// Writes `cosell.toml` and `cosell.secrets.toml` into a folder. `sync` is the body of the `[sync]` table.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(folder: &Path, partner_center: &PartnerCenter, dataverse: &Dataverse, sync: &str) -> std::io::Result<()> {
    std::fs::write(folder.join("cosell.toml"), settings(partner_center, dataverse, sync))?;
    let path = folder.join("cosell.secrets.toml");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(secrets(partner_center).as_bytes())
}

/// The text of `cosell.toml`.
pub fn settings(partner_center: &PartnerCenter, dataverse: &Dataverse, sync: &str) -> String {
    let (pc, dv) = (partner_center.url(), dataverse.url());
    let pem = |text: &str| format!("'''{text}'''");
    let intermediates: Vec<String> = partner_center.intermediates_pem().iter().map(|text| pem(text)).collect();
    format!(
        "[partner_center]
tenant_id = \"{tenant}\"
client_id = \"{client}\"
partner_id = \"{partner}\"
authority_url = \"{pc}\"
referrals_url = \"{pc}\"
webhooks_url = \"{pc}\"

[partner_center.events]
certificate_urls = [\"{certificates}\"]
trusted_roots = [{root}]
intermediates = [{intermediates}]

[dataverse]
url = \"{dv}\"
tenant_id = \"{dv_tenant}\"
client_id = \"{dv_client}\"
authority_url = \"{dv}\"

[sync]
{sync}
",
        tenant = PartnerCenter::TENANT_ID,
        client = PartnerCenter::CLIENT_ID,
        partner = PartnerCenter::PARTNER_ID,
        certificates = partner_center.certificate_folder(),
        root = pem(&partner_center.root_pem()),
        intermediates = intermediates.join(", "),
        dv_tenant = Dataverse::TENANT_ID,
        dv_client = Dataverse::CLIENT_ID,
    )
}

/// The text of `cosell.secrets.toml`.
pub fn secrets(partner_center: &PartnerCenter) -> String {
    format!(
        "[partner_center]
client_secret = \"{pc_secret}\"
refresh_token = \"{refresh_token}\"

[dataverse]
client_secret = \"{dv_secret}\"
webhook_keys = [\"{key}\"]
",
        pc_secret = PartnerCenter::CLIENT_SECRET,
        refresh_token = partner_center.refresh_token(),
        dv_secret = Dataverse::CLIENT_SECRET,
        key = Dataverse::WEBHOOK_KEY,
    )
}

/// A seller makes an opportunity with everything that a referral needs (account, address, value, date, solution); it is
/// not shared yet. `value` is a plain decimal. Answers its id.
pub fn deal(dataverse: &Dataverse, name: &str, customer: &str, value: &str) -> Uuid {
    let account = dataverse.create(
        "account",
        json!({
            "name": customer, "address1_line1": "1 Example Road", "address1_city": "Graz",
            "address1_postalcode": "8010", "address1_country": "AT",
        }),
    );
    let deal = dataverse.create(
        "opportunity",
        json!({
            "name": name,
            "description": "Moving ERP to Azure.",
            "estimatedvalue": serde_json::from_str::<Value>(value).unwrap_or_default(),
            "estimatedclosedate": "2027-03-31",
            "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({})", currency(dataverse, "EUR")),
            "parentaccountid@odata.bind": format!("/accounts({account})"),
        }),
    );
    dataverse.create(
        "cosell_solution",
        json!({
            "cosell_name": "Adatum ERP Move", "cosell_code": "SOL-00001-AAA",
            "cosell_OpportunityId@odata.bind": format!("/opportunities({deal})"),
        }),
    );
    deal
}

/// The id of a currency by its ISO 4217 code; empty if the organization has no such currency.
pub fn currency(dataverse: &Dataverse, code: &str) -> String {
    let rows = dataverse.rows("transactioncurrency");
    let row = rows.iter().find(|row| row["isocurrencycode"] == code);
    row.and_then(|row| row["transactioncurrencyid"].as_str()).unwrap_or_default().to_owned()
}
