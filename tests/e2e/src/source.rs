//! The event source mapping: takes batches from the queue, hands them to the worker, deletes what was not reported.
//!
//! What is reported, and everything of an invocation that failed, stays in the queue until it is visible again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::lambda::Lambda;
use crate::wire::Service;

/// What the template says about the mapping.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(crate) batch_size: u64,
    pub(crate) concurrency: usize,
    pub(crate) reports_failures: bool,
}

/// A mapping at work. It rests while `runs` says so, and ends when dropped.
pub(crate) struct Source {
    pub(crate) runs: watch::Sender<bool>,
    polling: JoinHandle<()>,
}

impl Source {
    pub(crate) fn start(sqs: Service, queue_url: String, mapping: Mapping, worker: Arc<Lambda>) -> Self {
        let (runs, running) = watch::channel(true);
        let polling = tokio::spawn(poll(sqs, queue_url, mapping, worker, running));
        Self { runs, polling }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

async fn poll(sqs: Service, url: String, mapping: Mapping, worker: Arc<Lambda>, mut running: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(mapping.concurrency));
    let mut tasks = JoinSet::new();
    while running.wait_for(|runs| *runs).await.is_ok() {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let input = json!({
            "QueueUrl": url, "MaxNumberOfMessages": mapping.batch_size, "WaitTimeSeconds": 1,
            "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let messages = match sqs.call("ReceiveMessage", &input).await {
            Ok(answer) => answer["Messages"].as_array().cloned().unwrap_or_default(),
            // The emulator is being restarted.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if messages.is_empty() {
            continue;
        }
        let (sqs, url, worker, mapping) = (sqs.clone(), url.clone(), Arc::clone(&worker), mapping.clone());
        tasks.spawn(async move {
            let _place = place;
            let records: Vec<Value> = messages.iter().map(record).collect();
            let answer = worker.invoke(json!({ "Records": records })).await;
            for message in worked(&messages, answer.ok(), mapping.reports_failures) {
                let input = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
                // If it cannot be deleted it comes again, as on AWS.
                let _ = sqs.call("DeleteMessage", &input).await;
            }
        });
        while tasks.try_join_next().is_some() {}
    }
}

/// A message as the worker's event has it.
pub(crate) fn record(message: &Value) -> Value {
    json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:hints.fifo",
        "awsRegion": "eu-central-1",
    })
}

/// The messages to delete. An identifier that is unknown or empty fails the whole batch.
fn worked(messages: &[Value], answer: Option<Value>, reports_failures: bool) -> Vec<Value> {
    let Some(answer) = answer else { return Vec::new() };
    let failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    if !reports_failures {
        return messages.to_vec();
    }
    let failed: Vec<&Value> = failures.iter().map(|failure| &failure["itemIdentifier"]).collect();
    if !failed.iter().all(|id| messages.iter().any(|message| message["MessageId"] == **id)) {
        return Vec::new();
    }
    messages.iter().filter(|message| !failed.contains(&&message["MessageId"])).cloned().collect()
}
