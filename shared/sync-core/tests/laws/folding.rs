//! What the outcome of an effect makes of a link: one table, and the laws of bases, problems and tidings.

use sync_core::{
    Answer, Base, Blocker, BySide, Code, Digest, Effect, Entity, Etag, Fields, Intent, IntentId, Link, LinkId, Outcome,
    Pair, RecordId, RecordRef, ReferralId, Response, Settled, Side, SyncState, Timestamp, Told, fold,
};

use crate::deal::{NOW, link_with, pair, record};
use crate::domain::{base, both, field, fields};

const EFFECTS: [Effect; 3] = [Effect::Create, Effect::Update, Effect::Tell];

/// One of each kind.
pub(crate) fn every_effect() -> [Effect; 7] {
    let to = RecordRef { entity: Entity::Opportunity, id: RecordId::new("successor") };
    [
        Effect::Create,
        Effect::Parent { table: "account".to_owned(), key: "key".to_owned() },
        Effect::Update,
        Effect::Tell,
        Effect::Respond { response: Response::Accept, by_column: true },
        Effect::Qualify,
        Effect::Move { to, base: BySide::from_fn(|_| base(&[("moved", "m")])), subordinate: None },
    ]
}

fn blocker(code: Code) -> Blocker {
    Blocker { code, text: String::new() }
}

fn told() -> Told {
    Told { state: SyncState::Synced, code: None, text: String::new(), referral: None }
}

/// A write of `b` to the field `sent`; the row `unsent` has a rule too.
pub(crate) fn intent(side: Side, effect: Effect, tries: u32) -> Intent {
    Intent {
        id: IntentId::new("ours"),
        side,
        effect,
        request: String::new(),
        source: fields(&[("sent", "b"), ("unsent", "?")]),
        sent: fields(&[("sent", "b")]),
        digests: ["sent", "unsent"].map(|id| (field(id), Digest::new("row"))).to_vec(),
        target_etag: Some(Etag::new("1")),
        tells: Some(told()),
        started_at: NOW,
        attempted_at: NOW,
        tries,
    }
}

/// A settled link with `intent` in flight.
fn link(intent: Intent) -> Link {
    let bases = BySide::from_fn(|_| base(&[("sent", "a"), ("unsent", "a")]));
    let settled = Settled { etag: Etag::new("1"), policy: Digest::new("policy") };
    let settled = both(Some(settled.clone()), Some(settled));
    Link { intent: Some(intent), settled, ..link_with(bases) }
}

fn every_intent() -> impl Iterator<Item = Intent> {
    let efforts = Side::ALL.into_iter().flat_map(|side| EFFECTS.into_iter().map(move |effect| (side, effect)));
    efforts.flat_map(|(side, effect)| [1, 2].map(|tries| intent(side, effect.clone(), tries)))
}

fn every_outcome() -> [Outcome; 4] {
    [Outcome::Done(Answer::default()), Outcome::NotDone, Outcome::Refused(blocker(Code::Rejected)), Outcome::Unknown]
}

/// An intent goes with its outcome, unless nobody knows, or an earlier attempt of a create may still land.
#[test]
fn an_intent_ends_when_its_outcome_is_known() {
    for intent in every_intent() {
        for outcome in every_outcome() {
            let mut link = link(intent.clone());
            let before = link.clone();
            fold(&mut link, outcome.clone(), NOW);
            let may_still_land = intent.effect == Effect::Create && intent.tries > 1;
            let stays = match outcome {
                Outcome::Unknown => true,
                Outcome::NotDone => may_still_land,
                Outcome::Done(_) | Outcome::Refused(_) => false,
            };
            assert_eq!(link.intent.is_some(), stays, "{outcome:?} {intent:?}");
            assert_eq!(outcome == Outcome::Unknown, link == before, "{outcome:?} {intent:?}");
            assert_eq!(link.settled[intent.side].is_some(), outcome == Outcome::Unknown, "{outcome:?} {intent:?}");
            assert!(link.settled[intent.side.other()].is_some(), "{outcome:?} {intent:?}");
            let written = matches!(outcome, Outcome::Done(_));
            assert!(written || link.base == before.base, "{outcome:?} {intent:?}");
        }
    }
}

#[test]
fn an_outcome_without_an_intent_changes_nothing() {
    for outcome in every_outcome() {
        let mut link = Link { intent: None, ..link(intent(Side::Crm, Effect::Update, 1)) };
        let before = link.clone();
        fold(&mut link, outcome, NOW);
        assert_eq!(link, before);
    }
}

/// After a write the target's base is what it returned, or what was sent; the source's is what it was when it was read.
#[test]
fn bases_are_what_was_returned_and_what_was_read() {
    for side in Side::ALL {
        for (returned, expected) in [("?", "b"), ("-", "-"), ("b", "b"), ("cut", "cut")] {
            let mut link = link(intent(side, Effect::Update, 1));
            let answer = Answer { fields: fields(&[("sent", returned), ("unsent", "z")]), ..Answer::default() };
            fold(&mut link, Outcome::Done(answer), NOW);
            // A field that was not sent and moved in the answer is somebody's edit: its base stays.
            assert_eq!(link.base[side], base(&[("sent", expected), ("unsent", "a")]), "{returned}");
            assert_eq!(link.base[side.other()], base(&[("sent", "b"), ("unsent", "a")]), "{returned}");
        }
    }
}

/// A half that was made begins with what it returned, else with what was sent, else empty.
#[test]
fn a_made_half_completes_the_pair_and_gives_bases() {
    let (referral, record) = (Pair::ReferralOnly(ReferralId::new("referral")), Pair::RecordOnly(record()));
    for (side, half) in [(Side::PartnerCenter, record), (Side::Crm, referral)] {
        for (unsent, expected) in [("?", "-"), ("-", "-"), ("default", "default")] {
            let mut link =
                Link { pair: half.clone(), base: BySide::default(), ..link(intent(side, Effect::Create, 1)) };
            let returned = fields(&[("sent", "b"), ("unsent", unsent)]);
            fold(&mut link, Outcome::Done(made(side, returned)), NOW);
            assert_eq!(link.pair, pair());
            let expected = base(&[("sent", "b"), ("unsent", expected)]);
            assert_eq!(link.base, both(expected.clone(), expected), "{side:?} {unsent}");
        }
    }
}

/// The answer to a create.
pub(crate) fn made(side: Side, returned: Fields) -> Answer {
    match side {
        Side::PartnerCenter => Answer::referral(ReferralId::new("referral"), None, returned),
        Side::Crm => Answer::record(record().entity, record().id, returned),
    }
}

/// A write that went through ends a refusal; only a decision ends what it finds itself; a refusal that repeats is counted.
#[test]
fn problems_end_and_repeat() {
    for code in Code::ALL {
        for intent in every_intent() {
            let mut done = link(intent.clone());
            done.block(blocker(*code), NOW);
            let mut refused = done.clone();
            fold(&mut done, Outcome::Done(Answer::default()), NOW);
            let stays = code.stands() || intent.effect == Effect::Tell;
            assert_eq!(done.problem.is_some(), stays, "{code:?} {intent:?}");
            fold(&mut refused, Outcome::Refused(blocker(Code::Rejected)), Timestamp::from_millis(7));
            let problem = refused.problem.unwrap();
            let expected = if *code == Code::Rejected { (NOW, 1) } else { (Timestamp::from_millis(7), 0) };
            assert_eq!((problem.since, problem.looks), expected, "{code:?} {intent:?}");
        }
    }
}

/// What the record was told is known once the CRM took it.
#[test]
fn only_a_crm_write_tells() {
    for intent in every_intent() {
        let mut link = link(intent.clone());
        fold(&mut link, Outcome::Done(Answer::default()), NOW);
        assert_eq!(link.told.is_some(), intent.side == Side::Crm, "{intent:?}");
    }
}

/// A half that was found makes a create pointless, nothing else, and gives no base.
#[test]
fn an_adopted_half_has_no_base() {
    for intent in every_intent() {
        let half = Pair::ReferralOnly(ReferralId::new("referral"));
        let mut link = Link { pair: half, base: both(Base::default(), Base::default()), ..link(intent.clone()) };
        link.adopt(Pair::RecordOnly(record()), Timestamp::from_millis(9));
        assert_eq!(link.linked_at.take(), Some(Timestamp::from_millis(9)));
        assert_eq!((link.pair, link.settled), (pair(), BySide::default()));
        assert_eq!(link.base, BySide::default());
        assert_eq!(link.intent.is_none(), intent.effect == Effect::Create, "{intent:?}");
        let mut complete = Link::new(LinkId::new("link"), pair());
        complete.adopt(Pair::ReferralOnly(ReferralId::new("another")), Timestamp::from_millis(9));
        assert_eq!(complete.pair, pair());
    }
}
