//! What is true where a write may not happen, or not yet: held, one-way, paused, detached, mapped anew.

use sync_core::{BySide, Code, Direction, Fields, Held, Kind, Owner, Phase, Side, State, Verdict, WriteMode};

use crate::deal::Deal;
use crate::domain::{Case, both, every_case, every_free_case, field, fields, is};

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

/// What the settings forbid to write is told, and is over when there is nothing left to write.
#[test]
fn a_write_that_the_settings_forbid_is_a_problem_while_it_lasts() {
    for case in every_case().filter(|case| case.owner != Owner::Ask && case.phase == both(Phase::Open, Phase::Open)) {
        let mut deal = Deal::of(&case);
        deal.run();
        let forbidden = |verdict: &Verdict| matches!(verdict, Verdict::Held { why: Held::WriteOff, .. });
        let decision = sync_core::decide(&deal.link, &deal.sights(), &deal.policy);
        let is_held = decision.groups.iter().any(|group| forbidden(&group.verdict));
        let code = deal.link.problem.as_ref().map(|problem| problem.blocker.code);
        assert_eq!(code, is_held.then_some(Code::WriteOff), "{case:?}");
        deal.policy.write = WriteMode::Both;
        deal.run();
        assert_eq!(deal.link.problem, None, "{case:?}");
    }
}

/// A closed side is not patched: what comes later is kept in history, each value once, and written when it is reopened.
#[test]
fn what_comes_after_the_end_is_kept_once() {
    let is_plain = |case: &Case| case.direction == Direction::Both && case.clearable && case.owner != Owner::Ask;
    for case in every_free_case().filter(|case| is_plain(case) && case.has_bases() && case.all_known()) {
        for closed in Side::ALL {
            let mut deal = Deal::of(&case);
            deal.run();
            deal.servers[closed].phase = Phase::Closed;
            deal.history.clear();
            for text in ["late", "later"] {
                deal.edit(closed.other(), fields(&[("f", text)]));
                assert_eq!((deal.run(), deal.run()), (0, 0), "{case:?}");
            }
            let kept: Vec<_> = deal.history.iter().map(|entry| (entry.kind, entry.to.clone())).collect();
            assert_eq!(kept, [(Kind::Refused, is("late")), (Kind::Refused, is("later"))], "{case:?}");
            deal.servers[closed].phase = Phase::Open;
            assert_eq!(deal.run(), 1, "{case:?}");
            assert_eq!(deal.held(closed), &fields(&[("f", "later")]), "{case:?}");
            assert_eq!(deal.link.kept, Fields::new(), "{case:?}");
        }
    }
}
