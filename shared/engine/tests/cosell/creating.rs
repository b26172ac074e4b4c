//! A seller shares a deal: each deal type is made of what was asked for, and of nothing more.

use serde_json::json;

use crate::deal::{CONTACT, contact, copies, deal, edit, help, is_co_sell, is_shared, shared};
use crate::world::{FAILED, SYNCED, World};

#[tokio::test]
async fn a_private_deal_shows_microsoft_nothing() {
    let world = World::new().await;
    let (_, referral) = shared(&world, json!({})).await;
    assert_eq!(copies(&world), (1, 0));
    assert!(!is_shared(&world, &referral));
    let ours = world.partner_center.referral(&referral).unwrap();
    assert_eq!((&ours["type"], contact(&ours)), (&json!("Independent"), None));
}

#[tokio::test]
async fn a_visible_deal_is_partner_led_and_invites_nobody() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_visible": true })).await;
    assert_eq!(copies(&world), (1, 0));
    assert!(is_shared(&world, &referral));
    let ours = world.partner_center.referral(&referral).unwrap();
    assert_eq!((&ours["type"], contact(&ours)), (&json!("Independent"), None), "a contact is for help");
    assert_eq!(world.opportunity(deal)["cosell_visible"], json!(true));
}

#[tokio::test]
async fn help_makes_a_co_sell_deal_in_five_calls_and_one_more_for_what_microsoft_says() {
    let world = World::new().await;
    world.settle().await;
    let deal = deal(&world);
    edit(&world, deal, help());
    edit(&world, deal, json!({ "cosell_sync": true }));
    world.forget_requests();
    world.hint(&world.about_opportunity(deal)).await;
    let mut calls: Vec<String> = Vec::new();
    for request in [world.partner_center.harness().requests(), world.dataverse.harness().requests()].concat() {
        let path = request.path_and_query.clone();
        if !path.contains("oauth2") && !path.contains("transactioncurrencies") && !path.contains("WhoAmI") {
            calls.push(format!("{} {}", request.method, path.split(['?', '(']).next().unwrap_or_default()));
        }
    }
    let partner_center = "/v1.0/engagements/referrals";
    let expected = [
        format!("POST {partner_center}"),
        format!("GET {partner_center}"),
        format!("POST {partner_center}"),
        "GET /api/data/v9.2/opportunities".to_owned(),
        "PATCH /api/data/v9.2/opportunities".to_owned(),
        "PATCH /api/data/v9.2/opportunities".to_owned(),
    ];
    assert_eq!(calls, expected);
    let referral = world.opportunity(deal)["cosell_referralid"].as_str().unwrap().to_owned();
    is_co_sell(&world, deal, &referral);
    let ours = world.partner_center.referral(&referral).unwrap();
    assert_eq!(ours["type"], "Shared");
    assert_eq!(ours["target"], json!([{ "type": "SolutionProfile", "id": "SOL-00001-AAA" }]));
    // Everything that follows is echo: nothing is written, nobody is invited twice.
    world.forget_requests();
    world.settle().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    is_co_sell(&world, deal, &referral);
}

/// Each missing thing has its code, nothing is written before it is there, and filling it in is enough.
#[tokio::test]
async fn what_help_needs_is_demanded_before_anything_is_written() {
    let world = World::new().await;
    world.settle().await;
    let contact = world.dataverse.create("contact", json!({ "firstname": CONTACT[0], "lastname": CONTACT[1] }));
    let none = json!({ "parentcontactid@odata.bind": null });
    let poor = json!({ "parentcontactid@odata.bind": format!("/contacts({contact})") });
    for (lacking, code) in [
        (none, "FAIL contact-missing: Customer contact is empty"),
        (poor, "FAIL contact-missing: Customer contact has no e-mail and no phone number"),
        (json!({ "estimatedvalue": null }), "FAIL value-missing: Deal value is empty"),
        (json!({ "estimatedclosedate": null }), "FAIL field-missing: Close date is empty"),
    ] {
        let deal = deal(&world);
        let before = world.opportunity(deal);
        edit(&world, deal, help());
        edit(&world, deal, lacking);
        edit(&world, deal, json!({ "cosell_sync": true }));
        let count = copies(&world);
        world.forget_requests();
        world.hint(&world.about_opportunity(deal)).await;
        let posts = world.writes().into_iter().filter(|write| write.method == "POST").count();
        assert_eq!((posts, copies(&world)), (0, count), "{code}");
        let row = world.opportunity(deal);
        let audit = row["cosell_audit"].as_str().unwrap();
        assert!(audit.contains(code), "{audit}");
        assert!(CONTACT.iter().all(|value| !audit.contains(value)), "{audit}");
        assert_eq!(row["cosell_syncstate"], FAILED);
        // Told once: looking again writes nothing.
        world.forget_requests();
        world.hint(&world.about_opportunity(deal)).await;
        assert!(world.writes().is_empty(), "{code}: {:?}", world.writes());
        let contact = before["_parentcontactid_value"].as_str().unwrap();
        edit(&world, deal, json!({
            "parentcontactid@odata.bind": format!("/contacts({contact})"), "estimatedvalue": 1000, "estimatedclosedate": "2027-05-01",
        }));
        world.hint(&world.about_opportunity(deal)).await;
        assert_eq!(copies(&world), (count.0 + 1, count.1 + 1), "{code}");
        assert_eq!(world.opportunity(deal)["cosell_syncstate"], SYNCED, "{code}");
    }
}

#[tokio::test]
async fn no_invitation_leaves_where_the_settings_forbid_it() {
    let world = World::with("write = \"crm\"").await;
    let deal = deal(&world);
    edit(&world, deal, help());
    edit(&world, deal, json!({ "cosell_sync": true }));
    world.settle().await;
    assert_eq!(copies(&world), (0, 0));
    let audit = world.opportunity(deal)["cosell_audit"].as_str().unwrap().to_owned();
    assert_eq!(audit.matches("write-off").count(), 1, "{audit}");
}

/// Contact values stay with the two sides: no column of ours, no history, no listing holds them.
#[tokio::test]
async fn a_contact_is_seen_nowhere_but_on_the_two_sides() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, help()).await;
    is_co_sell(&world, deal, &referral);
    let link = world.link(&referral).await;
    let history = world.history(&referral).await;
    let said = format!("{link:?} {history:?} {}", world.opportunity(deal)["cosell_audit"]);
    for value in CONTACT {
        assert!(!said.contains(value), "{value}");
    }
    let line = history.iter().find(|line| line.field.as_str() == "customer_contact").expect("a line of history");
    assert!(line.to.value().unwrap().as_str().starts_with("sha256:"), "{line:?}");
}
