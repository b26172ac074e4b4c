//! `POST /v1.0/engagements/referrals` (partner-center-api 4.2, 4.3).

use serde_json::{Value, json};

use super::answers::Refused;
use super::judge;
use super::names::canonical_names;
use super::referral::{self, MICROSOFT, text};
use super::world::World;

const TYPES: &[&str] = &["Independent", "Shared"];
const QUALIFICATIONS: &[&str] = &["None", "Direct", "MarketingQualified", "SalesQualified"];

/// Creates a referral from a caller's body. Answers its id.
pub(super) fn create(world: &mut World, organization_name: &str, body: Value) -> Result<String, Refused> {
    let input = canonical_names(body);
    let for_microsoft = is_for_microsoft(&input);
    let objection =
        required(&input).or_else(|| practical(&input, world)).or_else(|| engagement(&input, for_microsoft, world));
    if let Some(message) = objection {
        return Err(Refused::invalid(message));
    }
    let mut document = referral::laid_out(&input);
    referral::tidy(&mut document, &world.switches);
    document["engagementId"] = input["engagementId"].clone();
    let (organization, name, state) = if for_microsoft {
        (MICROSOFT, "Microsoft", ("New", "Pending"))
    } else {
        // Whatever was sent, an outgoing referral begins accepted (3.3).
        (world.organization_id.as_str(), organization_name, ("Active", "Accepted"))
    };
    document["organizationId"] = json!(organization);
    document["organizationName"] = json!(name);
    document["status"] = json!(state.0);
    document["substatus"] = json!(state.1);
    if for_microsoft && !document["inviteContext"].is_null() {
        document["inviteContext"]["invitedBy"] =
            json!({ "organizationId": world.organization_id, "organizationName": organization_name });
    }
    Ok(world.insert(document, false))
}

fn is_for_microsoft(input: &Value) -> bool {
    let targets = input["target"].as_array().map(Vec::as_slice).unwrap_or_default();
    targets.iter().any(|target| {
        text(target, "type") == "BusinessProfileLocation" && text(target, "id").eq_ignore_ascii_case(MICROSOFT)
    })
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
    judge::incomplete_member(team)
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
    let attributes = input.pointer("/details/requirements/additionalRequirements/attributes").and_then(Value::as_array);
    attributes.is_some_and(|attributes| {
        attributes.iter().any(|attribute| text(attribute, "type") == "CustomerMarketplaceIntent")
    })
}

/// A given engagement must be one of ours; Microsoft is invited into one, with the consent to share (4.3).
fn engagement(input: &Value, for_microsoft: bool, world: &World) -> Option<String> {
    let wanted = input["engagementId"].as_str();
    if for_microsoft && wanted.is_none() {
        return Some("EngagementId is required to invite Microsoft.".to_owned());
    }
    if for_microsoft && input["consent"]["consentToShareReferralWithMicrosoftSellers"] != json!(true) {
        return Some("consentToShareReferralWithMicrosoftSellers must be true.".to_owned());
    }
    let wanted = wanted?;
    let members = || world.all().iter().filter(|stored| text(&stored.document, "engagementId") == wanted);
    if !members().any(|stored| world.is_ours(&stored.document)) {
        return Some("The engagement was not found.".to_owned());
    }
    let invited = members().any(|stored| text(&stored.document, "organizationId") == MICROSOFT);
    (for_microsoft && invited && world.switches.refuse_second_microsoft_copy)
        .then(|| "Microsoft has been invited already.".to_owned())
}
