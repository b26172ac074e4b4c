//! A function as Lambda runs it: environments of the real binary, started when needed, kept when idle, killed when they
//! take too long.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use crate::emulator::signal;
use crate::runtime_api::{Invocation, RuntimeApi};

/// Lambda gives an initialization ten seconds.
const INIT: Duration = Duration::from_secs(10);

/// Why an invocation has no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The function did not start: it ended, or did not ask for an invocation in time.
    Init,
    /// The function says that it failed.
    Function(Value),
    /// The process died.
    Died,
    /// It took too long and was killed.
    TimedOut,
    /// No environment was free.
    Throttled,
}

/// One function.
pub struct Lambda {
    name: String,
    program: PathBuf,
    variables: BTreeMap<String, String>,
    timeout: Duration,
    places: Semaphore,
    idle: Mutex<Vec<Environment>>,
    busy: Arc<Mutex<BTreeMap<u32, oneshot::Sender<Fate>>>>,
    zombies: Arc<Mutex<Vec<Environment>>>,
    lines: Arc<Mutex<Vec<String>>>,
    inits: Mutex<Vec<Duration>>,
}

/// What befalls a running environment from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Killed,
    Frozen,
}

struct Environment {
    api: RuntimeApi,
    child: Child,
    pid: u32,
}

impl Lambda {
    pub(crate) fn new(
        name: &str,
        program: PathBuf,
        variables: BTreeMap<String, String>,
        timeout: Duration,
        concurrency: usize,
    ) -> Self {
        Self {
            name: name.to_owned(),
            program,
            variables,
            timeout,
            places: Semaphore::new(concurrency),
            idle: Mutex::default(),
            busy: Arc::default(),
            zombies: Arc::default(),
            lines: Arc::default(),
            inits: Mutex::default(),
        }
    }

    /// Invokes the function, in an idle environment or a new one.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn invoke(&self, event: Value) -> Result<Value, Failure> {
        let Ok(_place) = self.places.try_acquire() else { return Err(Failure::Throttled) };
        let idle = lock(&self.idle).pop();
        let mut environment = match idle {
            Some(environment) => environment,
            None => self.start().await.map_err(|_| Failure::Init)?,
        };
        let (outcome, answered) = oneshot::channel();
        let (fate, befallen) = oneshot::channel();
        lock(&self.busy).insert(environment.pid, fate);
        let deadline = SystemTime::now() + self.timeout;
        let invocation = Invocation { id: Uuid::new_v4().to_string(), event, deadline, outcome };
        let sent = environment.api.invocations.send(invocation).await;
        let result = tokio::select! {
            answer = answered => match (sent, answer) {
                (Ok(()), Ok(answer)) => answer.map_err(Failure::Function),
                _ => Err(Failure::Died),
            },
            _ = environment.child.wait() => Err(Failure::Died),
            befallen = befallen => match befallen {
                Ok(Fate::Frozen) => Err(Failure::TimedOut),
                Ok(Fate::Killed) | Err(_) => Err(Failure::Died),
            },
            () = tokio::time::sleep(self.timeout) => {
                let _ = environment.child.kill().await;
                Err(Failure::TimedOut)
            }
        };
        let frozen = lock(&self.busy).remove(&environment.pid).is_none() && result == Err(Failure::TimedOut);
        match &result {
            Ok(_) | Err(Failure::Function(_)) => lock(&self.idle).push(environment),
            // The platform has given it up, but it lives: it may wake and go on.
            Err(_) if frozen => {
                environment.api.forget();
                lock(&self.zombies).push(environment);
            }
            Err(_) => {}
        }
        result
    }

    /// Kills every environment that works, in the middle of whatever it does. Says how many.
    pub fn kill_busy(&self) -> usize {
        self.befall(Fate::Killed, "KILL")
    }

    /// Freezes every environment that works: its invocation is given up, its process stands still until [`Self::thaw`].
    /// Says how many.
    pub fn freeze_busy(&self) -> usize {
        self.befall(Fate::Frozen, "STOP")
    }

    fn befall(&self, fate: Fate, name: &str) -> usize {
        let busy = std::mem::take(&mut *lock(&self.busy));
        let struck = busy.into_iter().filter_map(|(pid, told)| signal(pid, name).ok().map(|()| told));
        struck.map(|told| told.send(fate)).filter(Result::is_ok).count()
    }

    /// Lets the frozen go on, and keeps them until they have nothing left to do.
    pub fn thaw(&self) {
        for environment in lock(&self.zombies).iter() {
            let _ = signal(environment.pid, "CONT");
        }
    }

    /// Ends every idle environment, so that the next invocation is a cold start.
    pub fn forget_idle(&self) {
        lock(&self.idle).clear();
    }

    /// Environments that work right now.
    #[must_use]
    pub fn busy(&self) -> usize {
        lock(&self.busy).len()
    }

    /// What all environments wrote so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    /// How long each start took, from the process to its first poll.
    #[must_use]
    pub fn inits(&self) -> Vec<Duration> {
        lock(&self.inits).clone()
    }

    /// The most memory that an idle environment has ever had, in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        let status = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let peak = |text: String| {
            let line = text.lines().find(|line| line.starts_with("VmHWM:"))?.to_owned();
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        lock(&self.idle).iter().filter_map(|environment| peak(status(environment.pid))).max().unwrap_or(0)
    }

    /// The binary.
    #[must_use]
    pub fn program(&self) -> &std::path::Path {
        &self.program
    }

    /// Starts an environment and waits for its first poll.
    async fn start(&self) -> anyhow::Result<Environment> {
        let api = RuntimeApi::open().await?;
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .envs(&self.variables)
            .env("AWS_LAMBDA_RUNTIME_API", &api.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let spawned = SystemTime::now();
        let mut child = command.spawn()?;
        let pid = child.id().unwrap_or_default();
        self.collect(child.stdout.take());
        self.collect(child.stderr.take());
        let give_up = tokio::time::Instant::now() + INIT;
        while api.first_poll().is_none() {
            if child.try_wait()?.is_some() {
                // What it said last is still on its way.
                tokio::time::sleep(Duration::from_millis(50)).await;
                anyhow::bail!("ended before its first poll");
            }
            anyhow::ensure!(tokio::time::Instant::now() < give_up, "no poll in time");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let init = api.first_poll().and_then(|at| at.duration_since(spawned).ok()).unwrap_or_default();
        lock(&self.inits).push(init);
        Ok(Environment { api, child, pid })
    }

    fn collect(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let (lines, Some(stream)) = (Arc::clone(&self.lines), stream) else { return };
        tokio::spawn(async move {
            let mut reader = BufReader::new(stream).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                lock(&lines).push(line);
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
