//! What is found out about a request whose answer never came: every kind of evidence at every time.

use sync_core::{
    Answer, BySide, Effect, Entry, Etag, Evidence, Found, IntentId, Kind, Link, LinkId, Pair, Recovery, ReferralId,
    Side, Sight, Snapshot, Timestamp, reading, recover,
};

use crate::deal::{NOW, Server, WAIT, link_with, record};
use crate::domain::{base, field, fields, is};
use crate::folding::{every_effect, intent};

/// Before a late request must have landed, when it must have, and when a silent target is given up.
const TIMES: [i64; 5] = [0, WAIT - 1, WAIT, 3_599_999, 3_600_000];

/// A link with a write of `b` over `a` in flight.
fn link(side: Side, effect: Effect) -> Link {
    let intent = intent(side, effect, 1);
    Link { intent: Some(intent), ..link_with(BySide::from_fn(|_| base(&[("sent", "a")]))) }
}

fn after(millis: i64) -> Timestamp {
    NOW.plus_millis(millis)
}

fn is_wait(recovery: &Recovery, now: Timestamp) -> bool {
    matches!(recovery, Recovery::WaitUntil(at) if *at > now)
}

fn found(id: &str) -> Found {
    Found { referral: ReferralId::new(id), engagement: Some("engagement".to_owned()) }
}

/// An empty search proves nothing before the wait is over, and neither does one hit: a late request may add a second.
#[test]
fn a_search_is_judged_when_nothing_can_land_any_more() {
    let link = link(Side::PartnerCenter, Effect::Create);
    for time in TIMES {
        for hits in 0..4 {
            let found: Vec<Found> = ["one", "two", "three"].into_iter().take(hits).map(found).collect();
            let expected = match (time < WAIT, hits) {
                (true, _) => Recovery::WaitUntil(after(WAIT)),
                (false, 0) => Recovery::Again,
                (false, 1) => {
                    let engagement = Some("engagement".to_owned());
                    let made = Answer::referral(ReferralId::new("one"), engagement, sync_core::Fields::new());
                    Recovery::Happened(made, Vec::new())
                }
                (false, _) => Recovery::Duplicates(found.iter().map(|found| found.referral.clone()).collect()),
            };
            assert_eq!(recover(&link, &Evidence::Search(found), WAIT, after(time)), expected, "{time} {hits}");
        }
    }
}

/// A target with a unique key says at once whether it was made, and by whom; repeating is harmless.
#[test]
fn a_create_under_a_unique_key_is_judged_at_once() {
    let half = Pair::RecordOnly(record());
    let happened = |pair| Recovery::Happened(Answer { pair, ..Answer::default() }, Vec::new());
    let parent = || Effect::Parent { table: "account".to_owned(), key: "key".to_owned() };
    for time in TIMES {
        for stamp in [None, Some("ours"), Some("another")] {
            let snapshot = Snapshot { stamp: stamp.map(IntentId::new), ..Server::holding(fields(&[])).snapshot() };
            let seen = |half| Evidence::Target(Sight::Present(snapshot.clone()), half);
            let judge = |effect, half| recover(&link(Side::Crm, effect), &seen(half), WAIT, after(time));
            let is_ours = stamp == Some("ours");
            let expected = if is_ours { happened(Some(half.clone())) } else { Recovery::Foreign(half.clone()) };
            assert_eq!(judge(Effect::Create, Some(half.clone())), expected);
            assert_eq!(judge(parent(), None), happened(None));
        }
        for effect in [Effect::Create, parent()] {
            let absent = Evidence::Target(Sight::Absent, None);
            assert_eq!(recover(&link(Side::Crm, effect), &absent, WAIT, after(time)), Recovery::Again);
        }
    }
}

/// A side that was not seen proves nothing, ever. One that answers 404 is given up after an hour, and then the write is
/// decided anew; nothing is concluded from a single 404.
#[test]
fn a_silent_target_proves_nothing() {
    for side in Side::ALL {
        for effect in every_effect() {
            for time in TIMES {
                for sight in [Sight::Unreadable, Sight::Assumed, Sight::NotYet] {
                    let evidence = Evidence::Target(sight, None);
                    let recovery = recover(&link(side, effect.clone()), &evidence, WAIT, after(time));
                    assert!(is_wait(&recovery, after(time)), "{evidence:?} {effect:?} {time}");
                }
                let absent =
                    recover(&link(side, effect.clone()), &Evidence::Target(Sight::Absent, None), WAIT, after(time));
                match effect {
                    Effect::Create | Effect::Parent { .. } => assert_eq!(absent, Recovery::Again),
                    _ if time < 3_600_000 => assert!(is_wait(&absent, after(time))),
                    _ => assert_eq!(absent, Recovery::NotDone),
                }
            }
        }
    }
}

/// One look at the target of an update.
#[derive(Debug, Clone, Copy)]
struct Look {
    side: Side,
    /// What the target holds: nothing readable, nothing, the base `a`, ours `b`, or another's.
    holds: &'static str,
    stamp: Option<&'static str>,
    moved: bool,
    time: i64,
}

impl Look {
    fn every() -> impl Iterator<Item = Self> {
        const HOLDS: [&str; 5] = ["?", "-", "a", "b", "c"];
        const STAMPS: [Option<&str>; 3] = [None, Some("ours"), Some("another")];
        let count = 2 * HOLDS.len() * STAMPS.len() * 2 * TIMES.len();
        (0..count).map(|number| Self {
            side: Side::ALL[number % 2],
            holds: HOLDS[number / 2 % 5],
            stamp: STAMPS[number / 10 % 3].filter(|_| number % 2 == 1),
            moved: number / 30 % 2 == 1,
            time: TIMES[number / 60],
        })
    }

    fn recover(self) -> Recovery {
        let mut server = Server::holding(fields(&[("sent", self.holds)]));
        server.stamp = self.stamp.map(IntentId::new);
        let etag = Some(Etag::new(if self.moved { "2" } else { "1" }));
        let snapshot = Snapshot { etag, ..server.snapshot() };
        let evidence = Evidence::Target(Sight::Present(snapshot), None);
        recover(&link(self.side, Effect::Update), &evidence, WAIT, after(self.time))
    }

    /// The table of reliability 8.4.
    fn expected(self) -> &'static str {
        match (self.stamp, self.side, self.moved, self.holds) {
            (Some("ours"), ..) => "happened",
            (_, Side::Crm, true, _) => "not done",
            (_, Side::PartnerCenter, true, "b") => "happened",
            _ if self.time < WAIT => "wait",
            (_, _, false, _) | (_, _, _, "a") => "not done",
            (_, _, _, "?") if self.time < 3_600_000 => "wait",
            (_, _, _, "?") => "happened",
            _ => "the present value wins",
        }
    }
}

/// The stamp tells, else the version and the fields; and where they do not, the target's present value wins, with ours
/// in history.
#[test]
fn an_update_is_judged_by_stamp_version_and_fields() {
    for look in Look::every() {
        let recovery = look.recover();
        let expected = match look.expected() {
            "happened" => Recovery::Happened(Answer::default(), Vec::new()),
            "not done" => Recovery::NotDone,
            "wait" => {
                assert!(is_wait(&recovery, after(look.time)), "{look:?} {recovery:?}");
                continue;
            }
            _ => Recovery::Happened(Answer::default(), vec![kept(look)]),
        };
        assert_eq!(recovery, expected, "{look:?}");
    }
}

/// The line that keeps our value `b`.
fn kept(look: Look) -> Entry {
    Entry {
        side: look.side.other(),
        field: field("sent"),
        from: is("b"),
        to: is(look.holds),
        kind: Kind::Conflict,
        winner_and_loser: Some((is(look.holds), is("b"))),
        rule: "outcome unknown: the present value wins",
        intent: Some(IntentId::new("ours")),
    }
}

/// A write of two fields is atomic: the field that speaks clearly speaks for both, whatever the other holds.
#[test]
fn one_clear_field_speaks_for_all() {
    for other in ["-", "a", "c"] {
        for (clear, happened) in [("b", other != "a"), ("a", false)] {
            let mut link = link(Side::PartnerCenter, Effect::Update);
            if let Some(intent) = &mut link.intent {
                intent.sent = fields(&[("sent", "b"), ("unsent", "b")]);
            }
            link.base.partner_center = base(&[("sent", "a"), ("unsent", "a")]);
            let held = fields(&[("sent", clear), ("unsent", other)]);
            let snapshot = Snapshot { etag: Some(Etag::new("2")), ..Server::holding(held.clone()).snapshot() };
            assert!(reading(&held, &field("sent")).is_known());
            let evidence = Evidence::Target(Sight::Present(snapshot), None);
            let recovery = recover(&link, &evidence, WAIT, after(WAIT));
            assert_eq!(recovery != Recovery::NotDone, happened, "{clear} {other} {recovery:?}");
        }
    }
}

#[test]
fn without_an_intent_there_is_nothing_to_recover() {
    let link = Link::new(LinkId::new("link"), Pair::RecordOnly(record()));
    for evidence in [Evidence::Search(vec![found("one")]), Evidence::Target(Sight::Absent, None)] {
        assert_eq!(recover(&link, &evidence, WAIT, NOW), Recovery::NotDone);
    }
}
