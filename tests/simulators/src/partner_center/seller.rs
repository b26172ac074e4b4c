//! What people do in the portal: Microsoft's seller invites us to a deal or edits one, for which the rules of the API do
//! not hold (partner-center-api 3.3, 3.5, 3.9, section 0).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::referral::{self, MICROSOFT, text};
use super::world::World;

/// Microsoft creates a deal with us. `members` are laid over a complete deal: objects member by member, everything
/// else as a whole. Answers the id of our own referral.
pub(super) fn invite(world: &mut World, organization_name: &str, members: Value) -> String {
    let mut deal = default_deal(world);
    lay_over(&mut deal, super::names::canonical_names(members));
    let mut ours = referral::laid_out(&json!({}));
    lay_over(&mut ours, deal);
    referral::tidy(&mut ours, &world.switches);
    ours["organizationId"] = json!(world.organization_id);
    ours["organizationName"] = json!(organization_name);
    if ours["engagementId"].is_null() {
        ours["engagementId"] = json!(world.stamps.id());
    }
    if world.switches.invite_with_microsoft_copy && ours["type"] == "Shared" {
        let theirs = microsofts_copy(&ours);
        world.insert(theirs, false);
    }
    world.insert(ours, false)
}

/// Somebody saves several members at once, each by JSON pointer; `-` appends to a list. Whether the referral exists.
pub(super) fn edit(world: &mut World, id: &str, members: &[(&str, Value)]) -> bool {
    let Some(mut document) = world.find(id).map(|stored| stored.document.clone()) else { return false };
    for (pointer, value) in members {
        put(&mut document, pointer, value.clone());
    }
    referral::tidy(&mut document, &world.switches);
    world.replace(id, document);
    true
}

/// The other organization's copy: accepted from the start, its seller in the team.
fn microsofts_copy(ours: &Value) -> Value {
    let mut theirs = ours.clone();
    let own = json!({
        "organizationId": MICROSOFT, "organizationName": "Microsoft", "status": "Active", "substatus": "Accepted",
        "statusReason": null, "externalReferenceId": null, "mpnId": null, "inviteContext": null, "target": [],
    });
    lay_over(&mut theirs, own);
    theirs
}

fn default_deal(world: &World) -> Value {
    let close = world.stamps.now().saturating_add(SignedDuration::from_hours(24 * 90)).unwrap_or(Timestamp::MAX);
    json!({
        "name": "Northwind data platform",
        "direction": "Incoming",
        "type": "Shared",
        "qualification": "SalesQualified",
        "status": "New",
        "substatus": "Pending",
        "mpnId": super::handle::PartnerCenter::PARTNER_ID,
        "customerProfile": {
            "name": "Northwind Traders Ltd",
            "address": {
                "addressLine1": "1 Example Road", "addressLine2": "", "city": "Leeds", "state": "",
                "postalCode": "LS1 1AA", "country": "GB", "region": null,
            },
            "size": "51to250employees",
            "team": [{
                "firstName": "Ana", "lastName": "Example", "phoneNumber": "+441130000000",
                "email": "ana@northwind.example", "contactPreference": null,
            }],
            "ids": [{ "profileType": "External", "id": "6-EXAMPLE00001" }],
        },
        "consent": {
            "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToMicrosoftToContactSpecificPartners": true, "consentToShareReferralWithMicrosoftSellers": true,
        },
        "details": {
            "notes": "The customer wants its data platform on Azure.",
            "dealValue": 120_000,
            "currency": "GBP",
            "closingDateTime": format!("{}T00:00:00Z", close.strftime("%Y-%m-%d")),
            "requirements": {
                "industries": [{ "id": "Retail & Consumer Goods" }],
                "products": [{ "id": "Azure" }],
                "services": [{ "id": "ConsultingAndProfessional" }],
                "solutions": [{
                    "type": "Name", "id": "SOL-00001-AAA", "name": "Invented ERP", "publisherName": "Adatum Consulting",
                    "solutionType": "3P",
                }],
                "additionalRequirements": {
                    "iot": {}, "attributes": [{ "type": "CustomerMarketplaceIntent", "id": "HaveNotDecided" }],
                },
            },
        },
        "team": [{
            "firstName": "Sam", "lastName": "Seller", "phoneNumber": "+14250000000", "email": "sam@microsoft.example",
            "contactPreference": { "locale": "en-us", "disableNotifications": false },
        }],
        "inviteContext": {
            "notes": "Can you deliver this?", "assistanceRequestCode": "GeneralOrOther", "invitedMpnId": null,
            "invitedBy": { "organizationId": MICROSOFT, "organizationName": "Microsoft" },
        },
        "target": [{ "type": "SolutionProfile", "id": "SOL-00001-AAA" }],
    })
}

fn lay_over(place: &mut Value, over: Value) {
    match (place, over) {
        (Value::Object(members), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(members.entry(name).or_insert(Value::Null), value);
            }
        }
        (place, over) => *place = over,
    }
}

/// Sets the place that a pointer names and makes the objects on the way. A place that cannot be is left alone.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        if place.is_null() {
            *place = if segment == "-" { json!([]) } else { Value::Object(Map::new()) };
        }
        place = match place {
            Value::Object(members) => members.entry(segment).or_insert(Value::Null),
            Value::Array(items) => {
                let index = if segment == "-" { Some(items.len()) } else { segment.parse().ok() };
                if index == Some(items.len()) {
                    items.push(Value::Null);
                }
                let Some(item) = index.and_then(|index| items.get_mut(index)) else { return };
                item
            }
            _ => return,
        };
    }
    *place = value;
}

/// Microsoft's copy in the engagement of a referral, if there is one.
pub(super) fn microsoft_in_engagement(world: &World, id: &str) -> Option<Value> {
    let engagement = text(&world.find(id)?.document, "engagementId").to_owned();
    let member = |document: &&Value| {
        text(document, "organizationId") == MICROSOFT && text(document, "engagementId") == engagement
    };
    world.all().iter().map(|stored| &stored.document).find(member).cloned()
}
