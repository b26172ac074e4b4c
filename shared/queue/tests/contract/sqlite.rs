//! The contract on SQLite, whose time is ours to the millisecond, and what only SQLite promises.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use queue::{Options, Queue, Sent, SqliteQueue};

use crate::laws::{message, name, received};
use crate::{Clock, RECEIVES_MAX, VISIBILITY};

#[derive(Clone, Default)]
struct OwnClock(Arc<AtomicI64>);

impl Clock for OwnClock {
    const SLACK: i64 = 1;

    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

async fn with_sqlite<F: Future<Output = ()>>(law: impl FnOnce(SqliteQueue, OwnClock) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let connection = tokio_rusqlite::Connection::open(folder.path().join("queue.db")).await.unwrap();
    let clock = OwnClock::default();
    let told = clock.clone();
    let options = Options {
        visibility: Duration::from_secs(VISIBILITY.unsigned_abs()),
        receives_max: RECEIVES_MAX,
        clock: Arc::new(move || Timestamp::from_millisecond(told.0.load(Ordering::SeqCst)).unwrap()),
    };
    law(SqliteQueue::open(connection, options).await.unwrap(), clock).await;
}

contract!(with_sqlite);

#[tokio::test]
async fn a_duplicate_is_told() {
    with_sqlite(|queue, clock| async move {
        assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Queued);
        assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Duplicate);
        clock.pass(299);
        assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Duplicate);
    })
    .await;
}

#[tokio::test]
async fn what_is_handed_back_loses_no_try() {
    with_sqlite(|queue, clock| async move {
        queue.send(message("a", "1")).await.unwrap();
        for _ in 0..2 * RECEIVES_MAX {
            let delivery = queue.receive(9).await.unwrap().remove(0);
            assert_eq!(delivery.receive_count, 1);
            queue.release(&delivery.receipt, Duration::from_secs(10)).await.unwrap();
            clock.pass(10);
        }
        assert_eq!(received(&queue, 9).await, [name("1")]);
    })
    .await;
}

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
