//! A caller of the API with a token in hand, and a simulator to call.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use simulators::harness::Clock;
use simulators::partner_center::PartnerCenter;

/// A simulator, and a client that is signed in to both hosts.
pub(crate) struct Caller {
    pub(crate) pc: PartnerCenter,
    pub(crate) clock: Clock,
    pub(crate) http: Client,
    pub(crate) referrals_token: String,
    pub(crate) webhooks_token: String,
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

pub(crate) async fn started() -> Caller {
    let clock = Clock::default();
    let pc = PartnerCenter::start(loopback(), 7, clock.clone()).await.unwrap();
    let http = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut caller = Caller { pc, clock, http, referrals_token: String::new(), webhooks_token: String::new() };
    caller.sign_in().await;
    caller
}

impl Caller {
    /// Fetches fresh tokens for both hosts.
    pub(crate) async fn sign_in(&mut self) {
        self.referrals_token = self.token_for(PartnerCenter::REFERRALS_AUDIENCE).await;
        self.webhooks_token = self.token_for(PartnerCenter::WEBHOOKS_AUDIENCE).await;
    }

    async fn token_for(&self, audience: &str) -> String {
        let refresh_token = self.pc.refresh_token();
        let answer = self.token_v1(&[("refresh_token", &refresh_token), ("resource", audience)]).await;
        assert_eq!(answer.status(), 200);
        document(answer).await["access_token"].as_str().unwrap().to_owned()
    }

    /// Asks the v1 endpoint by refresh token, with these fields beside those of the app.
    pub(crate) async fn token_v1(&self, fields: &[(&str, &str)]) -> Response {
        self.token("oauth2/token", fields).await
    }

    /// Asks an endpoint by refresh token, with these fields beside those of the app.
    pub(crate) async fn token(&self, endpoint: &str, fields: &[(&str, &str)]) -> Response {
        let url = format!("{}/{}/{endpoint}", self.pc.url(), PartnerCenter::TENANT_ID);
        let mut form = vec![
            ("client_id", PartnerCenter::CLIENT_ID),
            ("client_secret", PartnerCenter::CLIENT_SECRET),
            ("grant_type", "refresh_token"),
        ];
        form.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        form.extend_from_slice(fields);
        self.http.post(url).form(&form).send().await.unwrap()
    }

    /// A request to the referrals host, signed in. `path` begins with a slash.
    pub(crate) fn referrals(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.pc.url())).bearer_auth(&self.referrals_token)
    }

    /// A request to the webhooks host, signed in; `path` is what follows `/webhooks/v1/registration`.
    pub(crate) fn webhooks(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/webhooks/v1/registration{path}", self.pc.url());
        self.http.request(method, url).bearer_auth(&self.webhooks_token)
    }

    /// Asks for a validation event.
    pub(crate) async fn validate(&self) -> Response {
        let request = self.webhooks(Method::POST, "/validationEvents").header("Content-Length", "0");
        request.send().await.unwrap()
    }

    pub(crate) async fn create(&self, body: &Value) -> Response {
        self.referrals(Method::POST, COLLECTION).json(body).send().await.unwrap()
    }

    /// Creates a deal that must be taken; answers its document as a GET shows it.
    pub(crate) async fn created(&self, body: &Value) -> Value {
        let answer = self.create(body).await;
        assert_eq!(answer.status(), 200);
        let id = document(answer).await["id"].as_str().unwrap().to_owned();
        self.got(&id).await
    }

    pub(crate) async fn get(&self, id: &str) -> Response {
        self.referrals(Method::GET, &format!("{COLLECTION}/{id}")).send().await.unwrap()
    }

    pub(crate) async fn got(&self, id: &str) -> Value {
        let answer = self.get(id).await;
        assert_eq!(answer.status(), 200);
        document(answer).await
    }

    /// A PATCH; with an `If-Match` if one is given.
    pub(crate) async fn patch(&self, id: &str, if_match: Option<&str>, operations: &Value) -> Response {
        let mut request = self.referrals(Method::PATCH, &format!("{COLLECTION}/{id}")).json(operations);
        if let Some(etag) = if_match {
            request = request.header("If-Match", etag);
        }
        request.send().await.unwrap()
    }

    /// One page of the list: query options, not yet encoded.
    pub(crate) async fn list(&self, options: &[(&str, &str)]) -> Response {
        self.referrals(Method::GET, COLLECTION).query(options).send().await.unwrap()
    }

    pub(crate) async fn rows(&self, options: &[(&str, &str)]) -> Vec<Value> {
        let answer = self.list(options).await;
        assert_eq!(answer.status(), 200);
        document(answer).await["value"].as_array().unwrap().clone()
    }
}

pub(crate) const COLLECTION: &str = "/v1.0/engagements/referrals";

pub(crate) async fn document(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// Status, `error.code` and `error.message` of a refusal of the referrals host.
pub(crate) async fn refusal(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let error = document(answer).await["error"].clone();
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    (status, text("code"), text("message"))
}

pub(crate) fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} holds no text"))
}

/// A private deal as the documentation's sample has it.
pub(crate) fn private_deal() -> Value {
    json!({
        "name": "Northwind ERP move",
        "externalReferenceId": "crm-opp-000123",
        "qualification": "SalesQualified",
        "type": "Independent",
        "customerProfile": {
            "name": "Northwind Traders Ltd",
            "address": {
                "addressLine1": "1 Example Road", "addressLine2": "", "city": "Leeds", "state": "",
                "postalCode": "LS1 1AA", "country": "GB",
            },
            "size": "51to250employees",
            "team": [contact("ana@northwind.example")],
        },
        "consent": {
            "consentToToShareInfoWithOthers": true,
            "consentToContact": true,
            "consentToMicrosoftToContactSpecificPartners": true,
            "consentToShareReferralWithMicrosoftSellers": false,
        },
        "details": {
            "notes": "Moving ERP to Azure.",
            "dealValue": 50000,
            "currency": "GBP",
            "closingDateTime": "2027-03-31T00:00:00Z",
            "requirements": { "solutions": [{ "type": "Name", "id": "SOL-00001-AAA", "name": "Invented ERP" }] },
        },
        "team": [contact("raj@adatum.example")],
        "target": [],
    })
}

/// A shared deal, the first step of a co-sell.
pub(crate) fn shared_deal() -> Value {
    let mut deal = private_deal();
    deal["type"] = json!("Shared");
    deal["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
    deal["target"] = json!([{ "type": "SolutionProfile", "id": "SOL-00001-AAA" }]);
    deal
}

pub(crate) fn contact(email: &str) -> Value {
    json!({ "firstName": "Ana", "lastName": "Example", "phoneNumber": "+441130000000", "email": email })
}

pub(crate) fn replace(path: &str, value: Value) -> Value {
    json!([{ "op": "replace", "path": path, "value": value }])
}

pub(crate) fn add(path: &str, value: Value) -> Value {
    json!([{ "op": "add", "path": path, "value": value }])
}

/// The pair of status and substatus in one document.
pub(crate) fn to_state(status: &str, substatus: &str) -> Value {
    json!([
        { "op": "replace", "path": "/status", "value": status },
        { "op": "replace", "path": "/substatus", "value": substatus },
    ])
}
