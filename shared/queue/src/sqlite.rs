//! The queue on one machine: three tables in the store's SQLite file.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_rusqlite::Connection;
use tokio_rusqlite::rusqlite::{self, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::{Delivery, Depth, Error, Hint, Message, Queue, Receipt, Sent};

/// The same id is swallowed for so long (reliability 0.5).
const DEDUPE_MILLIS: i64 = 5 * 60 * 1000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS queue_messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT, grp TEXT NOT NULL, body TEXT NOT NULL, dedupe_id TEXT NOT NULL,
        sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL, receipt TEXT, receives INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS queue_messages_by_group ON queue_messages (grp, id);
    CREATE INDEX IF NOT EXISTS queue_messages_by_time ON queue_messages (visible_at);
    CREATE TABLE IF NOT EXISTS queue_dedupe (dedupe_id TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS queue_dead (
        id INTEGER PRIMARY KEY, grp TEXT NOT NULL, body TEXT NOT NULL, dedupe_id TEXT NOT NULL, died_at INTEGER NOT NULL
    ) STRICT;";

/// How the queue behaves.
#[derive(Clone)]
pub struct Options {
    /// A message that is not acknowledged within this is received again.
    pub visibility: Duration,
    /// After so many receives a message is dead.
    pub receives_max: u32,
    /// Tells the time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Default for Options {
    fn default() -> Self {
        Self { visibility: Duration::from_secs(120), receives_max: 5, clock: Arc::new(Timestamp::now) }
    }
}

/// A queue in an SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteQueue {
    connection: Connection,
    options: Options,
    changed: Arc<Notify>,
}

impl SqliteQueue {
    /// Makes the tables if need be. The connection is the store's: whoever opened it set its journal and its patience.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn open(connection: Connection, options: Options) -> Result<Self, Error> {
        connection.call(|connection| connection.execute_batch(TABLES)).await.map_err(unavailable)?;
        Ok(Self { connection, options, changed: Arc::new(Notify::new()) })
    }

    /// Makes every message in flight visible again: for the one process that works this queue, when it starts and
    /// knows that whoever received them is dead.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn recall(&self) -> Result<(), Error> {
        let now = self.now();
        self.write(move |tx| {
            tx.execute("UPDATE queue_messages SET visible_at = ?1, receipt = NULL WHERE receipt IS NOT NULL", [now])
        })
        .await?;
        Ok(())
    }

    /// Returns when this process has sent or finished something. Another process goes unnoticed: look every second too.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn now(&self) -> i64 {
        (self.options.clock)().as_millisecond()
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.connection
            .call(move |connection| {
                let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let out = work(&tx)?;
                tx.commit()?;
                Ok::<T, rusqlite::Error>(out)
            })
            .await
            .map_err(unavailable)
    }
}

impl Queue for SqliteQueue {
    async fn send(&self, message: Message) -> Result<Sent, Error> {
        let now = self.now();
        let body = serde_json::to_string(&message.hint).map_err(unavailable)?;
        let sent = self
            .write(move |tx| {
                let until = "SELECT until FROM queue_dedupe WHERE dedupe_id = ?1";
                let until: Option<i64> = tx.prepare_cached(until)?.query_row([message.dedupe_id()], |r| r.get(0)).optional()?;
                if until.is_some_and(|until| until > now) {
                    return Ok(Sent::Duplicate);
                }
                tx.prepare_cached("INSERT OR REPLACE INTO queue_dedupe VALUES (?1, ?2)")?
                    .execute(params![message.dedupe_id(), now + DEDUPE_MILLIS])?;
                tx.prepare_cached("DELETE FROM queue_dedupe WHERE until <= ?1")?.execute([now])?;
                let insert = "INSERT INTO queue_messages (grp, body, dedupe_id, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?4)";
                tx.prepare_cached(insert)?.execute(params![message.hint.group(), body, message.dedupe_id(), now])?;
                Ok(Sent::Queued)
            })
            .await?;
        self.changed.notify_one();
        Ok(sent)
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, Error> {
        let now = self.now();
        let hidden_until = now + i64::try_from(self.options.visibility.as_millis()).unwrap_or(i64::MAX / 2);
        let (max, receives_max) = (i64::try_from(max).unwrap_or(i64::MAX), self.options.receives_max);
        let rows = self
            .write(move |tx| {
                bury(tx, now, receives_max)?;
                // The first message of each group whose first message is visible: an earlier one blocks its group.
                let heads = "SELECT m.id, m.body, m.dedupe_id, m.receives FROM queue_messages m
                    WHERE m.visible_at <= ?1
                      AND NOT EXISTS (SELECT 1 FROM queue_messages e WHERE e.grp = m.grp AND e.id < m.id)
                    ORDER BY m.visible_at, m.id LIMIT ?2";
                let mut heads = tx.prepare_cached(heads)?;
                let taken: Vec<(i64, String, String, u32)> = heads
                    .query_map(params![now, max], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?
                    .collect::<rusqlite::Result<_>>()?;
                let take =
                    "UPDATE queue_messages SET visible_at = ?2, receipt = ?3, receives = receives + 1 WHERE id = ?1";
                let mut take = tx.prepare_cached(take)?;
                let mut rows = Vec::new();
                for (id, body, dedupe_id, receives) in taken {
                    let receipt = format!("{id}:{}", receives + 1);
                    take.execute(params![id, hidden_until, receipt])?;
                    rows.push((receipt, body, dedupe_id, receives + 1));
                }
                Ok(rows)
            })
            .await?;
        rows.into_iter()
            .map(|(receipt, body, dedupe_id, receive_count)| {
                let hint: Hint = serde_json::from_str(&body)
                    .map_err(|error| Error::Corrupt { id: receipt.clone(), reason: error.to_string() })?;
                Ok(Delivery { receipt: Receipt(receipt), message: Message::restore(hint, dedupe_id), receive_count })
            })
            .collect()
    }

    async fn acknowledge(&self, receipt: &Receipt) -> Result<(), Error> {
        let receipt = receipt.0.clone();
        self.write(move |tx| tx.prepare_cached("DELETE FROM queue_messages WHERE receipt = ?1")?.execute([receipt]))
            .await?;
        self.changed.notify_one();
        Ok(())
    }

    async fn release(&self, receipt: &Receipt, after: Duration) -> Result<(), Error> {
        let visible_at = self.now() + i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2);
        let receipt = receipt.0.clone();
        self.write(move |tx| {
            // Handing back is no failure of the message: its count stays as it was.
            let back =
                "UPDATE queue_messages SET visible_at = ?2, receipt = NULL, receives = receives - 1 WHERE receipt = ?1";
            tx.prepare_cached(back)?.execute(params![receipt, visible_at])
        })
        .await?;
        Ok(())
    }

    async fn depth(&self) -> Result<Depth, Error> {
        self.write(|tx| {
            let messages =
                "SELECT COUNT(*) FILTER (WHERE receipt IS NULL), COUNT(*) FILTER (WHERE receipt IS NOT NULL),
                MIN(sent_at) FILTER (WHERE receipt IS NULL) FROM queue_messages";
            let (waiting, in_flight, oldest): (u32, u32, Option<i64>) =
                tx.query_row(messages, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            let dead = tx.query_row("SELECT COUNT(*) FROM queue_dead", [], |r| r.get(0))?;
            let oldest = oldest.and_then(|at| Timestamp::from_millisecond(at).ok());
            Ok(Depth { waiting, in_flight, dead, oldest })
        })
        .await
    }
}

/// Moves messages that were received too often out of the way of their group.
fn bury(tx: &Transaction<'_>, now: i64, receives_max: u32) -> rusqlite::Result<()> {
    let spent = "INSERT OR IGNORE INTO queue_dead SELECT id, grp, body, dedupe_id, ?1 FROM queue_messages
        WHERE visible_at <= ?1 AND receives >= ?2";
    if tx.prepare_cached(spent)?.execute(params![now, receives_max])? > 0 {
        tx.execute("DELETE FROM queue_messages WHERE visible_at <= ?1 AND receives >= ?2", params![now, receives_max])?;
    }
    Ok(())
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unavailable(error.into())
}
