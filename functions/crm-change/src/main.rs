//! On AWS: the door of Dataverse's changes. Compares the key and queues a hint.
//!
//! What a change means is in `doors`; here is only the way in from an HTTP API and out again. A wrong key may be one
//! that was put in use a moment ago, so the keys are read again before it is refused; not for every wrong key, though.

use std::convert::Infallible;
use std::process::ExitCode;

use doors::{Answer, CHANGES_PATH, ChangesDoor};
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Request, RequestExt, Response, service_fn};
use stage::{Error, Live, Sources, SqsQueue, Stage};
use telemetry::Meter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let meter = telemetry::start_metered("info");
    let Some(function) = stage::opened(Function::open(meter).await) else { return ExitCode::FAILURE };
    let ended = lambda_http::run(service_fn(|request| function.receive(request))).await;
    ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

struct Function {
    door: Live<ChangesDoor>,
    queue: SqsQueue,
    meter: Meter,
}

impl Function {
    async fn open(meter: Meter) -> Result<Self, Error> {
        let stage = Stage::of("crm-change").await?;
        let (door, queue) = tokio::try_join!(stage.live(Sources::changes_door), stage.queue())?;
        Ok(Self { door, queue, meter })
    }

    async fn receive(&self, request: Request) -> Result<Response<String>, Infallible> {
        let mut answer = self.answer(&request).await;
        if answer.status == StatusCode::UNAUTHORIZED && self.door.refused().await {
            answer = self.answer(&request).await;
        }
        if let Some(context) = request.lambda_context_ref() {
            self.meter.flush(&context.env_config.function_name);
        }
        let mut response = Response::new(answer.text.to_owned());
        *response.status_mut() = answer.status;
        Ok(response)
    }

    async fn answer(&self, request: &Request) -> Answer {
        match (request.raw_http_path() == CHANGES_PATH, request.method() == Method::POST) {
            (false, _) => Answer { status: StatusCode::NOT_FOUND, text: "nothing is here" },
            (true, false) => Answer { status: StatusCode::METHOD_NOT_ALLOWED, text: "only POST" },
            (true, true) => {
                let door = self.door.get().await;
                door.receive(&self.queue, request.headers(), request.body(), jiff::Timestamp::now()).await
            }
        }
    }
}
