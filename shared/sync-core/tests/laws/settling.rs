//! What is true of a pair at rest: no echo of what a server made of a value, and no read of what is known to be so.

use sync_core::{Direction, Owner, Side, WriteMode};

use crate::deal::Deal;
use crate::domain::{base, both, every_free_case, fields, policy, rule};

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
