//! What is particular to the store in an SQLite file: the file, the folder, two processes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::PermissionsExt;

use store::{HistoryLine, LinkKey, SqliteStore, Store, sqlite};
use sync_core::{FieldId, Kind, Link, LinkId, Pair, Reading, ReferralId, Side, Timestamp};
use tokio_rusqlite::rusqlite;

fn link() -> Link {
    Link::new(LinkId::new("one"), Pair::ReferralOnly(ReferralId::new("referral")))
}

fn line(at: i64) -> HistoryLine {
    HistoryLine {
        at: Timestamp::from_millis(at),
        link: link().id,
        side: Side::Crm,
        field: FieldId::new("name"),
        from: Reading::Unknown,
        to: Reading::is("value"),
        kind: Kind::Written,
        winner: Reading::Unknown,
        loser: Reading::Unknown,
        rule: "crm moved".to_owned(),
        cause: "event".to_owned(),
        intent: None,
    }
}

#[tokio::test]
async fn the_folder_is_private_and_every_commit_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a/b");
    let connection = sqlite::open(&data).await.unwrap();
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    let pragmas = connection
        .call(|connection| {
            let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous: i32 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            Ok::<_, rusqlite::Error>((journal, synchronous))
        })
        .await
        .unwrap();
    assert_eq!(pragmas, ("wal".to_owned(), 2));
}

#[tokio::test]
async fn a_link_survives_closing_and_opening() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::new(sqlite::open(folder.path()).await.unwrap()).insert(&link(), &[]).await.unwrap();
    let again = SqliteStore::new(sqlite::open(folder.path()).await.unwrap());
    assert_eq!(again.load(LinkKey::Id(&link().id)).await.unwrap().unwrap().link, link());
}

#[tokio::test]
async fn a_folder_that_cannot_be_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = sqlite::open(&file).await.unwrap_err().to_string();
    assert!(error.contains("file cannot hold the data") && error.contains("--data"), "{error}");
}

#[tokio::test]
async fn another_programs_file_and_a_newer_schema_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("cosell.db")).unwrap();
    file.pragma_update(None, "application_id", 7).unwrap();
    assert!(sqlite::open(folder.path()).await.unwrap_err().to_string().contains("another program's"));
    file.pragma_update(None, "application_id", 0x636f_736c).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    assert!(sqlite::open(folder.path()).await.unwrap_err().to_string().contains("schema 99"));
}

#[tokio::test]
async fn a_link_that_cannot_be_read_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let connection = sqlite::open(folder.path()).await.unwrap();
    let store = SqliteStore::new(connection.clone());
    store.insert(&link(), &[]).await.unwrap();
    connection
        .call(|connection| connection.execute("UPDATE links SET link = replace(link, '\"v\":1', '\"v\":9')", []))
        .await
        .unwrap();
    let error = store.load(LinkKey::Id(&link().id)).await.unwrap_err().to_string();
    assert!(error.contains("link one") && error.contains("version 9"), "{error}");
}

#[tokio::test]
async fn only_what_is_old_is_forgotten() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::new(sqlite::open(folder.path()).await.unwrap());
    store.insert(&link(), &[line(1), line(3 * DAY)]).await.unwrap();
    store.mark_seen("old", Timestamp::from_millis(1)).await.unwrap();
    store.mark_seen("new", Timestamp::from_millis(9 * DAY)).await.unwrap();
    assert_eq!(store.prune(Timestamp::from_millis(4 * DAY), 2).await.unwrap(), 2);
    assert_eq!(store.history(&link().id, 9).await.unwrap(), [line(3 * DAY)]);
    assert!(store.seen("new", Timestamp::from_millis(4 * DAY)).await.unwrap());
}
