//! On AWS: works the hints in the queue, one link at a time.
//!
//! A batch may hold hints of many records. Those of one group are worked in order, groups overlap. A hint that cannot be
//! worked is reported, with every later one of its group, and comes again; a link that must wait is parked by the engine
//! and its hint is done. A message that nobody can read is dropped, counted and logged: it would come back for ever.

use std::process::ExitCode;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use engine::{Engine, Worked};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use stage::{DynamoStore, Error, Live, SqsQueue, Stage};
use telemetry::Meter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let meter = telemetry::start_metered("info");
    let Some(function) = stage::opened(Function::open(meter).await) else { return ExitCode::FAILURE };
    let ended = lambda_runtime::run(service_fn(|event| function.work(event))).await;
    ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
