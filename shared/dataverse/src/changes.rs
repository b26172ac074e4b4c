//! What a webhook call of Dataverse says: which row changed, how, and whether it was our own doing.
//!
//! The body is a RemoteExecutionContext (dataverse-api 5.5), read as plain JSON since members come and go and Dataverse
//! drops the larger ones above 256 KB. A call is a hint: the values in it are not read, the row is.

use http::HeaderMap;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The table by its logical name: `opportunity`.
    pub entity: String,
    /// The row.
    pub id: Uuid,
    /// `Create`, `Update`, `Delete` or another message that a step is registered for.
    pub message: String,
    /// The job that makes this call; a second delivery has the same.
    pub operation_id: Option<String>,
    /// The `tag` of the request that caused the change, from the context and every parent, innermost first. Empty also
    /// when the body was trimmed: a missing tag proves nothing.
    pub tags: Vec<String>,
    /// The same for both deliveries of one call: 64 hexadecimal digits.
    pub dedupe_key: String,
}

/// A call that cannot be used; the door answers 400.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The body is not JSON.
    #[error("the body of the call is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// The body is JSON, but not an object.
    #[error("the body of the call is not a JSON object")]
    NotAnObject,
    /// Neither body nor header names the table.
    #[error("the call names no table (PrimaryEntityName)")]
    NoEntity,
    /// Neither body nor header names the message.
    #[error("the call names no message (MessageName)")]
    NoMessage,
    /// The body holds no GUID of a row.
    #[error("the call names no row (PrimaryEntityId)")]
    NoId,
}

impl Change {
    /// Reads a call whose key has been accepted.
    ///
    /// # Errors
    /// One variant for each thing that is missing.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, ChangeError> {
        let Value::Object(context) = serde_json::from_slice(body).map_err(ChangeError::NotJson)? else {
            return Err(ChangeError::NotAnObject);
        };
        let entity = named(&context, "PrimaryEntityName")
            .or_else(|| header(headers, "x-ms-dynamics-entity-name"))
            .ok_or(ChangeError::NoEntity)?
            .to_ascii_lowercase();
        let message = named(&context, "MessageName")
            .or_else(|| header(headers, "x-ms-dynamics-request-name"))
            .ok_or(ChangeError::NoMessage)?
            .to_owned();
        let id = row_id(&context).ok_or(ChangeError::NoId)?;
        let operation_id = job_id(&context, "OperationId").map(str::to_owned);
        let dedupe_key = dedupe_key(&context, body, [&message, &entity, &id.to_string()]);
        Ok(Self { tags: tags(&context), entity, id, message, operation_id, dedupe_key })
    }
}

fn text<'a>(context: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    context.get(member)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A name; `none` is how Dataverse says that there is none.
fn named<'a>(context: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    text(context, member).filter(|name| !name.eq_ignore_ascii_case("none"))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && !value.eq_ignore_ascii_case("none")).then_some(value)
}

/// The GUID, with or without braces; the nil GUID means none.
fn guid(value: Option<&Value>) -> Option<Uuid> {
    Uuid::try_parse(value?.as_str()?.trim()).ok().filter(|id| !id.is_nil())
}

/// `PrimaryEntityId`, else the id of the target (of either kind), else that of the created row.
fn row_id(context: &Map<String, Value>) -> Option<Uuid> {
    let target = || guid(parameter(context, "InputParameters", "Target")?.get("Id"));
    let created = || guid(parameter(context, "OutputParameters", "id"));
    guid(context.get("PrimaryEntityId")).or_else(target).or_else(created)
}

/// The value behind a key in one of the context's lists of pairs.
fn parameter<'a>(context: &'a Map<String, Value>, list: &str, key: &str) -> Option<&'a Value> {
    let pairs = context.get(list)?.as_array()?;
    pairs.iter().find(|pair| pair.get("key").and_then(Value::as_str) == Some(key))?.get("value")
}

/// The tags of a context and of its parents: variables set before the transaction stand in the parent (dataverse-api 2.3).
fn tags(context: &Map<String, Value>) -> Vec<String> {
    let contexts = std::iter::successors(Some(context), |context| context.get("ParentContext")?.as_object());
    let found = contexts.filter_map(|context| parameter(context, "SharedVariables", "tag")?.as_str());
    found.map(str::to_owned).collect()
}

/// An id of the sender's that is not empty and not nil.
fn job_id<'a>(context: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    text(context, member).filter(|id| !Uuid::try_parse(id).is_ok_and(|id| id.is_nil()))
}

/// A digest of `OperationId` and what the call is about. Without one: of the fallback of dataverse-api 5.5, and
/// without that too, of the body.
fn dedupe_key(context: &Map<String, Value>, body: &[u8], subject: [&str; 3]) -> String {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update(part.len().to_be_bytes()); // so that parts cannot run into each other
        digest.update(part);
    };
    for part in subject {
        add(part.as_bytes());
    }
    if let Some(operation) = job_id(context, "OperationId") {
        add(b"operation");
        add(operation.as_bytes());
    } else if let Some(correlation) = job_id(context, "CorrelationId") {
        let step = context.get("OwningExtension").and_then(|step| step.get("Id")).and_then(Value::as_str);
        add(b"correlation");
        add(correlation.as_bytes());
        add(step.unwrap_or_default().as_bytes());
        add(text(context, "OperationCreatedOn").unwrap_or_default().as_bytes());
    } else {
        add(b"body");
        add(body);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
