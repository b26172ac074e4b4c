//! What every queue must do, whatever it is made of. Another queue adds one `contract!` line at the bottom.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use queue::{Entity, Hint, HintSide, Message, Options, Queue, Sent, SqliteQueue};

/// A clock that the tests move.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

const VISIBILITY: i64 = 120;
const RECEIVES_MAX: u32 = 5;

fn message(id: &str, dedupe: &str) -> Message {
    let hint = Hint {
        side: HintSide::Crm,
        entity: Entity::Opportunity,
        id: id.to_owned(),
        cause: "event".to_owned(),
        seen_at: Timestamp::UNIX_EPOCH,
    };
    Message::new(hint, &[dedupe])
}

async fn received<Q: Queue>(queue: &Q, max: usize) -> Vec<String> {
    queue.receive(max).await.unwrap().into_iter().map(|delivery| delivery.message.dedupe_id()[..8].to_owned()).collect()
}

fn name(dedupe: &str) -> String {
    message("any", dedupe).dedupe_id()[..8].to_owned()
}

async fn a_message_comes_as_it_was_sent<Q: Queue>(queue: Q, _: Clock) {
    assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Queued);
    let deliveries = queue.receive(9).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!((&deliveries[0].message, deliveries[0].receive_count), (&message("a", "1"), 1));
}

async fn a_group_is_worked_in_order_one_at_a_time<Q: Queue>(queue: Q, _: Clock) {
    for (id, dedupe) in [("a", "1"), ("a", "2"), ("b", "3")] {
        queue.send(message(id, dedupe)).await.unwrap();
    }
    let first = queue.receive(9).await.unwrap();
    let names: Vec<_> = first.iter().map(|delivery| delivery.message.hint.id.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    queue.acknowledge(&first[0].receipt).await.unwrap();
    assert_eq!(received(&queue, 9).await, [name("2")]);
}

async fn what_is_not_acknowledged_comes_back<Q: Queue>(queue: Q, clock: Clock) {
    queue.send(message("a", "1")).await.unwrap();
    let first = queue.receive(9).await.unwrap().remove(0);
    clock.pass(VISIBILITY - 1);
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    clock.pass(1);
    let second = queue.receive(9).await.unwrap().remove(0);
    assert_eq!(second.receive_count, 2);
    // The old receipt is void: acknowledging it must not drop what somebody else is working.
    queue.acknowledge(&first.receipt).await.unwrap();
    clock.pass(VISIBILITY);
    assert_eq!(received(&queue, 9).await, [name("1")]);
}

async fn what_is_handed_back_waits_and_loses_no_try<Q: Queue>(queue: Q, clock: Clock) {
    queue.send(message("a", "1")).await.unwrap();
    queue.send(message("a", "2")).await.unwrap();
    for _ in 0..2 * RECEIVES_MAX {
        let delivery = queue.receive(9).await.unwrap().remove(0);
        assert_eq!(delivery.receive_count, 1);
        queue.release(&delivery.receipt, Duration::from_secs(10)).await.unwrap();
        clock.pass(9);
        assert_eq!(received(&queue, 9).await, Vec::<String>::new(), "the group waits with it");
        clock.pass(1);
    }
    assert_eq!(received(&queue, 9).await, [name("1")]);
}

async fn the_same_message_is_taken_once_in_five_minutes<Q: Queue>(queue: Q, clock: Clock) {
    queue.send(message("a", "1")).await.unwrap();
    let delivery = queue.receive(9).await.unwrap().remove(0);
    queue.acknowledge(&delivery.receipt).await.unwrap();
    clock.pass(299);
    assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Duplicate);
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    clock.pass(1);
    assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Queued);
}

async fn a_message_that_nobody_can_work_dies_and_frees_its_group<Q: Queue>(queue: Q, clock: Clock) {
    queue.send(message("a", "1")).await.unwrap();
    queue.send(message("a", "2")).await.unwrap();
    for _ in 0..RECEIVES_MAX {
        assert_eq!(received(&queue, 9).await, [name("1")]);
        clock.pass(VISIBILITY);
    }
    assert_eq!(received(&queue, 9).await, [name("2")]);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 1, 1));
}

macro_rules! contract {
    ($queue:ident, $with:expr) => {
        contract!(@ $queue, $with,
            a_message_comes_as_it_was_sent, a_group_is_worked_in_order_one_at_a_time, what_is_not_acknowledged_comes_back,
            what_is_handed_back_waits_and_loses_no_try, the_same_message_is_taken_once_in_five_minutes,
            a_message_that_nobody_can_work_dies_and_frees_its_group
        );
    };
    (@ $queue:ident, $with:expr, $($law:ident),*) => {
        mod $queue {
            $(#[tokio::test] async fn $law() { $with(super::$law).await })*
        }
    };
}

async fn with_sqlite<F: Future<Output = ()>>(law: impl FnOnce(SqliteQueue, Clock) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let connection = tokio_rusqlite::Connection::open(folder.path().join("queue.db")).await.unwrap();
    let clock = Clock::default();
    let told = clock.clone();
    let options = Options {
        visibility: Duration::from_secs(VISIBILITY.unsigned_abs()),
        receives_max: RECEIVES_MAX,
        clock: Arc::new(move || told.now()),
    };
    law(SqliteQueue::open(connection, options).await.unwrap(), clock).await;
}

contract!(sqlite, super::with_sqlite);

#[tokio::test]
async fn a_process_that_starts_takes_back_what_its_dead_predecessor_held() {
    with_sqlite(|queue, _| async move {
        queue.send(message("a", "1")).await.unwrap();
        assert_eq!(received(&queue, 9).await.len(), 1);
        queue.recall().await.unwrap();
        assert_eq!(received(&queue, 9).await, [name("1")]);
    })
    .await;
}
