//! `cosell serve`: the doors, the workers and the feeds in one process.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::sync::atomic::Ordering;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use doors::{Answer, CHANGE_BYTES_MAX, CHANGES_PATH, ChangesDoor, EVENT_BYTES_MAX, EVENTS_PATH, EventsDoor};
use engine::Point;
use queue::Queue;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::args;
use crate::lock;
use crate::place::{Place, WrongUse};
use crate::service::Service;

/// What the routes need.
struct Front {
    events: EventsDoor,
    changes: ChangesDoor,
    service: Arc<Service>,
    at_point: Option<Box<dyn Fn(Point) + Send + Sync>>,
}

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn serve(place: &Place, serve: args::Serve) -> Result<()> {
    let Some(_lock) = lock::try_lock(&place.data)? else {
        anyhow::bail!(
            "another `cosell serve` is running on {}: stop it, or choose another folder with --data",
            place.data.display()
        );
    };
    let running = start(place, serve).await?;
    tracing::info!(address = %running.address, "the doors are open");
    let columns = async {
        match running.service.engine.check_columns().await {
            Ok(()) => std::future::pending().await,
            Err(problem) => problem,
        }
    };
    let problem = tokio::select! {
        () = shutdown() => None,
        problem = columns => Some(problem),
    };
    running.stop().await;
    match problem {
        None => Ok(()),
        Some(problem) => Err(WrongUse(problem).into()),
    }
}

/// A running service.
pub(crate) struct Running {
    /// Where the doors are.
    pub(crate) address: SocketAddr,
    pub(crate) service: Arc<Service>,
    stop: watch::Sender<bool>,
    work: tokio::task::JoinHandle<()>,
    doors: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Closes the doors and lets every worker finish its link.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.doors.await;
        let _ = self.work.await;
    }
}

/// Opens the doors and starts the workers.
pub(crate) async fn start(place: &Place, serve: args::Serve) -> Result<Running> {
    let listener = TcpListener::bind(serve.listen)
        .await
        .with_context(|| format!("nothing can listen on {}: choose another address with --listen", serve.listen))?;
    let address = listener.local_addr()?;
    let service = Arc::new(place.service(serve.kill_at).await?);
    // Whoever held these messages is dead: this process is the only one that works them.
    service.queue.recall().await?;
    let front = Arc::new(Front {
        events: EventsDoor::new(place.verifier()?),
        changes: ChangesDoor::new(place.key_ring(), &place.settings.dataverse.column_prefix),
        service: Arc::clone(&service),
        at_point: serve.kill_at.map(|kill_at| Box::new(kill_at.hook()) as Box<dyn Fn(Point) + Send + Sync>),
    });
    let (stop, stopped) = watch::channel(false);
    let work = tokio::spawn(Arc::clone(&service).run(stopped.clone()));
    let mut closed = stopped;
    let doors = tokio::spawn(async move {
        let until = async move {
            let _ = closed.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router(front)).with_graceful_shutdown(until).await {
            tracing::error!(%error, "the doors failed");
        }
    });
    Ok(Running { address, service, stop, work, doors })
}

fn router(front: Arc<Front>) -> Router {
    Router::new()
        .route(EVENTS_PATH, post(event))
        .route(CHANGES_PATH, post(change))
        .route("/health", get(health))
        .with_state(front)
}

async fn event(State(front): State<Arc<Front>>, headers: HeaderMap, body: Body) -> Response {
    let body = match within(body, EVENT_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let answer = front.events.receive(&front.service.queue, &headers, &body, jiff::Timestamp::now()).await;
    front.respond(&answer)
}

async fn change(State(front): State<Arc<Front>>, headers: HeaderMap, body: Body) -> Response {
    let body = match within(body, CHANGE_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let answer = front.changes.receive(&front.service.queue, &headers, &body, jiff::Timestamp::now()).await;
    front.respond(&answer)
}

impl Front {
    fn respond(&self, answer: &Answer) -> Response {
        if let (StatusCode::OK, Some(at_point)) = (answer.status, &self.at_point) {
            at_point(Point::EventAcknowledged);
        }
        (answer.status, answer.text).into_response()
    }
}

/// The whole body, if it has at most `bytes_max` bytes.
async fn within(body: Body, bytes_max: usize) -> Result<Bytes, Response> {
    match axum::body::to_bytes(body, bytes_max).await {
        Ok(bytes) => Ok(bytes),
        Err(error)
            if std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("length limit")) =>
        {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "too large").into_response())
        }
        Err(_) => Err((StatusCode::BAD_REQUEST, "the body broke off").into_response()),
    }
}

async fn health(State(front): State<Arc<Front>>) -> Response {
    let pulse = &front.service.pulse;
    let polled_at = match pulse.polled_at.load(Ordering::Relaxed) {
        0 => None,
        millis => jiff::Timestamp::from_millisecond(millis).ok().map(|at| at.to_string()),
    };
    let known =
        async { Some((front.service.queue.depth().await.ok()?, front.service.engine.brake_gripped().await.ok()?)) };
    match known.await {
        Some((depth, brake)) => axum::Json(json!({
            "status": "ok",
            "brake": brake,
            "polled_at": polled_at,
            "trouble": trouble,
            "hints_worked": pulse.worked.load(Ordering::Relaxed),
            "queue": { "waiting": depth.waiting, "in_flight": depth.in_flight, "dead": depth.dead },
        }))
        .into_response(),
        None => {
            let body = axum::Json(json!({ "status": "store-unavailable", "brake": false }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

async fn shutdown() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
