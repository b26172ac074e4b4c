//! The document of a referral: how one is laid out when new, how it is tidied when stored, how it is shown
//! (partner-center-api 3.1, 3.2, 3.11).

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::choices::EmptyMembers;
use super::money;
use super::switches::Switches;

/// The organization that stands for Microsoft.
pub(super) const MICROSOFT: &str = "msft";

/// Members that the caller of a create may set (3.1).
const CLIENT_MEMBERS: &[&str] = &[
    "name",
    "externalReferenceId",
    "statusReason",
    "type",
    "qualification",
    "customerProfile",
    "consent",
    "details",
    "team",
    "inviteContext",
    "target",
    "campaignId",
    "salesStage",
    "mpnId",
    "favorite",
    "tags",
];

/// Texts that a person writes, and whose length nobody has documented (9, point 5).
pub(super) const TEXTS: &[&str] = &[
    "/name",
    "/externalReferenceId",
    "/campaignId",
    "/statusReason",
    "/details/notes",
    "/inviteContext/notes",
    "/customerProfile/name",
    "/customerProfile/address/addressLine1",
];

/// A document with every member, those of the caller taken over from `input`.
pub(super) fn laid_out(input: &Value) -> Value {
    let mut document = json!({
        "engagementId": null, "name": null, "organizationId": null, "organizationName": null,
        "externalReferenceId": null, "expirationDateTime": null, "acceptedDateTime": null, "closedDateTime": null,
        "status": "New", "substatus": "Pending", "statusReason": null, "type": null, "qualification": "None",
        "direction": "Outgoing", "customerProfile": {}, "consent": {}, "details": {}, "team": [],
        "inviteContext": null, "target": [], "campaignId": null, "salesStage": null, "mpnId": null,
        "referralSource": null, "callToAction": null, "registrationStatus": "None", "registrations": [],
        "trackingInfo": { "microsoftMsxId": null, "migratedPSCDealId": null }, "quality": "Unknown",
        "isSpam": false, "favorite": false, "referralProgram": null, "dealSensitivity": "None",
        "createdVia": null, "lastModifiedVia": null, "lastRunId": null, "tags": [],
    });
    for member in CLIENT_MEMBERS {
        if let Some(value) = input.get(member).filter(|value| !value.is_null()) {
            document[*member] = value.clone();
        }
    }
    fill(&mut document["customerProfile"], json!({ "size": null, "team": [], "ids": [], "isMatchingComplete": false }));
    fill(&mut document["details"], json!({ "notes": null, "requirements": {} }));
    let lists = json!({ "industries": [], "products": [], "services": [], "solutions": [] });
    fill(&mut document["details"]["requirements"], lists);
    document
}

fn fill(place: &mut Value, defaults: Value) {
    let Value::Object(defaults) = defaults else { return };
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    let Some(members) = place.as_object_mut() else { return };
    for (name, default) in defaults {
        let member = members.entry(name).or_insert(Value::Null);
        if member.is_null() {
            *member = default;
        }
    }
}

/// Brings what a client sent into the form that is kept: trimmed names, an exact value, the close date in UTC.
pub(super) fn tidy(document: &mut Value, switches: &Switches) {
    if switches.trim_names {
        for pointer in ["/name", "/customerProfile/name"] {
            if let Some(Value::String(name)) = document.pointer_mut(pointer) {
                *name = name.trim().to_owned();
            }
        }
    }
    if let (true, Some(longest)) = (switches.cut_long_texts, switches.longest_text) {
        for pointer in TEXTS {
            if let Some(Value::String(text)) = document.pointer_mut(pointer) {
                *text = text.chars().take(longest).collect();
            }
        }
    }
    if let Some(value) = document.pointer_mut("/details/dealValue")
        && let Some(read) = money::read(value)
    {
        *value = money::kept(read, switches.value_decimals);
    }
    if let Some(Value::String(date)) = document.pointer_mut("/details/closingDateTime")
        && let Ok(moment) = date.parse::<jiff::Timestamp>()
    {
        *date = moment.to_string();
    }
}

/// A document as the API shows it: names escaped, the value with its decimals, and links nobody should follow.
pub(super) fn shown(document: &Value, switches: &Switches) -> Value {
    let mut shown = document.clone();
    if switches.escape_names {
        for pointer in ["/name", "/customerProfile/name"] {
            if let Some(Value::String(name)) = shown.pointer_mut(pointer) {
                *name = escaped(name);
            }
        }
    }
    if let Some(value) = shown.pointer_mut("/details/dealValue") {
        *value = money::shown(value, switches.whole_values_end_in_zero);
    }
    if switches.hide_reason_of_small_deals && is_microsofts(document) && is_small(document) {
        shown["statusReason"] = Value::Null;
    }
    show_empty(&mut shown, switches.empty_members);
    // The misspelt path and the bare GUID are the vendor's own.
    let base = "https://api.partner.microsoft.com/v1.0/engagments/referrals";
    let related = format!("{base}?$filter=engagementId eq {}", text(document, "engagementId"));
    let own = format!("{base}/{}", text(document, "id"));
    shown["links"] = json!({
        "relatedReferrals": { "uri": related, "method": "GET" },
        "self": { "uri": own, "method": "GET" },
    });
    shown
}

/// Members that may be null, absent or of the wrong shape when there is nothing in them (3.1).
const OPTIONAL: &[(&str, &str)] = &[
    ("", "team"),
    ("", "target"),
    ("", "inviteContext"),
    ("", "registrations"),
    ("", "tags"),
    ("/customerProfile", "team"),
    ("/customerProfile", "ids"),
    ("/details/requirements/additionalRequirements", "iot"),
    ("/details/requirements/additionalRequirements", "attributes"),
    ("/details/requirements", "industries"),
    ("/details/requirements", "products"),
    ("/details/requirements", "services"),
    ("/details/requirements", "solutions"),
    ("/details/requirements", "additionalRequirements"),
];

fn show_empty(document: &mut Value, empty_members: EmptyMembers) {
    for (parent, name) in OPTIONAL {
        let Some(members) = document.pointer_mut(parent).and_then(Value::as_object_mut) else { continue };
        let nothing = json!({});
        let is_empty = members.get(*name).is_some_and(|member| {
            member.is_null() || member == &nothing || member.as_array().is_some_and(Vec::is_empty)
        });
        match empty_members {
            EmptyMembers::Null if is_empty => members.insert((*name).to_owned(), Value::Null),
            EmptyMembers::Braces if is_empty => members.insert((*name).to_owned(), nothing),
            EmptyMembers::Absent if is_empty => members.remove(*name),
            _ => None,
        };
    }
}

/// Whether it is Microsoft's copy.
pub(super) fn is_microsofts(document: &Value) -> bool {
    text(document, "organizationId") == MICROSOFT
}

/// Whether a deal is worth less than Microsoft's sellers look at; only told in its own currency (5.3).
pub(super) fn is_small(document: &Value) -> bool {
    let details = &document["details"];
    let value = money::read(&details["dealValue"]);
    details["currency"] == "USD" && value.is_some_and(|value| value < Decimal::from(25_000))
}

/// A text member; empty if it is none.
pub(super) fn text<'a>(document: &'a Value, member: &str) -> &'a str {
    document[member].as_str().unwrap_or_default()
}

fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}
