//! The address on this machine that the browser comes back to after signing in (RFC 8252 7.3). It lives as long as the
//! sign-in, and takes one answer.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use partner_center::{SignIn, SignInError};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::place::WrongUse;

/// How long a page may take to reach the browser once the answer is in.
const FAREWELL: Duration = Duration::from_secs(2);

/// A port of this machine, on both of its families: `localhost` may be either.
pub(crate) struct Loopback {
    port: u16,
    listeners: Vec<TcpListener>,
}

type Answer = Result<SecretString, SignInError>;

struct Waiting {
    sign_in: Arc<SignIn>,
    answers: mpsc::Sender<Answer>,
}

impl Loopback {
    /// Listens on a port, or on one that the system chooses.
    pub(crate) async fn open(port: Option<u16>) -> Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await;
        let first = first.map_err(|error| match port {
            Some(port) => anyhow::Error::new(WrongUse(format!(
                "nothing can listen on port {port} of this machine ({error}): leave --port out, or choose another"
            ))),
            None => anyhow::Error::new(error).context("nothing can listen on this machine"),
        })?;
        let port = first.local_addr()?.port();
        // A machine without IPv6 has only the first.
        let second = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok();
        Ok(Self { port, listeners: std::iter::once(first).chain(second).collect() })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the browser.
    pub(crate) async fn answer(self, sign_in: Arc<SignIn>) -> Result<Answer> {
        let (answers, mut answer) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let mut serving = JoinSet::new();
        for listener in self.listeners {
            let waiting = Arc::new(Waiting { sign_in: Arc::clone(&sign_in), answers: answers.clone() });
            let mut stopped = stopped.clone();
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            let router = Router::new().route("/", get(back)).with_state(waiting);
            serving.spawn(axum::serve(listener, router).with_graceful_shutdown(until).into_future());
        }
        let answer = answer.recv().await.context("nothing listens for the browser any more")?;
        stop.send_replace(true);
        let _ = tokio::time::timeout(FAREWELL, async { while serving.join_next().await.is_some() {} }).await;
        Ok(answer)
    }
}

/// The browser is back, with an answer or by mistake.
async fn back(State(waiting): State<Arc<Waiting>>, RawQuery(query): RawQuery) -> Response {
    let Some(answer) = waiting.sign_in.answer(query.as_deref().unwrap_or_default()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (status, text) = match answer {
        Ok(_) => {
            (StatusCode::OK, "Thank you. Cosell now tries the sign-in; go back to the terminal to see how it went.")
        }
        Err(_) => (StatusCode::BAD_REQUEST, "This sign-in did not succeed. The terminal says why, and what to do."),
    };
    // Whoever comes second is too late.
    let _ = waiting.answers.try_send(answer);
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONNECTION, "close"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"), // The address holds the code.
    ];
    let page = format!("<!doctype html><html lang=\"en\"><title>Cosell</title><p>{text}</p></html>");
    (status, headers, Html(page)).into_response()
}
