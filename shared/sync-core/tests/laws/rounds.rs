//! What is true of whole rounds: read, decide, write, fold, until nothing is left to do.

use sync_core::{BySide, Direction, Kind, Owner, Side, Step, WriteMode, reading};

use crate::deal::Deal;
use crate::domain::{DIRECTIONS, OWNERS, base, both, every_case, every_free_case, field, fields, is, policy, rule};

fn equal(deal: &Deal) -> bool {
    deal.held(Side::PartnerCenter) == deal.held(Side::Crm)
}

/// Every case comes to rest, and running again writes nothing: no echo.
#[test]
fn every_case_comes_to_rest_and_stays_there() {
    for case in every_case() {
        let mut deal = Deal::of(&case);
        assert!(deal.run() <= 1, "{case:?}");
        let mut after = deal.clone();
        assert_eq!(deal.run(), 0, "{case:?}");
        // That a problem was looked at once more is all that may change.
        if let Some(problem) = &mut after.link.problem {
            problem.looks += 1;
        }
        assert_eq!((deal.link, deal.history), (after.link, after.history), "{case:?}");
    }
}

/// Where both sides are known, have bases, and may be written, they end equal; only `ask`, a move that cannot travel,
/// and two old spellings of the same stay apart.
#[test]
fn two_way_fields_converge() {
    for case in every_free_case() {
        let travels = case.direction == Direction::Both && case.clearable;
        let decided = case.owner != Owner::Ask || !(case.moved(Side::PartnerCenter) && case.moved(Side::Crm));
        let moved = case.moved(Side::PartnerCenter) || case.moved(Side::Crm);
        if travels && decided && moved && case.all_known() && case.has_bases() {
            let mut deal = Deal::of(&case);
            deal.run();
            assert!(equal(&deal), "{case:?}");
        }
    }
}

/// An edit is on its side at the end, or history keeps it; and a lone one is on its side.
#[test]
fn no_edit_is_lost() {
    for case in every_case().filter(|case| case.all_known() && case.has_bases()) {
        let mut deal = Deal::of(&case);
        deal.run();
        for side in Side::ALL.into_iter().filter(|side| case.moved(*side)) {
            let edit = is(case.seen[side]);
            let stays = *reading(deal.held(side), &field("f")) == edit;
            let kept = deal.history.iter().any(|entry| {
                entry.side == side
                    && entry.from == edit
                    && entry.kind == Kind::Conflict
                    && entry.winner_and_loser.is_some()
            });
            assert!(stays || kept, "{side:?} {case:?}");
            assert!(stays || case.moved(side.other()), "a lone edit gave way: {case:?}");
        }
    }
}

/// A side that could not be read, and a pair without bases, are never written.
#[test]
fn unknown_and_unbased_are_never_written() {
    for case in every_case().filter(|case| !case.all_known() || !case.has_bases()) {
        assert_eq!(Deal::of(&case).run(), 0, "{case:?}");
    }
}

/// A pair that was found, not made, differs until somebody edits it; then the edit travels.
#[test]
fn an_adopted_pair_waits_for_an_edit() {
    for side in Side::ALL {
        let rules = vec![rule(&["f"], Direction::Both, Owner::Side(side), true)];
        let unbased = BySide::from_fn(|_| base(&[]));
        let seen = both(fields(&[("f", "a")]), fields(&[("f", "b")]));
        let mut deal = Deal::new(policy(rules, WriteMode::Both), unbased, seen);
        assert_eq!(deal.run(), 0);
        let rules: Vec<&str> = deal.history.iter().map(|entry| entry.rule).collect();
        assert_eq!(rules, ["differs-since-adoption"]);
        deal.edit(side, fields(&[("f", "c")]));
        assert_eq!(deal.run(), 1);
        assert_eq!(deal.held(side.other()), &fields(&[("f", "c")]));
    }
}

/// Two fields edited on different sides both survive, the CRM being written first.
#[test]
fn edits_of_two_fields_on_two_sides_both_survive() {
    for owners in OWNERS.iter().flat_map(|one| OWNERS.iter().map(move |two| (*one, *two))) {
        let both_ways = |id, owner| rule(&[id], Direction::Both, owner, true);
        let rules = vec![both_ways("one", owners.0), both_ways("two", owners.1)];
        let same = || base(&[("one", "a"), ("two", "a")]);
        let seen = both(fields(&[("one", "b"), ("two", "a")]), fields(&[("one", "a"), ("two", "c")]));
        let mut deal = Deal::new(policy(rules, WriteMode::Both), both(same(), same()), seen);
        assert!(matches!(deal.clone().decide(), Step::Update { side: Side::Crm, .. }));
        assert_eq!(deal.run(), 2);
        assert!(equal(&deal));
        assert_eq!(deal.held(Side::Crm), &fields(&[("one", "b"), ("two", "c")]));
    }
}

/// A group ends on both sides as one side held it, never as a mixture.
#[test]
fn a_group_is_never_torn() {
    const TEXTS: [&str; 3] = ["-", "a", "b"];
    let states = || TEXTS.iter().flat_map(|one| TEXTS.iter().map(move |two| fields(&[("one", one), ("two", two)])));
    for direction in DIRECTIONS {
        for owner in OWNERS {
            for (partner_center, crm) in states().flat_map(|left| states().map(move |right| (left.clone(), right))) {
                let rules = vec![rule(&["one", "two"], direction, owner, true)];
                let same = || base(&[("one", "a"), ("two", "a")]);
                let seen = both(partner_center.clone(), crm.clone());
                let mut deal = Deal::new(policy(rules, WriteMode::Both), both(same(), same()), seen);
                assert!(deal.run() <= 1);
                for side in Side::ALL {
                    let held = deal.held(side);
                    assert!(
                        *held == partner_center || *held == crm,
                        "{direction:?} {owner:?} {partner_center:?} {crm:?}"
                    );
                }
                assert_eq!(deal.run(), 0);
            }
        }
    }
}
