//! What is true of a round that is cut in the middle: by a crash, a lost answer, or somebody who types meanwhile.

use sync_core::{Answer, BySide, Direction, Outcome, Side, Step, fold};

use crate::deal::{Deal, NOW};
use crate::domain::{both, every_case, every_free_case, fields};

/// A crash between the write and the save ends in the same place: the intent is recovered, nothing is written twice.
#[test]
fn a_crash_between_write_and_save_ends_in_the_same_place() {
    for case in every_case() {
        let mut undisturbed = Deal::of(&case);
        undisturbed.run();
        let mut deal = Deal::of(&case);
        let step = deal.decide();
        if matches!(step, Step::Update { .. }) {
            let saved = deal.link.clone();
            deal.carry_out(&step);
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

fn one(side: Side, text: &'static str) -> BySide<&'static str> {
    BySide::from_fn(|at| if at == side { text } else { "a" })
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
            let step = deal.decide();
            assert!(matches!(step, Step::Update { side, .. } if side == to));
            let answer = deal.carry_out(&step);
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

/// A field that the answer of a write leaves out keeps the value sent.
#[test]
fn an_answer_without_fields_means_what_was_sent() {
    for case in every_free_case() {
        let mut deal = Deal::of(&case);
        let step = deal.decide();
        if matches!(step, Step::Update { .. }) {
            deal.carry_out(&step);
            fold(&mut deal.link, Outcome::Done(Answer::default()), NOW);
            assert_eq!(deal.run(), 0, "{case:?}");
        }
    }
}
