//! On AWS: every minute, wakes what is due; when the poll interval has passed, reads the feeds of both sides.
//!
//! Any event will do. A feed that is not read to its end before the time is up goes on in the next minute, where it
//! stopped.

use std::process::ExitCode;
use std::time::Duration;

use engine::{Engine, Polled};
use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};
use stage::{DynamoStore, Error, Live, Sources, SqsQueue, Stage};
use store::Store;
use telemetry::Meter;

/// When both feeds were last read to their end.
const POLLED_AT: &str = "reconciler.polled_at";
/// Kept free at the end, to say what was done.
const LAST_WORDS: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let meter = telemetry::start_metered("info");
    let Some(function) = stage::opened(Function::open(meter).await) else { return ExitCode::FAILURE };
    let ended = lambda_runtime::run(service_fn(|event| function.reconcile(event))).await;
    ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

struct Function {
    engine: Live<Engine<DynamoStore>>,
    store: DynamoStore,
    queue: SqsQueue,
    meter: Meter,
}

impl Function {
    async fn open(meter: Meter) -> Result<Self, Error> {
        let stage = Stage::of("reconciler").await?;
        let (engine, store, queue) = tokio::try_join!(stage.engine(), stage.store(), stage.queue())?;
        Ok(Self { engine, store, queue, meter })
    }

    async fn reconcile(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let answer = self.hints(&event.context).await;
        self.meter.flush(&event.context.env_config.function_name);
        // The runtime logs it.
        answer.map_err(|error| Diagnostic {
            error_type: "NotReconciled".to_owned(),
            error_message: telemetry::chain(&error),
        })
    }

    async fn hints(&self, context: &Context) -> Result<Value, engine::Error> {
        let (engine, sources) = self.engine.parts().await;
        let woken = engine.wake(&self.queue).await?;
        let mut answer = json!({ "hints": woken, "partner_center": {}, "crm": {} });
        if !self.is_poll_due(&sources).await? {
            tracing::info!(metric = "hints", amount = woken, "what is due was woken");
            return Ok(answer);
        }
        let time = context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
        let feeds = async { tokio::join!(engine.poll_partner_center(&self.queue), engine.poll_crm(&self.queue)) };
        let Ok((partner_center, crm)) = tokio::time::timeout(time.saturating_sub(LAST_WORDS), feeds).await else {
            tracing::warn!("the feeds go on in the next minute");
            return Ok(answer);
        };
        if engine.sign_in_refused().await {
            self.engine.refused().await;
        }
        let queued = |polled: &Result<Polled, engine::Error>| polled.as_ref().map_or(0, |polled| polled.hints);
        let hints = woken + queued(&partner_center) + queued(&crm);
        tracing::info!(metric = "hints", amount = hints, "what is due was woken and the feeds were read");
        if partner_center.is_ok() && crm.is_ok() {
            self.store.set_cursor(POLLED_AT, &Timestamp::now().to_string()).await?;
        }
        answer["hints"] = json!(hints);
        answer["partner_center"] = told("partner_center", partner_center);
        answer["crm"] = told("crm", crm);
        Ok(answer)
    }

    async fn is_poll_due(&self, sources: &Sources) -> Result<bool, engine::Error> {
        let polled_at = self.store.cursor(POLLED_AT).await?.and_then(|at| at.parse::<Timestamp>().ok());
        let Some(polled_at) = polled_at else { return Ok(true) };
        let age = Timestamp::now().duration_since(polled_at);
        Ok(Duration::try_from(age).map_or(true, |age| age >= sources.settings.sync.poll_interval))
    }
}

/// What became of a feed.
fn told(side: &str, polled: Result<Polled, engine::Error>) -> Value {
    match polled {
        Ok(polled) => {
            tracing::info!(metric = "polled", code = side, rows = polled.rows, hints = polled.hints, "read to its end");
            json!({ "rows": polled.rows, "hints": polled.hints })
        }
        Err(error) => {
            let error = telemetry::chain(&error);
            tracing::warn!(side, error, "a feed could not be read");
            json!({ "error": error })
        }
    }
}
