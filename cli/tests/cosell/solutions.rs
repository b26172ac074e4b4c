//! `cosell solutions import`: every row is accounted for, nothing is half-imported, and a second run finishes a first.

use std::collections::BTreeMap;

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use simulators::harness::{Fault, FaultRule};

use crate::stage::{Stage, said};

const LIST: &str = "Solution ID;Solution name;Publisher\r\nSOL-1-AAA;ERP Move;Adatum\r\nSOL-2-BBB;Data Estate;\r\n\
                    SOL-3-CCC;Café & Co;Adatum\r\n";

/// Row, outcome and reason of each row; the exit code and what was said.
async fn imported(stage: &Stage, file: &str, more: &[&str]) -> (Vec<(u64, String, String)>, i32, String) {
    let file = stage.path(file);
    let arguments = [&["solutions", "import", file.to_str().unwrap(), "--json"], more].concat();
    let output = stage.command(&arguments).output().await.unwrap();
    let (code, text) = said(&output);
    let lines = String::from_utf8(output.stdout).unwrap();
    let rows = lines.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |member: &str| row[member].as_str().unwrap_or_default().to_owned();
        (row["row"].as_u64().unwrap(), text("outcome"), text("why"))
    });
    (rows.collect(), code, text)
}

fn write(stage: &Stage, text: &str) {
    std::fs::write(stage.path("list.csv"), text).unwrap();
}

fn outcomes(rows: &[(u64, String, String)]) -> Vec<&str> {
    rows.iter().map(|row| row.1.as_str()).collect()
}

/// Code, name and publisher of every row of the catalogue.
fn catalogue(stage: &Stage) -> Vec<(Value, Value, Value)> {
    let mut rows: Vec<_> = stage
        .dataverse
        .rows("cosell_solutiondetail")
        .into_iter()
        .map(|row| (row["cosell_code"].clone(), row["cosell_name"].clone(), row["cosell_publisher"].clone()))
        .collect();
    rows.sort_by_key(|row| row.0.to_string());
    rows
}

fn writes(stage: &Stage) -> usize {
    stage.dataverse.harness().requests().iter().filter(|entry| entry.method == "PATCH").count()
}

fn fault(stage: &Stage, fault: Fault, skip: u32) {
    stage.dataverse.harness().add_fault(FaultRule::once("PATCH", "cosell_solutiondetails", fault).skip(skip));
}

#[tokio::test]
async fn a_list_is_imported_once_and_again_only_where_it_differs() {
    let stage = Stage::set().await;
    write(&stage, LIST);
    let (rows, code, text) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["accepted"; 3], 0), "{text}");
    let expected = [
        (json!("SOL-1-AAA"), json!("ERP Move"), json!("Adatum")),
        (json!("SOL-2-BBB"), json!("Data Estate"), Value::Null),
        (json!("SOL-3-CCC"), json!("Café & Co"), json!("Adatum")),
    ];
    assert_eq!(catalogue(&stage), expected);

    let before = writes(&stage);
    let (rows, code, _) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code, writes(&stage)), (vec!["unchanged"; 3], 0, before));

    let held = stage.dataverse.rows("cosell_solutiondetail");
    let id = |code: &str| {
        let row = held.iter().find(|row| row["cosell_code"] == code).unwrap();
        row["cosell_solutiondetailid"].as_str().unwrap().parse().unwrap()
    };
    stage.dataverse.edit("cosell_solutiondetail", id("SOL-1-AAA"), json!({ "cosell_name": "ERP" }));
    stage.dataverse.edit("cosell_solutiondetail", id("SOL-2-BBB"), json!({ "statecode": 1, "statuscode": 2 }));
    let (rows, code, _) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["replaced", "replaced", "unchanged"], 0));
    assert_eq!(
        (rows[0].2.as_str(), rows[1].2.as_str()),
        ("was there with another name", "was there with state Inactive")
    );
    assert_eq!(catalogue(&stage), expected);
    assert_eq!(stage.dataverse.row("cosell_solutiondetail", id("SOL-2-BBB")).unwrap()["statecode"], json!(0));
}

#[tokio::test]
async fn one_refused_row_holds_back_the_whole_list_unless_it_may_be_skipped() {
    let stage = Stage::set().await;
    write(&stage, "Code,Name\nSOL-1-AAA,ERP Move\nSOL/2,Data Estate\nSOL-3-CCC,\n");
    let (rows, code, text) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["not written", "refused", "refused"], 1));
    assert!(rows[1].2.contains("`/`") && rows[2].2.contains("the name is empty"), "{rows:?}");
    assert!(text.contains("2 of 3 rows are refused, so nothing was written"), "{text}");
    assert_eq!(stage.dataverse.harness().requests().len(), 0, "nothing is even asked");

    let (rows, code, text) = imported(&stage, "list.csv", &["--skip-refused"]).await;
    assert_eq!((outcomes(&rows), code), (vec!["accepted", "refused", "refused"], 1), "{text}");
    assert_eq!(catalogue(&stage).len(), 1);
}

#[tokio::test]
async fn a_failure_in_the_middle_says_how_far_it_got_and_the_next_run_finishes() {
    let stage = Stage::set().await;
    write(&stage, LIST);
    fault(&stage, Fault::status(503), 1);
    let (rows, code, text) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["accepted", "unknown", "not written"], 1));
    assert!(text.contains("row 3 could not be written; 1 of 3 rows are in the catalogue"), "{text}");
    assert!(text.contains("importing the list again is safe"), "{text}");

    // This time the row is written, and its answer lost.
    fault(&stage, Fault::CutAfterCommit, 0);
    let (rows, code, _) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["unchanged", "unknown", "not written"], 1));
    let (rows, code, _) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["unchanged", "unchanged", "accepted"], 0));
    assert_eq!(catalogue(&stage).len(), 3);
}

#[tokio::test]
async fn a_row_that_only_the_crm_refuses_stops_no_other() {
    let stage = Stage::set().await;
    write(&stage, LIST);
    let plug_in = json!({ "error": { "code": "0x80040265", "message": "Names need a prefix." } });
    fault(&stage, Fault::Answer { status: 400, headers: BTreeMap::new(), body: plug_in }, 1);
    let (rows, code, text) = imported(&stage, "list.csv", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["accepted", "refused", "accepted"], 1), "{text}");
    assert!(rows[1].2.contains("Names need a prefix."), "{rows:?}");
}

#[tokio::test]
async fn dataverse_is_waited_for_and_somebody_elses_row_is_no_failure() {
    let stage = Stage::set().await;
    write(&stage, LIST);
    fault(&stage, Fault::too_many_requests("1"), 0);
    // Written already when we come: as after another import at the same time.
    let exists =
        json!({ "error": { "code": "0x80060892", "message": "A record with matching key values already exists." } });
    fault(&stage, Fault::AnswerAfterCommit { status: 412, body: exists }, 2);
    let (rows, code, text) = imported(&stage, "list.csv", &[]).await;
    assert_eq!(code, 0, "{text}");
    assert_eq!(outcomes(&rows).iter().filter(|outcome| **outcome == "unchanged").count(), 1, "{rows:?}");
    assert_eq!(catalogue(&stage).len(), 3);
}

#[tokio::test]
async fn a_workbook_is_imported_like_a_list() {
    let stage = Stage::set().await;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Solutions").unwrap();
    sheet.write_row(0, 0, ["Name", "Code"]).unwrap();
    sheet.write_row(1, 0, ["ERP Move", "SOL-1-AAA"]).unwrap();
    workbook.save(stage.path("list.xlsx")).unwrap();
    let (rows, code, text) = imported(&stage, "list.xlsx", &[]).await;
    assert_eq!((outcomes(&rows), code), (vec!["accepted"], 0), "{text}");
    assert!(text.contains("reading the sheet \"Solutions\""), "{text}");
    assert_eq!(catalogue(&stage)[0].1, json!("ERP Move"));
}

#[tokio::test]
async fn what_is_no_list_and_a_catalogue_that_is_not_there_are_named() {
    let stage = Stage::set().await;
    for (file, text, status, part) in [
        ("list.txt", "Code,Name\n", 2, "neither .csv nor .xlsx"),
        ("list.csv", "SOL-1,ERP\n", 1, "no row among the first 1 names the columns"),
        ("list.xlsx", "Code,Name\n", 1, "this is not a workbook of Excel"),
    ] {
        std::fs::write(stage.path(file), text).unwrap();
        let (_, code, said) = imported(&stage, file, &[]).await;
        assert!(code == status && said.contains(part), "{file}: {code} {said}");
    }
    let (_, code, said) = imported(&stage, "nowhere.csv", &[]).await;
    assert!(code == 2 && said.contains("nowhere.csv cannot be read"), "{code} {said}");

    write(&stage, LIST);
    stage.settings(|text| text.replace("[dataverse]", "[dataverse]\ncolumn_prefix = \"acme\""));
    let (_, code, said) = imported(&stage, "list.csv", &[]).await;
    assert!(
        code == 1 && said.contains("nothing was written") && said.contains("acme_solutiondetails"),
        "{code} {said}"
    );
}
