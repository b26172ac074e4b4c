//! A lead that a person merged into another one is no answer: the referral goes on with the master.

use serde_json::json;
use simulators::harness::Fault;
use sync_core::Code;
use uuid::Uuid;

use crate::world::{SYNCED, WAITING, World, id};

async fn merged(world: &World) -> (String, Uuid, Uuid) {
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let subordinate = world.lead_of(&referral);
    let master = world.dataverse.create("lead", json!({ "subject": "The older lead", "lastname": "Example" }));
    world.dataverse.merge("lead", master, subordinate);
    (referral, master, subordinate)
}

#[tokio::test]
async fn the_referral_goes_on_with_the_master_and_is_not_declined() {
    let world = World::new().await;
    let (referral, master, subordinate) = merged(&world).await;
    world.settle().await;
    assert_eq!(world.status(&referral), "New/Pending");
    let row = world.lead(master);
    assert_eq!((&row["cosell_sync"], &row["cosell_syncstate"]), (&json!(true), &json!(WAITING)));
    assert!(row["cosell_referrallink"].as_str().unwrap().ends_with(&referral));
    assert!(row["cosell_audit"].as_str().unwrap().contains("record-merged"), "{row}");
    // The key is unique: the id stays where it is.
    assert_eq!(
        (&row["cosell_referralid"], &world.lead(subordinate)["cosell_referralid"]),
        (&json!(null), &json!(referral))
    );
    assert_eq!(world.link(&referral).await.pair.record().unwrap().id.as_str(), master.to_string());
    assert_eq!(row["subject"], "The older lead", "what the master held is the seller's choice");
    assert_eq!(world.dataverse.rows("lead").len(), 2);
}

/// Later writes to the master must not try to give it the id either.
#[tokio::test]
async fn the_master_is_written_and_becomes_the_opportunity_like_any_lead() {
    let world = World::new().await;
    let (referral, master, _) = merged(&world).await;
    world.settle().await;
    world.partner_center.edit(&referral, "/details/closingDateTime", json!("2027-08-31T00:00:00Z"));
    world.settle().await;
    assert_eq!(world.lead(master)["estimatedclosedate"], "2027-08-31");
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    let row = world.opportunity(world.opportunity_of(&referral));
    assert_eq!((id(&row, "_originatingleadid_value"), &row["cosell_syncstate"]), (master, &json!(SYNCED)));
    assert_eq!(world.dataverse.rows("opportunity").len(), 1);
}

/// The master was qualified before we looked: the link goes all the way.
#[tokio::test]
async fn a_chain_is_followed_to_its_end() {
    let world = World::new().await;
    let (referral, master, _) = merged(&world).await;
    let last = world.dataverse.create("lead", json!({ "subject": "The oldest lead", "lastname": "Example" }));
    world.dataverse.merge("lead", last, master);
    let opportunity = world.dataverse.qualify(last);
    world.settle().await;
    assert_eq!((world.opportunity_of(&referral), world.status(&referral)), (opportunity, "Active/Accepted".to_owned()));
    assert_eq!(world.opportunity(opportunity)["cosell_syncstate"], SYNCED);
}

#[tokio::test]
async fn a_lost_store_finds_the_master_by_the_id_that_the_subordinate_kept() {
    let before = World::new().await;
    let (referral, master, _) = merged(&before).await;
    let world = before.with_an_empty_store().await;
    world.settle().await;
    assert_eq!(world.link(&referral).await.pair.record().unwrap().id.as_str(), master.to_string());
    assert_eq!((world.dataverse.rows("lead").len(), world.status(&referral)), (2, "New/Pending".to_owned()));
}

/// Two leads of two referrals cannot become one: a person decides, and neither referral is answered.
#[tokio::test]
async fn a_master_of_another_referral_is_not_taken() {
    let world = World::new().await;
    let (one, two) = (world.send_lead(json!({})), world.send_lead(json!({ "name": "Another" })));
    world.settle().await;
    world.dataverse.merge("lead", world.lead_of(&one), world.lead_of(&two));
    world.settle().await;
    assert_eq!(world.link(&two).await.problem.unwrap().blocker.code, Code::RecordMerged);
    assert_eq!((world.status(&one), world.status(&two)), ("New/Pending".to_owned(), "New/Pending".to_owned()));
    world.forget_requests();
    for _ in 0..3 {
        world.advance(std::time::Duration::from_secs(3600));
        world.settle().await;
    }
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

#[tokio::test]
async fn a_move_whose_answer_is_lost_is_found_out() {
    for fault in [Fault::CutAfterCommit, Fault::CutBefore, Fault::AnswerAfterCommit { status: 500, body: json!(null) }]
    {
        let world = World::new().await;
        let (referral, master, _) = merged(&world).await;
        world.dataverse_fails("PATCH", "/leads(", fault.clone());
        world.settle().await;
        assert_eq!(world.link(&referral).await.pair.record().unwrap().id.as_str(), master.to_string(), "{fault:?}");
        assert_eq!(world.lead(master)["cosell_sync"], true);
    }
}
