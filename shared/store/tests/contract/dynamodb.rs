//! The contract on DynamoDB, and what only DynamoDB does: lose answers, cancel transactions, refuse large items.

use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use store::dynamodb::schema;
use store::{DynamoStore, Error, HistoryLine, Inserted, LinkKey, Saved, Store};
use sync_core::{BySide, LinkId, Pair, Reading, ReferralId, Side};

use crate::deal::{MARKS, at, both, full, line, link, record};
use crate::faults::Fault::{Cancel, Garble, LeaveOut, LoseAnswer, LoseRequest, Refuse};
use crate::faults::Faulty;

/// A table of its own on the emulator that `tests/emulators/run` started, and the client to it. Never AWS.
struct Stage {
    store: DynamoStore,
    network: Faulty,
    client: Client,
    table: String,
}

impl Stage {
    async fn new() -> Self {
        let url =
            ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"].into_iter().find_map(|name| std::env::var(name).ok());
        assert!(url.is_some_and(|url| url.starts_with("http://127.0.0.1:")), "run this by tests/emulators/run");
        let network = Faulty::default();
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        let config = aws_sdk_dynamodb::config::Builder::from(&config).http_client(network.clone());
        // As in the functions, but for the first wait of a second.
        let config = config.retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)));
        let (client, table) = (Client::from_conf(config.build()), uuid::Uuid::new_v4().to_string());
        schema::create(&client, &table).await.unwrap();
        network.requests();
        Self { store: DynamoStore::new(client.clone(), &table), network, client, table }
    }

    async fn raw(&self, pk: &str, sk: &str) -> std::collections::HashMap<String, AttributeValue> {
        let get = self.client.get_item().table_name(&self.table);
        let key = |text: &str| AttributeValue::S(text.to_owned());
        get.key("pk", key(pk)).key("sk", key(sk)).send().await.unwrap().item.unwrap()
    }
}

async fn with_dynamodb<F: Future<Output = ()>>(law: impl FnOnce(DynamoStore) -> F) {
    law(Stage::new().await.store).await;
}

contract!(dynamodb, super::with_dynamodb);

#[tokio::test]
async fn the_usual_calls_are_one_request_and_nothing_is_scanned_or_read_weakly_but_indexes() {
    let Stage { store, network, .. } = Stage::new().await;
    let mut link = link("one", Pair::ReferralOnly(ReferralId::new("f")));
    link.not_before = Some(at(1));
    store.insert(&link, &[line(&link, 1)]).await.unwrap();
    assert_eq!(network.requests(), ["TransactWriteItems"]);
    store.save(&link, 1, MARKS, &[]).await.unwrap();
    assert_eq!(network.requests(), ["UpdateItem"]);
    store.save(&link, 2, MARKS, &[line(&link, 1)]).await.unwrap();
    assert_eq!(network.requests(), ["TransactWriteItems"]);
    store.mark_dirty(&link.id, Side::Crm, at(1)).await.unwrap();
    assert_eq!(network.requests(), ["UpdateItem"]);
    store.load(LinkKey::Id(&link.id)).await.unwrap();
    assert_eq!(network.requests(), ["GetItem"]);
    store.load(LinkKey::Referral(&ReferralId::new("f"))).await.unwrap();
    assert_eq!(network.requests(), ["GetItem", "GetItem"]);
    // Only a link that gains an id needs a second look.
    link.pair = Pair::Both(ReferralId::new("f"), record("r"));
    store.save(&link, 3, BySide { partner_center: 0, crm: 1 }, &[]).await.unwrap();
    assert_eq!(network.requests(), ["UpdateItem", "TransactWriteItems"]);
    store.due(at(9), 9).await.unwrap();
    assert_eq!(network.requests(), ["Query weak", "Query weak", "BatchGetItem"]);
    store.list(None, 9).await.unwrap();
    assert_eq!(network.requests(), ["Query", "BatchGetItem"]);
    store.by_engagement("e").await.unwrap();
    store.history(&link.id, 9).await.unwrap();
    store.references("e").await.unwrap();
    assert_eq!(network.requests(), ["Query weak", "Query", "Query"]);
}

/// With and without history: an update of one item, and a transaction.
#[tokio::test]
async fn a_save_whose_answer_was_lost_knows_itself() {
    for (operation, has_history) in [("UpdateItem", false), ("TransactWriteItems", true)] {
        // The SDK repeats the request and meets its own work; or it gives up, and we look.
        for faults in [
            &[LoseAnswer][..],
            &[LoseAnswer, LoseRequest, LoseRequest],
            &[LoseAnswer, Refuse(500, "InternalServerError"), LoseRequest],
        ] {
            let Stage { store, network, .. } = Stage::new().await;
            let mut link = both("one");
            store.insert(&link, &[]).await.unwrap();
            link.audit = vec!["saved".to_owned()];
            let lines: Vec<HistoryLine> = has_history.then(|| line(&link, 1)).into_iter().collect();
            network.meets(operation, faults);
            assert_eq!(
                store.save(&link, 1, MARKS, &lines).await.unwrap(),
                Saved::Saved { revision: 2, dirty: MARKS },
                "{operation} {faults:?}"
            );
            network.requests();
            let stored = store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap();
            assert_eq!((stored.link, stored.revision), (link.clone(), 2));
            assert_eq!(store.history(&link.id, 9).await.unwrap(), lines);
        }
    }
}

#[tokio::test]
async fn a_save_that_did_not_arrive_is_told_and_may_be_done_again() {
    for has_history in [false, true] {
        let Stage { store, network, .. } = Stage::new().await;
        let link = both("one");
        store.insert(&link, &[]).await.unwrap();
        let lines: Vec<HistoryLine> = has_history.then(|| line(&link, 1)).into_iter().collect();
        let operation = if has_history { "TransactWriteItems" } else { "UpdateItem" };
        network.meets(operation, &[LoseRequest, LoseRequest, LoseRequest]);
        assert!(matches!(store.save(&link, 1, MARKS, &lines).await, Err(Error::Unavailable(_))));
        assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().revision, 1);
        let saved = Saved::Saved { revision: 2, dirty: MARKS };
        assert_eq!(store.save(&link, 1, MARKS, &lines).await.unwrap(), saved);
    }
}

#[tokio::test]
async fn a_save_that_another_worker_overtook_is_lost_even_if_its_answer_was() {
    let Stage { store, network, .. } = Stage::new().await;
    let link = both("one");
    store.insert(&link, &[]).await.unwrap();
    store.save(&link, 1, MARKS, &[]).await.unwrap();
    network.meets("UpdateItem", &[LoseRequest, LoseAnswer, LoseRequest]);
    assert_eq!(store.save(&link, 1, MARKS, &[]).await.unwrap(), Saved::Lost);
}

#[tokio::test]
async fn a_new_link_whose_answer_was_lost_knows_itself() {
    for faults in [&[LoseAnswer][..], &[LoseAnswer, LoseRequest, LoseRequest]] {
        let Stage { store, network, .. } = Stage::new().await;
        let link = both("one");
        network.meets("TransactWriteItems", faults);
        assert_eq!(store.insert(&link, &[line(&link, 1)]).await.unwrap(), Inserted::New(1));
        assert_eq!(store.history(&link.id, 9).await.unwrap().len(), 1);
        assert_eq!(store.insert(&link, &[]).await.unwrap(), Inserted::Taken);
    }
    let Stage { store, network, .. } = Stage::new().await;
    network.meets("TransactWriteItems", &[LoseRequest, LoseRequest, LoseRequest]);
    assert!(store.insert(&both("one"), &[]).await.is_err());
    assert!(store.load(LinkKey::Id(&LinkId::new("one"))).await.unwrap().is_none());
}

#[tokio::test]
async fn a_fact_whose_answer_was_lost_stands() {
    let Stage { store, network, .. } = Stage::new().await;
    network.meets("PutItem", &[LoseAnswer]);
    assert_eq!(store.remember("who", "us").await.unwrap(), "us");
}

#[tokio::test]
async fn a_conflict_of_transactions_passes() {
    let Stage { store, network, .. } = Stage::new().await;
    let link = both("one");
    network.meets("TransactWriteItems", &[Cancel(&["None", "TransactionConflict"]), Cancel(&["ThrottlingError"])]);
    assert_eq!(store.insert(&link, &[]).await.unwrap(), Inserted::New(1));
    assert_eq!(network.requests().len(), 3);
    network.meets(
        "UpdateItem",
        &[Refuse(400, "TransactionConflictException"), Refuse(400, "TransactionConflictException")],
    );
    assert_eq!(store.save(&link, 1, MARKS, &[]).await.unwrap(), Saved::Saved { revision: 2, dirty: MARKS });
    assert_eq!(network.requests().len(), 3);
    network.meets("TransactWriteItems", &[Cancel(&["ProvisionedThroughputExceeded", "None"])]);
    store.save(&link, 2, MARKS, &[line(&link, 1)]).await.unwrap();
    assert_eq!(network.requests().len(), 2);
    network.meets("UpdateItem", &[Refuse(400, "TransactionConflictException"), Refuse(400, "ThrottlingException")]);
    store.mark_dirty(&link.id, Side::Crm, at(1)).await.unwrap();
    assert_eq!(network.requests().len(), 3);
    assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().dirty.crm, 1);
}

#[tokio::test]
async fn patience_with_conflicts_has_an_end_and_there_is_none_with_faults_of_ours() {
    let Stage { store, network, .. } = Stage::new().await;
    let link = both("one");
    store.insert(&link, &[]).await.unwrap();
    network.requests();
    network.meets("TransactWriteItems", &[const { Cancel(&["TransactionConflict"]) }; 8]);
    let error = store.save(&link, 1, MARKS, &[line(&link, 1)]).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)));
    assert_eq!(network.requests().len(), 8);
    network.meets("TransactWriteItems", &[Cancel(&["ValidationError", "None"])]);
    assert!(store.save(&link, 1, MARKS, &[line(&link, 1)]).await.is_err());
    network.meets("UpdateItem", &[Refuse(400, "AccessDeniedException")]);
    assert!(store.save(&link, 1, MARKS, &[]).await.is_err());
    assert_eq!(network.requests().len(), 2);
    assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().revision, 1);
}

#[tokio::test]
async fn keys_that_were_left_out_are_asked_for_again() {
    let Stage { store, network, .. } = Stage::new().await;
    for id in ["a", "b"] {
        store.insert(&both(id), &[]).await.unwrap();
    }
    network.meets("BatchGetItem", &[LeaveOut, LeaveOut]);
    assert_eq!(store.list(None, 9).await.unwrap().len(), 2);
    network.meets("BatchGetItem", &[const { LeaveOut }; 9]);
    assert!(store.list(None, 9).await.is_err(), "a page with holes is no page");
}

#[tokio::test]
async fn an_error_says_nothing_of_the_customer() {
    let Stage { store, network, .. } = Stage::new().await;
    let told = |error: Error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} {error:?} {source:?}")
    };
    network.meets("GetItem", &[Garble(r#"{"Item":{"body":{"S":"Contoso"#)]);
    let error = told(store.load(LinkKey::Id(&LinkId::new("one"))).await.unwrap_err());
    assert!(error.contains("GetItem") && !error.contains("Contoso"), "{error}");
    network.meets("PutItem", &[Refuse(400, "ValidationException")]);
    let error = told(store.set_cursor("feed", "Contoso").await.unwrap_err());
    assert!(error.contains("ValidationException") && !error.contains("Contoso"), "{error}");
}

#[tokio::test]
async fn what_may_be_forgotten_carries_its_time() {
    const DAY: i64 = 24 * 60 * 60;
    let stage = Stage::new().await;
    let link = both("one");
    let expires = |item: std::collections::HashMap<String, AttributeValue>| item["expires"].as_n().unwrap().clone();
    stage.store.insert(&link, &[line(&link, 5000), line(&link, 9000)]).await.unwrap();
    let shorter = stage.store.clone().keeping_history(30);
    shorter.save(&link, 1, MARKS, &[line(&link, 9000)]).await.unwrap();
    let history = async |revision| stage.raw("LINK#one", &format!("LINE#{revision:020}#000")).await;
    assert_eq!(expires(history(1).await), (9 + 730 * DAY).to_string());
    assert_eq!(expires(history(2).await), (9 + 30 * DAY).to_string());
    stage.store.mark_seen("hint", at(12_345)).await.unwrap();
    assert_eq!(expires(stage.raw("HINT#hint", "WORKED").await), "13");
    assert!(!stage.raw("LINK#one", "LINK").await.contains_key("expires"), "a link is never forgotten");
}

#[tokio::test]
async fn a_link_too_large_for_an_item_sheds_its_audit_and_else_is_named() {
    let noise: String = std::iter::repeat_with(fastrand::alphanumeric).take(600 * 1024).collect();
    let Stage { store, .. } = Stage::new().await;
    let mut link = full();
    link.audit = noise.as_bytes().chunks(20 * 1024).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    store.insert(&link, &[]).await.unwrap();
    let mut stored = store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().link;
    let note = stored.audit.pop().unwrap();
    assert!(note.contains("earlier lines were cut"), "{note}");
    assert_eq!(stored.audit, [&noise[..2000], &noise[20 * 1024..][..2000], &noise[40 * 1024..][..2000]]);
    let loser = HistoryLine { loser: Reading::is(&noise), ..line(&link, 1) };
    store.save(&link, 1, MARKS, &[loser]).await.unwrap();
    let line = store.history(&link.id, 9).await.unwrap().remove(0);
    assert!(line.rule.contains("cut at") && noise.starts_with(line.loser.value().unwrap().as_str()), "{}", line.rule);
    link.intent.as_mut().unwrap().request = noise;
    let error = store.save(&link, 2, MARKS, &[]).await.unwrap_err().to_string();
    assert!(error.contains("link full is too large") && error.contains("mapping"), "{error}");
    assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().revision, 2);
}

#[tokio::test]
async fn a_link_that_cannot_be_read_is_named_and_still_wakes() {
    let stage = Stage::new().await;
    let mut link = both("one");
    link.not_before = Some(at(1));
    stage.store.insert(&link, &[]).await.unwrap();
    let mut item = stage.raw("LINK#one", "LINK").await;
    item.insert("body".to_owned(), AttributeValue::S(r#"{"v":9}"#.to_owned()));
    stage.client.put_item().table_name(&stage.table).set_item(Some(item)).send().await.unwrap();
    let error = stage.store.load(LinkKey::Id(&link.id)).await.unwrap_err().to_string();
    assert!(error.starts_with("link one cannot be read"), "{error}");
    assert_eq!(stage.store.due(at(9), 9).await.unwrap().len(), 1);
}
