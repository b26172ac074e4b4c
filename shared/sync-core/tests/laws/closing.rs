//! How deals end: classes are compared, a closed side takes nothing more, and nothing is ever reopened by us.

use sync_core::{
    BySide, Code, Direction, Ending, Entity, Evidence, FieldId, Kind, Owner, Pair, Phase, Policy, RecordId, RecordRef,
    Recovery, ReferralId, Rule, RuleKind, Side, Sight, Class, Step, SyncState, WriteMode, recover, tell,
};

use crate::deal::{Deal, NOW, WAIT};
use crate::domain::{OWNERS, WRITES, base, both, fields, is, policy, rule};

const CRM_PHASES: [Phase; 3] = [Phase::Open, Phase::Closed(Ending::Won), Phase::Closed(Ending::Lost)];

fn status(direction: Direction, owner: Owner) -> Rule {
    Rule { kind: RuleKind::Status, ..rule(&[FieldId::STATUS], direction, owner, true) }
}

/// Everything that matters to the end of a deal.
#[derive(Debug, Clone, Copy)]
struct Case {
    phase: BySide<Phase>,
    base: BySide<&'static str>,
    entity: Entity,
    accepted: bool,
    owner: Owner,
    write: WriteMode,
}

impl Case {
    /// An opportunity whose referral was accepted, both open when they were last the same.
    fn simple(partner_center: Phase, crm: Phase) -> Self {
        Self {
            phase: both(partner_center, crm),
            base: both("open", "open"),
            entity: Entity::Opportunity,
            accepted: true,
            owner: Owner::Side(Side::PartnerCenter),
            write: WriteMode::Both,
        }
    }

    fn deal(self) -> Deal {
        let rules =
            vec![rule(&["f"], Direction::Both, Owner::Side(Side::Crm), true), status(Direction::Both, self.owner)];
        self.deal_with(policy(rules, self.write))
    }

    fn deal_with(self, policy: Policy) -> Deal {
        let bases = BySide::from_fn(|side| base(&[("f", "a"), (FieldId::STATUS, self.base[side])]));
        let mut deal = Deal::new(policy, bases, BySide::from_fn(|_| fields(&[("f", "a")])));
        let record = RecordRef { entity: self.entity, id: RecordId::new("record") };
        deal.link.pair = Pair::Both(ReferralId::new("referral"), record);
        deal.link.accepted = self.accepted;
        for side in Side::ALL {
            deal.servers[side].phase = self.phase[side];
        }
        deal
    }
}

/// Every case: each end of either side, each base, leads and opportunities, accepted or not.
fn every_case() -> Vec<Case> {
    const BASES: [&str; 4] = [".", "open", "won", "lost"];
    let mut cases = Vec::new();
    for partner_center in Phase::ALL {
        for crm in CRM_PHASES {
            for base in BASES.iter().flat_map(|one| BASES.iter().map(move |two| both(*one, *two))) {
                for entity in [Entity::Opportunity, Entity::Lead] {
                    for accepted in [false, true] {
                        for owner in OWNERS {
                            for write in WRITES {
                                let phase = both(partner_center, crm);
                                cases.push(Case { phase, base, entity, accepted, owner, write });
                            }
                        }
                    }
                }
            }
        }
    }
    cases
}

fn class(deal: &Deal, side: Side) -> Class {
    deal.servers[side].phase.class()
}

/// Whatever has happened: it comes to rest, says so once, and no side that has ended is opened, ended anew or written;
/// the harness refuses such a write.
#[test]
fn nothing_is_reopened_and_everything_comes_to_rest() {
    for case in every_case() {
        let mut deal = case.deal();
        deal.run();
        for side in Side::ALL.into_iter().filter(|side| case.phase[*side].is_closed()) {
            assert_eq!(deal.servers[side].phase, case.phase[side], "{case:?}");
        }
        let (history, notes) = (deal.history.clone(), deal.notes.clone());
        assert_eq!(deal.run(), 0, "{case:?}");
        assert_eq!((deal.history, deal.notes), (history, notes), "told again: {case:?}");
    }
}

/// An end that one side reached travels, whichever it is, unless the design names the exception.
#[test]
fn an_end_travels() {
    for case in
        every_case().into_iter().filter(|case| case.write == WriteMode::Both && case.base == both("open", "open"))
    {
        let (partner_center, crm) = (case.phase.partner_center, case.phase.crm);
        let mut deal = case.deal();
        deal.run();
        let lead = case.entity == Entity::Lead;
        let stays_open = match partner_center {
            Phase::Closed(Ending::Won) => lead,
            Phase::Closed(Ending::Expired | Ending::Error) => case.accepted && !lead,
            Phase::Closed(Ending::Unclear) => true,
            _ => false,
        };
        let expected = match (partner_center, crm) {
            (Phase::Closed(_), Phase::Open) if stays_open => both(partner_center, Phase::Open),
            (Phase::Closed(ending), Phase::Open) => both(partner_center, Phase::Closed(ending)),
            (Phase::Unanswered, Phase::Closed(Ending::Lost)) => both(Phase::Closed(Ending::Declined), crm),
            (Phase::Open, Phase::Closed(ending)) => both(Phase::Closed(ending), crm),
            _ => case.phase,
        };
        let ends = BySide::from_fn(|side| deal.servers[side].phase);
        assert_eq!(ends, expected, "{case:?}");
    }
}

/// Won here and lost there, and an ended one that was reopened: said once, nothing is written, and it is over when the
/// two agree.
#[test]
fn different_ends_are_told_once() {
    let (won, lost, open) = (Phase::Closed(Ending::Won), Phase::Closed(Ending::Lost), Phase::Open);
    for (base, partner_center, crm) in [
        ("open", won, lost),
        ("open", lost, won),
        ("open", Phase::Closed(Ending::Declined), won),
        ("lost", lost, open),
        ("won", won, open),
    ] {
        let mut deal = Case { base: both(base, base), ..Case::simple(partner_center, crm) }.deal();
        assert_eq!((deal.run(), deal.run(), deal.run()), (0, 0, 0));
        let told: Vec<_> = deal.history.iter().map(|entry| (entry.kind, entry.rule)).collect();
        assert_eq!(told, [(Kind::Refused, "closed-differently")], "{partner_center:?} {crm:?}");
        let problem = deal.link.problem.clone().unwrap();
        assert_eq!((problem.blocker.code, problem.stands), (Code::ClosedDifferently, true));
        assert_eq!(tell(&deal.link).state, SyncState::Conflict);
        deal.servers.crm.phase = if partner_center == won { won } else { lost };
        assert_eq!(deal.run(), 0);
        assert_eq!(deal.link.problem, None, "{partner_center:?} {crm:?}");
    }
}

/// A seller who reopens what was told to differ is told again, and nobody closes it for them.
#[test]
fn a_reopened_deal_is_not_closed_again() {
    let mut deal = Case::simple(Phase::Closed(Ending::Lost), Phase::Closed(Ending::Won)).deal();
    deal.run();
    deal.servers.crm.phase = Phase::Open;
    assert_eq!(deal.run(), 0);
    assert_eq!(class(&deal, Side::Crm), Class::Open);
    assert!(deal.link.news(&deal.policy).is_some());
}

/// Before a record is closed it gets what it should hold, and is told; then it is closed, and takes nothing more.
#[test]
fn a_record_is_written_before_it_is_closed() {
    for late in [false, true] {
        let mut deal = Case::simple(Phase::Closed(Ending::Won), Phase::Open).deal();
        let text = if late { "late" } else { "a" };
        deal.edit(Side::PartnerCenter, fields(&[("f", text)]));
        let step = deal.decide();
        let Step::Prepare { ending: Ending::Won, sent } = &step else { panic!("{step:?}") };
        assert_eq!(sent.len(), usize::from(late));
        let answer = deal.carry_out(&step);
        sync_core::fold(&mut deal.link, sync_core::Outcome::Done(answer), NOW);
        assert!(matches!(deal.clone().decide(), Step::CloseRecord { ending: Ending::Won }));
        assert_eq!(deal.run(), 1);
        assert_eq!(deal.held(Side::Crm), &fields(&[("f", text)]));
        deal.edit(Side::PartnerCenter, fields(&[("f", "too late")]));
        assert_eq!(deal.run(), 0);
    }
}

/// The reason travels with the end, and with nothing else.
#[test]
fn a_reason_travels_only_with_an_end() {
    let reason = FieldId::STATUS_REASON;
    let mut open = Case::simple(Phase::Open, Phase::Open).deal();
    open.edit(Side::Crm, fields(&[(reason, "too dear")]));
    assert_eq!(open.run(), 0);
    let mut lost = Case::simple(Phase::Open, Phase::Closed(Ending::Lost)).deal();
    lost.servers.crm.fields.extend(fields(&[(reason, "too dear")]));
    assert_eq!(lost.decide(), Step::CloseReferral { ending: Ending::Lost, reason: is("too dear") });
    let mut declined = Case::simple(Phase::Closed(Ending::Declined), Phase::Open).deal();
    declined.servers.partner_center.fields.extend(fields(&[(reason, "no fit")]));
    let step = declined.decide();
    assert_eq!(step, Step::Prepare { ending: Ending::Declined, sent: fields(&[(reason, "no fit")]) });
}

/// What ends in a way that ends no accepted deal is told, and the deal goes on.
#[test]
fn an_accepted_deal_outlives_an_expired_referral() {
    for (ending, code) in
        [(Ending::Expired, Code::Expired), (Ending::Error, Code::Closed), (Ending::Unclear, Code::UnknownValue)]
    {
        let mut deal = Case::simple(Phase::Closed(ending), Phase::Open).deal();
        assert_eq!(deal.run(), 0);
        let told: Vec<Code> = deal.notes.iter().map(|note| note.code).collect();
        assert_eq!((told.as_slice(), &deal.link.told), ([code].as_slice(), &None), "{ending:?}");
        deal.servers.crm.phase = Phase::Closed(Ending::Lost);
        assert_eq!((deal.run(), deal.link.problem.clone()), (0, None), "{ending:?}");
    }
}

/// A win of a referral that nobody accepted waits: it cannot be won before.
#[test]
fn an_unanswered_referral_cannot_be_won() {
    let mut deal = Case { accepted: false, ..Case::simple(Phase::Unanswered, Phase::Closed(Ending::Won)) }.deal();
    assert_eq!(deal.run(), 0);
    deal.servers.partner_center.phase = Phase::Open;
    assert_eq!(deal.run(), 1);
    assert_eq!(class(&deal, Side::PartnerCenter), Class::Won);
}

/// A direction or a setting that forbids keeps a side from being closed; the setting lets go of it later.
#[test]
fn what_may_not_be_written_is_not_closed() {
    for (partner_center, crm) in [(Phase::Closed(Ending::Won), Phase::Open), (Phase::Open, Phase::Closed(Ending::Won))]
    {
        let case = Case::simple(partner_center, crm);
        let to = if crm.is_closed() { Side::PartnerCenter } else { Side::Crm };
        for direction in [Direction::ToCrm, Direction::ToPartnerCenter, Direction::Off] {
            let mut deal = case.deal_with(policy(vec![status(direction, case.owner)], WriteMode::Both));
            deal.run();
            assert_eq!(deal.servers[to].phase.is_closed(), direction.allows(to), "{direction:?}");
        }
        for write in WRITES {
            let mut deal = Case { write, ..case }.deal();
            deal.run();
            assert_eq!(deal.servers[to].phase.is_closed(), write.allows(to), "{write:?}");
            deal.policy.write = WriteMode::Both;
            deal.run();
            assert!(deal.servers[to].phase.is_closed(), "{write:?}");
        }
    }
}

/// A close whose answer is lost is judged by how its side stands now.
#[test]
fn a_lost_close_is_judged_by_its_state() {
    for to in Side::ALL {
        for seen in Phase::ALL {
            for time in [0, WAIT - 1, WAIT] {
                let (one, two) = (Phase::Closed(Ending::Won), Phase::Open);
                let mut deal =
                    Case::simple(if to == Side::Crm { one } else { two }, if to == Side::Crm { two } else { one })
                        .deal();
                let mut step = deal.decide();
                if to == Side::Crm {
                    let answer = deal.carry_out(&step);
                    sync_core::fold(&mut deal.link, sync_core::Outcome::Done(answer), NOW);
                    step = deal.decide();
                }
                assert!(matches!(step, Step::CloseRecord { .. } | Step::CloseReferral { .. }), "{step:?}");
                deal.servers[to].phase = seen;
                let evidence = Evidence::Target(Sight::Present(deal.servers[to].snapshot()), None);
                let recovery = recover(&deal.link, &evidence, WAIT, NOW.plus_millis(time));
                let expected = match (seen.class(), time < WAIT) {
                    (Class::Won, _) => "happened",
                    (Class::Open, true) => "wait",
                    (Class::Open | Class::Lost, _) => "not done",
                };
                let found = match recovery {
                    Recovery::Happened(..) => "happened",
                    Recovery::WaitUntil(_) => "wait",
                    Recovery::NotDone => "not done",
                    other => panic!("{other:?}"),
                };
                assert_eq!(found, expected, "{to:?} {seen:?} {time}");
            }
        }
    }
}
