//! The merge rule, one line per row of design section 4's table.

use sync_core::{BySide, Direction, Held, Owner, Side, Verdict, merge};

use crate::domain::{base, both, fields, refs, rule};

const CRM_WINS: Owner = Owner::Side(Side::Crm);
const PARTNER_CENTER_WINS: Owner = Owner::Side(Side::PartnerCenter);

fn to(side: Side, conflict: bool) -> Verdict {
    Verdict::Write { to: side, conflict }
}

/// Partner Center's base and present value, the CRM's base and present value.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str);

fn verdict((partner_base, partner, crm_base, crm): Row<'_>, direction: Direction, owner: Owner) -> Verdict {
    held_verdict((partner_base, partner, crm_base, crm), direction, owner, both(None, None))
}

fn held_verdict(
    (partner_base, partner, crm_base, crm): Row<'_>,
    direction: Direction,
    owner: Owner,
    held: BySide<Option<Held>>,
) -> Verdict {
    let bases = both(base(&[("f", partner_base)]), base(&[("f", crm_base)]));
    let seen = both(fields(&[("f", partner)]), fields(&[("f", crm)]));
    merge(&rule(&["f"], direction, owner, false), &bases, refs(&seen), &held)
}

#[test]
fn the_table_of_the_design() {
    use Direction::Both;
    use Verdict::{Adopt, Ask, FirstSight, Rest, Wait};
    let rows = [
        // unknown on any side: wait
        (("a", "?", "a", "b"), Wait),
        (("a", "b", "a", "?"), Wait),
        ((".", "?", ".", "?"), Wait),
        // a base is missing: equal: save bases; different: save each side's own value, write nothing
        ((".", "a", ".", "a"), Adopt),
        (("a", "a", ".", "a"), Adopt),
        ((".", "a", ".", "b"), FirstSight),
        (("a", "b", ".", "a"), FirstSight),
        ((".", "a", "a", "b"), FirstSight),
        // same, same: nothing; also where the sides spell it differently
        (("a", "a", "a", "a"), Rest),
        (("a", "a", "b", "b"), Rest),
        (("-", "-", "-", "-"), Rest),
        // moved, moved, equal now: adopt
        (("a", "b", "a", "b"), Adopt),
        (("a", "-", "b", "-"), Adopt),
        // moved, same: write crm; also an emptied field
        (("a", "b", "a", "a"), to(Side::Crm, false)),
        (("a", "-", "a", "a"), to(Side::Crm, false)),
        // same, moved: write partner center
        (("a", "a", "a", "b"), to(Side::PartnerCenter, false)),
        (("-", "-", "-", "b"), to(Side::PartnerCenter, false)),
        // moved, moved, differ: the owner wins
        (("a", "b", "a", "c"), to(Side::PartnerCenter, true)),
    ];
    for (row, expected) in rows {
        assert_eq!(verdict(row, Both, CRM_WINS), expected, "{row:?}");
    }
    assert_eq!(verdict(("a", "b", "a", "c"), Both, PARTNER_CENTER_WINS), to(Side::Crm, true));
    assert_eq!(verdict(("a", "b", "a", "c"), Both, Owner::Ask), Ask);
}

#[test]
fn what_may_not_travel_is_observed() {
    use Direction::{Both, Off, ToCrm, ToPartnerCenter};
    use Verdict::Observe;
    // design section 4.7: a direction that forbids
    assert_eq!(verdict(("a", "b", "a", "a"), ToPartnerCenter, CRM_WINS), Observe);
    assert_eq!(verdict(("a", "a", "a", "b"), ToCrm, CRM_WINS), Observe);
    assert_eq!(verdict(("a", "b", "a", "c"), Off, CRM_WINS), Observe);
    // the owner's value may not travel, the other's may
    assert_eq!(verdict(("a", "b", "a", "c"), ToCrm, CRM_WINS), to(Side::Crm, true));
    assert_eq!(verdict(("a", "b", "a", "c"), ToPartnerCenter, PARTNER_CENTER_WINS), to(Side::PartnerCenter, true));
    // Partner Center refuses an empty value (partner-center-api 5.2)
    assert_eq!(verdict(("a", "a", "a", "-"), Both, CRM_WINS), Observe);
    assert_eq!(verdict(("a", "b", "a", "-"), Both, CRM_WINS), to(Side::Crm, true));
}

#[test]
fn what_may_not_travel_yet_is_held() {
    use Direction::Both;
    let hold = |row, owner, partner_center, crm| held_verdict(row, Both, owner, both(partner_center, crm));
    let held = |to, why| Verdict::Held { to, why };
    for why in [Held::WriteOff, Held::Unanswered, Held::Closed] {
        let expected = held(Side::PartnerCenter, why);
        assert_eq!(hold(("a", "a", "a", "b"), CRM_WINS, Some(why), None), expected);
        assert_eq!(hold(("a", "b", "a", "a"), CRM_WINS, Some(why), None), to(Side::Crm, false));
    }
    // design section 4.7: under `crm` a moved/moved field takes Partner Center's value
    assert_eq!(hold(("a", "b", "a", "c"), CRM_WINS, Some(Held::WriteOff), None), to(Side::Crm, true));
    // but the end of a deal, or a referral nobody has accepted, does not change who wins
    let closed = hold(("a", "b", "a", "c"), CRM_WINS, Some(Held::Closed), None);
    assert_eq!(closed, held(Side::PartnerCenter, Held::Closed));
    let unanswered = hold(("a", "b", "a", "c"), CRM_WINS, Some(Held::Unanswered), None);
    assert_eq!(unanswered, held(Side::PartnerCenter, Held::Unanswered));
    // a shadow run writes nothing
    let shadow = hold(("a", "b", "a", "c"), CRM_WINS, Some(Held::WriteOff), Some(Held::WriteOff));
    assert_eq!(shadow, held(Side::PartnerCenter, Held::WriteOff));
}

#[test]
fn a_group_is_one_value() {
    let money = rule(&["value", "currency"], Direction::Both, CRM_WINS, true);
    let read = |value, currency| fields(&[("value", value), ("currency", currency)]);
    let bases = both(base(&[("value", "1"), ("currency", "EUR")]), base(&[("value", "1"), ("currency", "EUR")]));
    let verdict = |partner_center, crm| merge(&money, &bases, refs(&both(partner_center, crm)), &both(None, None));
    // a value on one side and a currency on the other are one conflict, not two edits
    assert_eq!(verdict(read("2", "EUR"), read("1", "USD")), to(Side::PartnerCenter, true));
    assert_eq!(verdict(read("2", "EUR"), read("1", "EUR")), to(Side::Crm, false));
    // an unreadable currency makes the value wait
    assert_eq!(verdict(read("2", "?"), read("1", "EUR")), Verdict::Wait);
    assert_eq!(verdict(read("2", "EUR"), fields(&[("value", "1")])), Verdict::Wait);
}

#[test]
fn a_base_of_another_mapping_row_is_no_base() {
    let mut changed = rule(&["f"], Direction::Both, CRM_WINS, true);
    changed.fields[0].digest = sync_core::Digest::new("another row");
    let bases = both(base(&[("f", "a")]), base(&[("f", "a")]));
    let seen = |partner_center, crm| both(fields(&[("f", partner_center)]), fields(&[("f", crm)]));
    assert_eq!(merge(&changed, &bases, refs(&seen("b", "a")), &both(None, None)), Verdict::FirstSight);
    assert_eq!(merge(&changed, &bases, refs(&seen("a", "a")), &both(None, None)), Verdict::Adopt);
}
