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

mod coverage;
mod guards;
mod history;
mod ledger;
mod mapping;
mod people;
mod random;
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
/// Without a guard a violation is found within so many histories.
const HISTORIES_WITHOUT_A_GUARD: u64 = 40_000;

/// Every fault and every branch happens at least this often.
const COVERED_AT_LEAST: u64 = 300;
const COVERED: &[&str] = &[
    "adopted",
    "answer lost",
    "answer without fields",
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
            panic!("seed {seed}: {violation}\nreproduce: {reproduce}");
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

/// The violation that the oracle finds first without a guard.
fn first_violation(guards: Guards) {
    let found = (0..HISTORIES_WITHOUT_A_GUARD)
        .find_map(|seed| play(seed, guards, false).violation.map(|violation| (seed, violation)));
    println!("{found:?}");
    assert!(found.is_some(), "nothing went wrong without the guard: {guards:?}");
}

/// Somebody else's edit between our read and our write is overwritten unseen.
#[test]
fn without_if_match_the_oracle_objects() {
    first_violation(Guards { if_match: false, ..Guards::ALL });
}

/// Two workers write over each other's memory.
#[test]
fn without_the_revision_check_the_oracle_objects() {
    first_violation(Guards { revision_check: false, ..Guards::ALL });
}

/// A crash forgets what was written, and why.
#[test]
fn without_an_intent_before_the_effect_the_oracle_objects() {
    first_violation(Guards { intent_before_effect: false, ..Guards::ALL });
}

/// A request lands after it was given up.
#[test]
fn without_the_wait_the_oracle_objects() {
    first_violation(Guards { quiesce_wait: false, ..Guards::ALL });
}

/// A worker that was frozen sends what another has sent in its stead.
#[test]
fn without_the_send_window_the_oracle_objects() {
    first_violation(Guards { send_window: false, ..Guards::ALL });
}

/// An empty search that is judged later looks like proof.
#[test]
fn without_the_age_of_evidence_the_oracle_objects() {
    first_violation(Guards { evidence_ages: false, ..Guards::ALL });
}

/// The CRM cannot say that it was us.
#[test]
fn without_the_stamp_the_oracle_objects() {
    first_violation(Guards { stamp: false, ..Guards::ALL });
}

/// What a side trims looks like an edit for ever.
#[test]
fn with_one_base_for_both_sides_the_oracle_objects() {
    first_violation(Guards { per_side_base: false, ..Guards::ALL });
}

/// A create that landed late has a twin.
#[test]
fn without_the_unique_key_the_oracle_objects() {
    first_violation(Guards { unique_key: false, ..Guards::ALL });
}
