//! One stage of a deployment on AWS: what a function's environment names, made into doors, engine, store and queue.
//!
//! A function opens its stage once per execution environment. Whatever is wrong then - a variable, a secret, the table,
//! the queue - is named in one line, and the function does not start. Afterwards secrets and settings are read again
//! every five minutes and after a refused sign-in, and what was built from them is built anew if they have changed
//! ([`Live`]).
//!
//! # Where to look
//! `environment.rs` which function is told what, `vault.rs` Secrets Manager, `sources.rs` its secrets as settings,
//! `live.rs` the five minutes, `build.rs` doors and clients; `batch.rs` what the worker does, `minute.rs` what the
//! reconciler does, `rotation.rs` the life of the refresh token, `lease.rs` one refresher at a time.

mod environment;

mod sources;
mod vault;

mod build;
mod live;

mod batch;
mod minute;

mod lease;
mod rotation;

pub use batch::{Received, work_batch};
pub use environment::{FUNCTIONS, Function, Variable};
pub use lease::Lease;
pub use live::Live;
pub use minute::reconcile;
pub use queue::SqsQueue;
pub use rotation::{Refreshed, Refresher};
pub use sources::Sources;
pub use store::DynamoStore;
pub use vault::{Secret, Vault};

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use engine::Engine;

/// Why a function cannot start, or cannot go on. Says where, never what a secret holds.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment lacks something.
    #[error("{} not set: the template sets it for {function}", variables.join(", "))]
    Unset {
        /// Which function.
        function: &'static str,
        /// What it lacks.
        variables: Vec<&'static str>,
    },
    /// A function that no table knows.
    #[error("{0} is no function of this deployment")]
    UnknownFunction(String),
    /// A secret cannot be read.
    #[error("secret {id} ({variable}) cannot be read: {reason}")]
    SecretUnavailable {
        /// Which secret.
        id: String,
        /// The variable that names it.
        variable: &'static str,
        /// Why.
        reason: String,
    },
    /// A secret cannot be used.
    #[error("secret {id} ({variable}): {reason}")]
    SecretMalformed {
        /// Which secret.
        id: String,
        /// The variable that names it.
        variable: &'static str,
        /// Why.
        reason: String,
    },
    /// The table is not there, or not ours.
    #[error("table {table} ({}) cannot be used: {reason}", Variable::Table.name())]
    Table {
        /// Which table.
        table: String,
        /// Why.
        reason: String,
    },
    /// The queue is not there, or not ours.
    #[error("queue {url} ({}) cannot be used: {reason}", Variable::QueueUrl.name())]
    Queue {
        /// Which queue.
        url: String,
        /// Why.
        reason: String,
    },
    /// The settings cannot work.
    #[error("the settings cannot work: {0}")]
    Settings(String),
    /// No refresh token works: a person must sign in again.
    #[error("Partner Center refuses every refresh token ({reason}): sign in again with `cosell login --stage`")]
    SignIn {
        /// What it said, without contact data.
        reason: String,
    },
    /// Partner Center cannot be asked now.
    #[error("Partner Center could not be asked: {reason}")]
    PartnerCenter {
        /// What it said, without contact data.
        reason: String,
    },
    /// A secret could not be written.
    #[error("secret {id} cannot be written: {reason}")]
    Unwritten {
        /// Which secret.
        id: String,
        /// Why.
        reason: String,
    },
}

/// No call to AWS takes longer: a door must have answered within Dataverse's 60 s (dataverse-api 5.6).
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Nor does one call with all its attempts.
const CALLS_TIMEOUT: Duration = Duration::from_secs(12);

/// What one function was told about its stage.
pub struct Stage {
    function: &'static Function,
    values: BTreeMap<Variable, String>,
    aws: SdkConfig,
}

impl Stage {
    /// Reads the environment of a function, and nothing of anybody else's.
    ///
    /// # Errors
    /// Every variable that is missing.
    pub async fn of(function: &str) -> Result<Self, Error> {
        let function = Function::named(function)?;
        let values = function.read(|name| std::env::var(name).ok())?;
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(CALL_TIMEOUT).operation_timeout(CALLS_TIMEOUT);
        let aws = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .load()
            .await;
        Ok(Self { function, values, aws })
    }

    /// The queue, proved to be there.
    ///
    /// # Errors
    /// When it is not, or is not ours to use.
    pub async fn queue(&self) -> Result<SqsQueue, Error> {
        let url = self.value(Variable::QueueUrl);
        let client = aws_sdk_sqs::Client::new(&self.aws);
        let proof = client.get_queue_attributes().queue_url(url).attribute_names("QueueArn".into()).send().await;
        match proof {
            Ok(_) => Ok(SqsQueue::new(client, url)),
            Err(error) => Err(Error::Queue { url: url.to_owned(), reason: vault::reason(&error) }),
        }
    }

    /// The store, proved to be there.
    ///
    /// # Errors
    /// When it is not, or is not ours to use.
    pub async fn store(&self) -> Result<DynamoStore, Error> {
        use store::Store;
        let table = self.value(Variable::Table);
        let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&self.aws), table);
        match store.cursor("start").await {
            Ok(_) => Ok(store),
            Err(error) => Err(Error::Table { table: table.to_owned(), reason: vault::reason(&error) }),
        }
    }

    /// Builds something from the settings and secrets that the function is told of, and keeps it up to date.
    ///
    /// # Errors
    /// When one of them cannot be read or used.
    pub async fn live<T>(
        &self,
        build: impl Fn(&Sources) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Live<T>, Error> {
        let secrets = self.function.secrets().map(|variable| (variable, self.value(variable).to_owned()));
        Live::open(self.vault(), secrets.collect(), Box::new(build)).await
    }

    /// The engine on the store, which keeps history for as long as the settings say.
    ///
    /// # Errors
    /// When a secret cannot be read or used.
    pub async fn engine(&self) -> Result<Live<Engine<DynamoStore>>, Error> {
        let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&self.aws), self.value(Variable::Table));
        self.live(move |sources| {
            let days = sources.settings.sync.history_days;
            sources.engine(store.clone().keeping_history(days))
        })
        .await
    }

    /// The secret store.
    #[must_use]
    pub fn vault(&self) -> Vault {
        Vault::new(aws_sdk_secretsmanager::Client::new(&self.aws))
    }

    /// The refresher of the Partner Center secret.
    #[must_use]
    pub fn refresher(&self) -> Refresher {
        let lease =
            Lease::new(aws_sdk_dynamodb::Client::new(&self.aws), self.value(Variable::Table), "token-refresher");
        Refresher::new(self.vault(), self.value(Variable::PartnerCenterSecret), lease)
    }

    fn value(&self, variable: Variable) -> &str {
        // `Function::read` demanded every variable of the table; another one is a slip of ours, and names nothing.
        self.values.get(&variable).map_or("", String::as_str)
    }
}

/// Says in one line why a function does not start. `None`: it must end now.
pub fn opened<T>(opening: Result<T, Error>) -> Option<T> {
    opening.inspect_err(|error| tracing::error!(%error, "the function cannot start")).ok()
}
