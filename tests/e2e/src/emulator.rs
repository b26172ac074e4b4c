//! Emulators of AWS as processes of ours, that can be killed and started again with what they had kept.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::template::tools;

/// Nothing here takes longer to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running emulator. Ends when dropped.
#[derive(Debug)]
pub struct Emulator {
    kind: Kind,
    port: u16,
    kept: TempDir,
    child: Child,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// DynamoDB: dynoxide, which passes transactions and races, on a file.
    DynamoDb,
    /// Everything else: ministack.
    Rest,
}

impl Emulator {
    /// An emulator of DynamoDB.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn dynamodb() -> Result<Self> {
        Self::start(Kind::DynamoDb).await
    }

    /// An emulator of SQS, Secrets Manager, CloudFormation and the rest.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn rest() -> Result<Self> {
        Self::start(Kind::Rest).await
    }

    async fn start(kind: Kind) -> Result<Self> {
        let (port, kept) = (free_port()?, TempDir::new()?);
        let child = kind.spawn(port, kept.path())?;
        let mut emulator = Self { kind, port, kept, child };
        emulator.ready().await?;
        Ok(emulator)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it, and starts it again at the same address with what it had kept. DynamoDB is killed in the middle of
    /// whatever it does; the other one keeps its state only when it is asked to end.
    ///
    /// # Errors
    /// When it does not start again.
    pub async fn restart(&mut self) -> Result<()> {
        match self.kind {
            Kind::DynamoDb => self.child.kill()?,
            Kind::Rest => signal(self.child.id(), "TERM")?,
        }
        self.child.wait()?;
        self.child = self.kind.spawn(self.port, self.kept.path())?;
        self.ready().await
    }

    async fn ready(&mut self) -> Result<()> {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{:?} ended at once: {status}", self.kind);
            }
            if tokio::time::Instant::now() > give_up {
                bail!("{:?} does not listen", self.kind);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Kind {
    fn spawn(self, port: u16, kept: &Path) -> Result<Child> {
        let mut command = match self {
            Self::DynamoDb => {
                let mut command = Command::new(installed("dynoxide/bin/dynoxide")?);
                command.args(["--port", &port.to_string(), "--log", "quiet", "--db-path"]).arg(kept.join("table.db"));
                command
            }
            Self::Rest => {
                let mut command = Command::new(installed("stack/bin/ministack")?);
                command
                    .env("GATEWAY_PORT", port.to_string())
                    .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
                    .env("MINISTACK_REGION", crate::stack::REGION)
                    .env("PERSIST_STATE", "1")
                    .env("STATE_DIR", kept)
                    .env("S3_DATA_DIR", kept.join("s3"));
                command
            }
        };
        let log = std::fs::File::options().create(true).append(true).open(kept.join("log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.spawn().with_context(|| format!("{self:?} does not start"))
    }
}

fn installed(path: &str) -> Result<PathBuf> {
    let path = tools().join(path);
    if !path.exists() {
        bail!("{} is not there: start these tests with tests/e2e/run", path.display());
    }
    Ok(path)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Sends a signal to a process of ours.
///
/// # Errors
/// When there is no such process.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status()?;
    if status.success() { Ok(()) } else { bail!("no process {pid}") }
}
