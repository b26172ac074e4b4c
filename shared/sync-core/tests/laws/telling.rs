//! What the seller is shown of a link, and when that is worth a write of its own.

use sync_core::{
    Blocker, Code, Effect, Link, LinkId, Pair, Phase, Problem, ReferralId, Side, State, SyncState, tell, tell_done,
};

use crate::deal::{NOW, pair, record};
use crate::domain::{PHASES, WRITES, both, policy};
use crate::folding::intent;

const STATES: [State; 3] = [State::Active, State::Paused, State::Detached];

fn pairs() -> [Pair; 3] {
    [Pair::ReferralOnly(ReferralId::new("referral")), Pair::RecordOnly(record()), pair()]
}

fn codes() -> impl Iterator<Item = Option<Code>> {
    std::iter::once(None).chain(Code::ALL.iter().copied().map(Some))
}

/// Every link, as far as a seller can see it.
fn every_link(mut check: impl FnMut(Link)) {
    for pair in pairs() {
        for code in codes() {
            let blocker = code.map(|code| Blocker { code, text: format!("about {}", code.word()) });
            let problem = blocker.map(|blocker| Problem { blocker, since: NOW, looks: 0 });
            for phase in PHASES.iter().flat_map(|one| PHASES.iter().map(move |two| both(*one, *two))) {
                for state in STATES {
                    let problem = problem.clone();
                    check(Link { problem, phase, state, ..Link::new(LinkId::new("link"), pair.clone()) });
                }
            }
        }
    }
}

/// A problem is shown before anything else, a missing half before an unanswered referral.
#[test]
fn the_state_a_seller_sees() {
    every_link(|link| {
        let told = tell(&link);
        let code = link.problem.as_ref().map(|problem| problem.blocker.code);
        let expected = match (code, link.pair.missing(), link.phase.partner_center) {
            (Some(Code::WriteOff), ..) => SyncState::Waiting,
            (Some(Code::Conflict | Code::ClosedDifferently), ..) => SyncState::Conflict,
            (Some(Code::DuplicateReferral | Code::AccountAmbiguous), ..) => SyncState::Conflict,
            (Some(_), ..) => SyncState::Failed,
            (None, Some(_), _) => SyncState::Pending,
            (None, None, Phase::Unanswered) => SyncState::Waiting,
            (None, None, Phase::Open | Phase::Closed) => SyncState::Synced,
        };
        let text = code.map(|code| format!("about {}", code.word())).unwrap_or_default();
        assert_eq!((told.state, told.code, told.text), (expected, code, text), "{link:?}");
        assert_eq!(told.referral.as_ref(), link.pair.referral(), "{link:?}");
    });
}

/// A write that goes through ends a refusal, so that the record need not be told twice; what stands is told on.
#[test]
fn a_write_tells_what_is_true_once_it_has_gone_through() {
    every_link(|link| {
        let stands = link.problem.as_ref().is_some_and(|problem| problem.blocker.code.stands());
        let after = if stands { link.clone() } else { Link { problem: None, ..link.clone() } };
        assert_eq!(tell_done(&link), tell(&after), "{link:?}");
    });
}

/// News goes to an open record of a worked link that may be written, once, and is never `Pending`.
#[test]
fn news_is_told_once_and_only_where_it_may() {
    every_link(|link| {
        for write in WRITES {
            let policy = policy(vec![], write);
            let may = write.allows(Side::Crm)
                && link.state == State::Active
                && link.pair.record().is_some()
                && link.phase.crm != Phase::Closed
                && tell(&link).state != SyncState::Pending;
            assert_eq!(link.news(&policy), may.then(|| tell(&link)), "{write:?} {link:?}");
            let told = Link { told: Some(tell(&link)), ..link.clone() };
            assert_eq!(told.news(&policy), None, "{write:?} {link:?}");
            let busy = Link { intent: Some(intent(Side::Crm, Effect::Tell, 1)), ..link.clone() };
            assert_eq!(busy.news(&policy), None, "{write:?} {link:?}");
        }
    });
}

/// The same problem again is no news; another code or another text is.
#[test]
fn a_problem_is_noted_once() {
    let text = |text: &str| text.to_owned();
    for before in Code::ALL {
        for after in Code::ALL {
            for (one, two) in [("a", "a"), ("a", "b")] {
                let mut link = Link::new(LinkId::new("link"), pair());
                assert!(link.block(Blocker { code: *before, text: text(one) }, NOW));
                let is_news = link.block(Blocker { code: *after, text: text(two) }, NOW.plus_millis(1));
                assert_eq!(is_news, before != after || one != two, "{before:?} {after:?}");
                let problem = link.problem.unwrap();
                assert_eq!((problem.since == NOW, problem.looks), (!is_news, u32::from(!is_news)));
            }
        }
    }
}

/// A code's word leads back to it, and no two codes share one.
#[test]
fn words_and_codes_are_one_to_one() {
    for code in Code::ALL {
        assert_eq!(Code::from_word(code.word()), Some(*code));
    }
    assert_eq!(Code::from_word("no-such-code"), None);
}

/// The newest lines are kept.
#[test]
fn the_audit_keeps_the_newest_lines() {
    let mut link = Link::new(LinkId::new("link"), pair());
    for number in 0..=Link::AUDIT_LINES_MAX {
        link.add_audit_line(number.to_string());
    }
    assert_eq!(link.audit.len(), Link::AUDIT_LINES_MAX);
    assert_eq!(link.audit.first(), Some(&Link::AUDIT_LINES_MAX.to_string()));
    assert_eq!(link.audit.last(), Some(&"1".to_owned()));
}
