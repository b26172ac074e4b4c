//! What is true while a half of the pair is made: what is sent, what forbids it, and what is typed meanwhile.

use sync_core::{
    Blocker, BySide, Code, Digest, Direction, Effect, Fields, Link, LinkId, Outcome, Owner, Pair, Phase, Policy,
    ReferralId, Rule, Side, Sight, Snapshot, Step, WriteMode, decide, fold, reading,
};

use crate::deal::{Deal, NOW, Server, record};
use crate::domain::{DIRECTIONS, PHASES, WRITES, field, fields, policy, rule};
use crate::folding::{intent, made};

const READINGS: [&str; 4] = ["?", "-", "a", "b"];

/// A link that lacks `side`.
fn lacking(side: Side) -> Link {
    let pair = match side {
        Side::PartnerCenter => Pair::RecordOnly(record()),
        Side::Crm => Pair::ReferralOnly(ReferralId::new("referral")),
    };
    Link::new(LinkId::new("link"), pair)
}

fn step(side: Side, source: Snapshot, policy: &Policy) -> Step {
    let source = Sight::Present(source);
    let sights = BySide::from_fn(|at| if at == side { Sight::NotYet } else { source.clone() });
    decide(&lacking(side), &sights, policy).step
}

/// `write` forbids before the end of the deal does, and that before what a referral lacks; a record lacks nothing.
#[test]
fn what_forbids_a_create() {
    let missing = Blocker { code: Code::ValueMissing, text: "enter a value".to_owned() };
    for side in Side::ALL {
        for write in WRITES {
            for phase in PHASES {
                for blockers in [vec![], vec![missing.clone()]] {
                    let is_ready = blockers.is_empty() || side == Side::Crm;
                    let source = Snapshot { phase, blockers, ..Server::holding(Fields::new()).snapshot() };
                    let found = match step(side, source, &policy(vec![], write)) {
                        Step::Block(blocker) => Some(blocker.code),
                        Step::Create { side: made, .. } if made == side => None,
                        other => panic!("{other:?}"),
                    };
                    let expected = match (write.allows(side), phase, side) {
                        (false, ..) => Some(Code::WriteOff),
                        (true, Phase::Closed, Side::Crm) => Some(Code::ClosedBeforeFirstSight),
                        (true, Phase::Closed, Side::PartnerCenter) => Some(Code::Closed),
                        (true, ..) => (!is_ready).then_some(Code::ValueMissing),
                    };
                    assert_eq!(found, expected, "{side:?} {write:?} {phase:?}");
                }
            }
        }
    }
}

/// A referral that is closed when it is first seen makes a record only where a person asks for it; a closed opportunity
/// never makes a referral.
#[test]
fn a_person_may_ask_for_what_is_closed() {
    for side in Side::ALL {
        let policy = Policy { include_closed: true, ..policy(vec![], WriteMode::Both) };
        let source = Snapshot { phase: Phase::Closed, ..Server::holding(Fields::new()).snapshot() };
        let is_made = matches!(step(side, source, &policy), Step::Create { .. });
        assert_eq!(is_made, side == Side::Crm);
    }
}

/// A new half is asked to hold every group that was read whole and may travel there, and nothing else.
#[test]
fn what_a_new_half_is_asked_to_hold() {
    for side in Side::ALL {
        for direction in DIRECTIONS {
            for (one, two) in READINGS.iter().flat_map(|one| READINGS.iter().map(move |two| (*one, *two))) {
                let source = fields(&[("one", one), ("two", two), ("unmapped", "x")]);
                let rules = vec![rule(&["one", "two"], direction, Owner::Ask, true)];
                let travels = direction.allows(side) && one != "?" && two != "?";
                let expected = if travels { fields(&[("one", one), ("two", two)]) } else { Fields::new() };
                let found = step(side, Server::holding(source).snapshot(), &policy(rules, WriteMode::Both));
                assert_eq!(found, Step::Create { side, sent: expected }, "{direction:?} {one} {two}");
            }
        }
    }
}

/// A pair whose half on `side` was made from a source that read `text`, while a person typed `edit` over it. The answer
/// shows the new half, or was lost and recovered.
fn created(side: Side, text: &str, edit: Option<&str>, is_shown: bool, rule: Rule) -> Deal {
    let start = BySide::from_fn(|at| fields(&[("f", if at == side { "-" } else { text })]));
    let mut deal = Deal::new(policy(vec![rule], WriteMode::Both), BySide::default(), start);
    deal.link = lacking(side);
    let source = deal.servers[side.other()].snapshot();
    let Step::Create { sent, .. } = step(side, source.clone(), &deal.policy) else { panic!("not created") };
    deal.servers[side].fields.extend(sent.clone());
    let digests = vec![(field("f"), Digest::new("row"))];
    assert!(deal.link.begin(sync_core::Intent {
        source: source.fields,
        sent,
        digests,
        ..intent(side, Effect::Create, 1)
    }));
    if let Some(edit) = edit {
        deal.edit(side.other(), fields(&[("f", edit)]));
    } else if text == "?" {
        deal.edit(side.other(), fields(&[("f", "late")]));
    }
    let returned = if is_shown { deal.servers[side].fields.clone() } else { Fields::new() };
    fold(&mut deal.link, Outcome::Done(made(side, returned)), NOW);
    deal
}

/// What is typed while a half is made still travels, and so does what could not be read then; nothing else is written.
#[test]
fn an_edit_made_during_a_create_still_travels() {
    for side in Side::ALL {
        for text in READINGS {
            for edit in [None, Some("-"), Some("edited")] {
                for is_shown in [true, false] {
                    let both_ways = rule(&["f"], Direction::Both, Owner::Side(side), true);
                    let mut deal = created(side, text, edit, is_shown, both_ways);
                    let differs = deal.held(Side::PartnerCenter) != deal.held(Side::Crm);
                    assert_eq!(deal.run(), u32::from(differs), "{side:?} {text} {edit:?} {is_shown}");
                    assert_eq!(deal.held(Side::PartnerCenter), deal.held(Side::Crm), "{side:?} {text} {edit:?}");
                    let typed = edit.unwrap_or(if text == "?" { "late" } else { text });
                    assert_eq!(deal.held(side), &fields(&[("f", typed)]), "{side:?} {text} {edit:?} {is_shown}");
                }
            }
        }
    }
}

/// Both sides of a new pair may be edited at once: the owner wins, and history keeps the loser.
#[test]
fn edits_of_both_halves_during_a_create_are_a_conflict() {
    for side in Side::ALL {
        for owner in Side::ALL {
            let both_ways = rule(&["f"], Direction::Both, Owner::Side(owner), true);
            let mut deal = created(side, "a", Some("source"), true, both_ways);
            deal.edit(side, fields(&[("f", "target")]));
            let winner = reading(deal.held(owner), &field("f")).clone();
            let loser = reading(deal.held(owner.other()), &field("f")).clone();
            assert_eq!(deal.run(), 1);
            assert_eq!(reading(deal.held(owner.other()), &field("f")), &winner);
            assert!(deal.history.iter().any(|entry| entry.winner_and_loser == Some((winner.clone(), loser.clone()))));
        }
    }
}
