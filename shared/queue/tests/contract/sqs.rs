//! The contract on SQS, and what only SQS does.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use queue::batch::{Incoming, lanes};
use queue::{Queue, Sent, SqsQueue};
use tokio::sync::Mutex;

use crate::laws::{message, name, received};
use crate::{Clock, RECEIVES_MAX, VISIBILITY};

/// The emulator's clock is one for all queues, so one test at a time.
static EMULATOR: Mutex<()> = Mutex::const_new(());

/// The file by which `tests/emulators/ministack_with_clock.py` is ahead of the real time.
struct EmulatorClock(PathBuf);

impl Clock for EmulatorClock {
    const SLACK: i64 = 30;

    fn pass(&self, seconds: i64) {
        let ahead: i64 = std::fs::read_to_string(&self.0).unwrap().parse().unwrap();
        let next = self.0.with_extension("next");
        std::fs::write(&next, (ahead + seconds).to_string()).unwrap();
        std::fs::rename(next, &self.0).unwrap();
    }
}

/// A client of the emulator that `tests/emulators/run` started. Never of AWS.
async fn client() -> Client {
    let url = std::env::var("AWS_ENDPOINT_URL").unwrap_or_default();
    assert!(url.starts_with("http://127.0.0.1:"), "run this by tests/emulators/run");
    Client::new(&aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await)
}

async fn make(client: &Client, redrive: Option<String>) -> String {
    let make = client.create_queue().queue_name(format!("{}.fifo", uuid::Uuid::new_v4()));
    let make = make.attributes(QueueAttributeName::FifoQueue, "true");
    let make = make.attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY.to_string());
    let make = match redrive {
        Some(policy) => make.attributes(QueueAttributeName::RedrivePolicy, policy),
        None => make,
    };
    make.send().await.unwrap().queue_url.unwrap()
}

/// A queue with its dead letters, and its URL.
async fn made() -> (SqsQueue, Client, String) {
    let client = client().await;
    let dead = make(&client, None).await;
    let arn = client.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = arn.send().await.unwrap().attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{RECEIVES_MAX}}}"#);
    let url = make(&client, Some(redrive)).await;
    let queue = SqsQueue::new(client.clone(), &url).with_dead_letters(dead).waiting(Duration::ZERO);
    (queue, client, url)
}

async fn with_sqs<F: Future<Output = ()>>(law: impl FnOnce(SqsQueue, EmulatorClock) -> F) {
    let _alone = EMULATOR.lock().await;
    let (queue, ..) = made().await;
    law(queue, EmulatorClock(std::env::var("COSELL_EMULATOR_CLOCK").unwrap().into())).await;
}

contract!(with_sqs);

#[tokio::test]
async fn a_duplicate_is_taken_and_not_told() {
    with_sqs(|queue, _| async move {
        assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Queued);
        assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Queued);
        assert_eq!(received(&queue, 9).await, [name("1")]);
    })
    .await;
}

#[tokio::test]
async fn what_is_handed_back_uses_up_a_try() {
    with_sqs(|queue, _| async move {
        queue.send(message("a", "1")).await.unwrap();
        for n in 1..=RECEIVES_MAX {
            let delivery = queue.receive(9).await.unwrap().remove(0);
            assert_eq!(delivery.receive_count, n);
            queue.release(&delivery.receipt, Duration::ZERO).await.unwrap();
        }
        assert_eq!(received(&queue, 9).await, Vec::<String>::new());
        assert_eq!(queue.depth().await.unwrap().dead, 1);
    })
    .await;
}

#[tokio::test]
async fn the_body_is_the_contract_and_a_batch_reads_it() {
    let _alone = EMULATOR.lock().await;
    let (queue, client, url) = made().await;
    let sent = message("a", "1");
    queue.send(sent.clone()).await.unwrap();
    let all = MessageSystemAttributeName::All;
    let taken = client.receive_message().queue_url(url).message_system_attribute_names(all).send().await.unwrap();
    let raw = taken.messages.unwrap().remove(0);
    let body = raw.body.as_deref().unwrap();
    let wanted = r#"{"side":"crm","entity":"opportunity","id":"a","cause":"event","seen_at":"1970-01-01T00:00:00Z"}"#;
    assert_eq!(body, wanted);
    let attributes = raw.attributes.unwrap();
    let group = attributes[&MessageSystemAttributeName::MessageGroupId].as_str();
    let dedupe_id = attributes[&MessageSystemAttributeName::MessageDeduplicationId].as_str();
    assert_eq!((group, dedupe_id), ("crm:a", sent.dedupe_id()));
    let lanes = lanes(vec![Incoming::read(raw.message_id.unwrap(), group, dedupe_id, body)]);
    assert_eq!(lanes[0].steps()[0].messages().unwrap(), [sent]);
}
