//! What cannot be undone: sharing, inviting, and what was said with the invitation.

use serde_json::json;

use crate::deal::{CONTACT, column, copies, edit, help, is_co_sell, is_shared, shared};
use crate::world::{SYNCED, World};

#[tokio::test]
async fn a_lowered_flag_is_set_back_and_told() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_visible": true })).await;
    for times in 1..=2 {
        edit(&world, deal, json!({ "cosell_visible": false }));
        world.hint(&world.about_opportunity(deal)).await;
        assert_eq!(column(&world, deal, "cosell_visible"), "true");
        let audit = column(&world, deal, "cosell_audit");
        assert_eq!(audit.matches("FAIL one-way: Visible to Microsoft is Yes again").count(), times, "{audit}");
    }
    assert!(is_shared(&world, &referral));
    assert_eq!(world.opportunity(deal)["cosell_syncstate"], SYNCED);
    let refused = world.history(&referral).await.into_iter().filter(|line| line.rule == "one-way").count();
    assert_eq!(refused, 2);
    world.forget_requests();
    world.settle().await;
    assert!(world.writes().is_empty());
}

#[tokio::test]
async fn a_flag_that_rose_in_the_portal_rises_in_the_crm_without_a_remark() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({})).await;
    assert!(world.partner_center.edit(&referral, crate::deal::SHARE, json!(true)));
    world.settle().await;
    assert_eq!(column(&world, deal, "cosell_visible"), "true");
    assert!(!column(&world, deal, "cosell_audit").contains("one-way"));
}

/// No write without the seller's act: edits of everything else never share a private deal.
#[tokio::test]
async fn a_flag_that_nobody_raised_stays_down() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({})).await;
    for columns in [
        json!({ "cosell_visible": null }),
        json!({ "cosell_visible": false, "cosell_notestomicrosoft": "for later" }),
        json!({ "cosell_marketplaceintent": 727_000_001, "estimatedvalue": 5 }),
    ] {
        edit(&world, deal, columns);
        world.settle().await;
        assert!(!is_shared(&world, &referral));
    }
    assert_eq!(copies(&world), (1, 0));
}

#[tokio::test]
async fn what_was_sent_with_the_invitation_is_frozen_and_each_later_edit_is_told_once() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, help()).await;
    is_co_sell(&world, deal, &referral);
    let theirs = world.partner_center.microsoft_copy(&referral).unwrap();
    let contact = uuid::Uuid::parse_str(&column(&world, deal, "_parentcontactid_value")).unwrap();
    for (change, label) in [
        (json!({ "cosell_notestomicrosoft": "Never mind." }), "Notes to Microsoft"),
        (json!({ "cosell_help": 727_000_006 }), "How can Microsoft help?"),
        (json!({ "cosell_help": null }), "How can Microsoft help?"),
    ] {
        let before = column(&world, deal, "cosell_audit").matches("FAIL one-way").count();
        edit(&world, deal, change);
        for _ in 0..2 {
            world.hint(&world.about_opportunity(deal)).await;
        }
        let audit = column(&world, deal, "cosell_audit");
        assert_eq!(audit.matches("FAIL one-way").count(), before + 1, "{label}: {audit}");
        assert!(audit.lines().next().unwrap().contains(label), "{audit}");
    }
    world.dataverse.edit("contact", contact, json!({ "telephone1": "+43 555 0200" }));
    world.hint(&world.about_opportunity(deal)).await;
    let audit = column(&world, deal, "cosell_audit");
    assert!(audit.contains("FAIL one-way: Customer contact"), "{audit}");
    assert!(CONTACT.iter().all(|value| !audit.contains(value)) && !audit.contains("0200"), "{audit}");
    let after = world.partner_center.microsoft_copy(&referral).unwrap();
    assert_eq!(theirs["inviteContext"], after["inviteContext"]);
    assert_eq!(theirs["customerProfile"], after["customerProfile"]);
    assert_eq!(copies(&world), (1, 1), "nobody is invited again");
    assert_eq!(world.opportunity(deal)["cosell_syncstate"], SYNCED);
}
