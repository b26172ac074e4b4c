//! The lead's shape: what is taken over from a referral, what is read back, and what an opportunity inherits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{Currencies, Mapping, NewReferral, RowSettings, is_lead_class};
use serde_json::{Value, json};
use sync_core::{Code, Entity, FieldId, Phase, Reading, RecordId, Response, Standing, WriteMode, reading};

const GBP: &str = "aaaaaaaa-0000-4000-8000-000000000002";

fn mapping() -> Mapping {
    Mapping::new("cosell", &BTreeMap::new()).unwrap()
}

fn currencies() -> Currencies {
    Currencies::from_rows(&[json!({ "transactioncurrencyid": GBP, "isocurrencycode": "GBP" })])
}

/// What Microsoft's marketing sends.
fn referral() -> Value {
    json!({
        "eTag": "\"1\"", "status": "New", "substatus": "Pending", "direction": "Incoming", "type": "Independent",
        "qualification": "MarketingQualified", "inviteContext": { "invitedBy": { "organizationId": "msft" } },
        "name": "Northwind &amp; data", "customerProfile": {
            "name": "Northwind",
            "address": { "addressLine1": "1 Road", "city": "Leeds", "state": "", "postalCode": "LS1", "country": "GB" },
            "team": [{ "firstName": "Ana", "lastName": "Example", "email": "ana@n.example", "phoneNumber": "+44 1" }],
        },
        "details": { "dealValue": 120000.5, "currency": "GBP", "closingDateTime": "2027-03-31T00:00:00Z", "notes": "n" },
    })
}

fn lead() -> Value {
    json!({
        "@odata.etag": "W/\"1\"", "leadid": "l", "statecode": 0, "statuscode": 1, "merged": false,
        "_masterid_value": null, "cosell_sync": true, "cosell_stamp": "intent", "cosell_response": null,
        "cosell_reason": "  no budget ", "subject": "Northwind & data ✔", "estimatedamount": 120000.5,
        "_transactioncurrencyid_value": GBP, "estimatedclosedate": "2027-03-31", "description": null,
        "emailaddress1": "ana@n.example",
    })
}

#[test]
fn a_lead_takes_over_deal_company_person_and_address() {
    let fields = mapping().referral_snapshot(&referral()).value.fields;
    let read = mapping().create_lead(&fields, &currencies());
    assert_eq!(read.problems, []);
    assert_eq!(
        Value::Object(read.value),
        json!({
            "subject": "Northwind & data", "estimatedamount": serde_json::from_str::<Value>("120000.5").unwrap(),
            "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({GBP})"),
            "estimatedclosedate": "2027-03-31", "description": "n", "companyname": "Northwind", "firstname": "Ana",
            "lastname": "Example", "emailaddress1": "ana@n.example", "telephone1": "+44 1",
            "address1_line1": "1 Road", "address1_city": "Leeds", "address1_postalcode": "LS1", "address1_country": "GB",
        })
    );
}

#[test]
fn a_lead_reads_as_its_referral_does() {
    let snapshot = mapping().lead_snapshot(&lead(), &currencies()).value;
    let of_referral = mapping().referral_snapshot(&referral()).value.fields;
    for id in ["lead_name", "lead_deal_value", "lead_currency", "lead_close_date", "lead_email"] {
        let id = FieldId::new(id);
        assert!(reading(&snapshot.fields, &id).value().is_some(), "{id}");
        assert_eq!(reading(&snapshot.fields, &id), reading(&of_referral, &id), "{id}");
    }
    assert_eq!(reading(&snapshot.fields, &FieldId::new("lead_notes")), &Reading::Cleared);
    assert_eq!(reading(&snapshot.fields, &FieldId::new("lead_company")), &Reading::Unknown);
    assert_eq!((snapshot.phase, snapshot.shared), (Phase::Open, true));
}

#[test]
fn only_what_was_sent_to_us_alone_is_a_lead() {
    assert!(is_lead_class(&referral()));
    for (pointer, value, expected) in [
        ("/direction", json!("Outgoing"), false),
        ("/type", json!("Shared"), false),
        ("/qualification", json!("None"), false),
        ("/qualification", json!("Direct"), true),
        ("/qualification", json!("SalesQualified"), true),
        ("/inviteContext", Value::Null, true),
        ("/inviteContext/invitedBy/organizationId", json!("another-partner"), false),
    ] {
        let mut other = referral();
        *other.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(is_lead_class(&other), expected, "{pointer} {value}");
    }
}

/// Contact data has no decision: it is never compared, written back, or told in an audit line.
#[test]
fn company_person_and_address_have_no_rule() {
    let policy = mapping().lead_policy(WriteMode::Both);
    let groups: Vec<&str> = policy.rules.iter().map(|rule| rule.group.as_str()).collect();
    assert_eq!(groups, ["lead_name", "lead_money", "lead_close_date", "lead_notes"]);
    let deal = mapping().policy(WriteMode::Both);
    assert!(deal.rules.iter().all(|rule| !rule.group.starts_with("lead_")));
    assert_ne!(policy.digest, deal.digest);
}

#[test]
fn a_lead_makes_no_referral() {
    let fields = mapping().referral_snapshot(&referral()).value.fields;
    let only_lead = fields.into_iter().filter(|(id, _)| id.as_str().starts_with("lead_")).collect();
    let body = mapping().create_referral(&only_lead, &[], &NewReferral { opportunity_id: "o", partner_id: "p" });
    assert_eq!((&body["name"], &body["customerProfile"]), (&Value::Null, &json!({})));
}

#[test]
fn an_opportunity_inherits_the_fields_that_are_the_same_member() {
    let twins = mapping().twins();
    let pairs: Vec<(&str, &str)> = twins.iter().map(|(lead, deal)| (lead.as_str(), deal.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("lead_name", "name"),
            ("lead_deal_value", "deal_value"),
            ("lead_currency", "currency"),
            ("lead_close_date", "close_date"),
            ("lead_notes", "notes"),
        ]
    );
}

#[test]
fn what_a_record_has_come_to() {
    let mapping = mapping();
    let of = |changes: Value| {
        let mut record = lead();
        record.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        mapping.standing(Entity::Lead, &record)
    };
    assert_eq!(of(json!({})), Some(Standing::Open));
    assert_eq!(of(json!({ "statecode": 1 })), Some(Standing::Qualified));
    assert_eq!(of(json!({ "statecode": 2 })), Some(Standing::Closed));
    let merged = json!({ "statecode": 2, "merged": true, "_masterid_value": "AA" });
    assert_eq!(of(merged), Some(Standing::Merged(RecordId::new("aa"))));
    assert_eq!(of(json!({ "statecode": null })), None);
    for (state, standing) in [(0, Standing::Open), (1, Standing::Closed), (2, Standing::Closed)] {
        assert_eq!(mapping.standing(Entity::Opportunity, &json!({ "statecode": state })), Some(standing));
    }
}

#[test]
fn an_answer_is_read_by_its_option() {
    let mapping = mapping();
    for (option, response) in [
        (json!(727_000_001), Some(Response::Accept)),
        (json!(727_000_002), Some(Response::Decline)),
        (json!(727_000_003), None),
        (json!(727_000_000), None),
        (json!(i64::MIN), None),
        (Value::Null, None),
    ] {
        assert_eq!(mapping.response(&json!({ "cosell_response": option })), response, "{option}");
    }
    assert_eq!(mapping.reason(&lead()), Some("no budget"));
    assert_eq!(mapping.reason(&json!({ "cosell_reason": " " })), None);
}

#[test]
fn a_lead_s_row_is_overridden_alone() {
    let row = RowSettings { crm: Some("new_amount".to_owned()), ..RowSettings::default() };
    let mapping = Mapping::new("cosell", &BTreeMap::from([("lead_deal_value".to_owned(), row)])).unwrap();
    assert!(mapping.lead_select().contains(&"new_amount".to_owned()));
    assert!(mapping.opportunity_select().contains(&"estimatedvalue".to_owned()));
    let own = RowSettings {
        entity: Some("lead".to_owned()),
        referral: Some("/campaignId".to_owned()),
        crm: Some("new_campaign".to_owned()),
        codec: Some("text".to_owned()),
        ..RowSettings::default()
    };
    let mapping = Mapping::new("cosell", &BTreeMap::from([("campaign_code".to_owned(), own)])).unwrap();
    assert!(mapping.lead_policy(WriteMode::Both).rules.iter().any(|rule| rule.group == "campaign_code"));
    assert!(!mapping.opportunity_select().contains(&"new_campaign".to_owned()));
}

#[test]
fn a_currency_that_the_crm_lacks_stops_the_lead() {
    let fields = mapping().referral_snapshot(&referral()).value.fields;
    let read = mapping().create_lead(&fields, &Currencies::default());
    assert_eq!(read.problems[0].code, Code::CurrencyMissing);
}
