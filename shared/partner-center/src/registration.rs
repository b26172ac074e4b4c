//! Where events go: one registration for the whole tenant (partner-center-api 6.1). Whoever registers takes the feed from
//! whoever had it, so [`claim`] looks first.

use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::referral::in_camel_case;
use crate::sending::Answer;
use crate::{Client, Error};

const REGISTRATION: &str = "/webhooks/v1/registration";
const VALIDATION: &str = "/webhooks/v1/registration/validationEvents";

/// The events that tell of referrals, and the one that tests (partner-center-api 6.3).
pub const EVENT_NAMES: [&str; 5] =
    ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated", "test-created"];

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The address.
    pub url: String,
    /// Which events.
    pub events: Vec<String>,
    /// Whether the signature comes in `x-ms-signature` and not in `Authorization`; the documented view does not tell.
    pub in_ms_signature: Option<bool>,
}

/// What to do so that events come to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// They do.
    Settled,
    /// Nobody has them: register.
    Register(Registration),
    /// We have them, or may take them: update.
    Update(Registration),
    /// Somebody else has them, at this host.
    Taken {
        /// The host alone: an address may hold a key.
        host: String,
    },
}

/// What came of a test event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// `completed`, or a word that is not documented.
    pub status: String,
    /// What was answered to each attempt, such as `OK`: the .NET name of a status.
    pub answers: Vec<String>,
}

/// Decides how events come to `url`: never from somebody else, unless `overwrite` says so, and never without the events
/// that are registered already.
#[must_use]
pub fn claim(existing: Option<&Registration>, url: &str, overwrite: bool) -> Claim {
    let ours = |events: &[String]| {
        let missing = EVENT_NAMES.iter().filter(|name| !events.iter().any(|event| event == *name));
        let events = events.iter().cloned().chain(missing.map(|name| (*name).to_owned())).collect();
        Registration { url: url.to_owned(), events, in_ms_signature: Some(true) }
    };
    let Some(existing) = existing else { return Claim::Register(ours(&[])) };
    let wanted = ours(&existing.events);
    let is_ours = same_address(&existing.url, url);
    if !is_ours && !overwrite {
        return Claim::Taken { host: host_of(&existing.url) };
    }
    match is_ours && existing.events == wanted.events && existing.in_ms_signature != Some(false) {
        true => Claim::Settled,
        false => Claim::Update(wanted),
    }
}

fn same_address(one: &str, other: &str) -> bool {
    let parsed = |text: &str| Url::parse(text).ok();
    one == other || parsed(one).is_some_and(|one| Some(one) == parsed(other))
}

fn host_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "an address that cannot be read".to_owned())
}

impl Client {
    /// Where events go; `None` if nobody has registered.
    ///
    /// # Errors
    /// The errors of every call.
    pub async fn registration(&self) -> Result<Option<Registration>, Error> {
        match self.send(&self.webhooks.request(Method::GET, REGISTRATION, "")?).await {
            Err(Error::NotFound { .. }) => Ok(None),
            answer => Registration::read(answer?).map(Some),
        }
    }

    /// Registers, where nobody has.
    ///
    /// # Errors
    /// `Rejected` with status 409 if somebody has by now, and the errors of every call.
    pub async fn register(&self, registration: &Registration) -> Result<(), Error> {
        self.write_registration(Method::POST, registration).await
    }

    /// Replaces the registration, whoever made it: see [`claim`].
    ///
    /// # Errors
    /// `NotFound` if there is none, and the errors of every call.
    pub async fn update_registration(&self, registration: &Registration) -> Result<(), Error> {
        self.write_registration(Method::PUT, registration).await
    }

    /// Asks for a test event; returns the id to ask for its result with. Twice a minute at most (partner-center-api 6.1).
    ///
    /// # Errors
    /// `Throttled`, `Rejected` if `test-created` is not registered, and the errors of every call.
    pub async fn request_test_event(&self) -> Result<String, Error> {
        let answer = self.send(&self.webhooks.request(Method::POST, VALIDATION, "")?).await?;
        let body = in_camel_case(answer.body.unwrap_or_default());
        let id = body.get("correlationId").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| unreadable("a test event without a correlation id"))
    }

    /// What came of a test event so far.
    ///
    /// # Errors
    /// `NotFound` after seven days, and the errors of every call.
    pub async fn test_event(&self, correlation_id: &str) -> Result<Validation, Error> {
        let id: String = url::form_urlencoded::byte_serialize(correlation_id.as_bytes()).collect();
        let answer = self.send(&self.webhooks.request(Method::GET, &format!("{VALIDATION}/{id}"), "")?).await?;
        let body = in_camel_case(answer.body.unwrap_or_default());
        let text = |value: &Value, member: &str| value.get(member)?.as_str().map(str::to_owned);
        let status = text(&body, "status").ok_or_else(|| unreadable("a test event without a status"))?;
        let results = body.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let answers = results.iter().map(|result| text(result, "responseCode").unwrap_or_default()).collect();
        Ok(Validation { status, answers })
    }

    async fn write_registration(&self, method: Method, registration: &Registration) -> Result<(), Error> {
        // PascalCase, as in the samples.
        let body = json!({
            "WebhookUrl": registration.url,
            "WebhookEvents": registration.events,
            "SignatureTokenToMsSignatureHeader": registration.in_ms_signature.unwrap_or(true),
        });
        let mut request = self.webhooks.request(method, REGISTRATION, "")?;
        request.body = Some(&body);
        self.send(&request).await.map(|_| ())
    }
}

impl Registration {
    /// Reads either spelling: samples are in PascalCase, the contract in camelCase.
    fn read(answer: Answer) -> Result<Self, Error> {
        let body = in_camel_case(answer.body.unwrap_or_default());
        let url = body.get("webhookUrl").and_then(Value::as_str);
        let url = url.ok_or_else(|| unreadable("a registration without a WebhookUrl"))?.to_owned();
        let events = body.get("webhookEvents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let events = events.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let in_ms_signature = body.get("signatureTokenToMsSignatureHeader").and_then(Value::as_bool);
        Ok(Self { url, events, in_ms_signature })
    }
}

fn unreadable(what: &str) -> Error {
    Error::Unreadable { what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "https://sync.example/partner-center/events";

    fn registration(url: &str, events: &[&str], in_ms_signature: Option<bool>) -> Registration {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        Registration { url: url.to_owned(), events, in_ms_signature }
    }

    #[test]
    fn nobodys_feed_is_taken_without_a_word() {
        let complete = registration(OURS, &EVENT_NAMES, Some(true));
        let theirs = registration("https://crm.example/hook?code=hush", &["invoice-ready", "referral-created"], None);
        let merged = [
            "invoice-ready",
            "referral-created",
            "referral-updated",
            "related-referral-created",
            "related-referral-updated",
            "test-created",
        ];
        let cases = [
            (None, false, Claim::Register(complete.clone())),
            (Some(complete.clone()), false, Claim::Settled),
            (Some(registration(OURS, &EVENT_NAMES, None)), false, Claim::Settled),
            (Some(registration(OURS, &EVENT_NAMES, Some(false))), false, Claim::Update(complete.clone())),
            (
                Some(registration("HTTPS://SYNC.example:443/partner-center/events", &EVENT_NAMES, None)),
                false,
                Claim::Settled,
            ),
            (Some(registration(OURS, &[], None)), false, Claim::Update(complete)),
            (Some(theirs.clone()), false, Claim::Taken { host: "crm.example".to_owned() }),
            (Some(theirs), true, Claim::Update(registration(OURS, &merged, Some(true)))),
        ];
        for (existing, overwrite, expected) in cases {
            assert_eq!(claim(existing.as_ref(), OURS, overwrite), expected, "{existing:?} {overwrite}");
        }
    }
}
