//! The accept loop. A request that has arrived is carried out even when its caller goes away, as with the vendors.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::wrapper::{Cut, Harness};

/// A running server; stops, and closes its connections, when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// An address that is taken but not served yet, for routers that must know their own address.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes an address. Port 0 lets the system choose.
    pub async fn bind(address: SocketAddr) -> io::Result<Bound> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Bound { listener, address })
    }

    /// Serves on a free loopback port.
    pub async fn start(router: Router, harness: Harness) -> io::Result<Self> {
        let bound = Self::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        Ok(bound.serve(router, harness))
    }

    /// The base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Bound {
    /// The address taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts to accept connections. Must be called within a tokio runtime.
    pub fn serve(self, router: Router, harness: Harness) -> Server {
        let accepting = tokio::spawn(accept(self.listener, router, harness));
        Server { address: self.address, accepting }
    }
}

async fn accept(listener: TcpListener, router: Router, harness: Harness) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone(), harness.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, as a rule: let others close theirs.
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, router: Router, harness: Harness) {
    // Otherwise the kernel holds back small answers.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let service = service_fn(move |request: Request<Incoming>| carry_out(request, router.clone(), harness.clone()));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn carry_out(request: Request<Incoming>, router: Router, harness: Harness) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Err(Cut) };
    // A task of its own: hyper drops this future when the caller hangs up.
    tokio::spawn(harness.serve(router, parts, body.to_bytes())).await.unwrap_or(Err(Cut))
}
