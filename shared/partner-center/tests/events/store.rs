//! A certificate store on this machine that behaves as told and remembers who called it by which name.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use simulators::harness::{Clock, Fault, FaultRule, Harness, Server};

/// How a file is answered.
#[derive(Clone)]
pub(crate) enum Served {
    /// With these bytes.
    File(Vec<u8>),
    /// With a status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Not at all.
    Never,
}

/// What was asked: the host by which the store was called, and the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) host: String,
    pub(crate) path: String,
}

#[derive(Clone, Default)]
struct Shelves {
    files: Arc<Mutex<HashMap<String, Served>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// The store, and ears beside it.
pub(crate) struct Store {
    pub(crate) address: SocketAddr,
    harness: Harness,
    _server: Server,
    shelves: Shelves,
    names: AtomicU64,
    /// Who else could be reached: nobody must be.
    ears: Vec<TcpListener>,
}

impl Store {
    pub(crate) async fn open() -> Self {
        let shelves = Shelves::default();
        let router = Router::new().fallback(answer).with_state(shelves.clone());
        let harness = Harness::new(Clock::default(), &[]);
        let server = Server::start(router, harness.clone()).await.unwrap();
        let address = server.address;
        // The same port on other addresses of this machine, and another port.
        let neighbors: [IpAddr; 3] =
            [Ipv4Addr::new(127, 0, 0, 2).into(), Ipv4Addr::new(127, 1, 1, 1).into(), Ipv6Addr::LOCALHOST.into()];
        let neighbors = neighbors.map(|neighbor| SocketAddr::new(neighbor, address.port()));
        let elsewhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let ears = neighbors.into_iter().chain([elsewhere]).filter_map(|place| TcpListener::bind(place).ok());
        let ears: Vec<TcpListener> = ears.inspect(|ear| ear.set_nonblocking(true).unwrap()).collect();
        assert!(ears.len() >= 2, "this machine has no other loopback address");
        Self { address, harness, _server: server, shelves, names: AtomicU64::new(0), ears }
    }

    /// The folder that certificates may come from.
    pub(crate) fn folder(&self) -> String {
        format!("http://{}/cert/", self.address)
    }

    /// A place where somebody listens who should not be called.
    pub(crate) fn ear(&self) -> String {
        self.ears[self.ears.len() - 1].local_addr().unwrap().to_string()
    }

    /// Puts a file into the folder under this name. Returns its address.
    pub(crate) fn put(&self, name: &str, served: Served) -> String {
        self.shelves.files.lock().unwrap().insert(format!("/cert/{name}"), served);
        format!("{}{name}", self.folder())
    }

    /// Puts a certificate into the folder under a name of its own. Returns its address.
    pub(crate) fn publish(&self, served: Served) -> String {
        let name = format!("cert-{}.cer", self.names.fetch_add(1, Ordering::Relaxed));
        self.put(&name, served)
    }

    /// The connection breaks when this file is asked for.
    pub(crate) fn cut(&self, address: &str) {
        let path = address.strip_prefix(&self.folder()).unwrap();
        self.harness.add_fault(FaultRule::once("GET", path, Fault::CutBefore));
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shelves.asked.lock().unwrap().clone()
    }

    /// How often a file was asked for.
    pub(crate) fn count(&self, address: &str) -> usize {
        self.asked().iter().filter(|asked| address.ends_with(&asked.path)).count()
    }

    /// Nobody else was called, and the store by its own name and for files of the folder alone.
    pub(crate) fn assert_nobody_else_was_called(&self) {
        for ear in &self.ears {
            assert!(ear.accept().is_err(), "{} was called", ear.local_addr().unwrap());
        }
        let host = self.address.to_string();
        for asked in self.asked() {
            let name = asked.path.strip_prefix("/cert/").unwrap_or_else(|| panic!("{asked:?}"));
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
            assert!(asked.host == host && name.ends_with(".cer") && name.chars().all(plain), "{asked:?}");
        }
    }
}

async fn answer(State(shelves): State<Shelves>, request: Request) -> Response {
    let host = request.headers().get("host").map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default();
    let path = request.uri().to_string();
    shelves.asked.lock().unwrap().push(Asked { host, path: path.clone() });
    let served = shelves.files.lock().unwrap().get(&path).cloned();
    let (status, headers, body) = match served {
        Some(Served::File(bytes)) => (200, Vec::new(), bytes),
        Some(Served::Answer(status, headers, body)) => (status, headers, body),
        Some(Served::Never) => std::future::pending().await,
        None => (404, Vec::new(), Vec::new()),
    };
    let response = Response::builder().status(status);
    let response = headers.into_iter().fold(response, |response, (name, value)| response.header(name, value));
    response.body(Body::from(body)).unwrap()
}
