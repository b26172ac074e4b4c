//! Certificates are fetched rarely, once for all who wait, and again when they may have been renewed (reliability 1.3,
//! point 5).

use std::sync::Arc;

use partner_center::events::Refusal;

use crate::arena::{Arena, Delivery};
use crate::store::{Served, Store};
use crate::tree::{BODY, TREE, signed, true_params};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

async fn arena() -> Arena {
    Arena::new(&Arc::new(Store::open().await))
}

/// A true event after the key was changed.
fn by_the_new_key(arena: &Arena) -> Delivery {
    arena.delivery().signed(&signed(&TREE.other_rsa, &RSA_PKCS1_SHA256, BODY.as_bytes()))
}

/// The key is changed: the certificate of the new one lies under the same address.
fn change_key(arena: &Arena) {
    let renewed = true_params().signed_by(&TREE.other_key, &TREE.issuing).unwrap().der().to_vec();
    put(arena, Served::File(renewed));
}

fn put(arena: &Arena, served: Served) {
    arena.store.put(&format!("{}.cer", crate::tree::NAME), served);
}

fn fetches(arena: &Arena) -> usize {
    arena.store.count(&arena.address())
}

#[tokio::test]
async fn a_burst_fetches_the_certificate_once() {
    let arena = Arc::new(arena().await);
    let bursts: Vec<_> = (0..50)
        .map(|_| {
            let arena = arena.clone();
            tokio::spawn(async move { arena.verify(&arena.delivery()).await.is_ok() })
        })
        .collect();
    for burst in bursts {
        assert!(burst.await.unwrap());
    }
    assert_eq!(fetches(&arena), 1);
}

#[tokio::test]
async fn a_certificate_is_kept_for_a_day() {
    let mut arena = arena().await;
    for (passed, fetched) in [(0, 1), (DAY - 1, 1), (1, 2), (DAY - 1, 2), (1, 3)] {
        arena.pass(passed);
        arena.believe().await;
        assert_eq!(fetches(&arena), fetched, "{passed}");
    }
}

#[tokio::test]
async fn a_certificate_that_ends_sooner_is_kept_until_then() {
    let mut arena = arena().await;
    let mut params = true_params();
    params.not_after = rcgen::date_time_ymd(2026, 11, 23) + std::time::Duration::from_secs(13 * 3600);
    put(&arena, Served::File(TREE.certified(&params)));
    arena.believe().await;
    arena.pass(60 * MINUTE - 1);
    arena.believe().await;
    assert_eq!(fetches(&arena), 1);
    put(&arena, Served::File(TREE.leaf.clone()));
    arena.pass(2);
    arena.believe().await;
    assert_eq!(fetches(&arena), 2);
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_asked_for_once_a_minute() {
    let mut arena = arena().await;
    let mut params = true_params();
    params.not_after = rcgen::date_time_ymd(2026, 11, 1);
    put(&arena, Served::File(TREE.certified(&params)));
    for _ in 0..10 {
        let delivery = arena.delivery();
        arena.refuse(delivery).await;
        arena.pass(6);
    }
    assert_eq!(fetches(&arena), 1);
    arena.pass(1);
    let delivery = arena.delivery();
    arena.refuse(delivery).await;
    assert_eq!(fetches(&arena), 2);
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_once_a_minute() {
    let mut arena = arena().await;
    put(&arena, Served::Answer(404, Vec::new(), Vec::new()));
    for (passed, fetched) in [(0, 1), (30, 1), (29, 1), (1, 2)] {
        arena.pass(passed);
        let delivery = arena.delivery();
        arena.refuse(delivery).await;
        assert_eq!(fetches(&arena), fetched, "{passed}");
    }
    put(&arena, Served::File(TREE.leaf.clone()));
    arena.pass(MINUTE);
    arena.believe().await;
}

#[tokio::test]
async fn a_store_that_is_away_is_asked_again_soon_and_the_event_is_to_come_again() {
    let mut arena = arena().await;
    put(&arena, Served::Answer(503, Vec::new(), Vec::new()));
    for (passed, fetched) in [(0, 1), (4, 1), (1, 2)] {
        arena.pass(passed);
        let outcome = arena.verify(&arena.delivery()).await;
        assert!(matches!(outcome, Err(Refusal::Transient { .. })), "{outcome:?}");
        assert_eq!(fetches(&arena), fetched, "{passed}");
    }
    put(&arena, Served::File(TREE.leaf.clone()));
    arena.pass(5);
    arena.believe().await;
}

#[tokio::test]
async fn while_the_store_is_away_the_old_certificate_does() {
    let mut arena = arena().await;
    arena.believe().await;
    put(&arena, Served::Answer(500, Vec::new(), Vec::new()));
    for passed in [DAY, DAY, 30 * DAY] {
        arena.pass(passed);
        arena.believe().await;
    }
    assert!(fetches(&arena) >= 3, "it is asked for all the same");
    arena.pass(500 * DAY);
    let delivery = arena.delivery();
    arena.refuse(delivery).await;
}

#[tokio::test]
async fn a_renewed_certificate_is_found_by_the_first_event_of_its_key() {
    let mut arena = arena().await;
    arena.believe().await;
    arena.pass(61);
    change_key(&arena);
    assert!(arena.verify(&by_the_new_key(&arena)).await.is_ok());
    assert!(arena.verify(&by_the_new_key(&arena)).await.is_ok());
    assert_eq!(fetches(&arena), 2);
    // An event of the old key, late.
    let late = arena.delivery();
    arena.refuse(late).await;
}

#[tokio::test]
async fn wrong_signatures_make_us_look_once_a_minute() {
    let mut arena = arena().await;
    for (passed, fetched) in [(0, 1), (10, 1), (49, 1), (1, 2), (59, 2), (1, 3)] {
        arena.pass(passed);
        for number in 0..20 {
            let forgery = arena.delivery().body(format!("{BODY}{number}"));
            arena.refuse(forgery).await;
        }
        assert_eq!(fetches(&arena), fetched, "{passed}");
    }
    arena.believe().await;
}

#[tokio::test]
async fn looking_again_takes_nothing_away() {
    let mut arena = arena().await;
    arena.believe().await;
    for served in [
        Served::Answer(404, Vec::new(), Vec::new()),
        Served::Answer(503, Vec::new(), Vec::new()),
        Served::File(b"x".to_vec()),
    ] {
        put(&arena, served);
        arena.pass(61);
        let forgery = arena.delivery().body("{}");
        arena.refuse(forgery).await;
        arena.believe().await;
    }
    assert_eq!(fetches(&arena), 4);
}

#[tokio::test]
async fn forgeries_do_not_make_us_a_cannon() {
    let mut arena = arena().await;
    for minute in 1..=3 {
        for number in 0..200 {
            let address = format!("{}no-{minute}-{number}.cer", arena.store.folder());
            let forgery = arena.delivery().certificate_at(address);
            arena.keep_out(forgery).await;
        }
        assert_eq!(arena.store.asked().len(), minute * 11 - 1, "ten a minute, and the true one");
        // The signer's own certificate is not among those that are counted.
        arena.believe().await;
        if minute == 1 {
            assert_eq!(arena.store.asked().len(), 11);
        }
        put(&arena, Served::File(TREE.leaf.clone()));
        arena.pass(DAY);
    }
    assert_eq!(fetches(&arena), 3);
}

#[tokio::test]
async fn odd_addresses_in_a_slow_store_keep_no_true_event_waiting() {
    let arena = Arc::new(arena().await);
    let never = arena.store.publish(Served::Never);
    let slow = {
        let arena = arena.clone();
        let delivery = arena.delivery().certificate_at(&never);
        tokio::spawn(async move { arena.verify(&delivery).await })
    };
    while arena.store.count(&never) == 0 {
        tokio::task::yield_now().await;
    }
    arena.believe().await;
    assert!(!slow.is_finished());
    slow.abort();
}
