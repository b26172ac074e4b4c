//! What one worker may rely on.

use store::{HistoryLine, Inserted, LinkKey, Saved, Store, Stored};
use sync_core::{
    BaseEntry, BySide, Digest, Effect, Entity, FieldId, Fields, LinkId, Pair, Reading, RecordId, RecordRef, ReferralId,
    Response, Side,
};

use crate::deal::{MARKS, at, both, full, line, link, record};

pub(crate) async fn a_link_comes_back_as_it_was<S: Store>(store: S) {
    let link = full();
    assert_eq!(store.insert(&link, &[]).await.unwrap(), Inserted::New(1));
    let stored = store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap();
    assert_eq!(stored.link, link);
    assert_eq!((stored.revision, stored.dirty, stored.worked), (1, MARKS, MARKS));
}

/// Every kind of intent comes back word for word, what it carries included.
pub(crate) async fn an_intent_comes_back_as_it_was<S: Store>(store: S) {
    let entry = |text: &str| BaseEntry { reading: Reading::is(text), digest: Digest::new("digest") };
    let bases = BySide::from_fn(|side: Side| [(FieldId::new("name"), entry(side.word()))].into_iter().collect());
    let lead = RecordRef { entity: Entity::Lead, id: RecordId::new("lead") };
    let effects = [
        Effect::Create,
        Effect::Update,
        Effect::Tell,
        Effect::Respond { response: Response::Accept, by_column: true },
        Effect::Qualify,
        Effect::Move { to: record("opportunity"), base: bases.clone(), subordinate: None },
        Effect::Move { to: lead.clone(), base: bases, subordinate: Some(lead) },
    ];
    let (mut revision, mut link) = (1, full());
    store.insert(&link, &[]).await.unwrap();
    for effect in effects {
        link.intent.as_mut().unwrap().effect = effect;
        store.save(&link, revision, MARKS, &[]).await.unwrap();
        revision += 1;
        assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().link, link);
    }
}

pub(crate) async fn a_link_is_found_by_either_id<S: Store>(store: S) {
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

pub(crate) async fn an_id_belongs_to_one_link_for_good<S: Store>(store: S) {
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

pub(crate) async fn an_id_that_a_link_moved_away_from_still_leads_to_it<S: Store>(store: S) {
    let mut link = link("one", Pair::Both(ReferralId::new("f"), record("lead")));
    store.insert(&link, &[]).await.unwrap();
    link.pair = Pair::Both(ReferralId::new("f"), record("opportunity"));
    store.save(&link, 1, MARKS, &[]).await.unwrap();
    for id in ["lead", "opportunity"] {
        assert_eq!(store.load(LinkKey::Record(&RecordId::new(id))).await.unwrap().unwrap().link, link);
    }
    let thief = self::link("two", Pair::RecordOnly(record("lead")));
    assert_eq!(store.insert(&thief, &[]).await.unwrap(), Inserted::Taken);
    // And back again: what is its own, it may have.
    link.pair = Pair::Both(ReferralId::new("f"), record("lead"));
    assert_eq!(store.save(&link, 2, MARKS, &[]).await.unwrap(), Saved::Saved { revision: 3, dirty: MARKS });
}

pub(crate) async fn a_link_that_is_not_there_cannot_be_saved_or_marked<S: Store>(store: S) {
    let link = both("one");
    assert_eq!(store.save(&link, 1, MARKS, &[line(&link, 1)]).await.unwrap(), Saved::Lost);
    store.mark_dirty(&link.id, Side::Crm, at(1)).await.unwrap();
    assert!(store.load(LinkKey::Id(&link.id)).await.unwrap().is_none());
    assert_eq!(store.due(at(9), 9).await.unwrap(), []);
    assert_eq!(store.history(&link.id, 9).await.unwrap(), []);
}

pub(crate) async fn the_second_of_two_saves_loses<S: Store>(store: S) {
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

pub(crate) async fn a_mark_is_seen_by_the_winner_and_wakes_if_the_winner_dies<S: Store>(store: S) {
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

pub(crate) async fn a_link_is_due_at_the_sooner_of_its_times<S: Store>(store: S) {
    let mut link = both("one");
    link.not_before = Some(at(100));
    store.insert(&link, &[]).await.unwrap();
    let due = async || store.due(at(1000), 9).await.unwrap().iter().map(|due| due.at).collect::<Vec<_>>();
    assert_eq!(due().await, [at(100)]);
    store.mark_dirty(&link.id, Side::PartnerCenter, at(150)).await.unwrap();
    assert_eq!(due().await, [at(100)]);
    store.mark_dirty(&link.id, Side::Crm, at(50)).await.unwrap();
    assert_eq!(due().await, [at(50)]);
    // A save that worked one of the marks keeps the time of the other; one that worked both leaves the link's own.
    store.save(&link, 1, BySide { partner_center: 1, crm: 0 }, &[]).await.unwrap();
    assert_eq!(due().await, [at(50)]);
    store.save(&link, 2, BySide { partner_center: 1, crm: 1 }, &[]).await.unwrap();
    assert_eq!(due().await, [at(100)]);
    let found = store.due(at(1000), 9).await.unwrap().remove(0);
    assert_eq!((found.link, found.revision), (link.id.clone(), 3));
    assert_eq!((found.referral.as_ref(), found.record.as_ref()), (link.pair.referral(), link.pair.record()));
}

pub(crate) async fn a_link_that_no_longer_waits_is_not_due<S: Store>(store: S) {
    let mut link = both("one");
    link.not_before = Some(at(10));
    store.insert(&link, &[]).await.unwrap();
    link.not_before = None;
    store.save(&link, 1, MARKS, &[]).await.unwrap();
    assert_eq!(store.due(at(99), 9).await.unwrap(), []);
}

pub(crate) async fn parked_links_are_due_in_their_order<S: Store>(store: S) {
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

pub(crate) async fn links_are_listed_page_by_page<S: Store>(store: S) {
    for id in ["c", "a", "b"] {
        store.insert(&both(id), &[]).await.unwrap();
    }
    let first = store.list(None, 2).await.unwrap();
    let names: Vec<&str> = first.iter().map(|stored| stored.link.id.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let rest = store.list(Some(&first[1].link.id), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
}

pub(crate) async fn more_links_than_a_page_are_listed_once_each<S: Store>(store: S) {
    let ids: Vec<String> = (0..120).map(|n| format!("{n:03}")).collect();
    for id in &ids {
        store.insert(&link(id, Pair::RecordOnly(record(id))), &[]).await.unwrap();
    }
    let names = |links: Vec<Stored>| links.into_iter().map(|s| s.link.id.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(store.list(None, 1000).await.unwrap()), ids);
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = names(store.list(after.as_ref(), 50).await.unwrap());
        let Some(last) = page.last() else { break };
        after = Some(LinkId::new(last));
        listed.extend(page);
    }
    assert_eq!(listed, ids);
}

pub(crate) async fn history_is_told_in_the_order_of_the_saves<S: Store>(store: S) {
    let link = both("one");
    // The clock of the second worker is behind: what counts is who saved first.
    store.insert(&link, &[line(&link, 50), line(&link, 51)]).await.unwrap();
    for (revision, time) in (1..).zip([40, 60, 30]) {
        store.save(&link, revision, MARKS, &[line(&link, time)]).await.unwrap();
    }
    let told = async |limit| {
        let lines = store.history(&link.id, limit).await.unwrap();
        lines.iter().map(|line| line.at.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(told(9).await, [50, 51, 40, 60, 30]);
    assert_eq!(told(3).await, [50, 51, 40]);
    assert_eq!(told(1).await, [50]);
    assert_eq!(store.history(&LinkId::new("other"), 9).await.unwrap(), []);
}

pub(crate) async fn long_texts_come_back_whole<S: Store>(store: S) {
    let note = Reading::is("a note of a seller who writes books 📚 ".repeat(4000));
    let mut link = full();
    for side in Side::ALL {
        let entry = BaseEntry { reading: note.clone(), digest: Digest::new("digest") };
        link.base[side] = [(FieldId::new("notes"), entry)].into_iter().collect();
    }
    let intent = link.intent.as_mut().unwrap();
    intent.sent = Fields::from([(FieldId::new("notes"), note.clone())]);
    intent.source = intent.sent.clone();
    let long = HistoryLine { to: note.clone(), winner: note.clone(), loser: note, ..line(&link, 1) };
    let lines = [long.clone(), line(&link, 2), long, line(&link, 3)];
    store.insert(&link, &lines).await.unwrap();
    assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().link, link);
    assert_eq!(store.history(&link.id, 9).await.unwrap(), lines);
    link.audit.clear();
    store.save(&link, 1, MARKS, &lines).await.unwrap();
    assert_eq!(store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap().link, link);
    assert_eq!(store.history(&link.id, 9).await.unwrap().len(), 8);
}

pub(crate) async fn what_is_noted_stays_noted<S: Store>(store: S) {
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

pub(crate) async fn a_counter_stops_at_its_most<S: Store>(store: S) {
    assert!(!store.count("none", 0, at(100)).await.unwrap());
    let mut counted = Vec::new();
    for _ in 0..4 {
        counted.push(store.count("run 1", 3, at(100)).await.unwrap());
    }
    assert_eq!(counted, [true, true, true, false]);
    assert!(store.count("run 1", 4, at(100)).await.unwrap(), "a higher limit lets more through");
    assert!(store.count("run 2", 3, at(100)).await.unwrap(), "another run counts for itself");
}

pub(crate) async fn a_worked_hint_is_remembered_for_its_time<S: Store>(store: S) {
    assert!(!store.seen("hint", at(0)).await.unwrap());
    store.mark_seen("hint", at(100)).await.unwrap();
    assert!(store.seen("hint", at(99)).await.unwrap());
    assert!(!store.seen("hint", at(100)).await.unwrap());
}

pub(crate) async fn an_id_that_is_no_id_of_ours_is_simply_not_found<S: Store>(store: S) {
    store.insert(&both("one"), &[]).await.unwrap();
    for id in ["", "#", "😀 \u{0}", &"x".repeat(5000)] {
        assert!(store.load(LinkKey::Referral(&ReferralId::new(id))).await.unwrap().is_none());
        assert!(store.load(LinkKey::Record(&RecordId::new(id))).await.unwrap().is_none());
        assert_eq!(store.by_engagement(id).await.unwrap(), []);
        assert_eq!(store.references(id).await.unwrap(), []);
        assert_eq!(store.link_of_solution(id).await.unwrap(), None);
        assert!(!store.seen(id, at(0)).await.unwrap());
        store.note_reference(id, &ReferralId::new(id)).await.unwrap();
        assert_eq!(store.references(id).await.unwrap(), [ReferralId::new(id)]);
    }
}
