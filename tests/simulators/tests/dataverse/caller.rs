//! A caller of the API with a token in hand, and a simulator to call.

use std::net::{Ipv4Addr, SocketAddr};

use http::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use simulators::dataverse::Dataverse;
use simulators::harness::Clock;
use uuid::Uuid;

/// A simulator, and a client that is signed in.
pub(crate) struct Caller {
    pub(crate) dv: Dataverse,
    pub(crate) clock: Clock,
    pub(crate) http: Client,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null when the body is empty or no JSON.
    pub(crate) body: Value,
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

pub(crate) async fn started() -> Caller {
    let clock = Clock::default();
    let dv = Dataverse::start(loopback(), 7, clock.clone()).await.unwrap();
    signed_in(dv, clock).await
}

/// An organisation without anything of Cosell.
pub(crate) async fn started_bare() -> Caller {
    let clock = Clock::default();
    let dv = Dataverse::start_bare(loopback(), 7, clock.clone()).await.unwrap();
    signed_in(dv, clock).await
}

async fn signed_in(dv: Dataverse, clock: Clock) -> Caller {
    let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut caller = Caller { dv, clock, http, token: String::new() };
    caller.sign_in().await;
    caller
}

impl Caller {
    pub(crate) async fn sign_in(&mut self) {
        let answer = self.token(&[]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.token = text(&answer.body, "/access_token").to_owned();
    }

    /// Asks the v2 endpoint, with these fields in place of the right ones; an empty one is left out.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let scope = format!("{}/.default", self.dv.url());
        let mut form = vec![
            ("client_id", Dataverse::CLIENT_ID),
            ("client_secret", Dataverse::CLIENT_SECRET),
            ("grant_type", "client_credentials"),
            ("scope", scope.as_str()),
        ];
        form.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        form.extend(fields.iter().filter(|(_, value)| !value.is_empty()));
        self.token_at("oauth2/v2.0/token", &form).await
    }

    pub(crate) async fn token_at(&self, endpoint: &str, form: &[(&str, &str)]) -> Answer {
        let url = format!("{}/{}/{endpoint}", self.dv.url(), Dataverse::TENANT_ID);
        read(self.http.post(url).form(form).send().await.unwrap()).await
    }

    /// A request to the Web API, signed in; a path below the service root, or a link as it was given.
    pub(crate) fn api(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.root()) };
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) fn root(&self) -> String {
        format!("{}/api/data/v9.2/", self.dv.url())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.api(Method::GET, path)).await
    }

    pub(crate) async fn get_preferring(&self, path: &str, prefer: &str) -> Answer {
        send(self.api(Method::GET, path).header("Prefer", prefer)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.api(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        send(headed(self.api(Method::PATCH, path), headers).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.api(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(headed(self.api(Method::DELETE, path), headers)).await
    }

    /// Creates a row that must be taken; answers its id.
    pub(crate) async fn created(&self, set: &str, body: &Value) -> Uuid {
        let answer = self.post(set, body).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        answer.entity_id()
    }

    /// Reads a row that must be there.
    pub(crate) async fn got(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }

    /// Changes a row that must be there and must take it.
    pub(crate) async fn changed(&self, path: &str, body: &Value) {
        let answer = self.patch(path, &[("If-Match", "*")], body).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// The rows that a query answers.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Value> {
        self.got(path).await["value"].as_array().unwrap().clone()
    }

    /// The id of the currency with an ISO code.
    pub(crate) fn currency(&self, code: &str) -> String {
        let rows = self.dv.rows("transactioncurrency");
        let row = rows.iter().find(|row| row["isocurrencycode"] == code).unwrap();
        text(row, "/transactioncurrencyid").to_owned()
    }
}

fn headed(mut request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

pub(crate) async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, headers, text, body }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The GUID of `OData-EntityId`.
    pub(crate) fn entity_id(&self) -> Uuid {
        let address = self.header("odata-entityid").unwrap_or_else(|| panic!("no OData-EntityId: {}", self.text));
        address.rsplit_once('(').unwrap().1.trim_end_matches(')').parse().unwrap()
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, text(&self.body, "/error/code"))
    }

    pub(crate) fn message(&self) -> &str {
        text(&self.body, "/error/message")
    }

    pub(crate) fn etag(&self) -> String {
        text(&self.body, "/@odata.etag").to_owned()
    }

    pub(crate) fn link(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }
}

pub(crate) fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} holds no text in {document}"))
}

/// The texts of one member of some rows.
pub(crate) fn texts<'a>(rows: &'a [Value], member: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[member].as_str().unwrap_or("(null)")).collect()
}

/// A deal without customer.
pub(crate) fn deal(name: &str) -> Value {
    json!({ "name": name, "estimatedvalue": 25000, "estimatedclosedate": "2027-03-31" })
}
