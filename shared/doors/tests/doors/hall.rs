//! What is behind the doors: a queue, and a look into it.

use doors::Answer;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use queue::{Hint, Options, Queue, SqliteQueue};
use tokio_rusqlite::Connection;

/// A queue, and its database.
pub(crate) struct Hall {
    pub(crate) queue: SqliteQueue,
    connection: Connection,
}

impl Hall {
    pub(crate) async fn new() -> Self {
        let connection = Connection::open_in_memory().await.unwrap();
        let queue = SqliteQueue::open(connection.clone(), Options::default()).await.unwrap();
        Self { queue, connection }
    }

    /// From now on nothing can be queued.
    pub(crate) async fn break_down(&self) {
        self.execute("ALTER TABLE queue_messages RENAME TO queue_broken").await;
    }

    pub(crate) async fn repair(&self) {
        self.execute("ALTER TABLE queue_broken RENAME TO queue_messages").await;
    }

    async fn execute(&self, statement: &'static str) {
        self.connection.call(move |connection| connection.execute_batch(statement)).await.unwrap();
    }

    /// How many hints wait.
    pub(crate) async fn waiting(&self) -> u32 {
        self.queue.depth().await.unwrap().waiting
    }

    /// Takes every hint out, oldest first.
    pub(crate) async fn hints(&self) -> Vec<Hint> {
        let mut hints = Vec::new();
        loop {
            let deliveries = self.queue.receive(10).await.unwrap();
            if deliveries.is_empty() {
                return hints;
            }
            for delivery in deliveries {
                hints.push(delivery.message.hint.clone());
                self.queue.acknowledge(&delivery.receipt).await.unwrap();
            }
        }
    }
}

pub(crate) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// Status and text.
pub(crate) fn said(answer: &Answer) -> (u16, &'static str) {
    (answer.status.as_u16(), answer.text)
}

pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
