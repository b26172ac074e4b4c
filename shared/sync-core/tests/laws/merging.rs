//! What is true of the merge rule in every case.

use sync_core::{BySide, Direction, Held, Owner, Side, Verdict, merge};

use crate::domain::{Case, HELD, both, every_free_case, refs};

/// Every case with every reason to hold a side's writes.
fn every_held_case(mut check: impl FnMut(&Case, BySide<Option<Held>>, Verdict)) {
    for case in every_free_case() {
        let (rule, bases, seen) = (case.rule(), case.bases(), case.seen());
        for held in HELD.iter().flat_map(|partner_center| HELD.iter().map(|crm| both(*partner_center, *crm))) {
            check(&case, held, merge(&rule, &bases, refs(&seen), &held));
        }
    }
}

fn swap<T: Copy>(pair: &BySide<T>) -> BySide<T> {
    both(pair.crm, pair.partner_center)
}

fn mirror_verdict(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Write { to, conflict } => Verdict::Write { to: to.other(), conflict },
        Verdict::Held { to, why } => Verdict::Held { to: to.other(), why },
        unmoved => unmoved,
    }
}

/// Where both sides can be emptied, swapping the sides and the owner mirrors the verdict: no side is special.
#[test]
fn swapped_sides_mirror_the_verdict() {
    every_held_case(|case, held, verdict| {
        if !case.clearable {
            return;
        }
        let direction = match case.direction {
            Direction::ToCrm => Direction::ToPartnerCenter,
            Direction::ToPartnerCenter => Direction::ToCrm,
            same => same,
        };
        let owner = match case.owner {
            Owner::Side(side) => Owner::Side(side.other()),
            Owner::Ask => Owner::Ask,
        };
        let swapped = Case { base: swap(&case.base), seen: swap(&case.seen), direction, owner, ..case.clone() };
        let mirrored = merge(&swapped.rule(), &swapped.bases(), refs(&swapped.seen()), &swap(&held));
        assert_eq!(mirrored, mirror_verdict(verdict), "{case:?} {held:?}");
    });
}

/// An unknown side is waited for, whatever else is known; nothing else is.
#[test]
fn unknown_waits_and_only_unknown_waits() {
    every_held_case(|case, held, verdict| {
        assert_eq!(verdict == Verdict::Wait, !case.all_known(), "{case:?} {held:?}");
    });
}

/// A write goes where the direction allows and nothing holds it, away from a side that moved; and it is a conflict
/// exactly when its target moved too.
#[test]
fn a_write_is_allowed_and_has_a_reason() {
    every_held_case(|case, held, verdict| {
        let Verdict::Write { to, conflict } = verdict else { return };
        assert!(case.direction.allows(to) && held[to].is_none(), "{case:?} {held:?}");
        assert!(case.all_known() && case.has_bases() && case.moved(to.other()), "{case:?} {held:?}");
        assert!(case.seen.partner_center != case.seen.crm, "{case:?} {held:?}");
        assert_eq!(conflict, case.moved(to), "{case:?} {held:?}");
        assert!(!conflict || case.owner != Owner::Ask, "{case:?} {held:?}");
        let emptied = case.seen[to.other()] == "-" && to == Side::PartnerCenter;
        assert!(case.clearable || !emptied, "{case:?} {held:?}");
    });
}

/// What is held would be written, were it not held, unless its side steps in for one that may not be written at all.
#[test]
fn what_is_held_would_be_written() {
    every_held_case(|case, held, verdict| {
        let Verdict::Held { to, why } = verdict else { return };
        assert_eq!(held[to], Some(why), "{case:?}");
        let free = merge(&case.rule(), &case.bases(), refs(&case.seen()), &both(None, None));
        let Verdict::Write { to: freely, .. } = free else { panic!("held for nothing: {case:?} {held:?} {free:?}") };
        assert!(freely == to || held[freely] == Some(Held::WriteOff), "{case:?} {held:?} {free:?}");
    });
}

/// Reasons to hold writes never cause one to a side that would not have been written, but where `write` forbids the
/// owner's.
#[test]
fn holding_a_side_changes_the_winner_only_when_writing_is_off() {
    every_held_case(|case, held, verdict| {
        let free = merge(&case.rule(), &case.bases(), refs(&case.seen()), &both(None, None));
        if let (Verdict::Write { to, conflict: true }, Verdict::Write { to: freely, .. }) = (verdict, free) {
            assert!(to == freely || held[freely] == Some(Held::WriteOff), "{case:?} {held:?}");
        } else if matches!(verdict, Verdict::Write { .. }) {
            assert_eq!(verdict, free, "{case:?} {held:?}");
        }
    });
}
