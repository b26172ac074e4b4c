//! What a minute brings: links whose time has come, and, when the poll interval has passed, what changed on both sides.

use std::time::Duration;

use engine::{Engine, Polled};
use jiff::Timestamp;
use queue::SqsQueue;
use serde_json::{Value, json};
use store::{DynamoStore, Store};

use crate::Sources;

/// When both feeds were last read to their end.
const POLLED_AT: &str = "reconciler.polled_at";

/// Wakes what is due; when the poll interval has passed, reads both feeds for at most `time`. A feed that is not read to
/// its end goes on the next time, where it stopped. Says what was queued (design section 7, door `schedule`).
///
/// # Errors
/// When the store or the queue is not available.
pub async fn reconcile(
    engine: &Engine<DynamoStore>,
    queue: &SqsQueue,
    sources: &Sources,
    time: Duration,
) -> Result<Value, engine::Error> {
    let woken = engine.wake(queue).await?;
    let mut answer = json!({ "hints": woken, "partner_center": {}, "crm": {} });
    if !is_poll_due(engine.store(), sources.settings.sync.poll_interval).await? {
        tracing::info!(metric = "hints", amount = woken, "what is due was woken");
        return Ok(answer);
    }
    let feeds = async { tokio::join!(engine.poll_partner_center(queue), engine.poll_crm(queue)) };
    let Ok((partner_center, crm)) = tokio::time::timeout(time, feeds).await else {
        tracing::warn!("the feeds go on in the next minute");
        return Ok(answer);
    };
    let queued = |polled: &Result<Polled, engine::Error>| polled.as_ref().map_or(0, |polled| polled.hints);
    let hints = woken + queued(&partner_center) + queued(&crm);
    tracing::info!(metric = "hints", amount = hints, "what is due was woken and the feeds were read");
    if partner_center.is_ok() && crm.is_ok() {
        engine.store().set_cursor(POLLED_AT, &Timestamp::now().to_string()).await?;
    }
    answer["hints"] = json!(hints);
    answer["partner_center"] = told("partner_center", partner_center);
    answer["crm"] = told("crm", crm);
    Ok(answer)
}

async fn is_poll_due(store: &DynamoStore, poll_interval: Duration) -> Result<bool, engine::Error> {
    let polled_at = store.cursor(POLLED_AT).await?.and_then(|at| at.parse::<Timestamp>().ok());
    let Some(polled_at) = polled_at else { return Ok(true) };
    let age = Timestamp::now().duration_since(polled_at);
    Ok(Duration::try_from(age).map_or(true, |age| age >= poll_interval))
}

/// What became of a feed.
fn told(side: &str, polled: Result<Polled, engine::Error>) -> Value {
    match polled {
        Ok(polled) => {
            tracing::info!(metric = "polled", code = side, rows = polled.rows, hints = polled.hints, "read to its end");
            json!({ "rows": polled.rows, "hints": polled.hints })
        }
        Err(error) => {
            let error = telemetry::chain(&error);
            tracing::warn!(side, error, "a feed could not be read");
            json!({ "error": error })
        }
    }
}
