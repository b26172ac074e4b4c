//! Who may report a change: two live keys, and ten thousand that are nearly one of them (reliability 7, G5b).

use std::collections::BTreeSet;

use dataverse::KeyRing;
use doors::{ChangesDoor, KEY_HEADER};
use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use serde_json::json;

use crate::hall::{Hall, headers, now, said};

const CURRENT: &str = "7f1d0c9b8a7e6d5c4b3a29180f1e2d3c7f1d0c9b8a7e6d5c4b3a29180f1e2d3c";
const PREVIOUS: &str = "Xq3~vB9!kL0^pR7&tY2*wE5(zA8)sD1_fG4+hJ6=cN";
const NEAR_MISSES_MIN: usize = 10_000;

fn door() -> ChangesDoor {
    ChangesDoor::new(KeyRing::new(&[CURRENT, PREVIOUS].map(SecretString::from)), "cosell")
}

fn body(operation: u32) -> Vec<u8> {
    let id = format!("00aa00aa-bb11-4c22-8d33-{operation:012}");
    json!({ "PrimaryEntityName": "opportunity", "MessageName": "Update", "PrimaryEntityId": id, "OperationId": id })
        .to_string()
        .into_bytes()
}

/// Every key one letter away, one letter shorter or longer, cut off, turned around, in another case, doubled or joined.
fn near_misses() -> BTreeSet<Vec<u8>> {
    let mut keys = BTreeSet::new();
    for key in [CURRENT, PREVIOUS] {
        let key = key.as_bytes();
        for place in 0..key.len() {
            for other in 0x20..=0x7e {
                keys.insert([&key[..place], &[other], &key[place + 1..]].concat());
                keys.insert([&key[..place], &[other], &key[place..]].concat());
            }
            keys.insert([&key[..place], &key[place + 1..]].concat());
            keys.insert(key[..place].to_vec());
            keys.insert(key[place..].to_vec());
            keys.insert([&key[place..], &key[..place]].concat());
        }
        keys.insert(key.to_ascii_uppercase());
        keys.insert(key.to_ascii_lowercase());
        keys.insert(key.repeat(2));
        keys.insert([key, b","].concat());
        keys.insert([b"Bearer ", key].concat());
        keys.insert([key, &[0x80]].concat());
        keys.insert(key.repeat(1_000));
    }
    for between in ["", ",", ", ", ";", " "] {
        keys.insert(format!("{CURRENT}{between}{PREVIOUS}").into_bytes());
        keys.insert(format!("{PREVIOUS}{between}{CURRENT}").into_bytes());
    }
    keys.extend(["null", "undefined", "*", "[]", "true"].map(|key| key.as_bytes().to_vec()));
    for key in [CURRENT, PREVIOUS] {
        keys.remove(key.as_bytes());
    }
    keys
}

#[tokio::test]
async fn no_near_miss_opens_and_both_live_keys_do() {
    let (door, hall) = (door(), Hall::new().await);
    let near_misses = near_misses();
    assert!(near_misses.len() >= NEAR_MISSES_MIN, "{}", near_misses.len());
    let body_of_all = body(1);
    for key in &near_misses {
        let mut headers = HeaderMap::new();
        headers.insert(KEY_HEADER, HeaderValue::from_bytes(key).unwrap());
        let answer = door.receive(&hall.queue, &headers, &body_of_all, now()).await;
        assert_eq!(answer.status, 401, "{}", String::from_utf8_lossy(key));
    }
    assert_eq!(hall.waiting().await, 0);
    for (number, key) in [(2, CURRENT), (3, PREVIOUS)] {
        let answer = door.receive(&hall.queue, &headers(&[(KEY_HEADER, key)]), &body(number), now()).await;
        assert_eq!(said(&answer), (200, "queued"));
    }
}

#[tokio::test]
async fn a_key_comes_once_and_in_its_own_header() {
    let (door, hall) = (door(), Hall::new().await);
    for wrong in [
        &[][..],
        &[(KEY_HEADER, "")],
        &[(KEY_HEADER, CURRENT), (KEY_HEADER, CURRENT)],
        &[(KEY_HEADER, CURRENT), (KEY_HEADER, PREVIOUS)],
        &[(KEY_HEADER, CURRENT), (KEY_HEADER, "x")],
        &[("authorization", CURRENT)],
        &[("x-cosell-keys", CURRENT)],
        &[("cookie", CURRENT)],
    ] {
        let answer = door.receive(&hall.queue, &headers(wrong), &body(1), now()).await;
        assert_eq!(said(&answer), (401, "the key is wrong or missing"), "{wrong:?}");
    }
    let upper_case = headers(&[("X-COSELL-KEY", CURRENT)]);
    assert_eq!(door.receive(&hall.queue, &upper_case, &body(1), now()).await.status, 200);
}

#[tokio::test]
async fn a_door_without_keys_stays_shut() {
    let hall = Hall::new().await;
    for ring in [KeyRing::new(&[]), KeyRing::new(&[SecretString::from("")])] {
        let door = ChangesDoor::new(ring, "cosell");
        for headers in [HeaderMap::new(), headers(&[(KEY_HEADER, "")])] {
            assert_eq!(door.receive(&hall.queue, &headers, &body(1), now()).await.status, 401);
        }
    }
}
