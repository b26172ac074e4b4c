//! On AWS: works the hints in the queue, one link at a time.
//!
//! Hints of one group are worked in order, groups side by side. A hint that cannot be worked is reported with every later
//! one of its group, and comes again after a while that grows; a link that must wait is parked by the engine, and its
//! hint is done. A message that nobody can read is dropped, counted and logged: it would come back for days.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use engine::{Engine, Worked};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use queue::batch::{Incoming, Lane, lanes};
use queue::{Message, Queue, Receipt};
use stage::{DynamoStore, Error, Live, SqsQueue, Stage};
use telemetry::Meter;
use tokio::task::JoinSet;

/// A hint that could not be worked comes again after this, doubled with every receive.
const RETRY: Duration = Duration::from_secs(2);
/// And after this at the latest.
const RETRY_MAX: Duration = Duration::from_secs(60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let meter = telemetry::start_metered("info");
    let Some(function) = stage::opened(Function::open(meter).await) else { return ExitCode::FAILURE };
    let ended = lambda_runtime::run(service_fn(|event| function.work(event))).await;
    ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

struct Function {
    engine: Live<Engine<DynamoStore>>,
    queue: SqsQueue,
    meter: Meter,
}

impl Function {
    async fn open(meter: Meter) -> Result<Self, Error> {
        let stage = Stage::of("sync-worker").await?;
        let (engine, queue, _) = tokio::try_join!(stage.engine(), stage.queue(), stage.store())?;
        Ok(Self { engine, queue, meter })
    }

    async fn work(&self, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Diagnostic> {
        let engine = self.engine.get().await;
        let came = came(&event.payload.records);
        let mut tasks = JoinSet::new();
        for lane in lanes(event.payload.records.iter().map(incoming).collect()) {
            tasks.spawn(work_lane(Arc::clone(&engine), lane));
        }
        let mut response = SqsBatchResponse::default();
        while let Some(lane) = tasks.join_next().await {
            // A lane that panics is a fault of ours: the whole batch comes again, and says so in the error alarm.
            let (failures, wait) = lane.map_err(|error| broken(&error))?;
            for id in failures {
                self.hand_back(came.get(&id), wait).await;
                response.add_failure(id);
            }
        }
        if engine.sign_in_refused().await {
            self.engine.refused().await;
        }
        self.meter.flush(&event.context.env_config.function_name);
        Ok(response)
    }

    /// Says when a message is to come again. If that fails it comes when its visibility timeout ends.
    async fn hand_back(&self, came: Option<&(Receipt, u32)>, wait: Duration) {
        let Some((receipt, receives)) = came else { return };
        let wait = wait.max(RETRY * 2_u32.saturating_pow(receives.saturating_sub(1).min(11))).min(RETRY_MAX);
        tracing::warn!(metric = "handed_back", wait_seconds = wait.as_secs(), "a hint comes again");
        if let Err(error) = self.queue.release(receipt, wait).await {
            tracing::warn!(%error, "it comes again when it is visible");
        }
    }
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

fn incoming(record: &SqsMessage) -> Incoming {
    let attribute = |name: &str| record.attributes.get(name).cloned().unwrap_or_default();
    let (id, body) = (record.message_id.clone().unwrap_or_default(), record.body.as_deref().unwrap_or_default());
    Incoming::read(id, attribute("MessageGroupId"), attribute("MessageDeduplicationId"), body)
}

/// The receipt of each message, and how often it came.
fn came(records: &[SqsMessage]) -> HashMap<String, (Receipt, u32)> {
    let came = records.iter().filter_map(|record| {
        let receives = record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let receipt = Receipt::of_handle(record.receipt_handle.clone()?);
        Some((record.message_id.clone()?, (receipt, receives.unwrap_or(1))))
    });
    came.collect()
}

fn broken(error: &tokio::task::JoinError) -> Diagnostic {
    Diagnostic { error_type: "Broken".to_owned(), error_message: error.to_string() }
}
