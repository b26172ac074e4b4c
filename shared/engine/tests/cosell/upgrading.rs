//! A deal is opened up later: private to partner-led to co-sell, or private to co-sell at once; never after its end.

use serde_json::json;

use crate::deal::{column, contact, copies, edit, help, is_co_sell, is_shared, shared};
use crate::world::{FAILED, SYNCED, World};

#[tokio::test]
async fn a_private_deal_becomes_partner_led_in_one_write() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({})).await;
    world.forget_requests();
    edit(&world, deal, json!({ "cosell_visible": true }));
    world.hint(&world.about_opportunity(deal)).await;
    let writes = world.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].if_match.is_some());
    assert!(is_shared(&world, &referral));
    assert_eq!((copies(&world), contact(&world.partner_center.referral(&referral).unwrap())), ((1, 0), None));
}

#[tokio::test]
async fn a_partner_led_deal_becomes_co_sell() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_visible": true })).await;
    edit(&world, deal, help());
    world.settle().await;
    is_co_sell(&world, deal, &referral);
}

/// The contact freezes with the consent, so both go in one document, the contact first; then Microsoft is invited, and the
/// seller is told once.
#[tokio::test]
async fn a_private_deal_becomes_co_sell_with_its_contact_before_the_consent() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({})).await;
    world.forget_requests();
    edit(&world, deal, help());
    world.hint(&world.about_opportunity(deal)).await;
    is_co_sell(&world, deal, &referral);
    let writes: Vec<String> = world.writes().iter().map(|write| format!("{} {}", write.method, write.if_match.is_some())).collect();
    assert_eq!(writes, ["PATCH true", "POST false", "PATCH true"], "share, invite, tell");
    world.forget_requests();
    world.settle().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

#[tokio::test]
async fn an_upgrade_without_a_contact_writes_nothing_until_there_is_one() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({})).await;
    let contact_id = column(&world, deal, "_parentcontactid_value");
    edit(&world, deal, json!({ "parentcontactid@odata.bind": null }));
    edit(&world, deal, help());
    world.hint(&world.about_opportunity(deal)).await;
    assert!(!is_shared(&world, &referral));
    assert_eq!((copies(&world), world.opportunity(deal)["cosell_syncstate"].clone()), ((1, 0), json!(FAILED)));
    assert!(column(&world, deal, "cosell_audit").contains("FAIL contact-missing"));
    // Other fields go on meanwhile, and the problem is not told again.
    edit(&world, deal, json!({ "estimatedvalue": 300_000 }));
    world.hint(&world.about_opportunity(deal)).await;
    world.hint(&world.about_opportunity(deal)).await;
    assert_eq!(world.partner_center.referral(&referral).unwrap()["details"]["dealValue"], json!(300_000));
    assert_eq!(column(&world, deal, "cosell_audit").matches("contact-missing").count(), 1);
    assert_eq!(world.opportunity(deal)["cosell_syncstate"], FAILED);
    // The contact is another table's row: nobody tells that it was filled in. The link looks again by itself.
    edit(&world, deal, json!({ "parentcontactid@odata.bind": format!("/contacts({contact_id})") }));
    world.advance(std::time::Duration::from_secs(3600));
    world.drain().await;
    is_co_sell(&world, deal, &referral);
}

#[tokio::test]
async fn a_deal_that_has_ended_is_not_opened_up() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({})).await;
    let lost = [("/status", json!("Closed")), ("/substatus", json!("Lost"))];
    assert!(world.partner_center.edit_many(&referral, &lost));
    world.forget_requests();
    edit(&world, deal, help());
    world.hint(&world.about_opportunity(deal)).await;
    assert!(!is_shared(&world, &referral));
    assert_eq!(copies(&world), (1, 0));
}

/// A referral that was sent to us is opened up only once we have accepted it.
#[tokio::test]
async fn an_unanswered_referral_waits_for_its_answer() {
    let world = World::new().await;
    let members = json!({ "type": "Independent", "qualification": "None", "inviteContext": null,
        "consent": { "consentToShareReferralWithMicrosoftSellers": false } });
    let referral = world.partner_center.invite(members);
    world.settle().await;
    let deal = world.opportunity_of(&referral);
    edit(&world, deal, json!({ "cosell_visible": true }));
    world.settle().await;
    assert!(!is_shared(&world, &referral));
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    assert!(is_shared(&world, &referral));
    assert_eq!(world.opportunity(deal)["cosell_syncstate"], SYNCED);
}

#[tokio::test]
async fn microsoft_refusing_the_invitation_is_told_once_and_tried_ever_more_rarely() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_visible": true })).await;
    // Somebody else's rule: the deal value is dropped in the portal, and no referral is made without one.
    world.partner_center.harness().add_fault(simulators::harness::FaultRule {
        method: Some("POST".to_owned()),
        path_contains: Some("engagements/referrals".to_owned()),
        times: None,
        skip: 0,
        fault: simulators::harness::Fault::status(400),
    });
    edit(&world, deal, help());
    world.hint(&world.about_opportunity(deal)).await;
    assert!(column(&world, deal, "cosell_audit").contains("FAIL rejected"), "{}", column(&world, deal, "cosell_audit"));
    let mut tries = Vec::new();
    for minutes in [1, 2, 4, 8] {
        world.forget_requests();
        world.advance(std::time::Duration::from_secs(minutes * 60 + 1));
        world.drain().await;
        tries.push(world.writes().len());
    }
    assert_eq!(tries, [1, 1, 1, 1], "one try each time, and nothing told again");
    assert_eq!(column(&world, deal, "cosell_audit").matches("FAIL rejected").count(), 1);
    world.partner_center.harness().clear_faults();
    world.advance(std::time::Duration::from_secs(3600));
    world.drain().await;
    is_co_sell(&world, deal, &referral);
}

#[tokio::test]
async fn an_engagement_that_has_microsoft_already_is_left_as_it_is() {
    let world = World::new().await;
    let members = json!({ "status": "Active", "substatus": "Accepted", "externalReferenceId": null });
    let referral = world.partner_center.invite(members);
    world.settle().await;
    let deal = world.opportunity_of(&referral);
    let before = copies(&world);
    edit(&world, deal, help());
    world.settle().await;
    assert_eq!(copies(&world), before, "Microsoft invited us; we do not invite it back");
    assert_eq!(column(&world, deal, "cosell_microsoftstatus"), "Active/Accepted");
}
