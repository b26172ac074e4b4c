//! `cosell mapping test` and `cosell mapping preview`: what the rows make of a deal, before they meet one.

use serde_json::{Value, json};
use simulators::staging;

use crate::stage::{Stage, said};

/// The JSON lines, the exit code and what was said.
async fn run(stage: &Stage, arguments: &[&str]) -> (Vec<Value>, i32, String) {
    let output = stage.command(&[arguments, &["--json"]].concat()).output().await.unwrap();
    let (code, text) = said(&output);
    let lines = String::from_utf8(output.stdout).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), code, text)
}

/// The line of a field.
fn of<'a>(lines: &'a [Value], field: &str) -> &'a Value {
    lines.iter().find(|line| line["field"] == field).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn the_rows_are_tried_without_secrets_and_without_asking_anybody() {
    let stage = Stage::set().await;
    std::fs::remove_file(stage.path("cosell.secrets.toml")).unwrap();
    let (lines, code, text) = run(&stage, &["mapping", "test", "--cases", "20"]).await;
    assert_eq!((lines, code), (Vec::new(), 0), "{text}");
    assert!(text.contains("no examples in") && text.contains("cosell.mapping.toml"), "{text}");
    let asked = stage.dataverse.harness().requests().len() + stage.partner_center.harness().requests().len();
    assert_eq!(asked, 0);
}

#[tokio::test]
async fn examples_beside_the_settings_are_held_to() {
    let stage = Stage::set().await;
    stage.settings(|text| {
        format!(
            "{text}\n[fields.channel]\nreferral = \"/details/channel\"\ncrm = \"new_channel\"\ncodec = \"choice\"\n\
             choices = {{ Direct = \"727000001\" }}\n[fields.customer_country]\nmax_length = 1\n"
        )
    });
    let path = stage.path("cosell.mapping.toml");
    let example =
        "[[example]]\nname = \"direct\"\nreferral.\"/details/channel\" = \"Direct\"\ncrm.new_channel = 727000009\n";
    std::fs::write(&path, example).unwrap();
    let (lines, code, text) = run(&stage, &["mapping", "test", "--cases", "20"]).await;
    assert!(code == 1 && text.contains("1 of 1 fields in your examples"), "{code} {text}");
    let channel = of(&lines, "channel");
    assert_eq!((&channel["example"], &channel["given"]), (&json!("direct"), &json!("both")));
    assert!(channel["problem"].as_str().unwrap().starts_with("unknown-value: "), "{channel}");
    assert!(of(&lines, "customer_country")["law"].is_string(), "{lines:?}");

    std::fs::write(&path, "[[example]]\nname = 7\n").unwrap();
    let (_, code, text) = run(&stage, &["mapping", "test"]).await;
    assert!(code == 2 && text.contains("cosell.mapping.toml, line 2"), "{code} {text}");
    let (_, code, text) = run(&stage, &["mapping", "test", "nowhere.toml"]).await;
    assert!(code == 2 && text.contains("nowhere.toml cannot be read"), "{code} {text}");
}

#[tokio::test]
async fn a_deal_is_previewed_before_and_after_it_is_linked_and_nothing_is_written() {
    let stage = Stage::set().await;
    let deal = staging::deal(&stage.dataverse, "Fabrikam ERP", "Fabrikam", "25000.5");
    stage.dataverse.edit("opportunity", deal, json!({ "cosell_sync": true }));
    let id = deal.to_string();
    let (lines, code, text) = run(&stage, &["mapping", "preview", "--record", &id]).await;
    assert_eq!(code, 0, "{text}");
    let value = of(&lines, "deal_value");
    let expected = json!({
        "field": "deal_value", "partner_center": null, "crm": "25000.5", "referral": "/details/dealValue",
        "column": "estimatedvalue", "direction": "both", "write_to": "partner_center", "write": "25000.5",
        "reason": "created: it is not there yet",
    });
    assert_eq!(value, &expected);
    assert!(stage.partner_center.referrals().is_empty(), "nothing is written");

    let (_, code, text) = run(&stage, &["sync", "--all"]).await;
    assert_eq!(code, 0, "{text}");
    let referral = stage.partner_center.referrals()[0]["id"].as_str().unwrap().to_owned();
    stage.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 30000 }));
    for which in [["--record", &id], ["--referral", &referral]] {
        let (lines, code, text) = run(&stage, &[&["mapping", "preview"], &which[..]].concat()).await;
        assert_eq!(code, 0, "{text}");
        let value = of(&lines, "deal_value");
        assert_eq!((&value["partner_center"], &value["crm"]), (&json!("25000.5"), &json!("30000")));
        assert_eq!((&value["write_to"], &value["write"]), (&json!("partner_center"), &json!("30000")));
        assert_eq!(of(&lines, "notes")["write"], Value::Null);
    }

    let unknown = "00000000-0000-4000-8000-000000000000";
    let (_, code, text) = run(&stage, &["mapping", "preview", "--referral", unknown]).await;
    assert!(code == 1 && text.contains("is the id right"), "{code} {text}");
}
