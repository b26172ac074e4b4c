//! What a user may write into `[fields.*]`, and what is said when it makes no sense: all of it, each with its key.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mapping::{Mapping, RowSettings};
use sync_core::WriteMode;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A row of one's own that makes sense.
fn own() -> RowSettings {
    RowSettings {
        referral: some("/salesStage"),
        crm: some("new_salesstage"),
        codec: some("text"),
        ..RowSettings::default()
    }
}

fn choices(pairs: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    Some(pairs.iter().map(|(referral, crm)| ((*referral).to_owned(), (*crm).to_owned())).collect())
}

fn problems(rows: &[(&str, RowSettings)]) -> Vec<String> {
    let rows = rows.iter().map(|(id, row)| ((*id).to_owned(), row.clone())).collect();
    Mapping::new("cosell", &rows).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_row_that_makes_sense_is_taken() {
    assert_eq!(problems(&[("stage", own())]), [""; 0]);
    let choice =
        RowSettings { codec: some("choice"), choices: choices(&[("10", "727000001"), ("20", "727000002")]), ..own() };
    assert_eq!(problems(&[("stage", choice)]), [""; 0]);
    // Two rows may read one place, if one of them alone writes it.
    let reader = RowSettings { referral: some("/details/notes"), direction: some("to_crm"), ..own() };
    assert_eq!(problems(&[("notes_again", reader)]), [""; 0]);
}

#[test]
fn each_senseless_row_is_named_with_its_member() {
    let choice = |pairs: &[(&str, &str)]| RowSettings { codec: some("choice"), choices: choices(pairs), ..own() };
    for (id, row, expected) in [
        ("stage", RowSettings { codec: some("gold"), ..own() }, "fields.stage.codec: `gold` is not one of text"),
        (
            "stage",
            RowSettings { entity: some("team"), ..own() },
            "fields.stage.entity: `team` is not one of opportunity",
        ),
        ("stage", RowSettings { direction: some("up"), ..own() }, "fields.stage.direction: `up` is not one of both"),
        ("stage", RowSettings { owner: some("me"), ..own() }, "fields.stage.owner: `me` is not one of crm"),
        ("stage", RowSettings { referral: None, ..own() }, "fields.stage.referral: is missing"),
        ("stage", RowSettings { crm: None, ..own() }, "fields.stage.crm: is missing"),
        ("stage", RowSettings { codec: None, ..own() }, "fields.stage.codec: is missing"),
        ("Stage One", own(), "fields.Stage One: a row's id is"),
        (
            "stage",
            RowSettings { referral: some("salesStage"), ..own() },
            "fields.stage.referral: `salesStage` is no JSON",
        ),
        (
            "stage",
            RowSettings { referral: some("/team/0/email"), ..own() },
            "fields.stage.referral: a place inside an array",
        ),
        (
            "stage",
            RowSettings { referral: some("/eTag"), ..own() },
            "fields.stage.referral: `/eTag` is not a row's to write",
        ),
        (
            "stage",
            RowSettings { referral: some("/consent/consentToContact"), ..own() },
            "fields.stage.referral: `/consent`",
        ),
        ("stage", RowSettings { referral: some("/details/notes"), ..own() }, "fields.stage.referral: `notes` writes"),
        ("stage", RowSettings { referral: some("/details"), ..own() }, "fields.stage.referral: `deal_value` writes"),
        ("stage", RowSettings { crm: some("New Stage"), ..own() }, "fields.stage.crm: `New Stage` is no logical name"),
        ("stage", RowSettings { crm: some("description"), ..own() }, "fields.stage.crm: `notes` writes this column"),
        (
            "stage",
            RowSettings { crm: some("statecode"), ..own() },
            "fields.stage.crm: `statecode` is not a row's to write",
        ),
        (
            "stage",
            RowSettings { crm: some("cosell_audit"), ..own() },
            "fields.stage.crm: `cosell_audit` is not a row's",
        ),
        ("stage", RowSettings { codec: some("set"), ..own() }, "fields.stage.codec: `set` is what `solutions` is"),
        (
            "stage",
            RowSettings { codec: some("currency"), ..own() },
            "fields.stage.codec: `currency` is what `currency` and `lead_currency` is",
        ),
        ("stage", choice(&[]), "fields.stage.choices: a choice needs them"),
        ("stage", choice(&[("10", "ten")]), "fields.stage.choices: every CRM value must be the number"),
        ("stage", choice(&[("10", "+1")]), "fields.stage.choices: every CRM value must be the number"),
        ("stage", choice(&[("10", "1"), ("20", "1")]), "fields.stage.choices: two referral values lead to one"),
        ("stage", RowSettings { choices: choices(&[("10", "1")]), ..own() }, "fields.stage.choices: only codec"),
        (
            "stage",
            RowSettings { codec: some("date"), max_length: Some(5), ..own() },
            "fields.stage.max_length: a date has",
        ),
        ("stage", RowSettings { max_length: Some(0), ..own() }, "fields.stage.max_length: must be above zero"),
        (
            "stage",
            RowSettings { group: some("money"), direction: some("to_crm"), ..own() },
            "fields.stage.group: rows of",
        ),
        (
            "stage",
            RowSettings { group: some("name"), ..own() },
            "fields.stage.group: `name` is the id of a row outside",
        ),
        (
            "stage",
            RowSettings { entity: some("account"), ..own() },
            "fields.stage.direction: an account belongs to many",
        ),
    ] {
        let said = problems(&[(id, row)]);
        assert!(said.iter().any(|line| line.starts_with(expected)), "{expected} in {said:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let one = RowSettings { codec: some("gold"), owner: some("me"), ..own() };
    let two = RowSettings { referral: some("/details/notes"), crm: some("statecode"), ..own() };
    let said = problems(&[("one", one), ("two", two)]);
    let keys: Vec<&str> = said.iter().filter_map(|line| line.split_once(": ")).map(|(key, _)| key).collect();
    assert_eq!(keys, ["fields.one.codec", "fields.one.owner", "fields.two.crm", "fields.two.referral"]);
}

#[test]
fn a_lossy_choice_is_taken_when_its_user_says_so() {
    let pairs = choices(&[("10", "1"), ("20", "1"), ("30", "2")]);
    let row = RowSettings { codec: some("choice"), choices: pairs, lossy: Some(true), ..own() };
    assert_eq!(problems(&[("stage", row)]), [""; 0]);
}

#[test]
fn a_group_is_named_by_its_rows_labels() {
    let mapping = Mapping::new("cosell", &BTreeMap::new()).unwrap();
    let policy = mapping.policy(WriteMode::Both);
    let labels: Vec<&str> = policy.rules.iter().map(|rule| rule.label.as_str()).collect();
    assert!(labels.contains(&"Deal value and Currency"), "{labels:?}");
}
