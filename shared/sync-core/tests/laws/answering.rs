//! A seller's answer to an incoming referral: worked once, remembered, told when it comes too late.

use sync_core::{
    BySide, Code, Effect, Ending, Evidence, Fields, Outcome, Phase, Recovery, Response, Side, Sight, Step, WriteMode,
    fold, recover,
};

use crate::deal::{Deal, NOW, WAIT};
use crate::domain::{WRITES, policy};

fn deal(phase: Phase, response: Response) -> Deal {
    let mut deal = Deal::new(policy(vec![], WriteMode::Both), BySide::default(), BySide::<Fields>::default());
    deal.servers.partner_center.phase = phase;
    deal.servers.crm.response = Some(response);
    deal
}

/// An answer is sent where somebody waits for it, once; what the seller wants already is so; the rest is told, once.
#[test]
fn an_answer_is_worked_once() {
    for phase in Phase::ALL {
        for response in Response::ALL {
            let mut deal = deal(phase, response);
            let writes = deal.run();
            let told: Vec<Code> = deal.notes.iter().map(|note| note.code).collect();
            let expected: (u32, &[Code]) = match (phase, response) {
                (Phase::Unanswered, _) => (1, &[]),
                (Phase::Open, Response::Accept) | (Phase::Closed(Ending::Declined), Response::Decline) => (0, &[]),
                (Phase::Open, Response::Decline) => (0, &[Code::NotAccepted]),
                (Phase::Closed(_), _) => (0, &[Code::Closed]),
            };
            assert_eq!((writes, told.as_slice()), expected, "{phase:?} {response:?}");
            assert_eq!(deal.link.answered, Some(response), "{phase:?} {response:?}");
            // Whatever becomes of the referral afterwards, the column that still says so is no new act.
            for later in Phase::ALL {
                deal.servers.partner_center.phase = later;
                deal.notes.clear();
                assert_eq!((deal.run(), deal.notes.len()), (0, 0), "{phase:?} {response:?} {later:?}");
            }
        }
    }
}

/// Another answer is another act.
#[test]
fn a_seller_may_change_their_mind() {
    let mut deal = deal(Phase::Unanswered, Response::Accept);
    assert_eq!(deal.run(), 1);
    assert_eq!(deal.servers.partner_center.phase, Phase::Open);
    deal.servers.crm.response = Some(Response::Decline);
    assert_eq!((deal.run(), deal.notes.len()), (0, 1));
}

/// An answer is not begun where the settings forbid it, and goes when they allow it.
#[test]
fn an_answer_waits_for_the_settings() {
    for response in Response::ALL {
        for write in WRITES {
            let mut deal = deal(Phase::Unanswered, response);
            deal.policy.write = write;
            let may = write.allows(Side::PartnerCenter);
            assert_eq!(deal.run(), u32::from(may), "{write:?}");
            let code = deal.link.problem.as_ref().map(|problem| problem.blocker.code);
            assert_eq!(code, (!may).then_some(Code::WriteOff), "{write:?}");
            assert_eq!(deal.link.can_assume(Side::Crm, &deal.policy.digest), may, "an unworked answer is read again");
            deal.policy.write = WriteMode::Both;
            assert_eq!(deal.run(), u32::from(!may), "{write:?}");
        }
    }
}

/// An answer whose own answer is lost is judged by what the referral says now.
#[test]
fn a_lost_answer_is_judged_by_the_referral() {
    for response in Response::ALL {
        for phase in Phase::ALL {
            for moved in [false, true] {
                for time in [0, WAIT - 1, WAIT] {
                    let mut deal = deal(Phase::Unanswered, response);
                    assert!(matches!(deal.decide(), Step::Answer { .. }));
                    deal.servers.partner_center.phase = phase;
                    deal.servers.partner_center.version += u32::from(moved);
                    let seen = Sight::Present(deal.servers.partner_center.snapshot());
                    let recovery = recover(&deal.link, &Evidence::Target(seen, None), WAIT, NOW.plus_millis(time));
                    let happened = match response {
                        Response::Accept => phase != Phase::Unanswered,
                        Response::Decline => phase.is_closed(),
                    };
                    let may_land = phase == Phase::Unanswered && !moved && time < WAIT;
                    match recovery {
                        Recovery::Happened(..) => assert!(happened, "{response:?} {phase:?}"),
                        Recovery::WaitUntil(_) => assert!(may_land, "{response:?} {phase:?} {moved} {time}"),
                        Recovery::NotDone => assert!(!happened && !may_land, "{response:?} {phase:?} {moved} {time}"),
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
}

/// An answer that was refused, or never sent, is still to be worked.
#[test]
fn an_answer_that_did_not_happen_is_not_remembered() {
    for outcome in
        [Outcome::NotDone, Outcome::Refused(sync_core::Blocker { code: Code::Rejected, text: String::new() })]
    {
        let mut deal = deal(Phase::Unanswered, Response::Accept);
        assert!(matches!(deal.decide(), Step::Answer { .. }));
        assert_eq!(deal.link.intent.as_ref().map(|intent| &intent.effect), Some(&Effect::Answer(Response::Accept)));
        fold(&mut deal.link, outcome, NOW);
        assert_eq!(deal.link.answered, None);
        assert!(matches!(deal.decide(), Step::Answer { .. }));
    }
}
