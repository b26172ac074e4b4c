//! A batch of hints as Lambda hands it to the worker: worked side by side where that is allowed, and handed back where
//! they could not be worked.
//!
//! Hints of one group are worked in order, groups side by side. A hint that cannot be worked is handed back with every
//! later one of its group, and comes again after a while that grows; a link that must wait is parked by the engine, and
//! its hint is done. A message that nobody can read is dropped, counted and logged: it would come back for days.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{Engine, Worked};
use queue::batch::{Incoming, Lane, lanes};
use queue::{Message, Queue, Receipt, SqsQueue};
use store::DynamoStore;
use tokio::task::{JoinError, JoinSet};

/// A hint that could not be worked comes again after this, doubled with every receive.
const RETRY: Duration = Duration::from_secs(2);
/// And after this at the latest.
const RETRY_MAX: Duration = Duration::from_secs(60 * 60);

/// A message of a batch.
#[derive(Debug)]
pub struct Received {
    /// What it says, and what it is called.
    pub incoming: Incoming,
    /// What it is handed back with.
    pub receipt: Receipt,
    /// How often it was received, this time included.
    pub receives: u32,
}

/// Works a batch. Says which messages to report as failed.
///
/// # Errors
/// When a lane panics, which is a fault of ours: the whole batch comes again, and the error alarm says so.
pub async fn work_batch(
    engine: &Arc<Engine<DynamoStore>>,
    queue: &SqsQueue,
    batch: Vec<Received>,
) -> Result<Vec<String>, JoinError> {
    let (mut came, mut messages) = (HashMap::new(), Vec::new());
    for Received { incoming, receipt, receives } in batch {
        came.insert(incoming.id.clone(), (receipt, receives));
        messages.push(incoming);
    }
    let mut tasks = JoinSet::new();
    for lane in lanes(messages) {
        tasks.spawn(work_lane(Arc::clone(engine), lane));
    }
    let mut failed = Vec::new();
    while let Some(lane) = tasks.join_next().await {
        let (failures, wait) = lane?;
        for id in failures {
            if let Some((receipt, receives)) = came.get(&id) {
                hand_back(queue, receipt, wait.max(backoff(*receives))).await;
            }
            failed.push(id);
        }
    }
    Ok(failed)
}

/// Works a lane up to its first failure. Says what to report, and how long to leave it alone.
async fn work_lane(engine: Arc<Engine<DynamoStore>>, lane: Lane) -> (Vec<String>, Duration) {
    for (worked, step) in lane.steps().iter().enumerate() {
        match step.messages() {
            Err(_) => {
                let message = lane.failures(worked).swap_remove(0);
                tracing::error!(metric = "poison", message, "a message that nobody can read is dropped");
            }
            Ok(messages) => {
                if let Err(error) = look(&engine, messages).await {
                    tracing::warn!(error = telemetry::chain(&error), hint = messages[0].hint.id, "not worked");
                    let wait = if let engine::Error::Poll { wait, .. } = error { wait } else { RETRY };
                    return (lane.failures(worked), wait);
                }
            }
        }
    }
    (Vec::new(), RETRY)
}

/// One look for messages that ask the same: the newest that was not worked before.
async fn look(engine: &Engine<DynamoStore>, messages: &[Message]) -> Result<(), engine::Error> {
    for message in messages.iter().rev() {
        let worked = engine.work(message).await?;
        let code = match worked {
            Worked::Done => "done",
            Worked::Duplicate => "duplicate",
            Worked::Uninteresting => "uninteresting",
        };
        tracing::info!(metric = "worked", code, hint = message.hint.id, cause = message.hint.cause, "worked");
        if worked != Worked::Duplicate {
            let lag = jiff::Timestamp::now().duration_since(messages[0].hint.seen_at).as_secs_f64();
            tracing::debug!(metric = "lag_seconds", amount = lag.max(0.0), "at rest");
            break;
        }
    }
    Ok(())
}

/// Says when a message is to come again. If that fails it comes when its visibility timeout ends.
async fn hand_back(queue: &SqsQueue, receipt: &Receipt, wait: Duration) {
    let wait = wait.min(RETRY_MAX);
    tracing::warn!(metric = "handed_back", wait_seconds = wait.as_secs(), "a hint comes again");
    if let Err(error) = queue.release(receipt, wait).await {
        tracing::warn!(%error, "it comes again when it is visible");
    }
}

/// Doubled with every receive, up to the longest wait.
fn backoff(receives: u32) -> Duration {
    RETRY.saturating_mul(2_u32.saturating_pow(receives.saturating_sub(1))).min(RETRY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour_and_a_hundred_receives_outlast_days() {
        assert_eq!(backoff(0), RETRY);
        assert_eq!(backoff(1), RETRY);
        assert_eq!(backoff(4), RETRY * 8);
        assert_eq!(backoff(u32::MAX), RETRY_MAX);
        let all: Duration = (1..100).map(backoff).sum();
        assert!(all > Duration::from_secs(3 * 24 * 60 * 60), "{all:?}");
    }
}
