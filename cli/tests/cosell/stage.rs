//! Both simulators, a folder with settings, and the binary.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use simulators::dataverse::Dataverse;
use simulators::harness::Clock;
use simulators::partner_center::PartnerCenter;
use simulators::staging;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Two vendors and a folder.
pub(crate) struct Stage {
    pub(crate) partner_center: PartnerCenter,
    pub(crate) dataverse: Dataverse,
    folder: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let partner_center = PartnerCenter::start(anywhere, 1, Clock::default()).await.unwrap();
        let dataverse = Dataverse::start(anywhere, 1, Clock::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        staging::write(folder.path(), &partner_center, &dataverse, "poll_interval = \"1s\"").unwrap();
        Self { partner_center, dataverse, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lays text over the settings.
    pub(crate) fn settings(&self, change: impl FnOnce(String) -> String) {
        let path = self.path("cosell.toml");
        std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
    }

    /// The binary with this folder's settings and data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(&self.path("cosell.toml"), &self.path("data"), arguments)
    }

    /// Starts `serve` on a free port and waits until its doors are open.
    pub(crate) async fn serve(&self) -> Serve {
        let address = free_address();
        let mut command = self.command(&["serve", "--listen", &address.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let serve = Serve { url: format!("http://{address}"), child };
        let http = reqwest::Client::new();
        while http.get(format!("{}/health", serve.url)).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        serve
    }
}

/// A running service; dies with the test.
pub(crate) struct Serve {
    pub(crate) url: String,
    #[expect(dead_code, reason = "held, so that it is killed when dropped")]
    child: Child,
}

/// The binary with these settings and this data.
pub(crate) fn command(config: &Path, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosell"));
    command.env("RUST_LOG", "error").arg("--config").arg(config).arg("--data").arg(data).args(arguments);
    command
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// What was said on stderr, and the exit code.
pub(crate) fn said(output: &Output) -> (i32, String) {
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}
