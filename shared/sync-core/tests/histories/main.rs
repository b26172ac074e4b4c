//! Attacks the core with whole histories of one link.
//!
//! The real `decide`, `begin`, `fold` and `recover` run in three workers ([`worker`]) that come between each other at
//! every step, against two vendors and a network that loses, delays and repeats ([`world`], [`vendor`]), a store with
//! compare-and-set ([`store`]) and people who type on both sides ([`people`]). [`history`] plays one seed; [`ledger`]
//! is the oracle: no edit is lost, no older edit wins, nothing is made twice, and when the storm is over both sides are
//! equal and stay silent. [`guards`] can be taken away, and then the oracle must object.
//!
//! A failure prints its seed. `COSELL_SEED=17 cargo test -p sync-core --test histories` plays that seed alone and
//! prints everything that happened in it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod beginning;
mod coverage;
mod guards;
mod history;
mod ledger;
mod mapping;
mod naming;
mod network;
mod people;
mod random;
mod rest;
mod store;
mod vendor;
mod worker;
mod world;

use std::thread;

use crate::coverage::Coverage;
use crate::guards::Guards;
use crate::history::play;

/// How many histories the main test plays.
const HISTORIES: u64 = 100_000;

/// Every fault and every branch happens at least this often.
const COVERED_AT_LEAST: u64 = 300;
const COVERED: &[&str] = &[
    "adopted",
    "answer lost",
    "answer without fields",
    "closed",
    "conflict",
    "crash after the effect",
    "crash before the effect",
    "crash elsewhere",
    "field unreadable",
    "half found before create",
    "hint doubled",
    "hint late",
    "hint lost",
    "inbound",
    "inbound, rival",
    "late request landed",
    "late request refused",
    "linked",
    "nothing to save",
    "outbound",
    "outbound, rival",
    "precondition failed",
    "race lost",
    "read failed",
    "read said 404",
    "recovery: again",
    "recovery: duplicates",
    "recovery: foreign",
    "recovery: happened",
    "recovery: not done",
    "recovery: the present value wins",
    "recovery: wait",
    "refused",
    "request doubled",
    "request late",
    "request lost",
    "side assumed",
    "step: block",
    "step: create",
    "step: missing",
    "step: pause",
    "step: rest",
    "step: update",
    "step: wait",
    "tell",
    "throttled",
    "too late to send",
    "typed: final",
    "typed: followed by a later edit of the other side",
    "typed: kept as the loser",
    "typed: superseded on its side",
    "verdict: adopt",
    "verdict: ask",
    "verdict: first sight",
    "verdict: held",
    "verdict: observe",
    "verdict: rest",
    "verdict: wait",
    "verdict: write",
    "verdict: write, conflict",
    "winner goes round for a loser",
    "woken by a dirty mark",
    "worker frozen",
];

/// Plays a range of seeds; the first that fails stops it.
fn play_all(seeds: std::ops::Range<u64>) -> Coverage {
    let mut coverage = Coverage::default();
    for seed in seeds {
        let played = play(seed, Guards::ALL, false);
        if let Some(violation) = played.violation {
            let reproduce = format!("COSELL_SEED={seed} cargo test -p sync-core --test histories");
            let steps = play(seed, Guards::ALL, true).trace.unwrap_or_default();
            panic!("{steps}\nseed {seed}: {violation}\nreproduce: {reproduce}");
        }
        coverage.merge(&played.coverage);
    }
    coverage
}

/// Whatever happens to one link: no edit is lost, nothing is made twice, and it comes to rest with both sides equal.
#[test]
fn every_history_comes_to_rest_and_loses_nothing() {
    if let Ok(seed) = std::env::var("COSELL_SEED") {
        let played = play(seed.parse().unwrap(), Guards::ALL, true);
        assert_eq!(played.violation, None, "\n{}", played.trace.unwrap_or_default());
        return;
    }
    let half = HISTORIES / 2;
    let second = thread::spawn(move || play_all(half..HISTORIES));
    let mut coverage = play_all(0..half);
    coverage.merge(&second.join().unwrap());
    println!("{coverage:#?}");
    assert_eq!(coverage.of("history"), HISTORIES);
    let rare: Vec<_> = COVERED.iter().filter(|what| coverage.of(what) < COVERED_AT_LEAST).collect();
    assert!(rare.is_empty(), "hardly ever happened: {rare:?}");
}

/// The same seed gives the same history.
#[test]
fn a_seed_gives_the_same_history_again() {
    for seed in 0..200 {
        let (once, again) = (play(seed, Guards::ALL, true), play(seed, Guards::ALL, true));
        assert_eq!(once.trace, again.trace, "seed {seed}");
        assert_eq!(once.coverage, again.coverage, "seed {seed}");
    }
}
