//! An event as it is delivered: a pointer, nothing of the referral itself (partner-center-api 6.2, 6.3).

use jiff::Timestamp;
use serde::Serialize;

use super::webhooks::TEST_EVENT;

/// Something to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) resource: Resource,
    pub(super) at: Timestamp,
}

/// What an event points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// A referral, by its id.
    Referral(String),
    /// A validation event, by its correlation id.
    Validation(String),
}

/// The members in the order of the documentation's sample.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    event_name: &'a str,
    resource_uri: String,
    resource_name: &'a str,
    audit_uri: Option<&'a str>,
    resource_change_utc_date: String,
}

impl Event {
    /// The event that answers a request for a validation.
    pub(super) fn validation(correlation_id: &str, at: Timestamp) -> Self {
        Self { name: TEST_EVENT, resource: Resource::Validation(correlation_id.to_owned()), at }
    }

    /// The URI that the event names. Nobody should fetch it: it is on another host than the referrals.
    pub(super) fn resource_uri(&self) -> String {
        match &self.resource {
            Resource::Referral(id) => {
                format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{id}")
            }
            // http, as documented.
            Resource::Validation(id) => {
                format!("http://api.partnercenter.microsoft.com/webhooks/v1/registration/validationEvents/{id}")
            }
        }
    }

    /// The body, as it is signed.
    pub(super) fn body(&self) -> Result<Vec<u8>, serde_json::Error> {
        let resource_name = match self.resource {
            Resource::Referral(_) => "referral",
            Resource::Validation(_) => "test",
        };
        serde_json::to_vec(&Body {
            event_name: self.name,
            resource_uri: self.resource_uri(),
            resource_name,
            audit_uri: None,
            resource_change_utc_date: self.at.strftime("%Y-%m-%dT%H:%M:%S.%7f+00:00").to_string(),
        })
    }
}
