//! A set merges member by member: what one side adds and the other removes both travel, within what Partner Center takes.

use std::collections::BTreeSet;

use sync_core::{
    Base, BaseEntry, BySide, Code, Digest, Direction, FieldId, Fields, Kind, Link, Owner, Phase, Reading, Rule,
    RuleField, RuleKind, Side, Step, WriteMode, reading,
};

use crate::deal::Deal;
use crate::domain::{both, policy};

const CODES: [&str; 3] = ["A", "B", "C"];

type Codes = BTreeSet<&'static str>;

/// Every subset of the codes.
fn every_set() -> impl Iterator<Item = Codes> + Clone {
    (0..8_usize).map(|bits| (0..3).filter(|at| bits >> at & 1 == 1).map(|at| CODES[at]).collect())
}

fn rule(direction: Direction, owner: Owner, least: usize, most: usize) -> Rule {
    let digest = Digest::new("row");
    Rule {
        group: "solutions".to_owned(),
        label: "Solutions".to_owned(),
        kind: RuleKind::Set { least, most },
        fields: vec![RuleField { id: FieldId::new("solutions"), digest, clearable: false }],
        direction,
        owner,
    }
}

fn holding(codes: &Codes) -> Fields {
    Fields::from([(FieldId::new("solutions"), Reading::set(codes))])
}

fn based(codes: &Codes) -> Base {
    let entry = BaseEntry { reading: Reading::set(codes), digest: Digest::new("row") };
    Base::from_iter([(FieldId::new("solutions"), entry)])
}

fn held(deal: &Deal, side: Side) -> Codes {
    let set = reading(deal.held(side), &FieldId::new("solutions"));
    CODES.into_iter().filter(|code| set.codes().any(|held| held == *code)).collect()
}

fn deal(rule: Rule, bases: BySide<&Codes>, seen: BySide<&Codes>) -> Deal {
    let bases = BySide::from_fn(|side| based(bases[side]));
    let seen = BySide::from_fn(|side| holding(seen[side]));
    Deal::new(policy(vec![rule], WriteMode::Both), bases, seen)
}

const EITHER: Owner = Owner::Side(Side::Crm);

/// From one base: what either side added is there, what either removed is gone, on both sides, and nothing is written
/// again.
#[test]
fn additions_and_removals_of_both_sides_travel() {
    for base in every_set() {
        for (partner_center, crm) in every_set().flat_map(|one| every_set().map(move |two| (one.clone(), two))) {
            let mut deal = deal(rule(Direction::Both, EITHER, 0, 50), both(&base, &base), both(&partner_center, &crm));
            deal.run();
            let stays = |code: &&&str| partner_center.contains(**code) && crm.contains(**code);
            let added =
                |code: &&&str| !base.contains(**code) && (partner_center.contains(**code) || crm.contains(**code));
            let expected: Codes = CODES.iter().filter(|code| stays(code) || added(code)).copied().collect();
            for side in Side::ALL {
                assert_eq!(held(&deal, side), expected, "{side:?} {base:?} {partner_center:?} {crm:?}");
            }
            assert_eq!(deal.run(), 0, "{base:?} {partner_center:?} {crm:?}");
        }
    }
}

/// Whatever the bases are: it comes to rest, nobody's own edit is undone on their side but by a kept conflict, and
/// history tells of every member that is written.
#[test]
fn any_two_bases_come_to_rest_and_lose_nothing_unseen() {
    for bases in every_set().flat_map(|one| every_set().map(move |two| (one.clone(), two))) {
        for (partner_center, crm) in every_set().flat_map(|one| every_set().map(move |two| (one.clone(), two))) {
            let seen = both(&partner_center, &crm);
            let mut deal = deal(rule(Direction::Both, EITHER, 0, 50), both(&bases.0, &bases.1), seen);
            let writes = deal.run();
            for side in Side::ALL {
                let moved = |code: &&&str| seen[side].contains(*code) != both(&bases.0, &bases.1)[side].contains(*code);
                for code in CODES.iter().filter(moved) {
                    let stands = held(&deal, side).contains(code) == seen[side].contains(code);
                    let member = FieldId::new("solutions").member(code);
                    let kept = deal
                        .history
                        .iter()
                        .any(|entry| entry.side == side && entry.field == member && entry.kind == Kind::Conflict);
                    assert!(stands || kept, "{side:?} {code} {bases:?} {seen:?}");
                }
            }
            let lines =
                deal.history.iter().filter(|entry| matches!(entry.kind, Kind::Written | Kind::Conflict)).count();
            assert!(usize::try_from(writes).unwrap() <= lines, "{bases:?} {seen:?}");
            assert_eq!(deal.run(), 0, "{bases:?} {seen:?}");
        }
    }
}

/// The CRM's rows are written one by one, Partner Center's array at once.
#[test]
fn a_record_gets_a_row_at_a_time_and_a_referral_the_whole_array() {
    let (none, all) = (Codes::new(), CODES.into_iter().collect::<Codes>());
    let mut inbound = deal(rule(Direction::Both, EITHER, 1, 50), both(&none, &none), both(&all, &none));
    assert!(matches!(inbound.clone().decide(), Step::Member { there: true, .. }));
    assert_eq!(inbound.run(), 3);
    let mut outbound = deal(rule(Direction::Both, EITHER, 1, 50), both(&none, &none), both(&none, &all));
    assert!(matches!(outbound.clone().decide(), Step::Update { side: Side::PartnerCenter, .. }));
    assert_eq!(outbound.run(), 1);
    assert_eq!(held(&outbound, Side::PartnerCenter), all);
}

/// The last solution cannot be removed: nothing is sent, the seller is told, and the next one that is added lets it go.
#[test]
fn the_last_member_stays_until_there_is_another() {
    let (one, none) = (Codes::from(["A"]), Codes::new());
    let mut deal = deal(rule(Direction::Both, EITHER, 1, 50), both(&one, &one), both(&one, &none));
    assert_eq!(deal.run(), 0);
    let problem = deal.link.problem.clone().unwrap();
    assert_eq!((problem.blocker.code, problem.stands), (Code::SolutionMissing, true));
    deal.edit(Side::Crm, holding(&Codes::from(["B"])));
    assert_eq!(deal.run(), 1);
    assert_eq!((held(&deal, Side::PartnerCenter), deal.link.problem.clone()), (Codes::from(["B"]), None));
}

/// No more than the vendor takes is sent; what is removed still goes.
#[test]
fn a_full_set_takes_no_more() {
    let (base, crm) = (Codes::from(["A", "B"]), Codes::from(["B", "C"]));
    let mut small = deal(rule(Direction::Both, EITHER, 1, 2), both(&base, &base), both(&base, &crm));
    small.run();
    assert_eq!(held(&small, Side::PartnerCenter), crm);
    let more = Codes::from(["A", "B", "C"]);
    let mut full = deal(rule(Direction::Both, EITHER, 1, 2), both(&base, &base), both(&base, &more));
    assert_eq!(full.run(), 0);
    assert_eq!(full.link.problem.clone().map(|problem| problem.blocker.code), Some(Code::Rejected));
    assert_eq!(held(&full, Side::PartnerCenter), base);
}

/// A direction that forbids observes, member by member.
#[test]
fn a_one_way_set_goes_one_way() {
    for base in every_set() {
        for (partner_center, crm) in every_set().flat_map(|one| every_set().map(move |two| (one.clone(), two))) {
            for direction in [Direction::ToCrm, Direction::ToPartnerCenter, Direction::Off] {
                let mut deal = deal(rule(direction, EITHER, 0, 50), both(&base, &base), both(&partner_center, &crm));
                deal.run();
                for side in Side::ALL.into_iter().filter(|side| !direction.allows(*side)) {
                    let own = both(&partner_center, &crm)[side];
                    assert_eq!(held(&deal, side), *own, "{direction:?} {base:?} {partner_center:?} {crm:?}");
                }
                assert_eq!(deal.run(), 0, "{direction:?} {base:?} {partner_center:?} {crm:?}");
            }
        }
    }
}

/// Without a base, and where something is unknown, nothing is written.
#[test]
fn a_set_without_a_base_is_never_written() {
    for (partner_center, crm) in every_set().flat_map(|one| every_set().map(move |two| (one.clone(), two))) {
        let seen = both(holding(&partner_center), holding(&crm));
        for side in Side::ALL {
            let mut bases = BySide::from_fn(|_| based(&partner_center));
            bases[side] = Base::default();
            let policy = policy(vec![rule(Direction::Both, EITHER, 1, 50)], WriteMode::Both);
            let mut unbased = Deal::new(policy.clone(), bases, seen.clone());
            assert_eq!(unbased.run(), 0, "{partner_center:?} {crm:?}");
            let mut unread = Deal::new(policy, BySide::from_fn(|_| based(&partner_center)), seen.clone());
            unread.servers[side].fields = Fields::new();
            assert_eq!(unread.run(), 0, "{partner_center:?} {crm:?}");
        }
    }
}

/// A new record gets its rows after it is made; a new referral comes with its solutions.
#[test]
fn a_new_record_gets_its_rows_afterwards() {
    let all: Codes = CODES.into_iter().collect();
    for side in Side::ALL {
        let start = BySide::from_fn(|at| if at == side { holding(&Codes::new()) } else { holding(&all) });
        let deal =
            Deal::new(policy(vec![rule(Direction::Both, EITHER, 1, 50)], WriteMode::Both), BySide::default(), start);
        let pair = match side {
            Side::Crm => sync_core::Pair::ReferralOnly(sync_core::ReferralId::new("referral")),
            Side::PartnerCenter => sync_core::Pair::RecordOnly(crate::deal::record()),
        };
        let link = Link { pair, ..deal.link.clone() };
        let mut sights = deal.sights();
        sights[side] = sync_core::Sight::NotYet;
        let Step::Create { sent, .. } = sync_core::decide(&link, &sights, &deal.policy).step else {
            panic!("not made")
        };
        assert_eq!(sent.contains_key("solutions"), side == Side::PartnerCenter);
    }
}

/// An end does not lock the rows of a set, but nothing is sent to a referral that has ended.
#[test]
fn an_ended_referral_takes_no_members() {
    let (base, crm) = (Codes::from(["A"]), Codes::from(["A", "B"]));
    let mut deal = deal(rule(Direction::Both, EITHER, 1, 50), both(&base, &base), both(&base, &crm));
    deal.servers.partner_center.phase = Phase::Closed(sync_core::Ending::Won);
    assert_eq!(deal.run(), 0);
    assert_eq!(held(&deal, Side::PartnerCenter), base);
}
