//! Definitions as an installer writes them (dataverse-api 7.2, 7.4).

use std::time::Duration;

use serde_json::{Value, json};

use crate::caller::Caller;

pub(crate) fn label(text: &str) -> Value {
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.Label",
        "LocalizedLabels": [{
            "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", "Label": text, "LanguageCode": 1033,
        }],
    })
}

pub(crate) fn column(kind: &str, name: &str, more: Value) -> Value {
    let mut column = json!({
        "@odata.type": format!("Microsoft.Dynamics.CRM.{kind}AttributeMetadata"),
        "SchemaName": name, "DisplayName": label(name), "Description": label("A test's"),
        "RequiredLevel": { "Value": "None" },
    });
    column.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    column
}

pub(crate) const OPPORTUNITY: &str = "EntityDefinitions(LogicalName='opportunity')";

/// Lets the caches learn what is new and the indexes be built.
pub(crate) fn wait(caller: &Caller) {
    caller.clock.advance(Duration::from_secs(1));
}
