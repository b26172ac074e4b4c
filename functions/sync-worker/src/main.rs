//! On AWS: works the hints in the queue, one link at a time, and reports those that could not be worked.
//!
//! How a batch is worked is in `stage`; here is only the way in from SQS and out again.

use std::process::ExitCode;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use engine::Engine;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use queue::Receipt;
use queue::batch::Incoming;
use stage::{DynamoStore, Error, Live, Received, SqsQueue, Stage};
use telemetry::Meter;

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
        let batch = event.payload.records.iter().map(received).collect();
        let failed = stage::work_batch(&engine, &self.queue, batch).await;
        if engine.sign_in_refused().await {
            self.engine.refused().await;
        }
        self.meter.flush(&event.context.env_config.function_name);
        // The runtime logs it.
        let failed =
            failed.map_err(|error| Diagnostic { error_type: "Broken".to_owned(), error_message: error.to_string() })?;
        let mut response = SqsBatchResponse::default();
        failed.into_iter().for_each(|id| response.add_failure(id));
        Ok(response)
    }
}

fn received(record: &SqsMessage) -> Received {
    let attribute = |name: &str| record.attributes.get(name).cloned().unwrap_or_default();
    let (id, body) = (record.message_id.clone().unwrap_or_default(), record.body.as_deref().unwrap_or_default());
    Received {
        incoming: Incoming::read(id, attribute("MessageGroupId"), attribute("MessageDeduplicationId"), body),
        receipt: Receipt::of_handle(record.receipt_handle.clone().unwrap_or_default()),
        receives: attribute("ApproximateReceiveCount").parse().unwrap_or(1),
    }
}
