//! On AWS: every minute, wakes what is due; when the poll interval has passed, reads the feeds of both sides.
//!
//! Any event will do. What a minute brings is in `stage`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use engine::Engine;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use stage::{DynamoStore, Error, Live, SqsQueue, Stage};
use telemetry::Meter;

/// Kept free at the end, to say what was done.
const LAST_WORDS: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let meter = telemetry::start_metered("info");
    let Some(function) = stage::opened(Function::open(meter).await) else { return ExitCode::FAILURE };
    let ended = lambda_runtime::run(service_fn(|event| function.reconcile(event))).await;
    ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

struct Function {
    engine: Live<Engine<DynamoStore>>,
    queue: SqsQueue,
    meter: Meter,
}

impl Function {
    async fn open(meter: Meter) -> Result<Self, Error> {
        let stage = Stage::of("reconciler").await?;
        let (engine, queue, _) = tokio::try_join!(stage.engine(), stage.queue(), stage.store())?;
        Ok(Self { engine, queue, meter })
    }

    async fn reconcile(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let (engine, sources) = self.engine.parts().await;
        let time = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        let answer = stage::reconcile(&engine, &self.queue, &sources, time.saturating_sub(LAST_WORDS)).await;
        if engine.sign_in_refused().await {
            self.engine.refused().await;
        }
        self.meter.flush(&event.context.env_config.function_name);
        // The runtime logs it.
        answer.map_err(|error| Diagnostic {
            error_type: "NotReconciled".to_owned(),
            error_message: telemetry::chain(&error),
        })
    }
}
