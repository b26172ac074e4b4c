//! Refusals: the OData error body with its code (dataverse-api 2.12).

use std::borrow::Cow;

use serde_json::{Value, json};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Seconds of `Retry-After`.
    pub(crate) retry_after: Option<u64>,
}

/// What a call comes to.
pub(crate) type Answer<T> = Result<T, Refused>;

impl Refused {
    pub(crate) fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None }
    }

    /// A payload that cannot be read as one of this table.
    pub(crate) fn payload(reason: impl std::fmt::Display) -> Self {
        let message = format!(
            "Error identified in Payload provided by the user for Entity :'', For more information on this error \
             please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : \
             Microsoft.OData.ODataException: {reason}"
        );
        Self::new(400, "0x80048d19", message)
    }

    /// An address or a query option that cannot be read.
    pub(crate) fn query(reason: impl Into<String>) -> Self {
        Self::new(400, "0x80060888", reason)
    }

    /// A name in a query that the table does not have.
    pub(crate) fn no_property(name: &str, type_name: &str) -> Self {
        Self::query(format!("Could not find a property named '{name}' on type '{type_name}'."))
    }

    /// A segment of the path that leads nowhere.
    pub(crate) fn no_segment(segment: &str) -> Self {
        Self::new(404, "0x8006088a", format!("Resource not found for the segment '{segment}'."))
    }

    pub(crate) fn syntax() -> Self {
        Self::new(400, "0x8006088a", "Bad Request - Error in query syntax.")
    }

    pub(crate) fn no_such_row(table: &str, id: uuid::Uuid) -> Self {
        Self::new(404, "0x80040217", format!("{table} With Id = {id} Does Not Exist"))
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "0x80040203", message)
    }

    pub(crate) fn method() -> Self {
        Self::new(405, "0x8006088a", "The requested resource does not support this http method.")
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "error": { "code": self.code, "message": self.message } })
    }
}
