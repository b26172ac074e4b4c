//! What is true of whole rounds: read, decide, write, fold, until nothing is left to do.

use sync_core::{Answer, BySide, Direction, Kind, Outcome, Owner, Phase, Side, State, Step, WriteMode, fold, reading};

use crate::deal::{Deal, NOW};
use crate::domain::{
    Case, DIRECTIONS, OWNERS, base, both, every_case, every_free_case, field, fields, is, policy, rule,
};

fn equal(deal: &Deal) -> bool {
    deal.held(Side::PartnerCenter) == deal.held(Side::Crm)
}

fn one(side: Side, text: &'static str) -> BySide<&'static str> {
    BySide::from_fn(|at| if at == side { text } else { "a" })
}

/// Every case comes to rest, and running again writes nothing: no echo.
#[test]
fn every_case_comes_to_rest_and_stays_there() {
    for case in every_case() {
        let mut deal = Deal::of(&case);
        assert!(deal.run() <= 1, "{case:?}");
        let after = deal.clone();
        assert_eq!(deal.run(), 0, "{case:?}");
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

/// A crash between the write and the save ends in the same place: the intent is recovered, nothing is written twice.
#[test]
fn a_crash_between_write_and_save_ends_in_the_same_place() {
    for case in every_case() {
        let mut undisturbed = Deal::of(&case);
        undisturbed.run();
        let mut deal = Deal::of(&case);
        if matches!(deal.decide(), Step::Update { .. }) {
            let saved = deal.link.clone();
            deal.carry_out();
            deal.link = saved;
            deal.recover();
            assert_eq!(deal.run(), 0, "{case:?}");
            assert_eq!((deal.servers, deal.link.base), (undisturbed.servers, undisturbed.link.base), "{case:?}");
        }
    }
}

/// A crash between the save and the write ends in the same place too: the write is decided anew.
#[test]
fn a_crash_between_save_and_write_ends_in_the_same_place() {
    for case in every_case() {
        let mut undisturbed = Deal::of(&case);
        undisturbed.run();
        let mut deal = Deal::of(&case);
        if matches!(deal.decide(), Step::Update { .. }) {
            deal.recover();
            assert!(deal.link.intent.is_none(), "{case:?}");
            assert_eq!(deal.run(), 1, "{case:?}");
            let ends = |deal: &Deal| BySide::from_fn(|side| deal.held(side).clone());
            assert_eq!((ends(&deal), &deal.link.base), (ends(&undisturbed), &undisturbed.link.base), "{case:?}");
        }
    }
}

/// An edit of the source between the read and the answer still travels: the base is what was sent, not what is there now.
#[test]
fn an_edit_made_during_a_write_still_travels() {
    for to in Side::ALL {
        for answer_lost in [false, true] {
            let seen = one(to.other(), "b");
            let case = every_free_case().find(|case| {
                let is_plain = case.direction == Direction::Both && case.base == both("a", "a");
                is_plain && case.seen == seen
            });
            let mut deal = Deal::of(&case.unwrap());
            assert!(matches!(deal.decide(), Step::Update { side, .. } if side == to));
            let answer = deal.carry_out();
            deal.edit(to.other(), fields(&[("f", "c")]));
            match answer_lost {
                true => deal.recover(),
                false => fold(&mut deal.link, Outcome::Done(answer), NOW),
            }
            assert_eq!(deal.run(), 1);
            assert_eq!(deal.held(to), &fields(&[("f", "c")]));
        }
    }
}

/// A write that is held keeps its base, and travels when the reason is gone, with what was typed last.
#[test]
fn held_writes_travel_later() {
    for case in every_case().filter(|case| case.all_known() && case.has_bases() && case.owner != Owner::Ask) {
        let mut held = Deal::of(&case);
        held.run();
        held.policy.write = WriteMode::Both;
        for side in Side::ALL {
            held.servers[side].phase = Phase::Open;
        }
        held.run();
        let mut free =
            Deal::of(&Case { write: WriteMode::Both, phase: both(Phase::Open, Phase::Open), ..case.clone() });
        free.run();
        // Under `crm` Partner Center's value wins what it would otherwise lose; everything else ends the same.
        let both_moved = case.moved(Side::PartnerCenter) && case.moved(Side::Crm);
        if case.write == WriteMode::Both || !both_moved {
            let ends = |deal: &Deal| BySide::from_fn(|side| deal.held(side).clone());
            assert_eq!(ends(&held), ends(&free), "{case:?}");
        }
    }
}

/// A closed direction observes: nothing is written against it, and what was seen is the new base.
#[test]
fn a_closed_direction_observes() {
    for case in every_free_case().filter(|case| case.all_known() && case.has_bases()) {
        let closed: Vec<Side> = Side::ALL.into_iter().filter(|side| !case.direction.allows(*side)).collect();
        let mut deal = Deal::of(&case);
        deal.run();
        for side in closed {
            assert_eq!(deal.held(side), &case.seen()[side], "{case:?}");
            if case.owner != Owner::Ask {
                let seen = is(case.seen[side]);
                let base = deal.link.base[side].get(&field("f"), &deal.policy.rules[0].fields[0].digest);
                assert_eq!(base, Some(&seen), "{case:?}");
            }
        }
    }
}

/// A change of the mapping alone writes nothing; the next edit under the new mapping travels.
#[test]
fn a_mapping_change_alone_writes_nothing() {
    for case in every_free_case().filter(|case| case.all_known() && case.owner != Owner::Ask) {
        let mut deal = Deal::of(&case);
        deal.remap();
        assert_eq!(deal.run(), 0, "{case:?}");
        deal.edit(Side::Crm, fields(&[("f", "d")]));
        let travels = case.direction.allows(Side::PartnerCenter);
        assert_eq!(deal.run(), u32::from(travels), "{case:?}");
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

fn cut(text: &str) -> String {
    text.chars().take(1).collect()
}

fn round(text: &str) -> String {
    text.split('.').next().unwrap_or_default().to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
}

/// Whatever a server makes of what it is given, one edit is one write, and the edit itself is never touched.
#[test]
fn a_server_that_changes_values_causes_no_echo() {
    let same = str::to_owned as fn(&str) -> String;
    let manners: [fn(&str) -> String; 4] = [same, cut, round, escape];
    for keeps in manners.iter().flat_map(|left| manners.iter().map(move |right| both(*left, *right))) {
        for edited in Side::ALL {
            for text in ["xyz", "12.75", "you & me", "-"] {
                let rules = vec![rule(&["f"], Direction::Both, Owner::Side(Side::Crm), true)];
                let same = || base(&[("f", "a")]);
                let seen = || fields(&[("f", "a")]);
                let mut deal = Deal::new(policy(rules, WriteMode::Both), both(same(), same()), both(seen(), seen()));
                deal.keeps = keeps;
                deal.edit(edited, fields(&[("f", text)]));
                assert_eq!(deal.run(), 1, "{text}");
                assert_eq!(deal.run(), 0, "{text}");
                assert_eq!(deal.held(edited), &fields(&[("f", text)]));
                deal.edit(edited.other(), fields(&[("f", "next")]));
                assert_eq!(deal.run(), 1, "{text}");
                assert_eq!(deal.run(), 0, "{text}");
            }
        }
    }
}

/// A field that the answer of a write leaves out keeps the value sent.
#[test]
fn an_answer_without_fields_means_what_was_sent() {
    for case in every_free_case() {
        let mut deal = Deal::of(&case);
        if matches!(deal.decide(), Step::Update { .. }) {
            deal.carry_out();
            fold(&mut deal.link, Outcome::Done(Answer::default()), NOW);
            assert_eq!(deal.run(), 0, "{case:?}");
        }
    }
}

/// A side that is taken to be as it was leads to the same step as one that was read and is as it was.
#[test]
fn an_assumed_side_is_as_good_as_a_read_one() {
    for case in every_free_case() {
        let mut deal = Deal::of(&case);
        deal.run();
        for side in Side::ALL {
            if !deal.link.can_assume(side, &deal.policy.digest) {
                continue;
            }
            let mut edited = deal.clone();
            edited.edit(side.other(), fields(&[("f", "d")]));
            let read = edited.sights();
            let mut assumed = read.clone();
            assumed[side] = sync_core::Sight::Assumed;
            let decide = |sights| sync_core::decide(&edited.link, sights, &edited.policy);
            assert_eq!(decide(&read).step, decide(&assumed).step, "{case:?}");
        }
    }
}

/// After a rest every side that could be read whole may be assumed next time.
#[test]
fn a_rest_settles_both_sides() {
    for case in every_free_case().filter(|case| case.all_known() && case.owner != Owner::Ask) {
        let mut deal = Deal::of(&case);
        deal.run();
        for side in Side::ALL {
            assert!(deal.link.can_assume(side, &deal.policy.digest), "{side:?} {case:?}");
        }
    }
}

/// `No` pauses, whatever has moved; `Yes` resumes by merge.
#[test]
fn a_paused_link_writes_nothing_and_resumes_by_merge() {
    for case in every_free_case() {
        let mut deal = Deal::of(&case);
        let mut free = deal.clone();
        deal.servers.crm.shared = false;
        assert_eq!((deal.run(), deal.link.state), (0, State::Paused), "{case:?}");
        assert_eq!(deal.history, [], "{case:?}");
        deal.servers.crm.shared = true;
        deal.run();
        free.run();
        assert_eq!(deal.link.state, State::Active, "{case:?}");
        let ends = |deal: &Deal| BySide::from_fn(|side| deal.held(side).clone());
        assert_eq!(ends(&deal), ends(&free), "{case:?}");
    }
}

/// A detached link writes nothing, whatever is seen.
#[test]
fn a_detached_link_writes_nothing() {
    for case in every_free_case() {
        let mut deal = Deal::of(&case);
        deal.link.state = State::Detached;
        assert_eq!((deal.run(), deal.link.state), (0, State::Detached), "{case:?}");
    }
}
