//! What every store must do, whatever it is made of. Another store adds one `contract!` line at the bottom.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::Future;

use store::{HistoryLine, Inserted, LinkKey, Saved, Store};
use sync_core::{
    BaseEntry, Blocker, BySide, Code, Digest, Effect, Entity, Etag, FieldId, Fields, Intent, IntentId, Kind, Link,
    LinkId, Microsoft, Pair, Phase, Problem, Reading, RecordId, RecordRef, ReferralId, Settled, Side, State, SyncState,
    Timestamp, Told,
};

const MARKS: BySide<u64> = BySide { partner_center: 0, crm: 0 };

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn record(id: &str) -> RecordRef {
    RecordRef { entity: Entity::Opportunity, id: RecordId::new(id) }
}

fn link(id: &str, pair: Pair) -> Link {
    Link::new(LinkId::new(id), pair)
}

fn both(id: &str) -> Link {
    link(id, Pair::Both(ReferralId::new(format!("{id}-referral")), record(&format!("{id}-record"))))
}

fn line(link: &Link, n: i64) -> HistoryLine {
    HistoryLine {
        at: at(n),
        link: link.id.clone(),
        side: Side::Crm,
        field: FieldId::new("name"),
        from: Reading::Unknown,
        to: Reading::is(format!("value {n}")),
        kind: Kind::Conflict,
        winner: Reading::is("theirs"),
        loser: Reading::Cleared,
        rule: "both moved".to_owned(),
        cause: "event".to_owned(),
        intent: Some(IntentId::new("intent")),
    }
}

/// A link with something in every place.
fn full() -> Link {
    let microsoft = Microsoft {
        referral: ReferralId::new("full-microsoft"),
        status: "Active/Accepted".to_owned(),
        crm_id: Some("7-ABC".to_owned()),
    };
    let told = Told {
        state: SyncState::Failed,
        code: Some(Code::ValueMissing),
        text: "fill it in".to_owned(),
        referral: Some(ReferralId::new("full-referral")),
        microsoft: Some(microsoft.clone()),
    };
    let fields = Fields::from([
        (FieldId::new("a"), Reading::is("1 \"ü\" 😀")),
        (FieldId::new("b"), Reading::Cleared),
        (FieldId::new("c"), Reading::Unknown),
    ]);
    let mut link = both("full");
    link.engagement = Some("engagement".to_owned());
    link.microsoft = Some(microsoft);
    link.state = State::Paused;
    for side in Side::ALL {
        let entry = |text: &str| BaseEntry { reading: Reading::is(text), digest: Digest::new("digest") };
        link.base[side] = [(FieldId::new("name"), entry(side.word()))].into_iter().collect();
        link.settled[side] = Some(Settled { etag: Etag::new("W/\"1\""), policy: Digest::new("policy") });
    }
    link.phase = BySide { partner_center: Phase::Unanswered, crm: Phase::Closed };
    link.intent = Some(Intent {
        id: IntentId::new("intent"),
        side: Side::Crm,
        effect: Effect::Parent { table: "account".to_owned(), key: "key".to_owned() },
        request: "{\"x\":1}".to_owned(),
        source: fields.clone(),
        sent: fields,
        digests: vec![(FieldId::new("a"), Digest::new("digest"))],
        target_etag: Some(Etag::new("\"2\"")),
        tells: Some(told.clone()),
        started_at: at(1),
        attempted_at: at(2),
        tries: 3,
    });
    let blocker = Blocker { code: Code::SolutionMissing, text: "add one".to_owned() };
    link.problem = Some(Problem { blocker, since: at(4), looks: 5 });
    link.kept = link.intent.as_ref().map(|intent| intent.sent.clone()).unwrap_or_default();
    link.told = Some(told);
    link.audit = vec!["newest".to_owned(), "oldest".to_owned()];
    link.not_before = Some(at(6));
    link.parked_for = Some(Code::Throttled);
    link.absent_since.crm = Some(at(7));
    link.linked_at = Some(at(3));
    link
}

async fn a_link_comes_back_as_it_was<S: Store>(store: S) {
    let link = full();
    assert_eq!(store.insert(&link, &[]).await.unwrap(), Inserted::New(1));
    let stored = store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap();
    assert_eq!(stored.link, link);
    assert_eq!((stored.revision, stored.dirty, stored.worked), (1, MARKS, MARKS));
}

async fn a_link_is_found_by_either_id<S: Store>(store: S) {
    let mut half = link("one", Pair::RecordOnly(record("r")));
    store.insert(&half, &[]).await.unwrap();
    assert!(store.load(LinkKey::Referral(&ReferralId::new("f"))).await.unwrap().is_none());
    half.pair = Pair::Both(ReferralId::new("f"), record("r"));
    half.engagement = Some("e".to_owned());
    store.save(&half, 1, MARKS, &[]).await.unwrap();
    for key in [LinkKey::Referral(&ReferralId::new("f")), LinkKey::Record(&RecordId::new("r"))] {
        assert_eq!(store.load(key).await.unwrap().unwrap().link, half);
    }
    assert_eq!(store.by_engagement("e").await.unwrap(), [half.id.clone()]);
    assert_eq!(store.by_engagement("other").await.unwrap(), []);
}

async fn an_id_belongs_to_one_link_for_good<S: Store>(store: S) {
    let one = both("one");
    store.insert(&one, &[]).await.unwrap();
    let thief = link("two", Pair::ReferralOnly(ReferralId::new("one-referral")));
    assert_eq!(store.insert(&thief, &[]).await.unwrap(), Inserted::Taken);
    let mut other = link("three", Pair::RecordOnly(record("own")));
    store.insert(&other, &[]).await.unwrap();
    other.pair = Pair::Both(ReferralId::new("one-referral"), record("own"));
    let lines = [line(&other, 1)];
    assert_eq!(store.save(&other, 1, MARKS, &lines).await.unwrap(), Saved::Taken { by: one.id.clone() });
    let stored = store.load(LinkKey::Id(&other.id)).await.unwrap().unwrap();
    assert_eq!((stored.revision, stored.link.pair.referral()), (1, None));
    assert_eq!(store.history(&other.id, 9).await.unwrap(), []);
}

async fn the_second_of_two_saves_loses<S: Store>(store: S) {
    let mut link = both("one");
    store.insert(&link, &[]).await.unwrap();
    link.engagement = Some("first".to_owned());
    assert_eq!(
        store.save(&link, 1, MARKS, &[line(&link, 1)]).await.unwrap(),
        Saved::Saved { revision: 2, dirty: MARKS }
    );
    let mut late = link.clone();
    late.engagement = Some("second".to_owned());
    assert_eq!(store.save(&late, 1, MARKS, &[line(&link, 2)]).await.unwrap(), Saved::Lost);
    assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().link, link);
    assert_eq!(store.history(&link.id, 9).await.unwrap(), [line(&link, 1)]);
}

async fn a_mark_is_seen_by_the_winner_and_wakes_if_the_winner_dies<S: Store>(store: S) {
    let link = both("one");
    store.insert(&link, &[]).await.unwrap();
    store.mark_dirty(&link.id, Side::Crm, at(50)).await.unwrap();
    store.mark_dirty(&link.id, Side::Crm, at(90)).await.unwrap();
    assert_eq!(store.due(at(49), 9).await.unwrap(), []);
    assert_eq!(store.due(at(50), 9).await.unwrap().len(), 1);
    let marks = BySide { partner_center: 0, crm: 2 };
    assert_eq!(store.save(&link, 1, MARKS, &[]).await.unwrap(), Saved::Saved { revision: 2, dirty: marks });
    assert!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().is_dirty(Side::Crm));
    store.save(&link, 2, marks, &[]).await.unwrap();
    assert!(!store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().is_dirty(Side::Crm));
    assert_eq!(store.due(at(1000), 9).await.unwrap(), []);
}

async fn parked_links_are_due_in_their_order<S: Store>(store: S) {
    for (id, due) in [("late", 30), ("soon", 10), ("middle", 20)] {
        let mut link = both(id);
        link.not_before = Some(at(due));
        store.insert(&link, &[]).await.unwrap();
    }
    store.insert(&both("at rest"), &[]).await.unwrap();
    let due = |now, limit| {
        let store = &store;
        async move {
            let due = store.due(at(now), limit).await.unwrap();
            due.into_iter().map(|due| due.link.as_str().to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(due(9, 9).await, Vec::<String>::new());
    assert_eq!(due(20, 9).await, ["soon", "middle"]);
    assert_eq!(due(99, 2).await, ["soon", "middle"]);
    assert_eq!(due(99, 9).await, ["soon", "middle", "late"]);
}

async fn links_are_listed_page_by_page<S: Store>(store: S) {
    for id in ["c", "a", "b"] {
        store.insert(&both(id), &[]).await.unwrap();
    }
    let first = store.list(None, 2).await.unwrap();
    let names: Vec<&str> = first.iter().map(|stored| stored.link.id.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let rest = store.list(Some(&first[1].link.id), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
}

async fn what_is_noted_stays_noted<S: Store>(store: S) {
    assert_eq!(store.cursor("feed").await.unwrap(), None);
    store.set_cursor("feed", "1").await.unwrap();
    store.set_cursor("feed", "2").await.unwrap();
    assert_eq!(store.cursor("feed").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.remember("who", "us").await.unwrap(), "us");
    assert_eq!(store.remember("who", "them").await.unwrap(), "us");
    assert_eq!(store.fact("who").await.unwrap().as_deref(), Some("us"));
    let referrals = ["f1", "f2"].map(ReferralId::new);
    for referral in referrals.iter().chain(&referrals) {
        store.note_reference("A-REFERENCE", referral).await.unwrap();
    }
    assert_eq!(store.references("a-reference").await.unwrap(), referrals);
    store.note_solution("row", &LinkId::new("one")).await.unwrap();
    assert_eq!(store.link_of_solution("row").await.unwrap(), Some(LinkId::new("one")));
}

async fn a_worked_hint_is_remembered_for_its_time<S: Store>(store: S) {
    assert!(!store.seen("hint", at(0)).await.unwrap());
    store.mark_seen("hint", at(100)).await.unwrap();
    assert!(store.seen("hint", at(99)).await.unwrap());
    assert!(!store.seen("hint", at(100)).await.unwrap());
}

async fn a_counter_stops_at_its_most<S: Store>(store: S) {
    assert!(!store.count("none", 0, at(100)).await.unwrap());
    let mut counted = Vec::new();
    for _ in 0..4 {
        counted.push(store.count("run 1", 3, at(100)).await.unwrap());
    }
    assert_eq!(counted, [true, true, true, false]);
    assert!(store.count("run 1", 4, at(100)).await.unwrap(), "a higher limit lets more through");
    assert!(store.count("run 2", 3, at(100)).await.unwrap(), "another run counts for itself");
}

async fn only_what_is_old_is_forgotten<S: Store>(store: S) {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let link = both("one");
    store.insert(&link, &[line(&link, 1), line(&link, 3 * DAY)]).await.unwrap();
    store.mark_seen("old", at(1)).await.unwrap();
    store.mark_seen("new", at(9 * DAY)).await.unwrap();
    assert_eq!(store.prune(at(4 * DAY), 2).await.unwrap(), 2);
    assert_eq!(store.history(&link.id, 9).await.unwrap(), [line(&link, 3 * DAY)]);
    assert!(store.seen("new", at(4 * DAY)).await.unwrap());
}

macro_rules! contract {
    ($store:ident, $with:expr) => {
        contract!(@ $store, $with,
            a_link_comes_back_as_it_was, a_link_is_found_by_either_id, an_id_belongs_to_one_link_for_good,
            the_second_of_two_saves_loses, a_mark_is_seen_by_the_winner_and_wakes_if_the_winner_dies,
            parked_links_are_due_in_their_order, links_are_listed_page_by_page, what_is_noted_stays_noted,
            a_worked_hint_is_remembered_for_its_time, a_counter_stops_at_its_most, only_what_is_old_is_forgotten
        );
    };
    (@ $store:ident, $with:expr, $($law:ident),*) => {
        mod $store {
            $(#[tokio::test] async fn $law() { $with(super::$law).await })*
        }
    };
}

async fn with_sqlite<F: Future<Output = ()>>(law: impl FnOnce(store::SqliteStore) -> F) {
    let folder = tempfile::tempdir().unwrap();
    law(store::SqliteStore::new(store::sqlite::open(folder.path()).await.unwrap())).await;
}

contract!(sqlite, super::with_sqlite);
