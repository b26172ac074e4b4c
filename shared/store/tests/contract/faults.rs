//! An HTTP client for the SDK that does to chosen requests what AWS does and no emulator: it loses them, loses their
//! answers, cancels transactions over a conflict, throttles, and leaves keys out. It also counts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It does not arrive.
    LoseRequest,
    /// It is carried out, and nobody hears of it.
    LoseAnswer,
    /// It is refused with this status and error.
    Refuse(u16, &'static str),
    /// It is a transaction, and canceled for these reasons.
    Cancel(&'static [&'static str]),
    /// It is a batch of keys, and all of them are left out.
    LeaveOut,
    /// It is answered with something that cannot be read.
    Garble(&'static str),
}

#[derive(Debug, Default)]
struct Script {
    faults: VecDeque<(&'static str, Fault)>,
    requests: Vec<String>,
}

/// The client. Its clones share a script.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faulty {
    script: Arc<Mutex<Script>>,
    network: reqwest::Client,
}

impl Faulty {
    /// The next requests of this operation meet these faults, one each.
    pub(crate) fn meets(&self, operation: &'static str, faults: &[Fault]) {
        let faults = faults.iter().map(|fault| (operation, fault.clone()));
        self.script.lock().unwrap().faults.extend(faults);
    }

    /// The operations since last asked; a read that may miss what was just written is called weak. Every fault must
    /// have been met.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut script = self.script.lock().unwrap();
        assert!(script.faults.is_empty(), "never met: {:?}", script.faults);
        std::mem::take(&mut script.requests)
    }

    fn fault(&self, operation: &str, request: &HttpRequest) -> Option<Fault> {
        let mut script = self.script.lock().unwrap();
        script.requests.push(format!("{operation}{}", weakness(operation, request)));
        let at = script.faults.iter().position(|(of, _)| *of == operation)?;
        script.faults.remove(at).map(|(_, fault)| fault)
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        match self.fault(&operation, &request) {
            None => self.carry_out(request).await,
            Some(Fault::LoseRequest) => Err(timeout()),
            Some(Fault::LoseAnswer) => self.carry_out(request).await.and(Err(timeout())),
            Some(Fault::Refuse(status, code)) => Ok(answer(status, &error(code))),
            Some(Fault::Cancel(reasons)) => {
                let mut canceled = error("TransactionCanceledException");
                canceled["CancellationReasons"] = reasons.iter().map(|code| json!({ "Code": code })).collect();
                Ok(answer(400, &canceled))
            }
            Some(Fault::LeaveOut) => {
                let asked: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
                Ok(answer(200, &json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] })))
            }
            Some(Fault::Garble(body)) => Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body))),
        }
    }

    async fn carry_out(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let io = |error: reqwest::Error| ConnectorError::io(error.into());
        let mut sent = self.network.post(request.uri());
        for (name, value) in request.headers() {
            sent = sent.header(name, value);
        }
        let answered = sent.body(request.body().bytes().unwrap().to_vec()).send().await.map_err(io)?;
        let status = answered.status().as_u16().try_into().unwrap();
        Ok(HttpResponse::new(status, SdkBody::from(answered.bytes().await.map_err(io)?.to_vec())))
    }
}

fn weakness(operation: &str, request: &HttpRequest) -> &'static str {
    let asked = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let reads = ["GetItem", "BatchGetItem", "Query"].contains(&operation);
    if reads && !asked.contains(r#""ConsistentRead":true"#) { " weak" } else { "" }
}

fn timeout() -> ConnectorError {
    ConnectorError::timeout("no answer in time".into())
}

fn error(code: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "injected" })
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()))
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for Faulty {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
