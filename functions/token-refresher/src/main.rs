//! On AWS: every day, puts a proven new refresh token in the place of the one in use. Its only writer.
//!
//! How it does that without ever losing a token is in `stage`.

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};
use stage::{Error, Live, Refresher, Sources, Stage};
use telemetry::Meter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let meter = telemetry::start_metered("info");
    let Some(function) = stage::opened(Function::open(meter).await) else { return ExitCode::FAILURE };
    let ended = lambda_runtime::run(service_fn(|event| function.refresh(event))).await;
    ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

struct Function {
    sources: Live<Sources>,
    refresher: Refresher,
    meter: Meter,
}

impl Function {
    async fn open(meter: Meter) -> Result<Self, Error> {
        let stage = Stage::of("token-refresher").await?;
        let refresher = stage.refresher();
        let (sources, ()) = tokio::try_join!(stage.live(|sources| Ok(sources.clone())), refresher.ready())?;
        Ok(Self { sources, refresher, meter })
    }

    async fn refresh(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let refreshed = self.refresher.refresh(&*self.sources.get().await).await;
        match self.refresher.age_days().await {
            Ok(Some(days)) => tracing::info!(metric = "token_age_days", amount = days, "age of the token in use"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the age of the token in use is not known"),
        }
        let answer = match refreshed {
            Ok(refreshed) => {
                tracing::info!(outcome = refreshed.word(), "the refresh token was looked after");
                Ok(json!({ "outcome": refreshed.word() }))
            }
            // The token in use stays. The runtime logs it.
            Err(error) => Err(Diagnostic { error_type: "NotRefreshed".to_owned(), error_message: error.to_string() }),
        };
        self.meter.flush(&event.context.env_config.function_name);
        answer
    }
}
