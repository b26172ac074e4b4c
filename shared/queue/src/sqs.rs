//! The queue on AWS: SQS FIFO. Doors and the reconciler only send; the worker's messages are handed to it by Lambda
//! (see [`crate::batch`]); the other methods serve the commands that look at a stage from outside.
//!
//! For `template.yaml`:
//! ```yaml
//! Type: AWS::SQS::Queue
//! Properties:
//!   QueueName: ...fifo                            # the name must end so
//!   FifoQueue: true
//!   ContentBasedDeduplication: false              # the sender names the id (reliability 0.5)
//!   DeduplicationScope: messageGroup
//!   FifoThroughputLimit: perMessageGroupId
//!   VisibilityTimeout: ...                        # at least six times the worker's timeout (reliability 2)
//!   MessageRetentionPeriod: 1209600
//!   RedrivePolicy: { deadLetterTargetArn: ..., maxReceiveCount: 5 }    # a FIFO queue too
//!   SqsManagedSseEnabled: true
//! ```
//! The event source mapping says `FunctionResponseTypes: [ReportBatchItemFailures]`; without it failures are deleted
//! silently. A sender needs `sqs:SendMessage` and nothing else.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{MessageSystemAttributeName as Attribute, QueueAttributeName};
use sha2::{Digest, Sha256};

use crate::{Delivery, Depth, Error, Hint, Message, Queue, Receipt, Sent};

/// A message group's name may have 128 characters of ASCII, none of them a space.
const GROUP_MAX: usize = 128;
/// A message can be hidden for so long.
const HIDDEN_SECONDS_MAX: i32 = 12 * 60 * 60;

/// A FIFO queue of SQS. Cheap to clone.
#[derive(Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
    dead_letters: Option<String>,
    wait: Duration,
}

impl SqsQueue {
    /// The queue of a URL.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into(), dead_letters: None, wait: Duration::from_secs(1) }
    }

    /// Whose dead letters are there, for [`Queue::depth`].
    #[must_use]
    pub fn with_dead_letters(self, url: impl Into<String>) -> Self {
        Self { dead_letters: Some(url.into()), ..self }
    }

    /// How long to wait for a first message, in whole seconds up to 20. Without waiting, SQS asks only some of its
    /// servers and may overlook one.
    #[must_use]
    pub fn waiting(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// One message, so that at most one of its group is in flight: SQS would hand out several of a group at once.
    async fn receive_one(&self, wait: Duration) -> Result<Option<Delivery>, Error> {
        let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(1);
        let request = request.wait_time_seconds(i32::try_from(wait.as_secs().min(20)).unwrap_or(20));
        let request = request.message_system_attribute_names(Attribute::ApproximateReceiveCount);
        let answer = request.message_system_attribute_names(Attribute::MessageDeduplicationId).send().await;
        let answer = answer.map_err(|error| unavailable("ReceiveMessage", &error))?;
        answer.messages.unwrap_or_default().into_iter().next().map(delivery).transpose()
    }

    async fn counts(&self, url: &str) -> Result<(u32, u32), Error> {
        let (waiting, in_flight) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.client.get_queue_attributes().queue_url(url);
        let answer = request.attribute_names(waiting.clone()).attribute_names(in_flight.clone()).send().await;
        let attributes = answer.map_err(|error| unavailable("GetQueueAttributes", &error))?.attributes;
        let count = |name| attributes.as_ref().and_then(|all| all.get(&name)?.parse().ok()).unwrap_or_default();
        Ok((count(waiting), count(in_flight)))
    }
}

impl Queue for SqsQueue {
    async fn send(&self, message: Message) -> Result<Sent, Error> {
        let body = serde_json::to_string(&message.hint).map_err(|error| Error::Unavailable(error.into()))?;
        let request = self.client.send_message().queue_url(&self.url).message_body(body);
        let request = request.message_group_id(group(message.hint.group()));
        let sent = request.message_deduplication_id(message.dedupe_id()).send().await;
        sent.map(|_| Sent::Queued).map_err(|error| unavailable("SendMessage", &error))
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, Error> {
        let mut deliveries = Vec::new();
        while deliveries.len() < max {
            let wait = if deliveries.is_empty() { self.wait } else { Duration::ZERO };
            match self.receive_one(wait).await? {
                Some(delivery) => deliveries.push(delivery),
                None => break,
            }
        }
        Ok(deliveries)
    }

    async fn acknowledge(&self, receipt: &Receipt) -> Result<(), Error> {
        let deleted = self.client.delete_message().queue_url(&self.url).receipt_handle(&receipt.0).send().await;
        deleted.map(|_| ()).or_else(|error| unless_void("DeleteMessage", &error))
    }

    async fn release(&self, receipt: &Receipt, after: Duration) -> Result<(), Error> {
        let seconds = i32::try_from(after.as_millis().div_ceil(1000)).unwrap_or(HIDDEN_SECONDS_MAX);
        let request = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&receipt.0);
        let changed = request.visibility_timeout(seconds.min(HIDDEN_SECONDS_MAX)).send().await;
        changed.map(|_| ()).or_else(|error| unless_void("ChangeMessageVisibility", &error))
    }

    async fn depth(&self) -> Result<Depth, Error> {
        let (waiting, in_flight) = self.counts(&self.url).await?;
        let dead = match &self.dead_letters {
            Some(url) => self.counts(url).await?.0,
            None => 0,
        };
        Ok(Depth { waiting, in_flight, dead, oldest: None })
    }
}

/// The group as SQS takes it. Ids of the vendors are GUIDs; any other text is known by its digest.
fn group(group: String) -> String {
    if group.len() <= GROUP_MAX && group.bytes().all(|byte| byte.is_ascii_graphic()) {
        return group;
    }
    Sha256::digest(group).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn delivery(message: aws_sdk_sqs::types::Message) -> Result<Delivery, Error> {
    let attribute = |name| message.attributes.as_ref().and_then(|all| all.get(&name)).map(String::as_str);
    let dedupe_id = attribute(Attribute::MessageDeduplicationId).unwrap_or_default().to_owned();
    let receive_count = attribute(Attribute::ApproximateReceiveCount).and_then(|n| n.parse().ok()).unwrap_or(1);
    let hint: Hint = serde_json::from_str(message.body.as_deref().unwrap_or_default()).map_err(|error| {
        Error::Corrupt { id: message.message_id.clone().unwrap_or_default(), reason: error.to_string() }
    })?;
    let receipt = Receipt(message.receipt_handle.clone().unwrap_or_default());
    Ok(Delivery { receipt, message: Message::restore(hint, dedupe_id), receive_count })
}

/// What SQS said.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
struct Refusal {
    operation: &'static str,
    code: String,
    message: String,
}

impl Refusal {
    fn of<E: ProvideErrorMetadata + std::error::Error + 'static>(operation: &'static str, error: &SdkError<E>) -> Self {
        if let SdkError::ServiceError(answer) = error {
            let (code, message) = (answer.err().code(), answer.err().message());
            let (code, message) = (code.unwrap_or("unknown").to_owned(), message.unwrap_or("no message").to_owned());
            return Self { operation, code, message };
        }
        let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
        let message = sources.fold(error.to_string(), |told, source| format!("{told}: {source}"));
        Self { operation, code: "no answer".to_owned(), message }
    }

    /// A receipt is void once its message is visible again. SQS has two ways to say so.
    fn is_void_receipt(&self) -> bool {
        let word = self.code.rsplit('.').next().unwrap_or_default();
        match word {
            "ReceiptHandleIsInvalid" | "MessageNotInflight" => true,
            "InvalidParameterValue" => self.message.contains("receipt handle has expired"),
            _ => false,
        }
    }
}

fn unavailable<E>(operation: &'static str, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    Error::Unavailable(Box::new(Refusal::of(operation, error)))
}

fn unless_void<E>(operation: &'static str, error: &SdkError<E>) -> Result<(), Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let refusal = Refusal::of(operation, error);
    if refusal.is_void_receipt() { Ok(()) } else { Err(Error::Unavailable(Box::new(refusal))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_sqs_would_not_take_has_a_name_all_the_same() {
        assert_eq!(
            group("crm:0f8fad5b-d9cb-469f-a165-70867728950e".into()),
            "crm:0f8fad5b-d9cb-469f-a165-70867728950e"
        );
        for odd in ["crm:a b", "crm:ü", &"x".repeat(129)] {
            let name = group(odd.to_owned());
            assert!(name.len() == 64 && name != group(format!("{odd}.")), "{name}");
        }
    }

    #[test]
    fn a_void_receipt_is_told_from_a_fault() {
        let said = |code: &str, message: &str| {
            Refusal { operation: "DeleteMessage", code: code.into(), message: message.into() }.is_void_receipt()
        };
        assert!(said("ReceiptHandleIsInvalid", "The input receipt handle is invalid."));
        assert!(said("AWS.SimpleQueueService.MessageNotInflight", ""));
        assert!(said(
            "InvalidParameterValue",
            "Value x for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        ));
        assert!(!said("InvalidParameterValue", "Value 90000 for parameter VisibilityTimeout is invalid."));
        assert!(!said("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."));
    }
}
