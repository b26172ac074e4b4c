//! Wrong use: the key, the file or the row is named, with what to do, and the status is 2 (or 1 where the machine is to
//! blame).

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::stage::{Stage, command, free_address, said};

#[track_caller]
fn demand((code, text): (i32, String), expected: i32, parts: &[&str]) {
    assert_eq!(code, expected, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in {text:?}");
    }
}

#[tokio::test]
async fn settings_that_are_not_there_or_wrong_are_named_key_by_key() {
    let stage = Stage::set().await;
    let nowhere = stage.path("nowhere.toml");
    let output = command(&nowhere, &stage.path("data"), &["serve"]).output().await.unwrap();
    demand(said(&output), 2, &["nowhere.toml", "--config"]);

    stage.settings(|text| format!("{text}pol_interval = \"5m\"\n[console]\nlisten = \"nowhere\"\n"));
    let output = stage.command(&["serve"]).output().await.unwrap();
    demand(said(&output), 2, &["pol_interval", "console.listen"]);

    stage.settings(|_| "[partner_center\n".to_owned());
    let output = stage.command(&["serve"]).output().await.unwrap();
    demand(said(&output), 2, &["cosell.toml", "line 1"]);
}

#[tokio::test]
async fn secrets_that_are_missing_or_open_to_others_are_refused() {
    let stage = Stage::set().await;
    let path = stage.path("cosell.secrets.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    demand(said(&stage.command(&["serve"]).output().await.unwrap()), 2, &["cosell.secrets.toml", "chmod 600"]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "[partner_center]\nclient_secret = \"s3cr3t\"\n").unwrap();
    let output = said(&stage.command(&["serve"]).output().await.unwrap());
    assert!(!output.1.contains("s3cr3t"), "{}", output.1);
    demand(output, 2, &["dataverse", "client_secret"]);
    std::fs::remove_file(&path).unwrap();
    demand(said(&stage.command(&["serve"]).output().await.unwrap()), 2, &["cosell.secrets.toml"]);
}

#[tokio::test]
async fn a_mapping_row_whose_column_does_not_exist_is_named() {
    let stage = Stage::set().await;
    stage.settings(|text| {
        format!("{text}\n[fields.stage]\nreferral = \"/salesStage\"\ncrm = \"new_salesstage\"\ncodec = \"text\"\n")
    });
    let listen = free_address().to_string();
    let output = stage.command(&["serve", "--listen", &listen]).output().await.unwrap();
    demand(said(&output), 2, &["fields.stage.crm", "new_salesstage"]);
    stage.settings(|text| text.replace("codec = \"text\"", "codec = \"txt\""));
    let output = stage.command(&["serve", "--listen", &listen]).output().await.unwrap();
    demand(said(&output), 2, &["fields.stage.codec", "txt"]);
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named() {
    let stage = Stage::set().await;
    let file = stage.path("a-file");
    std::fs::write(&file, "").unwrap();
    let output = command(&stage.path("cosell.toml"), &file.join("data"), &["serve"]).output().await.unwrap();
    demand(said(&output), 1, &["a-file"]);
}

#[tokio::test]
async fn a_second_serve_on_the_same_data_and_a_port_in_use_are_refused() {
    let stage = Stage::set().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = stage.command(&["serve", "--listen", &address]).output().await.unwrap();
    demand(said(&output), 1, &[&address, "--listen"]);

    let _serve = stage.serve().await;
    let output = stage.command(&["serve", "--listen", &free_address().to_string()]).output().await.unwrap();
    demand(said(&output), 1, &["another `cosell serve`", "--data"]);
}
