//! Whether a changed referral may be kept: compares the document before and after a write of the partner
//! (partner-center-api 3.3, 3.7, 5.2). People in the portal and Microsoft are not judged here.

use jiff::Timestamp;
use serde_json::Value;

use super::choices::Reasons;
use super::lifecycle::{self, State};
use super::money;
use super::referral::TEXTS;
use super::switches::Switches;

/// Members that only the server sets, or that are frozen after the create (3.1, 5.2). `customerProfile` may not be
/// replaced as a whole, because the name and address in it are frozen.
const FROZEN: &[&str] = &[
    "/id",
    "/eTag",
    "/links",
    "/engagementId",
    "/organizationId",
    "/organizationName",
    "/createdDateTime",
    "/updatedDateTime",
    "/expirationDateTime",
    "/acceptedDateTime",
    "/closedDateTime",
    "/type",
    "/qualification",
    "/direction",
    "/mpnId",
    "/target",
    "/referralSource",
    "/callToAction",
    "/registrationStatus",
    "/trackingInfo",
    "/quality",
    "/isSpam",
    "/referralProgram",
    "/createdVia",
    "/lastModifiedVia",
    "/lastRunId",
    "/customerProfile/name",
    "/customerProfile/address",
    "/customerProfile/ids",
    "/customerProfile/isMatchingComplete",
];

const SHARED_WITH_SELLERS: &str = "/consent/consentToShareReferralWithMicrosoftSellers";

/// Entries that a list of solutions or team members may hold (5.2).
const MOST_ENTRIES: usize = 50;

/// Whether a PATCH may name this path.
pub(super) fn is_frozen(path: &[String]) -> bool {
    let pointer = format!("/{}", path.join("/"));
    pointer == "/customerProfile"
        || FROZEN
            .iter()
            .any(|frozen| pointer.strip_prefix(frozen).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Puts the frozen members of `before` into `after`: what a PUT says of them does not count.
pub(super) fn keep_frozen(before: &Value, after: &mut Value) {
    for pointer in FROZEN.iter().filter(|pointer| pointer.matches('/').count() == 1) {
        let name = &pointer[1..];
        if let (Some(kept), Some(members)) = (before.get(name), after.as_object_mut()) {
            members.insert(name.to_owned(), kept.clone());
        }
    }
}

/// The first rule that the change breaks, if any.
pub(super) fn objection(before: &Value, after: &Value, switches: &Switches, now: Timestamp) -> Option<String> {
    closed(before, after)
        .or_else(|| lifecycle::objection(state(before), state(after), switches))
        .or_else(|| frozen_values(before, after))
        .or_else(|| consent(before, after))
        .or_else(|| name(before, after))
        .or_else(|| details(before, after, switches, now))
        .or_else(|| texts(before, after, switches))
        .or_else(|| reason(before, after, switches))
        .or_else(|| lists(before, after, switches))
        .or_else(|| frozen_once_shared(before, after))
}

/// The pair of status and substatus.
pub(super) fn state(document: &Value) -> State<'_> {
    State {
        status: document["status"].as_str().unwrap_or_default(),
        substatus: document["substatus"].as_str().unwrap_or_default(),
    }
}

fn moved<'a>(before: &Value, after: &'a Value, pointer: &str) -> Option<&'a Value> {
    let now = after.pointer(pointer).unwrap_or(&Value::Null);
    (before.pointer(pointer).unwrap_or(&Value::Null) != now).then_some(now)
}

/// Closed is terminal, but a won deal may be registered (3.3, 5.4).
fn closed(before: &Value, after: &Value) -> Option<String> {
    let without_registrations = |document: &Value| {
        let mut document = document.clone();
        document["registrations"] = Value::Null;
        document
    };
    let registering = state(before).substatus == "Won" && without_registrations(before) == without_registrations(after);
    (state(before).status == "Closed" && before != after && !registering)
        .then(|| "No action is allowed on a referral in a terminal state.".to_owned())
}

fn frozen_values(before: &Value, after: &Value) -> Option<String> {
    let changed = FROZEN.iter().find(|pointer| moved(before, after, pointer).is_some())?;
    Some(format!("{changed} cannot be changed."))
}

fn consent(before: &Value, after: &Value) -> Option<String> {
    if let Some(now) = moved(before, after, SHARED_WITH_SELLERS)
        && (before.pointer(SHARED_WITH_SELLERS) == Some(&Value::Bool(true)) || !now.is_boolean())
    {
        return Some("Sharing with Microsoft sellers cannot be withdrawn.".to_owned());
    }
    let given = ["/consent/consentToToShareInfoWithOthers", "/consent/consentToContact"];
    let withdrawn =
        given.iter().find(|pointer| moved(before, after, pointer).is_some_and(|now| now != &Value::Bool(true)))?;
    Some(format!("{withdrawn} must be true."))
}

fn name(before: &Value, after: &Value) -> Option<String> {
    let now = moved(before, after, "/name")?;
    now.as_str().is_none_or(|name| name.trim().is_empty()).then(|| "Required field Name missing".to_owned())
}

fn details(before: &Value, after: &Value, switches: &Switches, now: Timestamp) -> Option<String> {
    if let Some(value) = moved(before, after, "/details/dealValue")
        && let Some(objection) = deal_value_objection(value, switches)
    {
        return Some(objection);
    }
    if let Some(currency) = moved(before, after, "/details/currency")
        && !is_code(currency, 3)
    {
        return Some("Currency must be an ISO 4217 code.".to_owned());
    }
    let date = moved(before, after, "/details/closingDateTime")?;
    close_date_objection(date, switches, now)
}

/// What is wrong with a deal value, if anything.
pub(super) fn deal_value_objection(value: &Value, switches: &Switches) -> Option<String> {
    match money::read(value) {
        None => Some("DealValue must be a decimal number.".to_owned()),
        Some(value) if value.is_sign_negative() && !value.is_zero() => {
            Some("DealValue must not be negative.".to_owned())
        }
        Some(value) if value.is_zero() && switches.refuse_zero_value => Some("DealValue must not be zero.".to_owned()),
        Some(_) => None,
    }
}

/// What is wrong with an estimated close date, if anything.
pub(super) fn close_date_objection(date: &Value, switches: &Switches, now: Timestamp) -> Option<String> {
    let Some(date) = date.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else {
        return Some("ClosingDateTime must be an RFC 3339 instant.".to_owned());
    };
    (switches.refuse_past_close_date && date < now).then(|| "ClosingDateTime must not be in the past.".to_owned())
}

/// Whether a value is a code of so many upper-case letters.
pub(super) fn is_code(value: &Value, letters: usize) -> bool {
    value.as_str().is_some_and(|code| code.len() == letters && code.bytes().all(|byte| byte.is_ascii_uppercase()))
}

fn texts(before: &Value, after: &Value, switches: &Switches) -> Option<String> {
    TEXTS
        .iter()
        .filter_map(|pointer| Some((pointer, moved(before, after, pointer)?)))
        .find_map(|(pointer, text)| is_too_long(text, switches).then(|| format!("{pointer} is too long.")))
}

/// Whether a text has more letters than a switch allows, and is not cut instead.
pub(super) fn is_too_long(text: &Value, switches: &Switches) -> bool {
    let letters = text.as_str().unwrap_or_default().chars().count();
    !switches.cut_long_texts && switches.longest_text.is_some_and(|longest| letters > longest)
}

fn reason(before: &Value, after: &Value, switches: &Switches) -> Option<String> {
    let reason = moved(before, after, "/statusReason").filter(|reason| !reason.is_null())?;
    let number: Option<u64> = reason.as_u64().or_else(|| reason.as_str()?.parse().ok());
    let fits = switches.reasons == Reasons::FreeText || number.is_some_and(|number| (1..=9).contains(&number));
    (!fits).then(|| "StatusReason must be the number of a reason.".to_owned())
}

fn lists(before: &Value, after: &Value, switches: &Switches) -> Option<String> {
    if let Some(attributes) = moved(before, after, ATTRIBUTES)
        && let Some(objection) = attributes_objection(attributes, switches)
    {
        return Some(objection);
    }
    if let Some(solutions) = moved(before, after, "/details/requirements/solutions")
        && let Some(objection) = solutions_objection(solutions)
    {
        return Some(objection);
    }
    let team = moved(before, after, "/team")?.as_array()?;
    if team.is_empty() || team.len() > MOST_ENTRIES {
        return Some("A referral needs 1 to 50 team members.".to_owned());
    }
    incomplete_member(team)
}

/// Where the attributes of a deal are.
pub(super) const ATTRIBUTES: &str = "/details/requirements/additionalRequirements/attributes";

/// What is wrong with a list of attributes, if anything.
pub(super) fn attributes_objection(attributes: &Value, switches: &Switches) -> Option<String> {
    let known = switches.marketplace_intents.as_ref()?;
    let attributes = attributes.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut intents = attributes.iter().filter(|attribute| attribute["type"] == "CustomerMarketplaceIntent");
    let unknown = intents.find(|intent| !known.iter().any(|id| intent["id"] == id.as_str()));
    unknown.map(|_| "CustomerMarketplaceIntent has an unknown id.".to_owned())
}

/// What is wrong with a list of solutions, if anything.
pub(super) fn solutions_objection(solutions: &Value) -> Option<String> {
    let solutions = solutions.as_array().map(Vec::as_slice).unwrap_or_default();
    if solutions.is_empty() || solutions.iter().any(|solution| solution["id"].as_str().is_none_or(str::is_empty)) {
        return Some("Solution ID is required".to_owned());
    }
    (solutions.len() > MOST_ENTRIES).then(|| "A referral may have at most 50 solutions.".to_owned())
}

/// The first member without one of the four contact fields (3.6).
pub(super) fn incomplete_member(team: &[Value]) -> Option<String> {
    let needed = ["firstName", "lastName", "phoneNumber", "email"];
    let missing =
        team.iter().find_map(|member| needed.iter().find(|field| member[**field].as_str().is_none_or(str::is_empty)));
    missing.map(|field| format!("Required field {field} of a contact missing"))
}

/// The customer contact and the invitation freeze once the referral is shared (4.4).
fn frozen_once_shared(before: &Value, after: &Value) -> Option<String> {
    if before.pointer(SHARED_WITH_SELLERS) != Some(&Value::Bool(true)) {
        return None;
    }
    let had_contact =
        before.pointer("/customerProfile/team").and_then(Value::as_array).is_some_and(|team| !team.is_empty());
    if had_contact && moved(before, after, "/customerProfile/team").is_some() {
        return Some("The customer contact cannot be changed once shared.".to_owned());
    }
    moved(before, after, "/inviteContext").map(|_| "The invitation cannot be changed once sent.".to_owned())
}
