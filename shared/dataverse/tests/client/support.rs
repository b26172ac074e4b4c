//! A server that gives scripted answers in order and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use dataverse::{Client, Config, Key};
use http::{HeaderMap, Method};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

pub(crate) const ID: Uuid = Uuid::from_u128(0x00aa_00aa_bb11_cc22_dd33_44ee_44ee_44ee);

pub(crate) struct Seen {
    pub(crate) method: Method,
    /// Path and query as they stood in the request line.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) struct Scripted {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

#[derive(Default)]
struct Script {
    calls: VecDeque<Scripted>,
    tokens: VecDeque<Scripted>,
    seen_calls: Vec<Seen>,
    seen_tokens: Vec<Seen>,
}

/// Sign-in service and Web API in one.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: Url,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let script = Arc::<Mutex<Script>>::default();
        let router = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, script }
    }

    /// The next answer of the Web API.
    pub(crate) fn will(&self, status: u16, headers: &[(&'static str, &str)], body: impl ToString) -> &Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.script.lock().unwrap().calls.push_back(Scripted { status, headers, body: body.to_string() });
        self
    }

    /// The next answer of the sign-in service; without one it hands out `token-1`, `token-2` and so on.
    pub(crate) fn will_sign_in(&self, status: u16, headers: &[(&'static str, &str)], body: impl ToString) -> &Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.script.lock().unwrap().tokens.push_back(Scripted { status, headers, body: body.to_string() });
        self
    }

    /// What the Web API was asked since the last look.
    pub(crate) fn calls(&self) -> Vec<Seen> {
        std::mem::take(&mut self.script.lock().unwrap().seen_calls)
    }

    /// What the sign-in service was asked since the last look.
    pub(crate) fn sign_ins(&self) -> Vec<Seen> {
        std::mem::take(&mut self.script.lock().unwrap().seen_tokens)
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            url: self.url.clone(),
            authority_url: self.url.clone(),
            tenant_id: "tenant".to_owned(),
            client_id: "client".to_owned(),
            client_secret: SecretString::from("s3cr~t+/&="),
            audience: "https://org.crm4.dynamics.com/".to_owned(),
            timeout: Duration::from_secs(20),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    let target = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let seen = Seen { method: parts.method, target, headers: parts.headers, body };
    let mut script = script.lock().unwrap();
    let scripted = if seen.target.ends_with("/oauth2/v2.0/token") {
        script.seen_tokens.push(seen);
        let number = script.seen_tokens.len();
        script.tokens.pop_front().unwrap_or_else(|| Scripted {
            status: 200,
            headers: Vec::new(),
            body: json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": format!("token-{number}") })
                .to_string(),
        })
    } else {
        script.seen_calls.push(seen);
        let unscripted = || Scripted { status: 418, headers: Vec::new(), body: "no answer is scripted".to_owned() };
        script.calls.pop_front().unwrap_or_else(unscripted)
    };
    let mut response = Response::builder().status(scripted.status);
    for (name, value) in scripted.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(scripted.body)).unwrap()
}

/// The answer to `WhoAmI()`.
pub(crate) fn who() -> Value {
    let text = |id: Uuid| id.to_string();
    json!({ "UserId": text(ID), "BusinessUnitId": text(Uuid::from_u128(2)), "OrganizationId": text(Uuid::from_u128(3)) })
}

pub(crate) fn error(code: &str, message: &str) -> Value {
    json!({ "error": { "code": code, "message": message } })
}

pub(crate) fn primary() -> Key {
    Key::Primary(ID)
}

pub(crate) fn by_referral(value: &str) -> Key {
    Key::Alternate { column: "cosell_referralid".to_owned(), value: value.to_owned() }
}
