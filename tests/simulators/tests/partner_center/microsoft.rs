//! Co-sell: Microsoft's copy of a deal, made by us or by a seller (partner-center-api 4.3, section 0).

use serde_json::{Value, json};
use simulators::partner_center::PartnerCenter;

use crate::caller::{Caller, private_deal, refusal, shared_deal, started, text};

/// The second POST: Microsoft is invited into the engagement.
fn invitation(engagement: &str) -> Value {
    let mut body = shared_deal();
    body["engagementId"] = json!(engagement);
    body["target"] = json!([{ "type": "BusinessProfileLocation", "id": "msft" }]);
    body["inviteContext"] = json!({ "notes": "Please help.", "assistanceRequestCode": "ProofOfConceptOrDemo" });
    body
}

async fn members(caller: &Caller, engagement: &str) -> Vec<Value> {
    caller.rows(&[("$filter", &format!("engagementId eq '{engagement}'")), ("$orderby", "createdDateTime asc")]).await
}

#[tokio::test]
async fn a_second_post_into_the_engagement_invites_microsoft() {
    let caller = started().await;
    let ours = caller.created(&shared_deal()).await;
    let engagement = text(&ours, "/engagementId");
    let theirs = caller.created(&invitation(engagement)).await;
    assert_eq!(text(&theirs, "/organizationId"), "msft");
    assert_eq!((text(&theirs, "/status"), text(&theirs, "/substatus")), ("New", "Pending"));
    assert_eq!(text(&theirs, "/inviteContext/invitedBy/organizationId"), PartnerCenter::ORGANIZATION_ID);
    let organizations: Vec<String> =
        members(&caller, engagement).await.iter().map(|row| text(row, "/organizationId").to_owned()).collect();
    assert_eq!(organizations, [PartnerCenter::ORGANIZATION_ID, "msft"]);
}

#[tokio::test]
async fn the_invitation_needs_an_engagement_of_ours_and_the_consent() {
    let caller = started().await;
    let ours = caller.created(&private_deal()).await;
    let engagement = text(&ours, "/engagementId").to_owned();
    let mut without = invitation(&engagement);
    without.as_object_mut().unwrap().remove("engagementId");
    let mut private = invitation(&engagement);
    private["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(false);
    let foreign = invitation("22222222-aaaa-4bbb-8ccc-000000000002");
    for body in [without, private, foreign] {
        assert_eq!(refusal(caller.create(&body).await).await.0, 400);
    }
    assert_eq!(members(&caller, &engagement).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_invitation_makes_another_copy_unless_a_switch_refuses_it() {
    let caller = started().await;
    let ours = caller.created(&shared_deal()).await;
    let engagement = text(&ours, "/engagementId");
    caller.created(&invitation(engagement)).await;
    caller.created(&invitation(engagement)).await;
    assert_eq!(members(&caller, engagement).await.len(), 3);
    caller.pc.switches(|switches| switches.refuse_second_microsoft_copy = true);
    assert_eq!(caller.create(&invitation(engagement)).await.status(), 400);
}

#[tokio::test]
async fn a_sellers_deal_is_complete_and_what_is_given_is_laid_over_it() {
    let caller = started().await;
    let id = caller.pc.invite(json!({
        "name": " R&D ",
        "details": { "dealValue": 99.95, "currency": "USD" },
        "customerProfile": { "address": { "country": "US" } },
        "team": [],
    }));
    let deal = caller.got(&id).await;
    assert_eq!(text(&deal, "/name"), "R&amp;D");
    assert_eq!(deal["details"]["dealValue"].to_string(), "99.95");
    assert_eq!(text(&deal, "/customerProfile/address/country"), "US");
    assert_eq!(text(&deal, "/customerProfile/address/city"), "Leeds");
    assert_eq!(deal["team"], json!([]));
    assert_eq!((text(&deal, "/direction"), text(&deal, "/type")), ("Incoming", "Shared"));
    assert_eq!((text(&deal, "/status"), text(&deal, "/substatus")), ("New", "Pending"));
    assert_eq!(text(&deal, "/inviteContext/invitedBy/organizationId"), "msft");
    assert_eq!(text(&deal, "/organizationId"), PartnerCenter::ORGANIZATION_ID);
}

#[tokio::test]
async fn a_shared_deal_of_a_seller_has_microsofts_copy_and_a_lead_has_none() {
    let caller = started().await;
    let shared = caller.pc.invite(json!({}));
    let copy = caller.pc.microsoft_copy(&shared).unwrap();
    assert_eq!((text(&copy, "/status"), text(&copy, "/organizationId")), ("Active", "msft"));
    let lead = caller.pc.invite(json!({ "type": "Independent", "qualification": "MarketingQualified" }));
    assert!(caller.pc.microsoft_copy(&lead).is_none());
    caller.pc.switches(|switches| switches.invite_with_microsoft_copy = false);
    let alone = caller.pc.invite(json!({}));
    assert!(caller.pc.microsoft_copy(&alone).is_none());
}

#[tokio::test]
async fn a_seller_saves_several_members_as_one_change() {
    let caller = started().await;
    let id = caller.pc.invite(json!({}));
    let before = caller.got(&id).await;
    assert!(caller.pc.edit_many(
        &id,
        &[
            ("/status", json!("Active")),
            ("/substatus", json!("Accepted")),
            ("/details/requirements/offers/-", json!({ "id": "first" })),
            ("/team/-", crate::caller::contact("new@microsoft.example")),
            ("/team/0/title", json!("Seller")),
            ("/name", json!(" Trimmed ")),
        ],
    ));
    let after = caller.got(&id).await;
    assert_ne!(before["eTag"], after["eTag"]);
    assert!(text(&before, "/updatedDateTime") < text(&after, "/updatedDateTime"));
    assert_eq!(text(&after, "/details/requirements/offers/0/id"), "first");
    assert_eq!(text(&after, "/team/1/email"), "new@microsoft.example");
    assert_eq!(text(&after, "/team/0/title"), "Seller");
    assert_eq!(text(&after, "/name"), "Trimmed");
    assert_eq!(after["acceptedDateTime"], after["updatedDateTime"]);
    assert!(!caller.pc.edit("unknown", "/name", json!("x")));
}
