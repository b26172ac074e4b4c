//! Microsoft's side arrives in the CRM: by either id that a related event may carry, by the feed, by looking now and then.

use std::time::Duration;

use queue::{Entity, Hint, HintSide, Message};
use serde_json::{Value, json};
use simulators::partner_center::RelatedEventId;
use uuid::Uuid;

use crate::deal::{column, help, is_co_sell, shared};
use crate::world::World;

/// Microsoft's seller answers its own copy in the portal.
fn microsoft_answers(world: &World, referral: &str, status: &str, substatus: &str, crm_id: Value) -> String {
    let theirs = world.partner_center.microsoft_copy(referral).unwrap()["id"].as_str().unwrap().to_owned();
    let members = [
        ("/status", json!(status)),
        ("/substatus", json!(substatus)),
        ("/trackingInfo/microsoftMsxId", crm_id),
    ];
    assert!(world.partner_center.edit_many(&theirs, &members));
    theirs
}

fn related(world: &World, id: &str) -> Message {
    let seen_at = jiff::Timestamp::now();
    let cause = "related".to_owned();
    let hint = Hint { side: HintSide::PartnerCenter, entity: Entity::Referral, id: id.to_owned(), cause, seen_at };
    Message::new(hint, &["event", id, &seen_at.to_string(), &world.writes().len().to_string()])
}

#[track_caller]
fn shows(world: &World, deal: Uuid, status: &str, crm_id: &str) {
    assert_eq!(column(world, deal, "cosell_microsoftstatus"), status);
    assert_eq!(column(world, deal, "cosell_microsoftcrmid"), crm_id);
}

/// Which id a related event carries is not documented. Either leads to one write, and the same event again to none.
#[tokio::test]
async fn either_id_of_a_related_event_brings_microsofts_answer() {
    for reading in [RelatedEventId::Related, RelatedEventId::Own] {
        for (status, substatus, id, crm_id) in [
            ("Active", "Accepted", json!("7-MSX"), "7-MSX"),
            ("Closed", "Declined", Value::Null, ""),
            ("Closed", "Expired", json!("7-MSX"), ""),
        ] {
            let world = World::new().await;
            let (deal, referral) = shared(&world, help()).await;
            is_co_sell(&world, deal, &referral);
            let theirs = microsoft_answers(&world, &referral, status, substatus, id);
            let named = if reading == RelatedEventId::Own { &referral } else { &theirs };
            world.forget_requests();
            world.hint(&related(&world, named)).await;
            shows(&world, deal, &format!("{status}/{substatus}"), crm_id);
            assert_eq!(world.writes().len(), 1, "{reading:?}: {:?}", world.writes());
            world.forget_requests();
            world.hint(&related(&world, named)).await;
            world.settle().await;
            assert!(world.writes().is_empty(), "{reading:?}: {:?}", world.writes());
        }
    }
}

#[tokio::test]
async fn the_feed_brings_what_no_event_did() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, help()).await;
    microsoft_answers(&world, &referral, "Active", "Accepted", json!("7-MSX"));
    world.round().await;
    shows(&world, deal, "Active/Accepted", "7-MSX");
    microsoft_answers(&world, &referral, "Closed", "Won", json!("7-MSX"));
    world.round().await;
    shows(&world, deal, "Closed/Won", "7-MSX");
}

/// Where the list does not show Microsoft's copies, our own moves with it, and no field of ours explains why.
#[tokio::test]
async fn a_version_that_moved_without_a_reason_is_looked_into() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, help()).await;
    microsoft_answers(&world, &referral, "Active", "Accepted", json!("7-MSX"));
    world.hint(&event(&world, &referral)).await;
    shows(&world, deal, "Active/Accepted", "7-MSX");
}

fn event(world: &World, id: &str) -> Message {
    let message = related(world, id);
    let hint = Hint { cause: "event".to_owned(), ..message.hint };
    Message::new(hint, &["plain", id, &jiff::Timestamp::now().to_string()])
}

/// Events lost, feed silent, our own copy unmoved: the link looks by itself.
#[tokio::test]
async fn microsofts_answer_is_found_even_if_nothing_tells_of_it() {
    let world = World::new().await;
    world.partner_center.switches(|switches| switches.related_change_moves_etag = false);
    let (deal, referral) = shared(&world, help()).await;
    microsoft_answers(&world, &referral, "Active", "Accepted", json!("7-MSX"));
    world.drain().await;
    shows(&world, deal, "New/Pending", "");
    world.advance(Duration::from_secs(12 * 60 * 60 + 1));
    world.drain().await;
    shows(&world, deal, "Active/Accepted", "7-MSX");
}

/// A deal that Microsoft sent has Microsoft's copy from the start.
#[tokio::test]
async fn microsofts_copy_of_its_own_invitation_is_shown_too() {
    let world = World::new().await;
    let referral = world.partner_center.invite(json!({}));
    world.settle().await;
    world.round().await;
    let deal = world.opportunity_of(&referral);
    assert_eq!(column(&world, deal, "cosell_microsoftstatus"), "Active/Accepted");
    world.forget_requests();
    world.round().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

/// Copies of others never become records, whatever names them.
#[tokio::test]
async fn microsofts_copy_alone_makes_nothing() {
    let world = World::new().await;
    let (_, referral) = shared(&world, help()).await;
    let theirs = world.partner_center.microsoft_copy(&referral).unwrap()["id"].as_str().unwrap().to_owned();
    let before = world.dataverse.rows("opportunity").len();
    for message in [related(&world, &theirs), world.about_referral(&theirs), event(&world, &theirs)] {
        world.hint(&message).await;
    }
    assert_eq!(world.dataverse.rows("opportunity").len(), before);
    assert_eq!(world.links().await.len(), 1);
}
