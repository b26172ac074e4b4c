//! Something built from secrets, built anew when they have changed.
//!
//! ```text
//! every 5 minutes, or after a refusal: read the versions -> all the same: keep -> else build, replace
//!                                      cannot be read, or cannot be built: keep what works, say so, look again soon
//! ```
//! Age is told by the wall clock: an execution environment is frozen between invocations.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::environment::Variable;
use crate::{Error, Secret, Sources, Vault};

/// How old secrets may be (reliability 5).
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// After a failed reading, and between two readings for a refusal.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// A start that Secrets Manager keeps waiting for longer has failed.
const START: Duration = Duration::from_secs(9);

type Build<T> = Box<dyn Fn(&Sources) -> Result<T, Error> + Send + Sync>;

/// A thing that follows its secrets.
pub struct Live<T> {
    vault: Vault,
    secrets: Vec<(Variable, String)>,
    build: Build<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    thing: Arc<T>,
    sources: Arc<Sources>,
    versions: Vec<String>,
    read_at: Timestamp,
    /// Somebody was refused, and nothing has changed since.
    doubtful: bool,
    /// When it was last looked for that reason.
    doubted_at: Option<Timestamp>,
}

impl<T> Live<T> {
    pub(crate) async fn open(vault: Vault, secrets: Vec<(Variable, String)>, build: Build<T>) -> Result<Self, Error> {
        let read = match tokio::time::timeout(START, read(&vault, &secrets)).await {
            Ok(read) => read?,
            Err(_) => return Err(Error::Settings("Secrets Manager does not answer".to_owned())),
        };
        let sources = Sources::read(&read)?;
        let state = State {
            thing: Arc::new(build(&sources)?),
            sources: Arc::new(sources),
            versions: versions(&read),
            read_at: Timestamp::now(),
            doubtful: false,
            doubted_at: None,
        };
        Ok(Self { vault, secrets, build, state: Mutex::new(state) })
    }

    /// The thing as of now.
    pub async fn get(&self) -> Arc<T> {
        self.parts().await.0
    }

    /// The thing as of now, and what it was built from.
    pub async fn parts(&self) -> (Arc<T>, Arc<Sources>) {
        let mut state = self.state.lock().await;
        if since(state.read_at) > FRESH || (state.doubtful && since(state.read_at) > PATIENCE) {
            state.doubtful = false;
            self.look(&mut state).await;
        }
        (Arc::clone(&state.thing), Arc::clone(&state.sources))
    }

    /// Somebody was refused with what these secrets hold: looks whether they have changed, but not again and again.
    /// Says whether they had, so that another try makes sense.
    pub async fn refused(&self) -> bool {
        let mut state = self.state.lock().await;
        if state.doubted_at.is_some_and(|at| since(at) < PATIENCE) {
            // Whoever comes when the patience is over looks first.
            state.doubtful = true;
            return false;
        }
        state.doubted_at = Some(Timestamp::now());
        let changed = self.look(&mut state).await;
        state.doubtful = !changed;
        changed
    }

    async fn look(&self, state: &mut State<T>) -> bool {
        let rebuilt = match read(&self.vault, &self.secrets).await {
            Ok(read) if versions(&read) == state.versions => Ok(None),
            Ok(read) => Sources::read(&read).and_then(|sources| Ok(Some(((self.build)(&sources)?, sources, read)))),
            Err(error) => Err(error),
        };
        let now = Timestamp::now();
        match rebuilt {
            Ok(None) => {
                state.read_at = now;
                false
            }
            Ok(Some((thing, sources, read))) => {
                tracing::info!("secrets or settings have changed; the new ones are in use");
                (state.thing, state.sources) = (Arc::new(thing), Arc::new(sources));
                (state.versions, state.read_at) = (versions(&read), now);
                true
            }
            Err(error) => {
                tracing::error!(%error, "the secrets in use stay: others cannot be read or used");
                state.read_at = now.checked_sub(FRESH - PATIENCE).unwrap_or(now);
                false
            }
        }
    }
}

fn since(at: Timestamp) -> SignedDuration {
    Timestamp::now().duration_since(at)
}

fn versions(read: &[(Variable, String, Secret)]) -> Vec<String> {
    read.iter().map(|(.., secret)| secret.version.clone()).collect()
}

/// Reads all at once; the order is that of the variables.
async fn read(vault: &Vault, secrets: &[(Variable, String)]) -> Result<Vec<(Variable, String, Secret)>, Error> {
    let mut readings = JoinSet::new();
    for (variable, id) in secrets.iter().cloned() {
        let vault = vault.clone();
        readings.spawn(async move {
            match vault.current(&id).await {
                Ok(secret) => Ok((variable, id, secret)),
                Err(reason) => Err(Error::SecretUnavailable { id, variable: variable.name(), reason }),
            }
        });
    }
    let mut read = Vec::new();
    while let Some(reading) = readings.join_next().await {
        let broken = |error: tokio::task::JoinError| Error::Settings(error.to_string());
        read.push(reading.map_err(broken)??);
    }
    read.sort_by_key(|(variable, ..)| *variable);
    Ok(read)
}
