//! The engine at work on one machine: workers on the queue, the feeds on a timer, a waker for what is due.

use std::sync::{Arc, Mutex, PoisonError};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use engine::{Engine, Error};
use queue::{Delivery, Queue, SqliteQueue};
use store::SqliteStore;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Links worked at the same time. Well under the 52 that Dataverse allows one user (dataverse-api 3.1).
const WORKERS: usize = 8;
/// Another process may have queued something, or a time has come.
const TICK: Duration = Duration::from_secs(1);
/// A hint that could not be worked is tried again after this, at least.
const RETRY: Duration = Duration::from_secs(2);

/// The engine and its queue.
pub(crate) struct Service {
    pub(crate) engine: Arc<Engine<SqliteStore>>,
    pub(crate) queue: SqliteQueue,
    pub(crate) poll_interval: Duration,
    pub(crate) pulse: Pulse,
}

/// What `/health` can say without asking anybody.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// Hints worked since the start.
    pub(crate) worked: AtomicU64,
    /// When both feeds were last read to the end, in milliseconds since the Unix epoch; 0 before the first time.
    pub(crate) polled_at: AtomicI64,
    /// Why a feed could not be read the last time; none once it can.
    pub(crate) trouble: Mutex<Option<Trouble>>,
}

/// What keeps a side from being asked, for a person.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    /// Which vendor.
    pub(crate) side: &'static str,
    /// From the closed list of codes.
    pub(crate) code: &'static str,
    /// What it said, and what to do.
    pub(crate) reason: String,
}

impl Pulse {
    fn note(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl Service {
    /// Runs until `stop` turns true, then lets every worker finish its link.
    pub(crate) async fn run(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        for _ in 0..WORKERS {
            tasks.spawn(Arc::clone(&self).work(stop.clone()));
        }
        tasks.spawn(Arc::clone(&self).poll(stop.clone()));
        tasks.spawn(Arc::clone(&self).wake(stop));
        while tasks.join_next().await.is_some() {}
    }

    async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.queue.receive(1).await {
                Ok(deliveries) if deliveries.is_empty() => tokio::select! {
                    () = self.queue.changed() => {}
                    () = tokio::time::sleep(TICK) => {}
                    _ = stop.changed() => {}
                },
                Ok(deliveries) => {
                    for delivery in deliveries {
                        self.deliver(delivery).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the queue could not be read");
                    tokio::time::sleep(TICK).await;
                }
            }
        }
    }

    /// Works one delivery and acknowledges it, or hands it back.
    pub(crate) async fn deliver(&self, delivery: Delivery) {
        let outcome = self.engine.work(&delivery.message).await;
        let handed = match outcome {
            Ok(_) => {
                self.pulse.worked.fetch_add(1, Ordering::Relaxed);
                self.queue.acknowledge(&delivery.receipt).await
            }
            Err(error) => {
                tracing::warn!(%error, hint = delivery.message.hint.id, "handed back");
                let wait = match error {
                    Error::Poll { wait, .. } => wait.max(RETRY),
                    Error::Store(_) | Error::Queue(_) => RETRY,
                };
                self.queue.release(&delivery.receipt, wait).await
            }
        };
        if let Err(error) = handed {
            tracing::warn!(%error, "a receipt was not taken; the hint will come again");
        }
    }

    async fn poll(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let wait = match self.poll_once().await {
                Ok(()) => self.poll_interval,
                Err(wait) => wait.min(self.poll_interval),
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Reads both feeds once. The first poll is the backfill.
    ///
    /// # Errors
    /// How long to wait before the next try.
    pub(crate) async fn poll_once(&self) -> Result<(), Duration> {
        let partner_center = self.engine.poll_partner_center(&self.queue).await;
        let crm = self.engine.poll_crm(&self.queue).await;
        for polled in [partner_center, crm] {
            match polled {
                Ok(polled) => tracing::debug!(rows = polled.rows, hints = polled.hints, "polled"),
                Err(error) => {
                    tracing::warn!(%error, "a feed could not be read");
                    return Err(match error {
                        Error::Poll { side, reason, code, wait } => {
                            self.pulse.note(Some(Trouble { side, code: code.word(), reason }));
                            wait
                        }
                        Error::Store(_) | Error::Queue(_) => RETRY,
                    });
                }
            }
        }
        match self.engine.prune().await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old history and worked hints are forgotten"),
            Err(error) => tracing::warn!(%error, "what is old could not be forgotten"),
        }
        self.pulse.note(None);
        self.pulse.polled_at.store(jiff::Timestamp::now().as_millisecond(), Ordering::Relaxed);
        Ok(())
    }

    async fn wake(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.engine.wake(&self.queue).await {
                tracing::warn!(%error, "what is due could not be woken");
            }
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
