//! Answers to referrals, and leads that become something else: every pair, everything that can be seen of it.

use sync_core::{
    Act, Acting, Answerable, BySide, Code, Effect, Entity, Evidence, Link, LinkId, Outcome, Pair, Phase, RecordId,
    RecordRef, Recovery, ReferralId, Response, Side, Sight, Snapshot, Standing, State, Timestamp, act, act_at_rest,
    fold, recover, tell,
};

use crate::deal::{NOW, Server, WAIT, link_with, pair};
use crate::domain::{PHASES, base, both, fields};
use crate::folding::intent;

fn standings() -> [Option<Standing>; 5] {
    let merged = Standing::Merged(RecordId::new("master"));
    [None, Some(Standing::Open), Some(Standing::Qualified), Some(merged), Some(Standing::Closed)]
}

const RESPONSES: [Option<Response>; 3] = [None, Some(Response::Accept), Some(Response::Decline)];

fn referrals() -> Vec<Option<Answerable>> {
    let seen = PHASES.into_iter().flat_map(|phase| {
        [(true, false), (false, false), (true, true), (false, true)].map(move |(incoming, won)| Answerable {
            phase,
            incoming: incoming || phase == Phase::Unanswered,
            won: won && phase == Phase::Closed,
        })
    });
    std::iter::once(None).chain(seen.map(Some)).collect()
}

fn lead() -> RecordRef {
    RecordRef { entity: Entity::Lead, id: RecordId::new("lead") }
}

fn lead_pair() -> Pair {
    Pair::Both(ReferralId::new("referral"), lead())
}

/// Every pair of a referral with an opportunity or a lead, and everything that can be seen of it.
fn every_sight(mut check: impl FnMut(&Link, &Acting)) {
    for pair in [pair(), lead_pair()] {
        for phase in PHASES.iter().flat_map(|one| PHASES.iter().map(move |two| both(*one, *two))) {
            for worked in RESPONSES {
                let link =
                    Link { phase, response: worked, ..Link { pair: pair.clone(), ..link_with(BySide::default()) } };
                for referral in referrals() {
                    for record in standings() {
                        for response in RESPONSES.into_iter().filter(|_| record.is_some()) {
                            check(&link, &Acting { referral, record: record.clone(), response });
                        }
                        check(&link, &Acting { referral, record, response: None });
                    }
                }
            }
        }
    }
}

#[test]
fn a_link_that_is_not_at_work_does_nothing() {
    every_sight(|link, seen| {
        let halves = [Pair::ReferralOnly(ReferralId::new("referral")), Pair::RecordOnly(lead())];
        let mut idle: Vec<Link> = halves.into_iter().map(|pair| Link { pair, ..link.clone() }).collect();
        idle.extend([State::Paused, State::Detached].map(|state| Link { state, ..link.clone() }));
        let write = Some(intent(Side::Crm, Effect::Update, 1));
        idle.push(Link { intent: write, ..link.clone() });
        for link in idle {
            assert_eq!((act(&link, seen), act_at_rest(&link, seen)), (Act::Nothing, Act::Nothing), "{link:?} {seen:?}");
        }
    });
}

/// Only a referral that was read and is new is answered; only a lead that was read and is open is qualified.
#[test]
fn nothing_is_done_to_a_side_that_was_not_seen_fit_for_it() {
    every_sight(|link, seen| {
        if let Act::Respond { .. } = act(link, seen) {
            let phase = seen.referral.map(|referral| referral.phase);
            assert_eq!(phase, Some(Phase::Unanswered), "{link:?} {seen:?}");
        }
        if act_at_rest(link, seen) == Act::Qualify {
            assert_eq!(seen.record, Some(Standing::Open), "{link:?} {seen:?}");
            assert_eq!(link.pair.record().map(|record| record.entity), Some(Entity::Lead), "{link:?}");
            let fit = |referral: Answerable| match referral.phase {
                Phase::Unanswered => false,
                Phase::Open => true,
                Phase::Closed => referral.won,
            };
            assert!(seen.referral.is_some_and(fit), "{link:?} {seen:?}");
        }
    });
}

/// A side is asked for only while it is unseen, so that no round asks twice.
#[test]
fn a_side_that_was_seen_is_not_asked_for_again() {
    every_sight(|link, seen| {
        for act in [act(link, seen), act_at_rest(link, seen)] {
            match act {
                Act::Look(Side::PartnerCenter) => assert_eq!(seen.referral, None, "{link:?}"),
                Act::Look(Side::Crm) => assert_eq!(seen.record, None, "{link:?}"),
                _ => {}
            }
        }
    });
}

#[test]
fn a_merged_record_is_followed_to_its_master_whatever_else_is_so() {
    every_sight(|link, seen| {
        let merged = matches!(seen.record, Some(Standing::Merged(_)));
        assert_eq!(act(link, seen) == Act::FollowMaster(RecordId::new("master")), merged, "{link:?} {seen:?}");
    });
}

#[test]
fn a_qualified_lead_accepts_its_referral_first_and_is_followed_then() {
    every_sight(|link, seen| {
        let expected = match (&seen.record, seen.referral.map(|referral| referral.phase)) {
            (Some(Standing::Qualified), None) => Some(Act::Look(Side::PartnerCenter)),
            (Some(Standing::Qualified), Some(Phase::Unanswered)) => {
                Some(Act::Respond { response: Response::Accept, by_column: false })
            }
            (Some(Standing::Qualified), Some(_)) => Some(Act::FollowQualified),
            _ => None,
        };
        if let Some(expected) = expected {
            assert_eq!(act(link, seen), expected, "{link:?} {seen:?}");
        }
    });
}

/// Once it was worked, or told to have no effect, an answer that still stands in its column asks for nothing; and once
/// it was cleared, the next one is new.
#[test]
fn an_answer_is_worked_once() {
    every_sight(|link, seen| {
        if seen.record != Some(Standing::Open) {
            return;
        }
        let mut link = link.clone();
        match act(&link, seen) {
            Act::Nothing => assert_eq!(link.response, seen.response, "{link:?} {seen:?}"),
            Act::Look(_) => return,
            Act::Respond { response, by_column } => {
                assert!(by_column && seen.response == Some(response));
                link.intent = Some(intent(Side::PartnerCenter, Effect::Respond { response, by_column }, 1));
                let mut undone = link.clone();
                fold(&mut undone, Outcome::NotDone, NOW);
                assert_eq!(act(&undone, seen), Act::Respond { response, by_column }, "not done is not worked");
                fold(&mut link, Outcome::Done(sync_core::Answer::default()), NOW);
            }
            Act::Heed(response) => link.response = response,
            Act::Remark(response, _) => link.response = Some(response),
            other => panic!("{other:?} for {seen:?}"),
        }
        assert_eq!(act(&link, seen), Act::Nothing, "{link:?} {seen:?}");
    });
}

/// Table: what an answer in the column means by how far the referral is.
#[test]
fn an_answer_that_comes_too_late_is_told_why() {
    let link = Link { pair: lead_pair(), ..link_with(BySide::default()) };
    let judge = |response, phase, incoming| {
        let referral = Some(Answerable { phase, incoming, won: false });
        act(&link, &Acting { referral, record: Some(Standing::Open), response: Some(response) })
    };
    for response in Response::ALL {
        let respond = Act::Respond { response, by_column: true };
        assert_eq!(judge(response, Phase::Unanswered, true), respond);
        assert_eq!(judge(response, Phase::Closed, true), Act::Remark(response, Code::Closed));
        assert_eq!(judge(response, Phase::Open, false), Act::Remark(response, Code::NotAccepted));
    }
    assert_eq!(judge(Response::Accept, Phase::Open, true), Act::Heed(Some(Response::Accept)), "it is so already");
    let decline = Response::Decline;
    assert_eq!(judge(decline, Phase::Open, true), Act::Remark(decline, Code::NotAccepted));
}

/// How far the target is tells what became of an answer or a qualification: a phase never comes back.
#[test]
fn a_step_is_judged_by_the_phase_of_its_target() {
    let accept = Effect::Respond { response: Response::Accept, by_column: true };
    let decline = Effect::Respond { response: Response::Decline, by_column: true };
    let steps = [
        (accept, Side::PartnerCenter, Phase::Unanswered, Phase::Open),
        (decline, Side::PartnerCenter, Phase::Unanswered, Phase::Closed),
        (Effect::Qualify, Side::Crm, Phase::Open, Phase::Closed),
    ];
    for (effect, side, before, done) in steps {
        for time in [0, WAIT - 1, WAIT] {
            for phase in PHASES {
                let link = Link {
                    intent: Some(intent(side, effect.clone(), 1)),
                    pair: lead_pair(),
                    ..link_with(BySide::default())
                };
                let seen = Snapshot { phase, ..Server::holding(fields(&[])).snapshot() };
                let now = Timestamp::from_millis(time);
                let recovery = recover(&link, &Evidence::Target(Sight::Present(seen), None), WAIT, now);
                let expected = match phase {
                    phase if phase == done => Recovery::Happened(sync_core::Answer::default(), Vec::new()),
                    phase if phase == before && time < WAIT => Recovery::WaitUntil(Timestamp::from_millis(WAIT)),
                    _ => Recovery::NotDone,
                };
                assert_eq!(recovery, expected, "{effect:?} {phase:?} {time}");
            }
        }
    }
}

/// A link that moves keeps its referral, takes the new bases and nothing of the old ones, and must read the new record.
#[test]
fn a_moved_link_goes_on_with_the_bases_it_was_given() {
    let to = RecordRef { entity: Entity::Opportunity, id: RecordId::new("successor") };
    let given = BySide::from_fn(|_| base(&[("moved", "m")]));
    for pair in [lead_pair(), Pair::ReferralOnly(ReferralId::new("referral"))] {
        for subordinate in [None, Some(lead())] {
            let effect = Effect::Move { to: to.clone(), base: given.clone(), subordinate: subordinate.clone() };
            let mut link = Link { pair: pair.clone(), ..link_with(BySide::from_fn(|_| base(&[("sent", "a")]))) };
            link.intent = Some(intent(Side::Crm, effect, 1));
            fold(&mut link, Outcome::Done(sync_core::Answer::default()), NOW);
            assert_eq!(link.pair, Pair::Both(ReferralId::new("referral"), to.clone()));
            assert_eq!((&link.base, &link.subordinate), (&given, &subordinate));
            assert_eq!((link.intent.as_ref(), link.settled.crm.as_ref()), (None, None));
            // A key is unique: while a merged record keeps the referral's id, no other record is told it.
            assert_eq!(tell(&link).referral.is_some(), subordinate.is_none());
        }
    }
}

#[test]
fn a_link_that_loses_its_record_gets_another() {
    let mut link = Link { pair: lead_pair(), ..link_with(BySide::from_fn(|_| base(&[("sent", "a")]))) };
    link.lose_record();
    assert_eq!(link.pair, Pair::ReferralOnly(ReferralId::new("referral")));
    assert_eq!(link.base, BySide::default());
    let mut lonely = Link::new(LinkId::new("link"), Pair::RecordOnly(lead()));
    lonely.lose_record();
    assert_eq!(lonely.pair, Pair::RecordOnly(lead()), "a record without a referral stays");
}
