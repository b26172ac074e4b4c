//! A flag that only rises: `visible`. Never lowered, and raised in Partner Center by nothing but an edit in the CRM.

use sync_core::{BySide, Code, Direction, Held, Owner, Rule, Side, Verdict, WriteMode, merge, reading};

use crate::deal::Deal;
use crate::domain::{HELD, OWNERS, base, both, field, fields, is, policy, refs, rule};

const BASES: [&str; 4] = [".", "-", "false", "true"];
const SEEN: [&str; 4] = ["?", "-", "false", "true"];

fn visible(owner: Owner) -> Rule {
    rule(&["f"], Direction::Rise, owner, true)
}

/// Every base and every present value of both sides.
fn every_case(mut check: impl FnMut(BySide<&'static str>, BySide<&'static str>, Owner)) {
    for number in 0..BASES.len().pow(2) * SEEN.len().pow(2) {
        let digit = |place: u32| number / 4_usize.pow(place) % 4;
        for owner in OWNERS {
            check(both(BASES[digit(0)], BASES[digit(1)]), both(SEEN[digit(2)], SEEN[digit(3)]), owner);
        }
    }
}

fn deal(bases: BySide<&'static str>, seen: BySide<&'static str>, owner: Owner) -> Deal {
    let based = BySide::from_fn(|side| base(&[("f", bases[side])]));
    let seen = BySide::from_fn(|side| fields(&[("f", seen[side])]));
    Deal::new(policy(vec![visible(owner)], WriteMode::Both), based, seen)
}

/// Nothing that was Yes is ever No by us, and Partner Center becomes Yes only where a seller turned No into Yes.
#[test]
fn a_flag_is_never_lowered_and_raised_only_by_a_sellers_act() {
    every_case(|bases, seen, owner| {
        let mut deal = deal(bases, seen, owner);
        deal.run();
        for side in Side::ALL {
            let after = reading(deal.held(side), &field("f")).clone();
            assert!(seen[side] != "true" || after == is("true"), "{side:?} {bases:?} {seen:?}");
            let raised = seen[side] != "true" && after == is("true");
            let act = seen.crm == "true" && ["-", "false"].contains(&bases.crm);
            assert!(!raised || side == Side::Crm || act, "{bases:?} {seen:?}");
            assert!(after == is(seen[side]) || after == is("true"), "{bases:?} {seen:?}");
        }
        assert_eq!(deal.run(), 0, "{bases:?} {seen:?}");
    });
}

/// Who lowers it in the CRM gets it back, and is told once.
#[test]
fn a_lowered_flag_is_set_back() {
    for lowered in ["-", "false"] {
        let mut deal = deal(both("true", "true"), both("true", lowered), Owner::Side(Side::Crm));
        assert_eq!(deal.run(), 1);
        assert_eq!(deal.held(Side::Crm), &fields(&[("f", "true")]));
        let codes: Vec<Code> = deal.notes.iter().map(|note| note.code).collect();
        assert_eq!(codes, [Code::OneWay]);
        assert!(deal.link.audit_due);
    }
}

/// What somebody shared in Partner Center shows in the CRM, and is no reason to tell anybody off.
#[test]
fn a_flag_that_rose_in_partner_center_rises_in_the_crm() {
    let mut deal = deal(both("false", "false"), both("true", "false"), Owner::Side(Side::Crm));
    assert_eq!(deal.run(), 1);
    assert_eq!((deal.held(Side::Crm), deal.notes.len()), (&fields(&[("f", "true")]), 0));
}

/// What holds a side holds a flag too, and what is unknown is waited for.
#[test]
fn a_flag_waits_like_any_other_field() {
    every_case(|bases, seen, owner| {
        let based = BySide::from_fn(|side| base(&[("f", bases[side])]));
        let present = BySide::from_fn(|side| fields(&[("f", seen[side])]));
        for held in HELD.iter().flat_map(|one| HELD.iter().map(move |two| both(*one, *two))) {
            let verdict = merge(&visible(owner), &based, refs(&present), &held);
            let free = merge(&visible(owner), &based, refs(&present), &both(None::<Held>, None));
            assert_eq!(verdict == Verdict::Wait, seen.partner_center == "?" || seen.crm == "?");
            let expected = match free {
                Verdict::Write { to, .. } => match held[to] {
                    Some(why) => Verdict::Held { to, why },
                    None => free,
                },
                other => other,
            };
            assert_eq!(verdict, expected, "{bases:?} {seen:?} {held:?}");
        }
    });
}
