//! The shapes of the rows that the engine does not carry out yet: how deals stand, and solutions as a set; and the mark at
//! a name's end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{CloseRecord, Currencies, Mapping, Mark, PatchOp, RowSettings};
use serde_json::{Map, Value, json};
use sync_core::{
    Code, Ending, Entity, FieldId, Fields, Phase, Reading, RuleKind, WriteMode, reading,
};

fn mapping() -> Mapping {
    Mapping::with_next_rows("cosell", &BTreeMap::new()).unwrap()
}

fn of<'a>(fields: &'a Fields, id: &str) -> &'a Reading {
    reading(fields, &FieldId::new(id))
}

fn sent(pairs: &[(&str, Reading)]) -> Fields {
    pairs.iter().map(|(id, reading)| (FieldId::new(id), reading.clone())).collect()
}

fn spelled(operations: &[mapping::PatchOperation]) -> Vec<(PatchOp, &str, Value)> {
    operations.iter().map(|one| (one.op, one.path.as_str(), one.value.clone())).collect()
}

#[test]
fn every_status_of_a_referral_has_its_phase_and_its_class() {
    for (status, substatus, direction, phase, class) in [
        ("New", "Pending", "Incoming", Phase::Unanswered, Some("open")),
        ("New", "Received", "Incoming", Phase::Unanswered, Some("open")),
        ("New", "Pending", "Outgoing", Phase::Open, Some("open")),
        ("Active", "Accepted", "Incoming", Phase::Open, Some("open")),
        ("Active", "Engaged", "Outgoing", Phase::Open, Some("open")),
        ("Closed", "Won", "Outgoing", Phase::Closed(Ending::Won), Some("won")),
        ("Closed", "Lost", "Outgoing", Phase::Closed(Ending::Lost), Some("lost")),
        ("Closed", "Declined", "Incoming", Phase::Closed(Ending::Declined), Some("lost")),
        ("Closed", "Expired", "Incoming", Phase::Closed(Ending::Expired), Some("lost")),
        ("Closed", "Error", "Outgoing", Phase::Closed(Ending::Error), Some("lost")),
        ("Closed", "Archived", "Outgoing", Phase::Closed(Ending::Unclear), Some("lost")),
        ("None", "None", "Outgoing", Phase::Open, None),
        ("Paused", "", "Outgoing", Phase::Open, None),
    ] {
        let referral =
            json!({ "status": status, "substatus": substatus, "direction": direction, "statusReason": " why " });
        let snapshot = mapping().referral_snapshot(&referral).value;
        assert_eq!(snapshot.phase, phase, "{status} {substatus}");
        let expected = class.map_or(Reading::Unknown, Reading::is);
        assert_eq!(of(&snapshot.fields, FieldId::STATUS), &expected, "{status} {substatus}");
        assert_eq!(of(&snapshot.fields, FieldId::STATUS_REASON), &Reading::is("why"));
    }
}

#[test]
fn every_state_of_a_record_has_its_phase_and_its_class() {
    for (entity, state, merged, phase, class) in [
        (Entity::Opportunity, 0, false, Phase::Open, Some("open")),
        (Entity::Opportunity, 1, false, Phase::Closed(Ending::Won), Some("won")),
        (Entity::Opportunity, 2, false, Phase::Closed(Ending::Lost), Some("lost")),
        (Entity::Opportunity, 9, false, Phase::Closed(Ending::Unclear), None),
        (Entity::Lead, 0, false, Phase::Open, Some("open")),
        (Entity::Lead, 1, false, Phase::Closed(Ending::Unclear), None),
        (Entity::Lead, 2, false, Phase::Closed(Ending::Lost), Some("lost")),
        // A lead that was merged away did not decline anything.
        (Entity::Lead, 2, true, Phase::Closed(Ending::Unclear), None),
    ] {
        // The status reason may be anybody's own.
        let record = json!({ "statecode": state, "statuscode": 727_000_042, "merged": merged });
        let snapshot = match entity {
            Entity::Opportunity => mapping().opportunity_snapshot(&record, &Currencies::default()).value,
            Entity::Lead => mapping().lead_snapshot(&record, &Currencies::default()).value,
        };
        assert_eq!(snapshot.phase, phase, "{entity:?} {state}");
        let expected = class.map_or(Reading::Unknown, Reading::is);
        assert_eq!(of(&snapshot.fields, FieldId::STATUS), &expected, "{entity:?} {state}");
    }
}

#[test]
fn a_record_is_closed_in_its_vendors_words() {
    let mapping = mapping();
    let close = |entity, ending| mapping.close_record(entity, "the-id", ending, &Reading::is("too dear"));
    for (ending, action, status) in [
        (Ending::Won, "WinOpportunity", 3),
        (Ending::Lost, "LoseOpportunity", 4),
        (Ending::Declined, "LoseOpportunity", 4),
        (Ending::Expired, "LoseOpportunity", 4),
        (Ending::Error, "LoseOpportunity", 4),
    ] {
        let CloseRecord::Action(name, body) = close(Entity::Opportunity, ending) else { panic!("{ending:?}") };
        assert_eq!((name, &body["Status"]), (action, &json!(status)), "{ending:?}");
        let activity = &body["OpportunityClose"];
        assert_eq!(activity["opportunityid@odata.bind"], json!("/opportunities(the-id)"));
        assert_eq!(activity["description"], json!("too dear"));
    }
    for (ending, status) in [(Ending::Lost, 4), (Ending::Declined, 4), (Ending::Expired, 7), (Ending::Error, 7)] {
        let CloseRecord::Patch(columns) = close(Entity::Lead, ending) else { panic!("{ending:?}") };
        assert_eq!(Value::Object(columns), json!({ "statecode": 2, "statuscode": status }), "{ending:?}");
    }
}

#[test]
fn a_referral_is_closed_with_status_and_substatus_together() {
    let mapping = mapping();
    let why = Reading::is("too dear");
    for (operations, substatus, reason) in [
        (mapping.close_referral(Ending::Won, &Reading::Cleared), "Won", false),
        (mapping.close_referral(Ending::Lost, &why), "Lost", true),
        (mapping.close_referral(Ending::Declined, &why), "Declined", true),
    ] {
        let mut expected =
            vec![(PatchOp::Replace, "/status", json!("Closed")), (PatchOp::Replace, "/substatus", json!(substatus))];
        if reason {
            expected.push((PatchOp::Add, "/statusReason", json!("too dear")));
        }
        assert_eq!(spelled(&operations), expected);
    }
}

#[test]
fn a_reason_is_written_with_the_end_and_cut_to_its_column() {
    let long = "x".repeat(501);
    let read = mapping().opportunity_columns(
        &sent(&[(FieldId::STATUS_REASON, Reading::is(&long))]),
        &Currencies::default(),
    );
    assert_eq!(read.value.get("cosell_reason"), Some(&json!("x".repeat(500))));
    assert_eq!(read.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::TooLong]);
}

/// A referral with two solutions of the catalogue, a category, and properties that nobody maps.
fn referral() -> Value {
    json!({
        "details": { "requirements": { "solutions": [
            { "type": "Name", "id": "SOL-1", "name": "One", "quantity": 3 },
            { "type": "Category", "id": "Analytics", "name": "Analytics" },
            { "type": "Name", "id": "SOL-2", "name": "Two", "publisherName": "Us" },
        ], "additionalRequirements": { "attributes": [{ "type": "CustomerMarketplaceIntent", "id": "Yes" }] } } },
    })
}

#[test]
fn solutions_are_a_set_and_everything_else_in_the_array_stays() {
    let mapping = mapping();
    let solutions = FieldId::new("solutions");
    let raw = referral();
    assert_eq!(of(&mapping.referral_snapshot(&raw).value.fields, "solutions"), &Reading::set(["SOL-1", "SOL-2"]));
    let changes = Fields::from([
        (solutions.member("SOL-1"), Reading::Cleared),
        (solutions.member("SOL-2"), Reading::is("yes")),
        (solutions.member("SOL-3"), Reading::is("yes")),
    ]);
    assert!(mapping.needs_the_referral(&changes));
    let names = [("SOL-3".to_owned(), "Three".to_owned())];
    let operations = mapping.patch_solutions(&changes, &raw, &names);
    let expected = json!([
        { "type": "Category", "id": "Analytics", "name": "Analytics" },
        { "type": "Name", "id": "SOL-2", "name": "Two", "publisherName": "Us" },
        { "type": "Name", "id": "SOL-3", "name": "Three" },
    ]);
    assert_eq!(spelled(&operations), [(PatchOp::Replace, "/details/requirements/solutions", expected)]);
}

/// An opportunity with an active, an inactive and a doubled solution row.
fn record() -> Value {
    let row = |id: &str, code: &str, state: i32| json!({ "cosell_solutionid": id, "cosell_code": code, "cosell_name": code, "statecode": state, "@odata.etag": "W/\"5\"" });
    json!({ "cosell_opportunity_cosell_solution": [row("a", "SOL-1", 0), row("b", "SOL-2", 1), row("c", "SOL-1", 0)] })
}

#[test]
fn a_row_is_made_switched_on_or_switched_off() {
    let mapping = mapping();
    let write = |code: &str, there| mapping.solution_row(&record(), Some(&referral()), "opp", code, there);
    assert_eq!(write("SOL-1", true), None);
    assert_eq!(write("SOL-2", false), None);
    assert_eq!(write("SOL-9", false), None);
    for (code, there, id, state, status) in [("SOL-1", false, "a", 1, 2), ("SOL-2", true, "b", 0, 1)] {
        let row = write(code, there).unwrap();
        assert_eq!(row.existing, Some((id.to_owned(), Some("W/\"5\"".to_owned()))), "{code}");
        assert_eq!(Value::Object(row.columns), json!({ "statecode": state, "statuscode": status }), "{code}");
    }
    let mut bare = record();
    bare["cosell_opportunity_cosell_solution"] = json!([]);
    let row = mapping.solution_row(&bare, Some(&referral()), "opp", "SOL-2", true).unwrap();
    assert_eq!(row.existing, None);
    let expected = json!({ "cosell_code": "SOL-2", "cosell_name": "Two", "cosell_OpportunityId@odata.bind": "/opportunities(opp)" });
    assert_eq!(Value::Object(row.columns), expected);
}

#[test]
fn more_solutions_than_partner_center_takes_make_no_referral() {
    let row = |number: usize| json!({ "cosell_code": format!("SOL-{number:02}"), "cosell_name": "x", "statecode": 0 });
    for (count, code) in [(50, None), (51, Some(Code::Rejected))] {
        let record = json!({
            "name": "A", "estimatedvalue": 1, "_transactioncurrencyid_value": "e", "estimatedclosedate": "2027-03-31",
            "parentaccountid": { "name": "B", "address1_line1": "C", "address1_city": "D", "address1_country": "AT" },
            "cosell_opportunity_cosell_solution": (0..count).map(row).collect::<Vec<_>>(),
        });
        let currencies = Currencies::from_rows(&[json!({ "transactioncurrencyid": "e", "isocurrencycode": "EUR" })]);
        let blockers = mapping().opportunity_snapshot(&record, &currencies).value.blockers;
        assert_eq!(blockers.first().map(|blocker| blocker.code), code, "{count}");
    }
}

#[test]
fn each_row_has_the_rule_that_its_design_asks_for() {
    let policy = mapping().policy(WriteMode::Both);
    let rule = |group: &str| policy.rules.iter().find(|rule| rule.group == group).cloned();
    assert_eq!(rule("solutions").unwrap().kind, RuleKind::Set { least: 1, most: 50 });
    let status = rule("status").unwrap();
    assert_eq!((status.kind, status.owner), (RuleKind::Status, sync_core::Owner::Side(sync_core::Side::PartnerCenter)));
    let leads = mapping().lead_policy(WriteMode::Both);
    let groups: Vec<&str> = leads.rules.iter().map(|rule| rule.group.as_str()).collect();
    assert_eq!(groups, ["status", "lead_name", "lead_money", "lead_close_date", "lead_notes"]);
}

#[test]
fn a_write_marks_the_name_only_where_it_changes() {
    let mapping = mapping().with_name_mark();
    let marked = |columns: Value, record: Value, mark| {
        let mut columns: Map<String, Value> = columns.as_object().unwrap().clone();
        mapping.mark_name(mapping::Entity::Opportunity, &mut columns, Some(&record), mark);
        columns.get("name").cloned()
    };
    let synced = Some(Mark::Synced);
    assert_eq!(marked(json!({ "name": "New" }), json!({ "name": "Old ✔" }), synced), Some(json!("New ✔")));
    assert_eq!(marked(json!({}), json!({ "name": "Old ✖" }), synced), Some(json!("Old ✔")));
    assert_eq!(marked(json!({}), json!({ "name": "Old ✔" }), synced), None);
    assert_eq!(marked(json!({}), json!({ "name": "Old ✔" }), None), Some(json!("Old")));
    assert_eq!(marked(json!({}), json!({}), synced), None);
    // What a person wrote is not cut for a mark; what arrives leaves room for one.
    let long = "x".repeat(300);
    assert_eq!(marked(json!({}), json!({ "name": long }), synced), None);
    let arriving = mapping.opportunity_columns(&sent(&[("name", Reading::is(&long))]), &Currencies::default());
    assert_eq!(arriving.value["name"], json!("x".repeat(298)));
    assert_eq!(
        mapping.as_record_keeps(&sent(&[("name", Reading::is(&long))])),
        sent(&[("name", Reading::is("x".repeat(298)))])
    );
}

#[test]
fn a_user_may_override_what_is_built_in_but_not_make_another() {
    let row = |direction: &str| RowSettings { direction: Some(direction.to_owned()), ..RowSettings::default() };
    let make = |id: &str, row: RowSettings| Mapping::with_next_rows("cosell", &BTreeMap::from([(id.to_owned(), row)]));
    for (id, direction) in [("status", "to_crm"), ("status", "off"), ("solutions", "to_partner")] {
        assert!(make(id, row(direction)).is_ok(), "{id}");
    }
    for (id, direction) in [("notes", "rise"), ("customer_city", "both")] {
        assert!(make(id, row(direction)).is_err(), "{id}");
    }
    let moved = RowSettings { crm: Some("new_topic".to_owned()), ..RowSettings::default() };
    let mapping = make("name", moved).unwrap();
    let lead = mapping.rows().iter().find(|row| row.id.as_str() == "lead_name").unwrap();
    assert_eq!(lead.crm.as_deref(), Some("subject"), "overriding an opportunity's row does not touch its twin");
}

