//! What many workers at once may rely on.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::{Inserted, LinkKey, Saved, Store};
use sync_core::{BySide, Pair, RecordId, ReferralId, Side};
use tokio::task::JoinSet;

use crate::deal::{MARKS, at, both, line, link, record};

const WRITERS: usize = 8;
const INCREMENTS: usize = 10;

pub(crate) async fn no_increment_of_eight_writers_is_lost<S: Store>(store: S) {
    let (store, mut writers) = (Arc::new(store), JoinSet::new());
    let mut start = both("counter");
    start.audit = vec!["0".to_owned()];
    store.insert(&start, &[]).await.unwrap();
    for _ in 0..WRITERS {
        let (store, id) = (Arc::clone(&store), start.id.clone());
        writers.spawn(async move {
            let mut done = 0;
            while done < INCREMENTS {
                let stored = store.load(LinkKey::Id(&id)).await.unwrap().unwrap();
                let mut link = stored.link;
                let n: i64 = link.audit[0].parse().unwrap();
                link.audit = vec![(n + 1).to_string()];
                // Every second save has history, and with it is a transaction where there are such.
                let lines: Vec<_> = (n % 2 == 0).then(|| line(&link, n)).into_iter().collect();
                match store.save(&link, stored.revision, MARKS, &lines).await.unwrap() {
                    Saved::Saved { revision, .. } => {
                        assert_eq!(revision, stored.revision + 1);
                        done += 1;
                    }
                    Saved::Lost => {}
                    Saved::Taken { by } => panic!("{by}"),
                }
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    let sum = WRITERS * INCREMENTS;
    let stored = store.load(LinkKey::Id(&start.id)).await.unwrap().unwrap();
    assert_eq!((stored.link.audit[0].as_str(), stored.revision), (sum.to_string().as_str(), sum as u64 + 1));
    let told: Vec<i64> =
        store.history(&start.id, usize::MAX).await.unwrap().iter().map(|line| line.at.as_millis()).collect();
    assert_eq!(told, (0..sum as i64).step_by(2).collect::<Vec<_>>(), "the history of the winners, and of nobody else");
}

pub(crate) async fn an_id_has_one_owner_however_many_want_it<S: Store>(store: S) {
    let store = Arc::new(store);
    for round in 0..5 {
        let mut workers = JoinSet::new();
        for n in 0..WRITERS {
            let store = Arc::clone(&store);
            workers.spawn(async move {
                let wanted = link(&format!("{round}-{n}"), Pair::ReferralOnly(ReferralId::new(format!("f{round}"))));
                store.insert(&wanted, &[line(&wanted, 1)]).await.unwrap()
            });
        }
        let outcomes = workers.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Inserted::New(1)).count(), 1, "{outcomes:?}");
        let key = ReferralId::new(format!("f{round}"));
        assert!(store.load(LinkKey::Referral(&key)).await.unwrap().is_some());
    }
    assert_eq!(store.list(None, usize::MAX).await.unwrap().len(), 5, "losers leave nothing behind");
}

pub(crate) async fn an_id_is_gained_by_one_link_however_many_want_it<S: Store>(store: S) {
    let (store, mut workers) = (Arc::new(store), JoinSet::new());
    for n in 0..WRITERS {
        let store = Arc::clone(&store);
        workers.spawn(async move {
            let mut wanting = link(&format!("{n}"), Pair::ReferralOnly(ReferralId::new(format!("f{n}"))));
            store.insert(&wanting, &[]).await.unwrap();
            wanting.pair = Pair::Both(ReferralId::new(format!("f{n}")), record("r"));
            (wanting.id.clone(), store.save(&wanting, 1, MARKS, &[]).await.unwrap())
        });
    }
    let outcomes = workers.join_all().await;
    let owner = store.load(LinkKey::Record(&RecordId::new("r"))).await.unwrap().unwrap().link.id;
    for (id, outcome) in outcomes {
        let expected = match id == owner {
            true => Saved::Saved { revision: 2, dirty: MARKS },
            false => Saved::Taken { by: owner.clone() },
        };
        assert_eq!(outcome, expected);
    }
}

pub(crate) async fn no_mark_is_lost_while_the_link_is_saved<S: Store>(store: S) {
    const MARKS_EACH: u64 = 20;
    let (store, mut workers) = (Arc::new(store), JoinSet::new());
    let link = both("one");
    store.insert(&link, &[]).await.unwrap();
    for n in 0..4 {
        let (store, id) = (Arc::clone(&store), link.id.clone());
        workers.spawn(async move {
            for time in 0..MARKS_EACH {
                let side = if n % 2 == 0 { Side::PartnerCenter } else { Side::Crm };
                store.mark_dirty(&id, side, at(1000 + time as i64)).await.unwrap();
            }
        });
    }
    // The winner works what it saw, and goes round as long as it sees more.
    let mut saves = 0;
    loop {
        while let Some(marked) = workers.try_join_next() {
            marked.unwrap();
        }
        let finished = workers.is_empty();
        let stored = store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap();
        let saved = store.save(&link, stored.revision, stored.dirty, &[]).await.unwrap();
        let Saved::Saved { dirty, .. } = saved else { panic!("nobody else saves: {saved:?}") };
        saves += 1;
        if dirty != stored.dirty {
            assert_eq!(store.due(at(5000), 9).await.unwrap().len(), 1, "a mark not yet worked wakes its link");
        } else if finished {
            break;
        }
    }
    let stored = store.load(LinkKey::Id(&link.id)).await.unwrap().unwrap();
    let all = BySide { partner_center: 2 * MARKS_EACH, crm: 2 * MARKS_EACH };
    assert_eq!((stored.dirty, stored.worked, stored.revision), (all, all, saves + 1));
    assert_eq!(store.due(at(5000), 9).await.unwrap(), []);
}

pub(crate) async fn the_first_of_many_facts_stands<S: Store>(store: S) {
    let (store, mut workers) = (Arc::new(store), JoinSet::new());
    for n in 0..WRITERS {
        let store = Arc::clone(&store);
        workers.spawn(async move { store.remember("who", &n.to_string()).await.unwrap() });
    }
    let told: BTreeSet<String> = workers.join_all().await.into_iter().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(store.fact("who").await.unwrap(), told.into_iter().next());
}
