//! Every combination of what can come in: there is always an answer, and it is never a wrong one.

use sync_core::{
    Blocker, BySide, Code, Digest, Direction, Effect, Etag, Fields, Link, LinkId, Owner, Pair, Phase, Policy, Reading,
    ReferralId, Settled, Side, Sight, Snapshot, State, Step, decide,
};

use crate::deal::{NOW, Server, pair, record};
use crate::domain::{PHASES, WRITES, base, both, fields, policy, rule};
use crate::folding::intent;

const STATES: [State; 3] = [State::Active, State::Paused, State::Detached];

/// Everything that can be seen of a side that lacks nothing, holds nothing, or holds `held`.
fn every_sight(held: &'static str) -> Vec<Sight> {
    let mut sights = vec![Sight::Assumed, Sight::Absent, Sight::NotYet, Sight::Unreadable];
    for phase in PHASES {
        for shared in [true, false] {
            for text in [held, "?"] {
                let blocker = Blocker { code: Code::FieldMissing, text: "enter it".to_owned() };
                for blockers in [vec![], vec![blocker]] {
                    let snapshot = Server::holding(fields(&[("f", text)])).snapshot();
                    sights.push(Sight::Present(Snapshot { phase, shared, blockers, ..snapshot }));
                }
            }
        }
    }
    sights
}

fn every_link() -> Vec<Link> {
    let pairs = [Pair::ReferralOnly(ReferralId::new("referral")), Pair::RecordOnly(record()), pair()];
    let mut links = Vec::new();
    for pair in pairs {
        for state in STATES {
            for texts in [both(".", "."), both("a", "."), both("a", "a")] {
                let base = BySide::from_fn(|side| base(&[("f", texts[side])]));
                links.push(Link { state, base, seen_yes: true, ..Link::new(LinkId::new("link"), pair.clone()) });
            }
        }
    }
    links
}

/// Tries every link with every pair of sights under every setting.
fn every_combination(mut check: impl FnMut(&Link, &BySide<Sight>, &Policy)) {
    let (one, two) = (every_sight("b"), every_sight("c"));
    for owner in [Owner::Side(Side::Crm), Owner::Ask] {
        for write in WRITES {
            let policy = policy(vec![rule(&["f"], Direction::Both, owner, true)], write);
            for link in every_link() {
                for partner_center in &one {
                    for crm in &two {
                        check(&link, &both(partner_center.clone(), crm.clone()), &policy);
                    }
                }
            }
        }
    }
}

fn target(step: &Step) -> Option<(Side, &Fields)> {
    match step {
        Step::Create { side, sent } | Step::Update { side, sent } => Some((*side, sent)),
        _ => None,
    }
}

/// Nothing is written on the strength of what was not seen, to a side that takes no writes, for a link that is not
/// worked, or without a value; and what is noted of it never loses what is in flight.
#[test]
fn a_write_always_has_every_right() {
    every_combination(|link, sights, policy| {
        let decision = decide(link, sights, policy);
        if let Some((side, sent)) = target(&decision.step) {
            let hidden = |sight: &Sight| matches!(sight, Sight::Unreadable | Sight::Absent);
            assert!(Side::ALL.iter().all(|side| !hidden(&sights[*side])), "{sights:?}");
            assert!(link.state != State::Detached && policy.write.allows(side), "{link:?} {sights:?}");
            assert!(sent.values().all(Reading::is_known), "{sights:?}");
            assert_eq!(matches!(decision.step, Step::Create { .. }), link.pair.missing() == Some(side), "{link:?}");
            assert!(!matches!(&sights.crm, Sight::Present(crm) if !crm.shared), "{sights:?}");
            if let (Sight::Present(seen), Step::Update { .. }) = (&sights[side], &decision.step) {
                assert!(seen.phase == Phase::Open && !sent.is_empty(), "{sights:?}");
            }
        }
    });
}

/// What a side that was not seen leads to, whatever else is known.
#[test]
fn what_was_not_seen_waits() {
    every_combination(|link, sights, policy| {
        let step = decide(link, sights, policy).step;
        let found = |sight: Sight| Side::ALL.into_iter().find(|side| sights[*side] == sight);
        if link.state == State::Detached {
            assert_eq!(step, Step::Rest);
        } else if let (Some(side), None) = (found(Sight::Unreadable), found(Sight::Absent)) {
            assert_eq!(step, Step::Wait(side));
        } else if let (None, Some(side)) = (found(Sight::Unreadable), found(Sight::Absent)) {
            assert_eq!(step, Step::Missing(side));
        }
    });
}

/// The same comes out of the same, and noting a decision changes neither the pair nor what is in flight, and no base
/// but of what was seen.
#[test]
fn deciding_and_observing_are_pure_and_timid() {
    every_combination(|link, sights, policy| {
        let decision = decide(link, sights, policy);
        assert_eq!(decision, decide(link, sights, policy));
        let mut after = Link { intent: Some(intent(Side::Crm, Effect::Update, 1)), ..link.clone() };
        let before = after.clone();
        after.observe(&decision, sights, policy, NOW);
        assert_eq!((&after.pair, &after.intent), (&before.pair, &before.intent));
        for side in Side::ALL {
            let unseen = !matches!(sights[side], Sight::Present(_));
            let unchanged = (&after.base[side], after.phase[side], &after.settled[side])
                == (&before.base[side], before.phase[side], &before.settled[side]);
            assert!(unchanged || !unseen || sights[side] == Sight::Assumed, "{side:?} {sights:?}");
        }
        assert!(after.state != State::Detached || before.state == State::Detached, "{sights:?}");
    });
}

/// A side may be assumed only of a whole pair at rest, settled under this very policy.
#[test]
fn what_may_be_assumed() {
    for link in every_link() {
        for busy in [false, true] {
            for settled_under in [None, Some("policy"), Some("another policy")] {
                let mut link = link.clone();
                link.intent = busy.then(|| intent(Side::Crm, Effect::Update, 1));
                let settled = |digest| Settled { etag: Etag::new("1"), policy: Digest::new(digest) };
                link.settled.crm = settled_under.map(settled);
                let expected = !busy && settled_under == Some("policy") && link.pair.missing().is_none();
                assert_eq!(link.can_assume(Side::Crm, &Digest::new("policy")), expected, "{link:?}");
                assert!(!link.can_assume(Side::PartnerCenter, &Digest::new("policy")), "{link:?}");
            }
        }
    }
}
