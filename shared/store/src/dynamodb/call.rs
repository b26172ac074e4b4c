//! Calls of DynamoDB: what their failures mean to us, and patience with those that pass.
//!
//! | it says | it means | we |
//! |---|---|---|
//! | `ConditionalCheckFailed`, alone or as a reason of a canceled transaction | somebody was faster, or the id is taken | look at the item that came along |
//! | `TransactionConflict`, `TransactionInProgress`, throttling, likewise | nothing was done | try again after a random, growing, bounded while |
//! | no answer, or one of the 5xx | perhaps it was done | read again |
//! | anything else | a fault of ours or of the deployment | give up |
//!
//! The SDK has a patience of its own for throttling and lost connections. It has none for transactions.

use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;

use super::item::Item;
use crate::Error;

/// Tries of a call whose failures pass.
const TRIES_MAX: u32 = 8;
/// The longest first wait.
const BACKOFF: Duration = Duration::from_millis(25);
/// The longest wait of all.
const BACKOFF_MAX: Duration = Duration::from_millis(800);

/// Why a call did not do it.
pub(super) enum Trouble {
    /// Its condition did not hold. The item that stood in the way, if there is one.
    Condition(Option<Item>),
    /// A transaction's conditions did not hold: for each of its parts whether it is to blame, and the item in the way.
    Conditions(Vec<Option<Option<Item>>>),
    /// Nothing was done; it may be tried again.
    Passing(Refusal),
    /// Perhaps it was done.
    Unsure(Refusal),
    /// Nothing was done, and trying again would not help.
    Refused(Refusal),
}

/// What DynamoDB said. Not the SDK's error: that one carries items, and items carry customers' data.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub(super) struct Refusal {
    operation: &'static str,
    code: String,
    message: String,
}

impl Trouble {
    /// A batch of which something was left out every time.
    pub(super) fn left_out(operation: &'static str) -> Self {
        let message = "keys were left out at every try".to_owned();
        Self::Passing(Refusal { operation, code: "UnprocessedKeys".to_owned(), message })
    }
}

impl From<BuildError> for Trouble {
    fn from(error: BuildError) -> Self {
        Self::Refused(Refusal { operation: "request", code: "incomplete".to_owned(), message: error.to_string() })
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Passing(refusal) | Trouble::Unsure(refusal) | Trouble::Refused(refusal) => {
                Self::Unavailable(Box::new(refusal))
            }
            // Only for calls whose conditions are all looked at by their caller, or that have none.
            Trouble::Condition(_) | Trouble::Conditions(_) => Self::Unavailable("a condition did not hold".into()),
        }
    }
}

/// Makes a call until it is done or its failure does not pass.
pub(super) async fn call<T, E, F>(operation: &'static str, mut attempt: impl FnMut() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    E: ProvideErrorMetadata + std::error::Error + 'static,
    aws_sdk_dynamodb::Error: From<SdkError<E>>,
{
    let mut tries = 0;
    loop {
        let trouble = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => trouble(operation, error),
        };
        tries += 1;
        match trouble {
            Trouble::Passing(_) if tries < TRIES_MAX => tokio::time::sleep(backoff(tries)).await,
            lasting => return Err(lasting),
        }
    }
}

/// A random part of a span that doubles: those who met once do not meet again at the same moment.
pub(super) fn backoff(tries: u32) -> Duration {
    let longest = BACKOFF.saturating_mul(1 << tries.min(16).saturating_sub(1)).min(BACKOFF_MAX);
    longest.mul_f64(fastrand::f64())
}

fn trouble<E>(operation: &'static str, error: SdkError<E>) -> Trouble
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    aws_sdk_dynamodb::Error: From<SdkError<E>>,
{
    let refusal = refusal(operation, &error);
    match &error {
        SdkError::ConstructionFailure(_) => return Trouble::Refused(refusal),
        SdkError::ServiceError(answer) if answer.raw().status().is_server_error() => return Trouble::Unsure(refusal),
        SdkError::ServiceError(_) => {}
        _ => return Trouble::Unsure(refusal),
    }
    match aws_sdk_dynamodb::Error::from(error) {
        aws_sdk_dynamodb::Error::ConditionalCheckFailedException(failed) => Trouble::Condition(failed.item),
        aws_sdk_dynamodb::Error::TransactionCanceledException(canceled) => {
            canceled_for(canceled.cancellation_reasons.unwrap_or_default(), refusal)
        }
        _ => match Reason::of(&refusal.code) {
            Reason::Passes => Trouble::Passing(refusal),
            Reason::None | Reason::Condition | Reason::Lasts => Trouble::Refused(refusal),
        },
    }
}

fn refusal<E: ProvideErrorMetadata + std::error::Error + 'static>(
    operation: &'static str,
    error: &SdkError<E>,
) -> Refusal {
    let (code, message) = match error {
        SdkError::ServiceError(answer) => (
            answer.err().code().unwrap_or("unknown").to_owned(),
            answer.err().message().unwrap_or("no message").to_owned(),
        ),
        other => ("no answer".to_owned(), chain(other)),
    };
    Refusal { operation, code, message }
}

/// What an error and its sources say. Not what they hold: there may be an answer in there, with items.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    told
}

/// A condition that did not hold settles the matter, whatever else was in the way.
fn canceled_for(reasons: Vec<CancellationReason>, refusal: Refusal) -> Trouble {
    let kinds: Vec<Reason> = reasons.iter().map(|reason| Reason::of(reason.code().unwrap_or("None"))).collect();
    if kinds.contains(&Reason::Condition) {
        let blame = kinds.iter().zip(reasons).map(|(kind, reason)| (*kind == Reason::Condition).then_some(reason.item));
        return Trouble::Conditions(blame.collect());
    }
    let passes = kinds.contains(&Reason::Passes) && !kinds.contains(&Reason::Lasts);
    if passes { Trouble::Passing(refusal) } else { Trouble::Refused(refusal) }
}

/// What a word of DynamoDB means. Reasons of a transaction have other words than errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    None,
    Condition,
    Passes,
    Lasts,
}

impl Reason {
    fn of(code: &str) -> Self {
        match code {
            "None" => Self::None,
            "ConditionalCheckFailed" => Self::Condition,
            "TransactionConflict"
            | "TransactionConflictException"
            | "TransactionInProgressException"
            | "ThrottlingError"
            | "ThrottlingException"
            | "ProvisionedThroughputExceeded"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded" => Self::Passes,
            _ => Self::Lasts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canceled(codes: &[&str]) -> Trouble {
        let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        let refusal = Refusal { operation: "write", code: "TransactionCanceledException".into(), message: "".into() };
        canceled_for(reasons, refusal)
    }

    #[test]
    fn a_canceled_transaction_is_judged_by_its_reasons() {
        assert!(matches!(canceled(&["None", "TransactionConflict"]), Trouble::Passing(_)));
        assert!(matches!(canceled(&["ThrottlingError", "ProvisionedThroughputExceeded"]), Trouble::Passing(_)));
        assert!(matches!(canceled(&["TransactionConflict", "ValidationError"]), Trouble::Refused(_)));
        assert!(matches!(canceled(&["ItemCollectionSizeLimitExceeded"]), Trouble::Refused(_)));
        assert!(matches!(canceled(&[]), Trouble::Refused(_)));
        let Trouble::Conditions(blame) = canceled(&["TransactionConflict", "ConditionalCheckFailed", "None"]) else {
            panic!("a condition settles it");
        };
        assert_eq!(blame, [None, Some(None), None]);
    }

    #[test]
    fn waits_grow_and_have_an_end() {
        assert!((0..1000).all(|_| backoff(1) <= BACKOFF && backoff(40) <= BACKOFF_MAX));
        assert!((0..1000).any(|_| backoff(6) > BACKOFF));
        assert_ne!(backoff(6), backoff(6));
    }
}
