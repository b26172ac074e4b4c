//! The store on one machine: an SQLite file in the data folder, in WAL mode, every commit synced to disk.

use std::path::Path;
use std::time::Duration;

use sync_core::{BySide, Link, LinkId, RecordId, RecordRef, ReferralId, Side, Timestamp};
use tokio_rusqlite::Connection;
use tokio_rusqlite::rusqlite::{self, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::wire::{self, by_side};
use crate::{Due, Error, HistoryLine, Inserted, LinkKey, Saved, Store, Stored};

/// Says whose file it is to whoever finds it ("cosl").
const APPLICATION_ID: i32 = 0x636f_736c;
/// The newest schema this code knows.
const SCHEMA_VERSION: i32 = 1;
/// How long a writer waits for another process's transaction.
const PATIENCE: Duration = Duration::from_secs(5);
/// Rows forgotten in one go.
const PRUNE_MAX: usize = 1000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS links (
        id TEXT PRIMARY KEY, link TEXT NOT NULL, revision INTEGER NOT NULL, engagement TEXT, due_at INTEGER,
        dirty_pc INTEGER NOT NULL DEFAULT 0, dirty_crm INTEGER NOT NULL DEFAULT 0,
        worked_pc INTEGER NOT NULL DEFAULT 0, worked_crm INTEGER NOT NULL DEFAULT 0, dirty_due_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS links_by_due ON links (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS links_by_dirty_due ON links (dirty_due_at) WHERE dirty_due_at IS NOT NULL;
    CREATE INDEX IF NOT EXISTS links_by_engagement ON links (engagement) WHERE engagement IS NOT NULL;
    CREATE TABLE IF NOT EXISTS link_ids (id TEXT PRIMARY KEY, link TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS history (
        n INTEGER PRIMARY KEY AUTOINCREMENT, link TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS history_by_link ON history (link, n);
    CREATE INDEX IF NOT EXISTS history_by_time ON history (at);
    CREATE TABLE IF NOT EXISTS cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS seen (hint TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS seen_by_time ON seen (expires_at);
    CREATE TABLE IF NOT EXISTS external_references (
        reference TEXT NOT NULL, referral TEXT NOT NULL, PRIMARY KEY (reference, referral)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS solution_rows (row TEXT PRIMARY KEY, link TEXT NOT NULL) STRICT;";

/// Opens `cosell.db` in a data folder that only its owner can read, and makes both if need be.
///
/// # Errors
/// [`Error::Unwritable`] with the folder's name when the folder or the file cannot be used.
pub async fn open(folder: &Path) -> Result<Connection, Error> {
    let unwritable = |reason: String| Error::Unwritable { folder: folder.display().to_string(), reason };
    make_folder(folder).map_err(|error| unwritable(error.to_string()))?;
    let connection = Connection::open(folder.join("cosell.db")).await.map_err(|error| unwritable(error.to_string()))?;
    let prepared = connection.call(prepare).await;
    match prepared {
        Ok(None) => Ok(connection),
        Ok(Some(reason)) => Err(unwritable(reason)),
        Err(error) => Err(unwritable(error.to_string())),
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Says why the file cannot be used, if it cannot.
fn prepare(connection: &mut rusqlite::Connection) -> rusqlite::Result<Option<String>> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(64);
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match (application, version) {
        (APPLICATION_ID, SCHEMA_VERSION) => return Ok(None),
        (0, 0) => {}
        (APPLICATION_ID, _) => {
            return Ok(Some(format!(
                "its file cosell.db has schema {version}, and this version knows {SCHEMA_VERSION}"
            )));
        }
        _ => return Ok(Some("its file cosell.db is another program's".to_owned())),
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(TABLES)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    tx.commit()?;
    Ok(None)
}

/// A store in an SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteStore {
    connection: Connection,
}

impl SqliteStore {
    /// The store behind a connection from [`open`].
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
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

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.connection.call(move |connection| work(connection)).await.map_err(unavailable)
    }
}

const COLUMNS: &str = "id, link, revision, dirty_pc, dirty_crm, worked_pc, worked_crm";

/// A row as it lies in the table; its JSON is read outside the database's thread.
struct RawLink {
    id: String,
    link: String,
    revision: u64,
    dirty: BySide<u64>,
    worked: BySide<u64>,
}

impl RawLink {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            link: row.get(1)?,
            revision: count(row, 2)?,
            dirty: by_side(count(row, 3)?, count(row, 4)?),
            worked: by_side(count(row, 5)?, count(row, 6)?),
        })
    }

    fn stored(self) -> Result<Stored, Error> {
        let link = wire::read(&self.link).map_err(|reason| Error::Corrupt { link: self.id, reason })?;
        Ok(Stored { link, revision: self.revision, dirty: self.dirty, worked: self.worked })
    }
}

impl Store for SqliteStore {
    async fn load(&self, key: LinkKey<'_>) -> Result<Option<Stored>, Error> {
        let by = match key {
            LinkKey::Id(id) => (false, id.as_str().to_owned()),
            LinkKey::Referral(id) => (true, referral_key(id)),
            LinkKey::Record(id) => (true, record_key(id)),
        };
        let raw = self
            .read(move |connection| {
                let sql = match by.0 {
                    false => format!("SELECT {COLUMNS} FROM links WHERE id = ?1"),
                    true => format!("SELECT {COLUMNS} FROM links WHERE id = (SELECT link FROM link_ids WHERE id = ?1)"),
                };
                connection.prepare_cached(&sql)?.query_row([by.1], RawLink::of).optional()
            })
            .await?;
        raw.map(RawLink::stored).transpose()
    }

    async fn by_engagement(&self, engagement: &str) -> Result<Vec<LinkId>, Error> {
        let engagement = engagement.to_owned();
        self.read(move |connection| {
            let mut select = connection.prepare_cached("SELECT id FROM links WHERE engagement = ?1 ORDER BY id")?;
            select.query_map([engagement], |row| Ok(LinkId::new(row.get::<_, String>(0)?)))?.collect()
        })
        .await
    }

    async fn insert(&self, link: &Link, history: &[HistoryLine]) -> Result<Inserted, Error> {
        let row = LinkRow::of(link)?;
        let lines = history_rows(history);
        self.write(move |tx| {
            if row.taken_by_another(tx)?.is_some() {
                return Ok(Inserted::Taken);
            }
            let insert = "INSERT INTO links (id, link, revision, engagement, due_at) VALUES (?1, ?2, 1, ?3, ?4)";
            tx.prepare_cached(insert)?.execute(params![row.id, row.link, row.engagement, row.due_at])?;
            row.claim_ids(tx)?;
            append(tx, &lines)?;
            Ok(Inserted::New(1))
        })
        .await
    }

    async fn save(
        &self,
        link: &Link,
        expected: u64,
        worked: BySide<u64>,
        history: &[HistoryLine],
    ) -> Result<Saved, Error> {
        let row = LinkRow::of(link)?;
        let lines = history_rows(history);
        self.write(move |tx| {
            let found: Option<(u64, u64, u64)> = tx
                .prepare_cached("SELECT revision, dirty_pc, dirty_crm FROM links WHERE id = ?1")?
                .query_row([&row.id], |r| Ok((count(r, 0)?, count(r, 1)?, count(r, 2)?)))
                .optional()?;
            let Some((revision, dirty_pc, dirty_crm)) = found.filter(|found| found.0 == expected) else {
                return Ok(Saved::Lost);
            };
            if let Some(by) = row.taken_by_another(tx)? {
                return Ok(Saved::Taken { by: LinkId::new(by) });
            }
            let update = "UPDATE links SET link = ?2, revision = ?3, engagement = ?4, due_at = ?5,
                worked_pc = ?6, worked_crm = ?7,
                dirty_due_at = CASE WHEN dirty_pc = ?6 AND dirty_crm = ?7 THEN NULL ELSE dirty_due_at END WHERE id = ?1";
            let (worked_pc, worked_crm) = (worked.partner_center.cast_signed(), worked.crm.cast_signed());
            tx.prepare_cached(update)?.execute(params![
                row.id,
                row.link,
                (revision + 1).cast_signed(),
                row.engagement,
                row.due_at,
                worked_pc,
                worked_crm
            ])?;
            row.claim_ids(tx)?;
            append(tx, &lines)?;
            Ok(Saved::Saved { revision: revision + 1, dirty: by_side(dirty_pc, dirty_crm) })
        })
        .await
    }

    async fn mark_dirty(&self, link: &LinkId, side: Side, due: Timestamp) -> Result<(), Error> {
        let (link, due) = (link.as_str().to_owned(), due.as_millis());
        self.write(move |tx| {
            let column = match side {
                Side::PartnerCenter => "dirty_pc",
                Side::Crm => "dirty_crm",
            };
            let mark = format!(
                "UPDATE links SET {column} = {column} + 1, dirty_due_at = MIN(COALESCE(dirty_due_at, ?2), ?2) WHERE id = ?1"
            );
            tx.prepare_cached(&mark)?.execute(params![link, due]).map(|_| ())
        })
        .await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, Error> {
        let now = now.as_millis();
        let rows: Vec<(RawLink, i64)> = self
            .read(move |connection| {
                let sql = format!(
                    "SELECT {COLUMNS}, MIN(COALESCE(due_at, dirty_due_at), COALESCE(dirty_due_at, due_at)) AS at
                     FROM links WHERE due_at <= ?1 OR dirty_due_at <= ?1 ORDER BY at LIMIT ?2"
                );
                let mut select = connection.prepare_cached(&sql)?;
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                select.query_map(params![now, limit], |row| Ok((RawLink::of(row)?, row.get(7)?)))?.collect()
            })
            .await?;
        rows.into_iter()
            .map(|(raw, at)| {
                let Stored { link, revision, .. } = raw.stored()?;
                let (referral, record) = (link.pair.referral().cloned(), link.pair.record().cloned());
                Ok(Due { link: link.id, revision, at: Timestamp::from_millis(at), referral, record })
            })
            .collect()
    }

    async fn list(&self, after: Option<&LinkId>, limit: usize) -> Result<Vec<Stored>, Error> {
        let after = after.map(|id| id.as_str().to_owned()).unwrap_or_default();
        let rows: Vec<RawLink> = self
            .read(move |connection| {
                let sql = format!("SELECT {COLUMNS} FROM links WHERE id > ?1 ORDER BY id LIMIT ?2");
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                connection.prepare_cached(&sql)?.query_map(params![after, limit], RawLink::of)?.collect()
            })
            .await?;
        rows.into_iter().map(RawLink::stored).collect()
    }

    async fn history(&self, link: &LinkId, limit: usize) -> Result<Vec<HistoryLine>, Error> {
        let id = link.as_str().to_owned();
        let rows: Vec<String> = self
            .read(move |connection| {
                let sql = "SELECT line FROM history WHERE link = ?1 ORDER BY n LIMIT ?2";
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                connection.prepare_cached(sql)?.query_map(params![id, limit], |row| row.get(0))?.collect()
            })
            .await?;
        let corrupt = |reason| Error::Corrupt { link: link.as_str().to_owned(), reason };
        rows.iter().map(|line| HistoryLine::read(line).map_err(corrupt)).collect()
    }

    async fn cursor(&self, name: &str) -> Result<Option<String>, Error> {
        let name = name.to_owned();
        self.read(move |connection| one(connection, "SELECT value FROM cursors WHERE name = ?1", &name)).await
    }

    async fn set_cursor(&self, name: &str, value: &str) -> Result<(), Error> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(move |tx| {
            tx.prepare_cached("INSERT OR REPLACE INTO cursors VALUES (?1, ?2)")?.execute([name, value]).map(|_| ())
        })
        .await
    }

    async fn remember(&self, fact: &str, value: &str) -> Result<String, Error> {
        let (fact, value) = (fact.to_owned(), value.to_owned());
        self.write(move |tx| {
            tx.prepare_cached("INSERT OR IGNORE INTO facts VALUES (?1, ?2)")?.execute([&fact, &value])?;
            tx.query_row("SELECT value FROM facts WHERE name = ?1", [&fact], |row| row.get(0))
        })
        .await
    }

    async fn fact(&self, fact: &str) -> Result<Option<String>, Error> {
        let fact = fact.to_owned();
        self.read(move |connection| one(connection, "SELECT value FROM facts WHERE name = ?1", &fact)).await
    }

    async fn seen(&self, key: &str, now: Timestamp) -> Result<bool, Error> {
        let key = key.to_owned();
        let expires_at: Option<i64> = self
            .read(move |connection| {
                let sql = "SELECT expires_at FROM seen WHERE hint = ?1";
                connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()
            })
            .await?;
        Ok(expires_at.is_some_and(|at| at > now.as_millis()))
    }

    async fn mark_seen(&self, key: &str, expires_at: Timestamp) -> Result<(), Error> {
        let key = key.to_owned();
        self.write(move |tx| {
            let sql = "INSERT OR REPLACE INTO seen VALUES (?1, ?2)";
            tx.prepare_cached(sql)?.execute(params![key, expires_at.as_millis()]).map(|_| ())
        })
        .await
    }

    async fn note_reference(&self, reference: &str, referral: &ReferralId) -> Result<(), Error> {
        let row = [reference.to_lowercase(), referral.as_str().to_owned()];
        self.write(move |tx| {
            tx.prepare_cached("INSERT OR IGNORE INTO external_references VALUES (?1, ?2)")?.execute(row).map(|_| ())
        })
        .await
    }

    async fn references(&self, reference: &str) -> Result<Vec<ReferralId>, Error> {
        let reference = reference.to_lowercase();
        self.read(move |connection| {
            let sql = "SELECT referral FROM external_references WHERE reference = ?1 ORDER BY referral";
            let mut select = connection.prepare_cached(sql)?;
            select.query_map([reference], |row| Ok(ReferralId::new(row.get::<_, String>(0)?)))?.collect()
        })
        .await
    }

    async fn note_solution(&self, row: &str, link: &LinkId) -> Result<(), Error> {
        let row = [row.to_owned(), link.as_str().to_owned()];
        self.write(move |tx| {
            tx.prepare_cached("INSERT OR REPLACE INTO solution_rows VALUES (?1, ?2)")?.execute(row).map(|_| ())
        })
        .await
    }

    async fn count(&self, counter: &str, most: u64, expires_at: Timestamp) -> Result<bool, Error> {
        let (counter, most) = (counter.to_owned(), i64::try_from(most).unwrap_or(i64::MAX));
        self.write(move |tx| {
            let add = "INSERT INTO counters SELECT ?1, 1, ?3 WHERE ?2 > 0
                ON CONFLICT (name) DO UPDATE SET n = n + 1, expires_at = MAX(expires_at, ?3) WHERE n < ?2";
            Ok(tx.prepare_cached(add)?.execute(params![counter, most, expires_at.as_millis()])? > 0)
        })
        .await
    }

    async fn link_of_solution(&self, row: &str) -> Result<Option<LinkId>, Error> {
        let row = row.to_owned();
        let link = self.read(move |c| one(c, "SELECT link FROM solution_rows WHERE row = ?1", &row)).await?;
        Ok(link.map(LinkId::new))
    }

    async fn prune(&self, now: Timestamp, history_days: u32) -> Result<usize, Error> {
        let oldest = now.plus_millis(-i64::from(history_days) * 24 * 60 * 60 * 1000).as_millis();
        let now = now.as_millis();
        self.write(move |tx| {
            let history =
                format!("DELETE FROM history WHERE n IN (SELECT n FROM history WHERE at < ?1 LIMIT {PRUNE_MAX})");
            let seen = format!(
                "DELETE FROM seen WHERE hint IN (SELECT hint FROM seen WHERE expires_at <= ?1 LIMIT {PRUNE_MAX})"
            );
            let counters = "DELETE FROM counters WHERE expires_at <= ?1";
            Ok(tx.execute(&history, [oldest])? + tx.execute(&seen, [now])? + tx.execute(counters, [now])?)
        })
        .await
    }
}

/// What a save writes.
struct LinkRow {
    id: String,
    link: String,
    ids: Vec<String>,
    engagement: Option<String>,
    due_at: Option<i64>,
}

impl LinkRow {
    fn of(link: &Link) -> Result<Self, Error> {
        let referral = link.pair.referral().map(referral_key);
        let record = link.pair.record().map(|RecordRef { id, .. }| record_key(id));
        Ok(Self {
            id: link.id.as_str().to_owned(),
            link: wire::write(link).map_err(unavailable)?,
            ids: referral.into_iter().chain(record).collect(),
            engagement: link.engagement.clone(),
            due_at: link.not_before.map(Timestamp::as_millis),
        })
    }

    fn taken_by_another(&self, tx: &Transaction<'_>) -> rusqlite::Result<Option<String>> {
        for id in &self.ids {
            let sql = "SELECT link FROM link_ids WHERE id = ?1 AND link <> ?2";
            let by = tx.prepare_cached(sql)?.query_row([id, &self.id], |row| row.get(0)).optional()?;
            if by.is_some() {
                return Ok(by);
            }
        }
        Ok(None)
    }

    fn claim_ids(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        for id in &self.ids {
            tx.prepare_cached("INSERT OR IGNORE INTO link_ids VALUES (?1, ?2)")?.execute([id, &self.id])?;
        }
        Ok(())
    }
}

/// A count; SQLite's integers have a sign.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

fn referral_key(id: &ReferralId) -> String {
    format!("referral:{}", id.as_str())
}

fn record_key(id: &RecordId) -> String {
    format!("record:{}", id.as_str())
}

fn one(connection: &rusqlite::Connection, sql: &str, key: &str) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()
}

fn history_rows(lines: &[HistoryLine]) -> Vec<(String, i64, String)> {
    lines.iter().map(|line| (line.link.as_str().to_owned(), line.at.as_millis(), line.write())).collect()
}

fn append(tx: &Transaction<'_>, lines: &[(String, i64, String)]) -> rusqlite::Result<()> {
    for (link, at, line) in lines {
        let sql = "INSERT INTO history (link, at, line) VALUES (?1, ?2, ?3)";
        tx.prepare_cached(sql)?.execute(params![link, at, line])?;
    }
    Ok(())
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unavailable(error.into())
}
