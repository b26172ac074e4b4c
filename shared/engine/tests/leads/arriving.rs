//! A lead arrives, is edited on both sides, and is found again when the store was lost.

use serde_json::json;
use simulators::harness::Fault;
use sync_core::Entity;

use crate::world::{SYNCED, WAITING, World, id};

#[tokio::test]
async fn a_lead_arrives_with_everything_that_the_referral_says() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead(world.lead_of(&referral));
    for (column, expected) in [
        ("subject", json!("Northwind: analytics")),
        ("estimatedclosedate", json!("2027-06-30")),
        ("description", json!("hot")),
        ("companyname", json!("Northwind Traders Ltd")),
        ("firstname", json!("Ana")),
        ("lastname", json!("Example")),
        ("emailaddress1", json!("ana@northwind.example")),
        ("telephone1", json!("+441130000000")),
        ("address1_line1", json!("1 Example Road")),
        ("address1_city", json!("Leeds")),
        ("address1_postalcode", json!("LS1 1AA")),
        ("address1_country", json!("GB")),
        ("cosell_sync", json!(true)),
        ("cosell_syncstate", json!(WAITING)),
        ("statecode", json!(0)),
    ] {
        assert_eq!(lead[column], expected, "{column}");
    }
    assert_eq!(lead["estimatedamount"].to_string().parse::<f64>().unwrap(), 80000.0);
    assert!(lead["cosell_audit"].as_str().unwrap().contains("created: the lead was made"));
    assert!(world.dataverse.rows("opportunity").is_empty() && world.dataverse.rows("account").is_empty());
    let link = world.link(&referral).await;
    assert_eq!(link.pair.record().unwrap().entity, Entity::Lead);
    for line in [lead["cosell_audit"].as_str().unwrap().to_owned(), format!("{:?}", world.history(&referral).await)] {
        assert!(!line.contains("Ana") && !line.contains("ana@") && !line.contains("+44113"), "{line}");
    }
}

#[tokio::test]
async fn a_lead_belongs_to_the_account_and_contact_that_exist() {
    let world = World::new().await;
    let account =
        world.dataverse.create("account", json!({ "name": "Northwind Traders Ltd", "address1_postalcode": "LS1 1AA" }));
    let contact =
        world.dataverse.create("contact", json!({ "lastname": "E", "emailaddress1": "ana@northwind.example" }));
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead(world.lead_of(&referral));
    assert_eq!(id(&lead, "_parentaccountid_value"), account);
    assert_eq!(id(&lead, "_parentcontactid_value"), contact);
}

/// Partner Center takes no edits of an unanswered referral; they wait, and travel once it is accepted. Its own edits
/// reach the lead at once.
#[tokio::test]
async fn a_lead_s_edits_wait_for_the_answer_and_partner_center_s_do_not() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    world.dataverse.edit("lead", lead, json!({ "subject": "Renamed by a seller" }));
    world.partner_center.edit(&referral, "/details/notes", json!("hotter"));
    world.settle().await;
    assert_eq!(world.lead(lead)["description"], "hotter");
    assert_eq!(world.partner_center.referral(&referral).unwrap()["name"], "Northwind: analytics");
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    assert_eq!(world.partner_center.referral(&referral).unwrap()["name"], "Renamed by a seller");
    let opportunity = world.opportunity(world.opportunity_of(&referral));
    assert_eq!(
        (&opportunity["name"], &opportunity["cosell_syncstate"]),
        (&json!("Renamed by a seller"), &json!(SYNCED))
    );
}

/// The answer to the create never comes: the lead's unique key says what became of it.
#[tokio::test]
async fn a_create_whose_answer_is_lost_makes_no_second_lead() {
    for fault in [Fault::CutAfterCommit, Fault::AnswerAfterCommit { status: 500, body: json!(null) }, Fault::CutBefore]
    {
        let world = World::new().await;
        world.dataverse_fails("PATCH", "/leads(cosell_referralid", fault.clone());
        let referral = world.send_lead(json!({}));
        world.settle().await;
        let lead = world.lead_of(&referral);
        assert_eq!(world.dataverse.rows("lead").len(), 1, "{fault:?}");
        world.forget_requests();
        world.dataverse.edit("lead", lead, json!({ "jobtitle": "an edit that no row maps" }));
        world.settle().await;
        assert!(world.writes().is_empty(), "{fault:?} {:?}", world.writes());
    }
}

#[tokio::test]
async fn events_that_come_twice_or_late_make_one_lead_and_write_nothing_more() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    let late = world.about_referral(&referral);
    world.settle().await;
    let lead = world.lead_of(&referral);
    world.forget_requests();
    let hints = [world.about_lead(lead), late.clone(), world.about_referral(&referral), late, world.about_lead(lead)];
    for hint in &hints {
        world.hint(hint).await;
    }
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    assert_eq!((world.dataverse.rows("lead").len(), world.links().await.len()), (1, 1));
}

/// The store was lost: the lead that carries the referral's id is the half, and nothing is made or written anew.
#[tokio::test]
async fn a_lead_without_a_link_is_adopted_by_its_referral_s_id() {
    let before = World::new().await;
    let referral = before.send_lead(json!({}));
    before.settle().await;
    let lead = before.lead_of(&referral);
    let world = before.with_an_empty_store().await;
    world.forget_requests();
    world.hint(&world.about_lead(lead)).await;
    world.settle().await;
    assert_eq!(world.dataverse.rows("lead").len(), 1);
    assert_eq!(world.link(&referral).await.pair.record().unwrap().id.as_str(), lead.to_string());
    assert!(world.writes().iter().all(|write| write.method == "PATCH" && write.path_and_query.contains("/leads(")));
}

#[tokio::test]
async fn a_seller_s_own_lead_is_nothing_to_share() {
    let world = World::new().await;
    let lead = world.dataverse.create("lead", json!({ "subject": "Own", "lastname": "X", "cosell_sync": true }));
    world.settle().await;
    world.hint(&world.about_lead(lead)).await;
    assert!(world.links().await.is_empty() && world.partner_center.referrals().is_empty());
}

/// `inbound = "co-sell-only"` leaves leads out whatever they have come to, and nothing else.
#[tokio::test]
async fn co_sell_only_leaves_leads_out_in_every_status() {
    let world = World::with("inbound = \"co-sell-only\"").await;
    let unanswered = world.send_lead(json!({}));
    let accepted = world.send_lead(json!({ "status": "Active", "substatus": "Accepted" }));
    let deal = world.partner_center.invite(json!({ "name": "A deal" }));
    world.settle().await;
    for lead in [unanswered, accepted] {
        world.hint(&world.about_referral(&lead)).await;
    }
    assert!(world.dataverse.rows("lead").is_empty());
    assert_eq!(world.dataverse.rows("opportunity").len(), 1);
    assert_eq!(world.opportunity(world.opportunity_of(&deal))["name"], "A deal");
}

#[tokio::test]
async fn a_lead_s_defaults_are_the_settings_own() {
    let world = World::with("[defaults.lead]\nleadsourcecode = 4\n").await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    assert_eq!(world.lead(world.lead_of(&referral))["leadsourcecode"], 4);
}

/// An accepted lead-class referral that was never seen before is a deal.
#[tokio::test]
async fn a_lead_that_was_accepted_before_it_was_seen_is_an_opportunity() {
    let world = World::new().await;
    let referral = world.send_lead(json!({ "status": "Active", "substatus": "Accepted" }));
    world.settle().await;
    assert!(world.dataverse.rows("lead").is_empty());
    assert_eq!(world.opportunity(world.opportunity_of(&referral))["cosell_syncstate"], SYNCED);
}
