//! Whatever a vendor answers, reading it neither panics nor invents: what is absent is unknown, what is null is empty.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{Currencies, Mapping};
use proptest::prelude::*;
use serde_json::{Value, json};
use sync_core::{FieldId, Reading, reading};

fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(20_000),
    }
}

fn mapping() -> Mapping {
    Mapping::new("cosell", &BTreeMap::new()).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(inner, 0..4).prop_map(|values| {
                let names = ["id", "type", "name", "statecode"];
                json!(names.into_iter().zip(values).collect::<BTreeMap<_, _>>())
            }),
        ]
    })
}

/// A referral with every mapped member, one of which is replaced.
fn referral(at: &str, value: Value) -> Value {
    let mut referral = json!({
        "eTag": "\"1\"", "status": "Active", "direction": "Outgoing", "name": "A", "customerProfile": {
            "name": "B", "address": { "addressLine1": "C", "city": "D", "state": "E", "postalCode": "F", "country": "AT" },
        },
        "details": {
            "dealValue": 1, "currency": "EUR", "closingDateTime": "2027-03-31T00:00:00Z", "notes": "G",
            "requirements": { "solutions": [{ "id": "SOL-1", "type": "Name" }] },
        },
    });
    if let Some(place) = referral.pointer_mut(at) {
        *place = value;
    }
    referral
}

/// An opportunity with every mapped column, one of which is replaced.
fn opportunity(at: &str, value: Value) -> Value {
    let account = json!({
        "name": "B", "address1_line1": "C", "address1_city": "D", "address1_stateorprovince": "E",
        "address1_postalcode": "F", "address1_country": "AT",
    });
    let mut record = json!({
        "@odata.etag": "W/\"1\"", "statecode": 0, "statuscode": 1, "cosell_sync": true, "cosell_stamp": "x", "name": "A",
        "description": "G", "estimatedvalue": 1, "estimatedclosedate": "2027-03-31",
        "_transactioncurrencyid_value": "c", "parentaccountid": account, "customerid_account": null,
        "cosell_opportunity_cosell_solution": [{ "cosell_code": "SOL-1", "cosell_name": "x", "statecode": 0 }],
    });
    record[at] = value;
    record
}

const MEMBERS: &[(&str, &str)] = &[
    ("/name", "name"),
    ("/details/dealValue", "deal_value"),
    ("/details/currency", "currency"),
    ("/details/closingDateTime", "close_date"),
    ("/details/notes", "notes"),
    ("/details/requirements/solutions", "solutions"),
    ("/customerProfile/name", "customer_name"),
    ("/customerProfile/address/city", "customer_city"),
    ("/customerProfile/address/country", "customer_country"),
];

const COLUMNS: &[(&str, &str)] = &[
    ("name", "name"),
    ("estimatedvalue", "deal_value"),
    ("_transactioncurrencyid_value", "currency"),
    ("estimatedclosedate", "close_date"),
    ("description", "notes"),
];

#[test]
fn what_is_absent_is_unknown_and_what_is_null_is_empty() {
    let mapping = mapping();
    let currencies = Currencies::default();
    for (pointer, id) in MEMBERS {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let mut absent = referral("/none", Value::Null);
        absent.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(member);
        let fields = |referral: &Value| mapping.referral_snapshot(referral).value.fields;
        assert_eq!(reading(&fields(&absent), &FieldId::new(id)), &Reading::Unknown, "{id}");
        let null = referral(pointer, Value::Null);
        assert_eq!(reading(&fields(&null), &FieldId::new(id)), &Reading::Cleared, "{id}");
    }
    for (column, id) in COLUMNS {
        let fields = |record: &Value| mapping.opportunity_snapshot(record, &currencies).value.fields;
        let mut absent = opportunity(column, Value::Null);
        assert_eq!(reading(&fields(&absent), &FieldId::new(id)), &Reading::Cleared, "{id}");
        absent.as_object_mut().unwrap().remove(*column);
        assert_eq!(reading(&fields(&absent), &FieldId::new(id)), &Reading::Unknown, "{id}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_answer_panics(value in any_json(), member in prop::sample::select(MEMBERS), column in prop::sample::select(COLUMNS)) {
        let (mapping, currencies) = (mapping(), Currencies::from_rows(std::slice::from_ref(&value)));
        for answer in [value.clone(), referral(member.0, value.clone())] {
            let read = mapping.referral_snapshot(&answer);
            let _ = mapping.patch_referral(&read.value.fields, &read.value.fields);
        }
        for answer in [value.clone(), opportunity(column.0, value.clone()), opportunity("parentaccountid", value.clone()),
            opportunity("cosell_opportunity_cosell_solution", value.clone())]
        {
            let read = mapping.opportunity_snapshot(&answer, &currencies);
            let _ = (mapping.solutions(&answer), mapping.opportunity_columns(&read.value.fields, &currencies));
            let _ = mapping.account_match(&read.value.fields, &["name".to_owned(), "country".to_owned()]);
        }
    }

    #[test]
    fn a_value_that_is_not_understood_is_told_and_leaves_the_others_alone(value in any_json(), member in prop::sample::select(MEMBERS)) {
        let mapping = mapping();
        let read = mapping.referral_snapshot(&referral(member.0, value.clone()));
        let is_known = reading(&read.value.fields, &FieldId::new(member.1)).is_known();
        let told: Vec<&str> = read.problems.iter().map(|problem| problem.field.as_str()).collect();
        prop_assert_eq!(told, if is_known { vec![] } else { vec![member.1] });
        let others = MEMBERS.iter().filter(|(_, id)| *id != member.1);
        for (_, id) in others {
            prop_assert!(reading(&read.value.fields, &FieldId::new(id)).is_known(), "{}", id);
        }
    }
}
