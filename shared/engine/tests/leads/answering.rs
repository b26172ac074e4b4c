//! A seller answers a referral in Dynamics 365: an act, worked once.

use serde_json::{Value, json};
use simulators::harness::Fault;
use uuid::Uuid;

use crate::world::{ACCEPT, DECLINE, FAILED, SYNCED, WAITING, World};

/// An unanswered referral with its record, as a lead and as an opportunity.
async fn unanswered(world: &World, table: &str) -> (String, Uuid) {
    let referral = match table {
        "lead" => world.send_lead(json!({})),
        _ => world.partner_center.invite(json!({ "name": "A deal" })),
    };
    world.settle().await;
    let record = if table == "lead" { world.lead_of(&referral) } else { world.opportunity_of(&referral) };
    assert_eq!(world.dataverse.row(table, record).unwrap()["cosell_syncstate"], WAITING);
    (referral, record)
}

#[tokio::test]
async fn accept_accepts_in_one_document_under_its_version() {
    for table in ["lead", "opportunity"] {
        let world = World::new().await;
        let (referral, record) = unanswered(&world, table).await;
        world.forget_requests();
        world.dataverse.edit(table, record, json!({ "cosell_response": ACCEPT }));
        world.settle().await;
        assert_eq!(world.status(&referral), "Active/Accepted");
        let row = world.opportunity(world.opportunity_of(&referral));
        assert_eq!(row["cosell_syncstate"], SYNCED, "{table}");
        assert!(row["cosell_audit"].as_str().unwrap().contains("OK synced: the referral was accepted"), "{row}");
        let patches: Vec<_> =
            world.writes().into_iter().filter(|write| write.path_and_query.contains("referrals")).collect();
        assert_eq!(patches.len(), 1, "{table} {patches:?}");
        assert!(patches[0].if_match.as_deref().is_some_and(|etag| etag.starts_with('"')), "{patches:?}");
        // It stays in its column, and asks for nothing more.
        assert_eq!(world.dataverse.row(table, record).unwrap()["cosell_response"], ACCEPT);
        world.forget_requests();
        world.hint(&world.about_opportunity(world.opportunity_of(&referral))).await;
        assert!(world.writes().is_empty(), "{:?}", world.writes());
    }
}

#[tokio::test]
async fn decline_declines_with_the_seller_s_reason() {
    for table in ["lead", "opportunity"] {
        let world = World::new().await;
        let (referral, record) = unanswered(&world, table).await;
        let answer = json!({ "cosell_response": DECLINE, "cosell_reason": "no capacity" });
        world.dataverse.edit(table, record, answer);
        world.settle().await;
        assert_eq!(world.status(&referral), "Closed/Declined", "{table}");
        assert_eq!(world.partner_center.referral(&referral).unwrap()["statusReason"], "no capacity");
    }
}

/// Whatever becomes of the answer to our request, the referral is answered once.
#[tokio::test]
async fn an_answer_whose_answer_is_lost_is_given_once() {
    for fault in [Fault::CutAfterCommit, Fault::AnswerAfterCommit { status: 500, body: json!(null) }, Fault::CutBefore]
    {
        for (response, status) in [(ACCEPT, "Active/Accepted"), (DECLINE, "Closed/Declined")] {
            let world = World::new().await;
            let (referral, lead) = unanswered(&world, "lead").await;
            world.partner_center_fails("PATCH", "/referrals/", fault.clone());
            world.dataverse.edit("lead", lead, json!({ "cosell_response": response }));
            world.settle().await;
            assert_eq!(world.status(&referral), status, "{fault:?}");
        }
    }
}

/// The referral moves between our read and our answer: we look again, and answer what is there then.
#[tokio::test]
async fn an_answer_under_a_stale_version_is_decided_anew() {
    let world = World::new().await;
    let (referral, lead) = unanswered(&world, "lead").await;
    world.partner_center_fails("PATCH", "/referrals/", Fault::status(412));
    world.dataverse.edit("lead", lead, json!({ "cosell_response": ACCEPT }));
    world.settle().await;
    assert_eq!(world.status(&referral), "Active/Accepted");
}

/// An answer that Partner Center refuses is told, not repeated for ever.
#[tokio::test]
async fn an_answer_that_is_refused_is_told_and_tried_again_later() {
    let world = World::new().await;
    let (referral, lead) = unanswered(&world, "lead").await;
    world.forget_requests();
    let refusal = json!({ "code": "400000", "description": "not now" });
    let refused = Fault::Answer { status: 400, headers: Default::default(), body: refusal };
    let rule = simulators::harness::FaultRule::once("PATCH", "/referrals/", refused);
    world.partner_center.harness().add_fault(rule.times(2));
    world.dataverse.edit("lead", lead, json!({ "cosell_response": ACCEPT }));
    world.round().await;
    assert_eq!(world.lead(lead)["cosell_syncstate"], FAILED);
    assert!(world.lead(lead)["cosell_audit"].as_str().unwrap().contains("rejected"));
    let tries = world.writes().iter().filter(|write| write.path_and_query.contains("referrals")).count();
    assert!(tries <= 2, "{tries}");
    world.advance(std::time::Duration::from_secs(3600));
    world.settle().await;
    assert_eq!(world.status(&referral), "Active/Accepted");
    assert_eq!(world.opportunity(world.opportunity_of(&referral))["cosell_syncstate"], SYNCED);
}

fn told(row: &Value, code: &str) -> usize {
    row["cosell_audit"].as_str().unwrap().lines().filter(|line| line.contains(&format!(" {code}: "))).count()
}

/// An answer that comes too late, or to a deal of our own, has no effect, and its seller is told so once.
#[tokio::test]
async fn an_answer_to_what_cannot_be_answered_is_told_once() {
    let world = World::new().await;
    let (referral, deal) = unanswered(&world, "opportunity").await;
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    world.dataverse.edit("opportunity", deal, json!({ "cosell_response": DECLINE }));
    world.settle().await;
    assert_eq!(
        (told(&world.opportunity(deal), "not-accepted"), world.status(&referral)),
        (1, "Active/Accepted".to_owned())
    );
    for _ in 0..3 {
        world.forget_requests();
        world.hint(&world.about_opportunity(deal)).await;
        assert!(world.writes().is_empty(), "{:?}", world.writes());
    }
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 7 }));
    world.settle().await;
    assert_eq!(told(&world.opportunity(deal), "not-accepted"), 1);

    // Accepting what is accepted is no mistake.
    let (referral, deal) = unanswered_again(&world).await;
    world.dataverse.edit("opportunity", deal, json!({ "cosell_response": ACCEPT }));
    world.settle().await;
    assert_eq!(
        (told(&world.opportunity(deal), "not-accepted"), world.status(&referral)),
        (0, "Active/Accepted".to_owned())
    );
}

async fn unanswered_again(world: &World) -> (String, Uuid) {
    let referral = world.partner_center.invite(json!({ "name": "Another deal" }));
    world.settle().await;
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    let deal = world.opportunity_of(&referral);
    (referral, deal)
}

/// Partner Center may not be written: the answer waits, the seller reads so once, and it is given when it may.
#[tokio::test]
async fn an_answer_that_the_settings_forbid_waits_and_is_told() {
    let world = World::with("write = \"crm\"").await;
    let (referral, lead) = unanswered(&world, "lead").await;
    world.dataverse.edit("lead", lead, json!({ "cosell_response": ACCEPT }));
    world.round().await;
    assert_eq!(world.status(&referral), "New/Pending");
    assert_eq!((&world.lead(lead)["cosell_syncstate"], told(&world.lead(lead), "write-off")), (&json!(WAITING), 1));
    world.forget_requests();
    world.advance(std::time::Duration::from_secs(3600));
    world.round().await;
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    let world = world.with_settings(|text| text.replace("write = \"crm\"", "write = \"both\"")).await;
    world.advance(std::time::Duration::from_secs(3600));
    world.settle().await;
    assert_eq!(world.status(&referral), "Active/Accepted");
}
