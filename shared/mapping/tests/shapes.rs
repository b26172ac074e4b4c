//! The shapes of both vendors: what is read, what is written, what is missing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{Currencies, Direction, Mapping, NewReferral, OwnWrite, PatchOp, Row, RowSettings};
use serde_json::{Value, json};
use sync_core::{Code, FieldId, Fields, IntentId, Phase, Reading, SyncState, WriteMode, reading};

const EUR: &str = "aaaaaaaa-0000-4000-8000-000000000001";

fn mapping() -> Mapping {
    Mapping::new("cosell", &BTreeMap::new()).unwrap()
}

fn currencies() -> Currencies {
    Currencies::from_rows(&[json!({ "transactioncurrencyid": EUR, "isocurrencycode": "EUR" })])
}

fn opportunity() -> Value {
    json!({
        "@odata.etag": "W/\"1\"", "opportunityid": "0b2e8a39-7d5c-4b1e-9a52-5c3b1c1b7a01", "statecode": 0, "statuscode": 1,
        "cosell_sync": true, "cosell_referralid": null, "cosell_stamp": "intent-1",
        "name": "Fabrikam ERP ✔", "description": null, "estimatedvalue": 25000.50, "estimatedclosedate": "2027-03-31",
        "_transactioncurrencyid_value": EUR,
        "parentaccountid": {
            "accountid": "0b2e8a39-7d5c-4b1e-9a52-5c3b1c1b7a02", "name": "Fabrikam", "address1_line1": "Street 1",
            "address1_city": "Graz", "address1_stateorprovince": null, "address1_postalcode": "8010", "address1_country": "AT",
        },
        "customerid_account": null,
        "cosell_opportunity_cosell_solution": [
            { "cosell_code": "SOL-2", "cosell_name": "Two", "statecode": 0 },
            { "cosell_code": "SOL-1", "cosell_name": "One", "statecode": 0 },
            { "cosell_code": "SOL-9", "cosell_name": "Switched off", "statecode": 1 },
        ],
    })
}

fn of<'a>(fields: &'a Fields, id: &str) -> &'a Reading {
    reading(fields, &FieldId::new(id))
}

#[test]
fn an_opportunity_is_read_whole() {
    let read = mapping().opportunity_snapshot(&opportunity(), &currencies());
    assert_eq!(read.problems, []);
    let snapshot = read.value;
    for (id, expected) in [
        ("name", "Fabrikam ERP"),
        ("deal_value", "25000.5"),
        ("currency", "EUR"),
        ("close_date", "2027-03-31"),
        ("solutions", "SOL-1\nSOL-2"),
        ("customer_name", "Fabrikam"),
        ("customer_country", "AT"),
    ] {
        assert_eq!(of(&snapshot.fields, id), &Reading::is(expected), "{id}");
    }
    assert_eq!(of(&snapshot.fields, "notes"), &Reading::Cleared);
    assert_eq!((snapshot.phase, snapshot.shared, snapshot.blockers.len()), (Phase::Open, true, 0));
    assert_eq!(snapshot.stamp, Some(IntentId::new("intent-1")));
}

#[test]
fn what_an_answer_does_not_show_is_unknown_and_not_empty() {
    let bare = json!({ "opportunityid": "x", "name": "Fabrikam" });
    let snapshot = mapping().opportunity_snapshot(&bare, &currencies()).value;
    for id in ["notes", "deal_value", "customer_name", "solutions", "currency"] {
        assert_eq!(of(&snapshot.fields, id), &Reading::Unknown, "{id}");
    }
}

#[test]
fn each_missing_thing_has_its_code() {
    for (change, code) in [
        (json!({ "name": null }), Code::FieldMissing),
        (json!({ "parentaccountid": null }), Code::AccountMissing),
        (
            json!({ "parentaccountid": { "name": "F", "address1_line1": "S", "address1_city": "G", "address1_country": null } }),
            Code::CountryMissing,
        ),
        (
            json!({ "parentaccountid": { "name": "F", "address1_line1": "S", "address1_city": "G", "address1_country": "Atlantis" } }),
            Code::CountryInvalid,
        ),
        (json!({ "estimatedvalue": 0 }), Code::ValueMissing),
        (json!({ "_transactioncurrencyid_value": null }), Code::CurrencyMissing),
        (json!({ "estimatedclosedate": null }), Code::FieldMissing),
        (json!({ "cosell_opportunity_cosell_solution": [] }), Code::SolutionMissing),
    ] {
        let mut record = opportunity();
        record.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let snapshot = mapping().opportunity_snapshot(&record, &currencies()).value;
        assert_eq!(snapshot.blockers.first().map(|blocker| blocker.code), Some(code), "{change}");
    }
}

#[test]
fn the_customer_may_stand_in_either_lookup() {
    let mut record = opportunity();
    let account = record["parentaccountid"].take();
    record["customerid_account"] = account;
    let snapshot = mapping().opportunity_snapshot(&record, &currencies()).value;
    assert_eq!(of(&snapshot.fields, "customer_name"), &Reading::is("Fabrikam"));
    assert_eq!(snapshot.blockers, []);
}

#[test]
fn a_new_referral_has_the_documented_body() {
    let mapping = mapping();
    let fields = mapping.opportunity_snapshot(&opportunity(), &currencies()).value.fields;
    let new = NewReferral { opportunity_id: "the-opportunity", partner_id: "1234567" };
    let body = mapping.create_referral(&fields, &mapping.solutions(&opportunity()), &new);
    let expected = json!({
        "name": "Fabrikam ERP", "externalReferenceId": "the-opportunity", "type": "Independent",
        "qualification": "SalesQualified", "mpnId": "1234567", "target": [],
        "customerProfile": {
            "name": "Fabrikam",
            "address": { "addressLine1": "Street 1", "city": "Graz", "postalCode": "8010", "country": "AT" },
        },
        "consent": {
            "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToShareReferralWithMicrosoftSellers": false,
        },
        "details": {
            "dealValue": serde_json::from_str::<Value>("25000.5").unwrap(), "currency": "EUR",
            "closingDateTime": "2027-03-31T00:00:00Z",
            "requirements": { "solutions": [
                { "type": "Name", "id": "SOL-1", "name": "One" }, { "type": "Name", "id": "SOL-2", "name": "Two" },
            ] },
        },
    });
    assert_eq!(body, expected);
}

#[test]
fn a_patch_adds_what_was_empty_and_replaces_what_was_there() {
    let sent = Fields::from([
        (FieldId::new("deal_value"), Reading::is("100.25")),
        (FieldId::new("notes"), Reading::is("hello")),
    ]);
    let before =
        Fields::from([(FieldId::new("deal_value"), Reading::is("50")), (FieldId::new("notes"), Reading::Cleared)]);
    let operations = mapping().patch_referral(&sent, &before);
    let spelled: Vec<_> = operations.iter().map(|o| (o.op, o.path.as_str(), o.value.clone())).collect();
    assert_eq!(
        spelled,
        [(PatchOp::Replace, "/details/dealValue", json!("100.25")), (PatchOp::Add, "/details/notes", json!("hello")),]
    );
}

#[test]
fn a_referral_is_read_with_its_phase() {
    let mapping = mapping();
    for (status, direction, phase) in [
        ("New", "Incoming", Phase::Unanswered),
        ("New", "Outgoing", Phase::Open),
        ("Active", "Incoming", Phase::Open),
        ("Closed", "Outgoing", Phase::Closed),
    ] {
        let referral = json!({ "eTag": "\"1\"", "status": status, "direction": direction, "name": "A &amp; B" });
        let snapshot = mapping.referral_snapshot(&referral).value;
        assert_eq!(snapshot.phase, phase, "{status} {direction}");
        assert_eq!(of(&snapshot.fields, "name"), &Reading::is("A & B"));
        assert_eq!(of(&snapshot.fields, "notes"), &Reading::Unknown);
    }
}

#[test]
fn columns_of_a_currency_that_the_crm_lacks_are_a_problem_not_a_write() {
    let sent =
        Fields::from([(FieldId::new("currency"), Reading::is("CHF")), (FieldId::new("deal_value"), Reading::is("5"))]);
    let read = mapping().opportunity_columns(&sent, &currencies());
    assert_eq!(read.problems[0].code, Code::CurrencyMissing);
    assert!(read.problems[0].text.contains("CHF"));
    let sent = Fields::from([(FieldId::new("currency"), Reading::is("EUR"))]);
    let read = mapping().opportunity_columns(&sent, &currencies());
    assert_eq!(
        Value::Object(read.value),
        json!({ "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({EUR})") })
    );
}

#[test]
fn an_account_is_looked_for_by_what_the_settings_say() {
    let fields = Fields::from([
        (FieldId::new("customer_name"), Reading::is("O'Hara & Sons")),
        (FieldId::new("customer_postal_code"), Reading::Cleared),
    ]);
    let on = ["name", "postal_code"].map(str::to_owned);
    let wanted = mapping().account_match(&fields, &on).unwrap();
    assert_eq!(wanted.filter, "statecode eq 0 and name eq 'O''Hara & Sons' and address1_postalcode eq null");
    let shouted = Fields::from([(FieldId::new("customer_name"), Reading::is("O'HARA & SONS"))]);
    assert_eq!(mapping().account_match(&shouted, &on).unwrap().key, wanted.key);
    assert_eq!(mapping().account_match(&Fields::new(), &on), None);
}

#[test]
fn our_own_columns_carry_the_configured_prefix_and_clear_nothing() {
    let mapping = Mapping::new("acme", &BTreeMap::new()).unwrap();
    let audit = ["2026-11-24T05:00Z OK synced: all well".to_owned()];
    let stamp = IntentId::new("intent");
    let write = OwnWrite {
        state: SyncState::Synced,
        referral_id: None,
        engagement_id: None,
        referral_link: None,
        microsoft: None,
        audit: &audit,
        stamp: &stamp,
    };
    let columns = Value::Object(mapping.own_columns(&write));
    assert_eq!(columns, json!({ "acme_syncstate": 727_000_002, "acme_stamp": "intent", "acme_audit": audit[0] }));
    assert!(mapping.opportunity_select().contains(&"acme_referralid".to_owned()));
}

fn settings(text: &[(&str, RowSettings)]) -> BTreeMap<String, RowSettings> {
    text.iter().map(|(id, row)| ((*id).to_owned(), row.clone())).collect()
}

#[test]
fn a_users_row_is_a_row_like_any_other() {
    let own = RowSettings {
        referral: Some("/campaignId".to_owned()),
        crm: Some("new_campaign".to_owned()),
        codec: Some("text".to_owned()),
        direction: Some("to_partner".to_owned()),
        ..RowSettings::default()
    };
    let mapping = Mapping::new("cosell", &settings(&[("campaign_code", own)])).unwrap();
    let mut record = opportunity();
    record["new_campaign"] = json!("SPRING");
    let fields = mapping.opportunity_snapshot(&record, &currencies()).value.fields;
    let new = NewReferral { opportunity_id: "o", partner_id: "p" };
    assert_eq!(mapping.create_referral(&fields, &[], &new)["campaignId"], json!("SPRING"));
    assert!(mapping.opportunity_select().contains(&"new_campaign".to_owned()));
    assert!(mapping.policy(WriteMode::Both).rules.iter().any(|rule| rule.group == "campaign_code"));
}

#[test]
fn an_override_changes_the_digest_only_when_it_changes_the_meaning() {
    let digest = |row: RowSettings| {
        let mapping = Mapping::new("cosell", &settings(&[("notes", row)])).unwrap();
        mapping.rows().iter().find(|row| row.id.as_str() == "notes").map(Row::digest).unwrap()
    };
    let plain = digest(RowSettings::default());
    assert_eq!(digest(RowSettings { direction: Some("to_crm".to_owned()), ..RowSettings::default() }), plain);
    assert_eq!(digest(RowSettings { owner: Some("ask".to_owned()), ..RowSettings::default() }), plain);
    assert_ne!(digest(RowSettings { crm: Some("new_notes".to_owned()), ..RowSettings::default() }), plain);
    assert_ne!(digest(RowSettings { codec: Some("text".to_owned()), ..RowSettings::default() }), plain);
}

#[test]
fn rows_that_make_no_sense_are_all_named() {
    let row = |direction: &str| RowSettings { direction: Some(direction.to_owned()), ..RowSettings::default() };
    let wrong = settings(&[
        ("customer_city", row("both")),
        ("deal_value", RowSettings { direction: Some("to_crm".to_owned()), ..RowSettings::default() }),
        (
            "name",
            RowSettings {
                crm: Some("No Column".to_owned()),
                referral: Some("name".to_owned()),
                ..RowSettings::default()
            },
        ),
        ("team", row("both")),
    ]);
    let problems = Mapping::new("cosell", &wrong).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    for key in [
        "fields.customer_city.direction",
        "fields.currency.group",
        "fields.name.crm",
        "fields.name.referral",
        "fields.team.direction",
    ] {
        assert!(keys.contains(&key), "{key} in {keys:?}");
    }
}

#[test]
fn money_merges_as_one_value_and_create_only_rows_have_no_rule() {
    let policy = mapping().policy(WriteMode::Both);
    let groups: Vec<&str> = policy.rules.iter().map(|rule| rule.group.as_str()).collect();
    assert_eq!(groups, ["name", "money", "close_date", "notes", "marketplace_intent"]);
    assert_eq!(policy.rules[1].fields.len(), 2);
    assert_eq!(Direction::from_word("create_only"), Some(Direction::CreateOnly));
}
