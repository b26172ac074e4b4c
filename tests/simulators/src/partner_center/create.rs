//! `POST /v1.0/engagements/referrals` (partner-center-api 4.2, 4.3).

use serde_json::{Value, json};

use super::answers::Refused;
use super::judge;
use super::names::canonical_names;
use super::referral::{self, MICROSOFT, text};
use super::world::World;

const TYPES: &[&str] = &["Independent", "Shared"];
const QUALIFICATIONS: &[&str] = &["None", "Direct", "MarketingQualified", "SalesQualified"];

/// Creates a referral from a caller's body: our own, or that of somebody whom we invite. Answers its id.
pub(super) fn create(world: &mut World, organization_name: &str, body: Value) -> Result<String, Refused> {
    let input = canonical_names(body);
    let invitee = invitee(&input);
    let objection =
        required(&input).or_else(|| practical(&input, world)).or_else(|| engagement(&input, invitee.as_deref(), world));
    if let Some(message) = objection {
        return Err(Refused::invalid(message));
    }
    if let Some(invitee) = invitee {
        return Ok(invite(world, organization_name, &input, &invitee));
    }
    let mut ours = laid_out(world, &input);
    ours["organizationId"] = json!(world.organization_id);
    ours["organizationName"] = json!(organization_name);
    // Whatever was sent, an outgoing referral begins accepted (3.3).
    ours["status"] = json!("Active");
    ours["substatus"] = json!("Accepted");
    let asks_for_help = input.pointer("/inviteContext/assistanceRequestCode").is_some_and(Value::is_string);
    let shared = text(&input, "type") == "Shared" && input["consent"][SHARE] == json!(true);
    let id = world.insert(ours, false);
    if world.switches.help_invites_microsoft && asks_for_help && shared {
        let mut invitation = input;
        invitation["engagementId"] =
            world.find(&id).map(|ours| ours.document["engagementId"].clone()).unwrap_or_default();
        invite(world, organization_name, &invitation, MICROSOFT);
    }
    Ok(id)
}

const SHARE: &str = "consentToShareReferralWithMicrosoftSellers";

/// Makes the copy of somebody who is invited into an engagement; it waits for an answer (4.3).
fn invite(world: &mut World, organization_name: &str, input: &Value, invitee: &str) -> String {
    let mut copy = laid_out(world, input);
    copy["organizationId"] = json!(invitee);
    copy["organizationName"] = json!(if invitee == MICROSOFT { "Microsoft" } else { invitee });
    copy["status"] = json!("New");
    copy["substatus"] = json!("Pending");
    if !copy["inviteContext"].is_null() {
        copy["inviteContext"]["invitedBy"] =
            json!({ "organizationId": world.organization_id, "organizationName": organization_name });
    }
    let declined = world.switches.small_deals_are_declined && invitee == MICROSOFT && referral::is_small(&copy);
    let id = world.insert(copy, false);
    if world.switches.joining_makes_shared {
        world.share_ours(text(input, "engagementId"));
    }
    if declined {
        world.decline(&id);
    }
    id
}

fn laid_out(world: &World, input: &Value) -> Value {
    let mut document = referral::laid_out(input);
    referral::tidy(&mut document, &world.switches);
    document["engagementId"] = input["engagementId"].clone();
    document
}

/// Whom the referral is for, if not for ourselves: Microsoft, or a partner by its profile (3.10).
fn invitee(input: &Value) -> Option<String> {
    let targets = input["target"].as_array().map(Vec::as_slice).unwrap_or_default();
    let target = targets.iter().find(|target| text(target, "type") == "BusinessProfileLocation")?;
    let id = text(target, "id");
    Some(if id.eq_ignore_ascii_case(MICROSOFT) { MICROSOFT.to_owned() } else { id.to_owned() })
}

/// What the documentation marks as required, and the closed lists (3.4, 3.5).
fn required(input: &Value) -> Option<String> {
    if !input.is_object() {
        return Some("The body must be a referral.".to_owned());
    }
    if let Some(missing) = ["customerProfile", "consent", "details"].iter().find(|name| !input[**name].is_object()) {
        return Some(format!("Required field {missing} missing"));
    }
    if !TYPES.contains(&text(input, "type")) {
        return Some("Required field type missing or unknown".to_owned());
    }
    let qualification = &input["qualification"];
    let known = qualification.is_null() || qualification.as_str().is_some_and(|name| QUALIFICATIONS.contains(&name));
    (!known).then(|| "Unknown qualification".to_owned())
}

/// What the portal and the bulk file demand (4.2, 5.2).
fn practical(input: &Value, world: &World) -> Option<String> {
    let switches = &world.switches;
    if switches.require_practical_members {
        let needed = [
            "/name",
            "/customerProfile/name",
            "/customerProfile/address/addressLine1",
            "/customerProfile/address/city",
        ];
        let blank =
            |pointer: &&&str| input.pointer(pointer).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty());
        if let Some(missing) = needed.iter().find(blank) {
            return Some(format!("Required field {missing} missing"));
        }
        if !judge::is_code(input.pointer("/customerProfile/address/country").unwrap_or(&Value::Null), 2) {
            return Some("Country must be an ISO 3166-1 code of two letters.".to_owned());
        }
        if !judge::is_code(&input["details"]["currency"], 3) {
            return Some("Currency must be an ISO 4217 code.".to_owned());
        }
        let postal_code = input.pointer("/customerProfile/address/postalCode").and_then(Value::as_str);
        if switches.require_postal_code && postal_code.is_none_or(|code| code.trim().is_empty()) {
            return Some("Required field /customerProfile/address/postalCode missing".to_owned());
        }
        let consents = ["consentToToShareInfoWithOthers", "consentToContact"];
        if let Some(missing) = consents.iter().find(|name| input["consent"][**name] != json!(true)) {
            return Some(format!("{missing} must be true."));
        }
        let solutions = input.pointer("/details/requirements/solutions").unwrap_or(&Value::Null);
        let objection = judge::deal_value_objection(&input["details"]["dealValue"], switches)
            .or_else(|| judge::close_date_objection(&input["details"]["closingDateTime"], switches, world.stamps.now()))
            .or_else(|| judge::solutions_objection(solutions))
            .or_else(|| contact_for_help(input));
        if objection.is_some() {
            return objection;
        }
    }
    let team = input["team"].as_array().map(Vec::as_slice).unwrap_or_default();
    if switches.require_team && team.is_empty() {
        return Some("Required field Team missing".to_owned());
    }
    if switches.require_marketplace_intent && !has_marketplace_intent(input) {
        return Some("Required field CustomerMarketplaceIntent missing".to_owned());
    }
    let attributes = input.pointer(judge::ATTRIBUTES).unwrap_or(&Value::Null);
    let long = |pointer: &&&str| input.pointer(pointer).is_some_and(|text| judge::is_too_long(text, switches));
    let long = referral::TEXTS.iter().find(long).map(|pointer| format!("{pointer} is too long."));
    long.or_else(|| judge::attributes_objection(attributes, switches)).or_else(|| judge::incomplete_member(team))
}

fn contact_for_help(input: &Value) -> Option<String> {
    input.pointer("/inviteContext/assistanceRequestCode").filter(|code| !code.is_null())?;
    let team = input.pointer("/customerProfile/team").and_then(Value::as_array);
    match team.filter(|team| !team.is_empty()) {
        None => Some("Required field customer contact missing".to_owned()),
        Some(team) => judge::incomplete_member(team),
    }
}

fn has_marketplace_intent(input: &Value) -> bool {
    let attributes = input.pointer(judge::ATTRIBUTES).and_then(Value::as_array);
    attributes.is_some_and(|attributes| {
        attributes.iter().any(|attribute| text(attribute, "type") == "CustomerMarketplaceIntent")
    })
}

/// A given engagement must be one of ours; others are invited into one, Microsoft with the consent to share (4.3).
fn engagement(input: &Value, invitee: Option<&str>, world: &World) -> Option<String> {
    let wanted = input["engagementId"].as_str();
    if invitee.is_some() && wanted.is_none() {
        return Some("EngagementId is required to invite somebody.".to_owned());
    }
    if invitee == Some(MICROSOFT) && input["consent"][SHARE] != json!(true) {
        return Some(format!("{SHARE} must be true."));
    }
    let wanted = wanted?;
    let members = || world.all().iter().filter(|stored| text(&stored.document, "engagementId") == wanted);
    if !members().any(|stored| world.is_ours(&stored.document)) {
        return Some("The engagement was not found.".to_owned());
    }
    let invited = members().any(|stored| referral::is_microsofts(&stored.document));
    (invitee == Some(MICROSOFT) && invited && world.switches.refuse_second_microsoft_copy)
        .then(|| "Microsoft has been invited already.".to_owned())
}
