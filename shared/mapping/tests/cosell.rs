//! The shapes of sharing a deal with Microsoft: what is asked for, what each deal type is made of, who comes along.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{Currencies, Mapping, NewReferral, PatchOp, Row, RowSettings, microsoft};
use proptest::prelude::*;
use serde_json::{Value, json};
use sync_core::{Code, DealType, FieldId, Fields, Reading, reading};

const EUR: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SHARE: &str = "/consent/consentToShareReferralWithMicrosoftSellers";

fn mapping() -> Mapping {
    Mapping::new("cosell", &BTreeMap::new()).unwrap()
}

fn currencies() -> Currencies {
    Currencies::from_rows(&[json!({ "transactioncurrencyid": EUR, "isocurrencycode": "EUR" })])
}

fn record(change: Value) -> Value {
    let mut record = json!({
        "opportunityid": "0b2e8a39-7d5c-4b1e-9a52-5c3b1c1b7a01", "statecode": 0, "cosell_sync": true,
        "name": "Fabrikam & Sons ERP", "description": "Moving ERP.", "estimatedvalue": 250_000,
        "estimatedclosedate": "2027-03-31", "_transactioncurrencyid_value": EUR,
        "cosell_help": null, "cosell_visible": false, "cosell_notestomicrosoft": null, "cosell_marketplaceintent": null,
        "parentaccountid": {
            "name": "Fabrikam & Sons", "address1_line1": "Street 1", "address1_city": "Graz",
            "address1_postalcode": "8010", "address1_country": "AT",
        },
        "parentcontactid": {
            "firstname": "Ana", "lastname": "Example", "emailaddress1": "Ana@Fabrikam.example", "telephone1": "+43 1",
            "mobilephone": null,
        },
        "owninguser": {
            "firstname": "Raj", "lastname": "Seller", "internalemailaddress": "raj@ourco.example",
            "address1_telephone1": null, "mobilephone": "+43 2",
        },
        "cosell_opportunity_cosell_solution": [
            { "cosell_code": "SOL-2", "cosell_name": "Two", "statecode": 0 },
            { "cosell_code": "SOL-1", "cosell_name": "One", "statecode": 0 },
        ],
    });
    record.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    record
}

fn read(record: &Value) -> (Fields, Vec<Code>) {
    let snapshot = mapping().opportunity_snapshot(record, &currencies()).value;
    (snapshot.fields, snapshot.blockers.iter().map(|blocker| blocker.code).collect())
}

fn of<'a>(fields: &'a Fields, id: &str) -> &'a Reading {
    reading(fields, &FieldId::new(id))
}

/// The body that a record makes.
fn body(record: &Value) -> Value {
    let mapping = mapping();
    let (fields, _) = read(record);
    let solutions = mapping.solutions(record);
    let new = NewReferral { opportunity_id: "the-opportunity", partner_id: "1234567" };
    let mut body = mapping.create_referral(&fields, &solutions, &new);
    mapping.open_up(&mut body, record, mapping.asked(&fields), &solutions);
    body
}

#[test]
fn each_deal_type_has_its_body() {
    let ana =
        json!({ "firstName": "Ana", "lastName": "Example", "phoneNumber": "+43 1", "email": "Ana@Fabrikam.example" });
    let raj = json!({ "firstName": "Raj", "lastName": "Seller", "phoneNumber": "+43 2", "email": "raj@ourco.example" });
    for (change, asked, kind, shared, contact, target) in [
        (json!({}), DealType::Private, "Independent", false, Value::Null, json!([])),
        (json!({ "cosell_visible": true }), DealType::PartnerLed, "Independent", true, Value::Null, json!([])),
        (
            json!({ "cosell_help": 727_000_004 }),
            DealType::CoSell,
            "Shared",
            true,
            json!([ana]),
            json!([{ "type": "SolutionProfile", "id": "SOL-1" }]),
        ),
    ] {
        let record = record(change);
        assert_eq!(mapping().asked(&read(&record).0), asked);
        let body = body(&record);
        assert_eq!((&body["type"], body.pointer(SHARE)), (&json!(kind), Some(&json!(shared))), "{asked:?}");
        assert_eq!((&body["customerProfile"]["team"], &body["target"]), (&contact, &target), "{asked:?}");
        assert_eq!(body["team"], json!([raj]), "{asked:?}");
        assert!(body["inviteContext"].is_null(), "ours invites nobody: {asked:?}");
    }
}

#[test]
fn help_is_chosen_in_the_order_of_the_bulk_file() {
    for (option, code) in [
        (727_000_001, "WorkloadSpecificValueProposition"),
        (727_000_002, "CustomerTechnicalArchitecture"),
        (727_000_003, "ProofOfConceptOrDemo"),
        (727_000_004, "QuotesOrLicensing"),
        (727_000_005, "PostSalesCustomerSuccess"),
        (727_000_006, "GeneralOrOther"),
    ] {
        let (fields, _) = read(&record(json!({ "cosell_help": option })));
        assert_eq!(of(&fields, "help"), &Reading::is(code));
        let sent = Fields::from([(FieldId::new("help"), Reading::is(code))]);
        let columns = mapping().opportunity_columns(&sent, &currencies()).value;
        assert_eq!(columns["cosell_help"], json!(option));
    }
}

#[test]
fn help_needs_a_whole_contact_and_says_what_is_missing() {
    let contact = |change: Value| {
        let mut contact = record(json!({}))["parentcontactid"].clone();
        contact.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({ "cosell_help": 727_000_001, "parentcontactid": contact })
    };
    for (change, expected) in [
        (json!({ "cosell_help": 727_000_001, "parentcontactid": null }), Some("empty")),
        (contact(json!({ "emailaddress1": null })), Some("no e-mail")),
        (contact(json!({ "firstname": " " })), Some("no first name")),
        (contact(json!({ "telephone1": "", "lastname": null })), Some("no last name and no phone number")),
        (contact(json!({ "telephone1": null, "mobilephone": "+43 3" })), None),
        (contact(json!({})), None),
        (json!({ "parentcontactid": null }), None),
        (json!({ "parentcontactid": null, "cosell_visible": true }), None),
    ] {
        let record = record(change);
        let (fields, blockers) = read(&record);
        let missing = mapping().contact_missing(&record, &fields);
        let expected_codes = if expected.is_some() { vec![Code::ContactMissing] } else { Vec::new() };
        assert_eq!(blockers, expected_codes, "{expected:?}");
        let text = missing.map(|missing| missing.text);
        assert_eq!(text.is_some(), expected.is_some());
        if let (Some(text), Some(expected)) = (text, expected) {
            assert!(text.contains(expected), "{text}");
            assert!(!text.contains("Ana") && !text.contains("+43") && !text.contains('@'), "{text}");
        }
    }
}

#[test]
fn people_are_read_as_digests_and_are_the_same_on_both_sides() {
    let referral = json!({
        "customerProfile": { "team": [
            { "firstName": "Ana", "lastName": "Example", "phoneNumber": " +43 1", "email": "ana@fabrikam.example" },
            { "firstName": "Second" },
        ] },
        "team": [
            { "firstName": "Sam", "email": "sam@microsoft.example" },
            { "firstName": "Raj", "lastName": "Seller", "phoneNumber": "+43 2", "email": "RAJ@ourco.example" },
        ],
    });
    let partner_center = mapping().referral_snapshot(&referral).value.fields;
    let (crm, _) = read(&record(json!({})));
    assert_eq!(of(&partner_center, "customer_contact"), of(&crm, "customer_contact"));
    let owner = of(&crm, "team").value().unwrap().as_str().to_owned();
    let members = of(&partner_center, "team").value().unwrap().as_str().to_owned();
    assert_eq!(members.lines().count(), 2);
    assert!(members.lines().any(|member| member == owner));
    for text in [format!("{partner_center:?}"), format!("{crm:?}")] {
        assert!(!text.contains("Ana") && !text.contains("fabrikam.example") && !text.contains("raj@"), "{text}");
    }
    let other =
        record(json!({ "owninguser": { "firstname": "Cosell", "lastname": "#", "internalemailaddress": "app@x" } }));
    assert_eq!(of(&read(&other).0, "team"), &Reading::Cleared, "an owner without a phone cannot join");
    assert_eq!(of(&mapping().referral_snapshot(&json!({})).value.fields, "team"), &Reading::Unknown);
    let empty = json!({ "customerProfile": { "team": null }, "team": [] });
    let empty = mapping().referral_snapshot(&empty).value.fields;
    assert_eq!((of(&empty, "team"), of(&empty, "customer_contact")), (&Reading::Cleared, &Reading::Cleared));
}

#[test]
fn people_join_behind_the_others_or_as_the_first_of_a_list_that_is_null() {
    let record = record(json!({}));
    let sent: Fields = ["customer_contact", "team"].map(|id| (FieldId::new(id), Reading::is("x"))).into();
    let paths = |referral: Value| -> Vec<(String, bool)> {
        let operations = mapping().patch_arrays(&sent, &referral, &record);
        assert!(operations.iter().all(|operation| operation.op == PatchOp::Add));
        operations.into_iter().map(|operation| (operation.path, operation.value.is_array())).collect()
    };
    let expected = |contact: &str, team: &str, array: bool| vec![(contact.to_owned(), array), (team.to_owned(), array)];
    let there = json!({ "customerProfile": { "team": [] }, "team": [{ "email": "a@b" }] });
    assert_eq!(paths(there), expected("/customerProfile/team/-", "/team/-", false));
    for nobody in [json!({ "customerProfile": { "team": null }, "team": null }), json!({ "customerProfile": {} })] {
        assert_eq!(paths(nobody), expected("/customerProfile/team", "/team", true));
    }
}

/// Our referral as Partner Center shows it: escaped, with members of its own, without what an answer leaves out.
fn ours() -> Value {
    json!({
        "id": "11111111-aaaa-4bbb-8ccc-000000000001", "engagementId": "the-engagement", "eTag": "\"1\"",
        "organizationId": "ours", "externalReferenceId": "the-opportunity", "status": "Active", "substatus": "Accepted",
        "name": "Fabrikam &amp; Sons ERP", "type": "Independent", "qualification": "SalesQualified", "mpnId": "1234567",
        "customerProfile": {
            "name": "Fabrikam &amp; Sons", "size": "51to250employees", "isMatchingComplete": true,
            "address": { "addressLine1": "Street 1", "city": "Graz", "postalCode": "8010", "country": "AT", "region": null },
            "team": [{ "firstName": "Ana", "lastName": "Example", "phoneNumber": "+43 1", "email": "ana@fabrikam.example",
                       "emailValidationStatus": "Valid" }],
            "ids": [{ "profileType": "Duns", "id": "000000000" }],
        },
        "consent": { "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToMicrosoftToContactSpecificPartners": true, "consentToShareReferralWithMicrosoftSellers": true },
        "details": {
            "notes": "Moving ERP.", "dealValue": 250_000.0, "currency": "EUR",
            "requirements": {
                "industries": [{ "id": "Education" }],
                "solutions": [{ "id": "SOL-1", "name": "One", "type": "Name", "publisherName": "Our Co" }],
                "additionalRequirements": { "iot": {}, "attributes": [
                    { "type": "SolutionPlay", "id": "Migrate" }, { "type": "CustomerMarketplaceIntent", "id": "Yes" },
                ] },
            },
        },
        "team": [{ "firstName": "Raj", "lastName": "Seller", "phoneNumber": "+43 2", "email": "raj@ourco.example" }],
        "target": [], "inviteContext": null, "links": {},
    })
}

#[test]
fn microsofts_referral_is_the_same_deal_with_what_the_seller_asks() {
    let mapping = mapping();
    let ours = ours();
    let mut fields = mapping.referral_snapshot(&ours).value.fields;
    // The answer to our own POST left the date out; the intent knows it (partner-center-api 3.2).
    fields.insert(FieldId::new("close_date"), Reading::is("2027-03-31"));
    let record = record(json!({ "cosell_help": 727_000_004, "cosell_notestomicrosoft": "Please call & quote." }));
    let asked = read(&record).0;
    let body = mapping.invitation("the-engagement", &ours, &fields, &record, &asked);
    let expected = json!({
        "type": "Shared", "engagementId": "the-engagement",
        "target": [{ "type": "BusinessProfileLocation", "id": "msft" }],
        "inviteContext": { "assistanceRequestCode": "QuotesOrLicensing", "notes": "Please call & quote." },
        "name": "Fabrikam & Sons ERP", "qualification": "SalesQualified",
        "customerProfile": {
            "name": "Fabrikam & Sons", "size": "51to250employees",
            "address": { "addressLine1": "Street 1", "city": "Graz", "postalCode": "8010", "country": "AT" },
            "team": [{ "firstName": "Ana", "lastName": "Example", "phoneNumber": "+43 1", "email": "ana@fabrikam.example" }],
            "ids": [{ "profileType": "Duns", "id": "000000000" }],
        },
        "consent": { "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToMicrosoftToContactSpecificPartners": true, "consentToShareReferralWithMicrosoftSellers": true },
        "details": {
            "notes": "Moving ERP.", "dealValue": 250_000, "currency": "EUR", "closingDateTime": "2027-03-31T00:00:00Z",
            "requirements": {
                "industries": [{ "id": "Education" }],
                "solutions": [{ "id": "SOL-1", "name": "One", "type": "Name", "publisherName": "Our Co" }],
                "additionalRequirements": { "iot": {}, "attributes": [
                    { "type": "SolutionPlay", "id": "Migrate" }, { "type": "CustomerMarketplaceIntent", "id": "Yes" },
                ] },
            },
        },
        "team": [{ "firstName": "Raj", "lastName": "Seller", "phoneNumber": "+43 2", "email": "raj@ourco.example" }],
    });
    assert_eq!(body, expected);
}

#[test]
fn an_invitation_names_a_contact_and_a_solution_even_where_our_referral_shows_none() {
    let mapping = mapping();
    let mut ours = ours();
    ours["customerProfile"]["team"] = Value::Null;
    ours["details"]["requirements"] = Value::Null;
    let fields = mapping.referral_snapshot(&ours).value.fields;
    let record = record(json!({ "cosell_help": 727_000_001 }));
    let body = mapping.invitation("e", &ours, &fields, &record, &read(&record).0);
    assert_eq!(body.pointer("/customerProfile/team/0/email"), Some(&json!("Ana@Fabrikam.example")));
    assert_eq!(body.pointer("/details/requirements/solutions/0/id"), Some(&json!("SOL-1")));
}

#[test]
fn microsofts_side_is_its_status_and_once_accepted_its_crm_id() {
    for (status, substatus, id, expected) in [
        ("New", "Pending", json!("7-ABC"), Some(("New/Pending", None))),
        ("Active", "Accepted", json!("7-ABC"), Some(("Active/Accepted", Some("7-ABC")))),
        ("Active", "Accepted", Value::Null, Some(("Active/Accepted", None))),
        ("Closed", "Declined", json!("7-ABC"), Some(("Closed/Declined", None))),
        ("Closed", "Won", json!("7-ABC"), Some(("Closed/Won", Some("7-ABC")))),
        ("", "Won", json!("7-ABC"), None),
    ] {
        let referral = json!({
            "id": "AAAAAAAA-aaaa-4bbb-8ccc-000000000001", "status": status, "substatus": substatus,
            "trackingInfo": { "microsoftMsxId": id },
        });
        let read = microsoft(&referral);
        let shown = read.as_ref().map(|read| (read.status.as_str(), read.crm_id.as_deref()));
        assert_eq!(shown, expected);
        assert!(read.is_none_or(|read| read.referral.as_str() == "aaaaaaaa-aaaa-4bbb-8ccc-000000000001"));
    }
}

#[test]
fn a_new_referral_says_that_nobody_has_decided_where_nobody_has() {
    let attributes = "/details/requirements/additionalRequirements/attributes";
    let intent = |id: &str| json!([{ "type": "CustomerMarketplaceIntent", "id": id }]);
    assert_eq!(body(&record(json!({}))).pointer(attributes), Some(&intent("HaveNotDecided")));
    let yes = record(json!({ "cosell_marketplaceintent": 727_000_001 }));
    assert_eq!(body(&yes).pointer(attributes), Some(&intent("Yes")));
}

#[test]
fn our_own_columns_carry_the_configured_prefix_and_rows_that_cannot_be_undone_keep_their_way() {
    let mapping = Mapping::new("acme", &BTreeMap::new()).unwrap();
    let column = |id: &str| {
        let row: Option<&Row> = mapping.rows().iter().find(|row| row.id.as_str() == id);
        row.and_then(|row| row.crm.clone()).unwrap()
    };
    assert_eq!((column("visible").as_str(), column("help").as_str()), ("acme_visible", "acme_help"));
    assert_eq!(column("name"), "name");
    let with = |id: &str, row: RowSettings| Mapping::new("cosell", &BTreeMap::from([(id.to_owned(), row)]));
    let direction = |word: &str| RowSettings { direction: Some(word.to_owned()), ..RowSettings::default() };
    for (id, allowed, refused) in [
        ("visible", "rise", "both"),
        ("help", "invite", "to_partner"),
        ("customer_contact", "invite", "both"),
        ("notes_to_microsoft", "invite", "both"),
        ("team", "to_partner", "both"),
        ("name", "both", "rise"),
    ] {
        assert!(with(id, direction(allowed)).is_ok(), "{id}");
        assert!(with(id, direction("off")).is_ok(), "{id}");
        let problems = with(id, direction(refused)).unwrap_err();
        assert_eq!(problems[0].key, format!("fields.{id}.direction"), "{problems:?}");
    }
    let person = RowSettings { codec: Some("person".to_owned()), ..RowSettings::default() };
    assert!(with("notes", person).is_err(), "a person is no text");
}

#[test]
fn rows_that_are_off_ask_for_nothing_and_send_nobody() {
    let off = RowSettings { direction: Some("off".to_owned()), ..RowSettings::default() };
    let rows = ["help", "visible", "team", "customer_contact", "marketplace_intent"];
    let mapping = Mapping::new("cosell", &rows.map(|id| (id.to_owned(), off.clone())).into()).unwrap();
    let record = record(json!({ "cosell_help": 727_000_001, "cosell_visible": true, "parentcontactid": null }));
    let read = mapping.opportunity_snapshot(&record, &currencies()).value;
    assert_eq!((mapping.asked(&read.fields), read.blockers.len()), (DealType::Private, 0));
    let new = NewReferral { opportunity_id: "x", partner_id: "1" };
    let mut body = mapping.create_referral(&read.fields, &[], &new);
    mapping.open_up(&mut body, &record, DealType::Private, &[]);
    assert!(body["team"].is_null() && body.pointer("/details/requirements/additionalRequirements").is_none());
}

proptest! {
    #[test]
    fn an_invitation_says_of_the_deal_what_our_referral_reads_as(
        name in "[^\\p{C}\\s][^\\p{C}]{0,30}[^\\p{C}\\s]", value in 1u32..1_000_000, more in "[a-z]{1,8}",
    ) {
        let mapping = mapping();
        let mut ours = ours();
        ours["name"] = json!(html_escape::encode_safe(&name));
        ours["details"]["dealValue"] = json!(value);
        ours["details"][format!("x{more}").as_str()] = json!({ "kept": more });
        let fields = mapping.referral_snapshot(&ours).value.fields;
        let record = record(json!({ "cosell_help": 727_000_001 }));
        let body = mapping.invitation("e", &ours, &fields, &record, &read(&record).0);
        // Read again, the invitation is the same deal: nothing is escaped twice, nothing is lost.
        let again = mapping.referral_snapshot(&body).value.fields;
        for id in ["name", "deal_value", "currency", "notes", "solutions", "customer_name", "visible", "marketplace_intent"] {
            prop_assert_eq!(of(&again, id), of(&fields, id), "{}", id);
        }
        prop_assert_eq!(&body["details"][format!("x{more}").as_str()]["kept"], &json!(more));
    }
}
