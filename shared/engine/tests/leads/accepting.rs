//! A lead is accepted in Partner Center, or qualified by a seller: either way it becomes one opportunity.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use engine::Point;
use queue::Queue;
use serde_json::json;
use simulators::harness::Fault;
use sync_core::{Code, Entity};

use crate::world::{CONFLICT, SYNCED, World, id};

#[tokio::test]
async fn a_lead_accepted_in_partner_center_becomes_an_opportunity_with_everything() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    let opportunity = world.opportunity(world.opportunity_of(&referral));
    assert_eq!(id(&opportunity, "_originatingleadid_value"), lead);
    for (column, expected) in [
        ("name", json!("Northwind: analytics")),
        ("estimatedclosedate", json!("2027-06-30")),
        ("description", json!("hot")),
        ("cosell_sync", json!(true)),
        ("cosell_syncstate", json!(SYNCED)),
        ("isrevenuesystemcalculated", json!(false)),
    ] {
        assert_eq!(opportunity[column], expected, "{column}");
    }
    assert_eq!(opportunity["estimatedvalue"].to_string().parse::<f64>().unwrap(), 80000.0);
    assert!(opportunity["cosell_referrallink"].as_str().unwrap().ends_with(&referral));
    assert!(!opportunity["cosell_engagementid"].is_null());
    let currency = world.the("transactioncurrency", "isocurrencycode", "GBP");
    assert_eq!(id(&opportunity, "_transactioncurrencyid_value"), id(&currency, "transactioncurrencyid"));
    let account = world.the("account", "name", "Northwind Traders Ltd");
    assert_eq!(id(&opportunity, "_parentaccountid_value"), id(&account, "accountid"));
    assert_eq!(account["address1_city"], "Leeds");
    let contact = world.the("contact", "emailaddress1", "ana@northwind.example");
    assert_eq!(id(&opportunity, "_parentcontactid_value"), id(&contact, "contactid"));
    assert_eq!((&world.lead(lead)["statecode"], &world.lead(lead)["statuscode"]), (&json!(1), &json!(3)));
    let link = world.link(&referral).await;
    assert_eq!(link.pair.record().unwrap().entity, Entity::Opportunity);
    assert_eq!(world.links().await.len(), 1);

    // From here on it is a deal like any other.
    world.dataverse.edit("opportunity", id(&opportunity, "opportunityid"), json!({ "estimatedvalue": 90000 }));
    world.partner_center.edit(&referral, "/details/notes", json!("hotter"));
    world.settle().await;
    let deal = world.partner_center.referral(&referral).unwrap();
    assert_eq!(deal["details"]["dealValue"].to_string().parse::<f64>().unwrap(), 90000.0);
    assert_eq!(world.opportunity(world.opportunity_of(&referral))["description"], "hotter");
}

/// A seller qualifies the lead in Dynamics 365, and goes on at once in the opportunity that opens.
#[tokio::test]
async fn a_lead_that_a_seller_qualified_accepts_its_referral_and_loses_no_edit() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    world.dataverse.edit("lead", lead, json!({ "estimatedamount": 85000, "subject": "Renamed on the lead" }));
    let opportunity = world.dataverse.qualify(lead);
    world.dataverse.edit("opportunity", opportunity, json!({ "estimatedclosedate": "2027-09-30" }));
    world.settle().await;
    assert_eq!(world.opportunity_of(&referral), opportunity);
    assert_eq!(world.status(&referral), "Active/Accepted");
    let row = world.opportunity(opportunity);
    assert_eq!((&row["cosell_sync"], &row["cosell_syncstate"]), (&json!(true), &json!(SYNCED)));
    let deal = world.partner_center.referral(&referral).unwrap();
    assert_eq!(deal["name"], "Renamed on the lead");
    assert_eq!(deal["details"]["dealValue"].to_string().parse::<f64>().unwrap(), 85000.0);
    assert_eq!(row["estimatedvalue"].to_string().parse::<f64>().unwrap(), 85000.0);
    assert!(deal["details"]["closingDateTime"].as_str().unwrap().starts_with("2027-09-30"), "{deal}");
    let audit = row["cosell_audit"].as_str().unwrap();
    assert!(audit.contains("the referral was accepted") && audit.contains("goes on in this opportunity"), "{audit}");
    let line = world.history(&referral).await.into_iter().find(|line| line.field.as_str() == "status").unwrap();
    assert_eq!(
        (line.from.value().unwrap().as_str(), line.to.value().unwrap().as_str()),
        ("New/Pending", "Active/Accepted")
    );
    assert_eq!((world.dataverse.rows("opportunity").len(), world.partner_center.referrals().len()), (1, 1));
}

/// Partner Center's edits that come with the acceptance travel too, whichever way the lead went.
#[tokio::test]
async fn partner_center_s_edits_before_and_after_the_acceptance_reach_the_opportunity() {
    for by_seller in [false, true] {
        let world = World::new().await;
        let referral = world.send_lead(json!({}));
        world.settle().await;
        let lead = world.lead_of(&referral);
        world.partner_center.edit(&referral, "/details/notes", json!("before"));
        if by_seller {
            world.dataverse.qualify(lead);
        } else {
            world.answer(&referral, "Active", "Accepted");
        }
        world.partner_center.edit(&referral, "/details/closingDateTime", json!("2027-10-31T00:00:00Z"));
        world.settle().await;
        let row = world.opportunity(world.opportunity_of(&referral));
        assert_eq!(
            (&row["description"], &row["estimatedclosedate"]),
            (&json!("before"), &json!("2027-10-31")),
            "{by_seller}"
        );
    }
}

/// Whatever becomes of the answer to QualifyLead, the lead becomes one opportunity, with one account.
#[tokio::test]
async fn a_qualification_whose_answer_is_lost_makes_no_twin() {
    for (fault, path) in [
        (Fault::CutAfterCommit, "QualifyLead"),
        (Fault::AnswerAfterCommit { status: 500, body: json!(null) }, "QualifyLead"),
        (
            Fault::AnswerAfterCommit {
                status: 400,
                body: json!({ "error": { "code": "0x80040519", "message": "closed" } }),
            },
            "QualifyLead",
        ),
        (Fault::CutBefore, "QualifyLead"),
        (Fault::status(500), "QualifyLead"),
    ] {
        let world = World::new().await;
        let referral = world.send_lead(json!({}));
        world.settle().await;
        world.answer(&referral, "Active", "Accepted");
        world.dataverse_fails("POST", path, fault.clone());
        world.settle().await;
        assert!(world.dataverse.harness().faults().iter().all(|rule| rule.times == Some(0)), "{fault:?} was not met");
        world.opportunity_of(&referral);
        for table in ["opportunity", "account", "contact", "lead"] {
            assert_eq!(world.dataverse.rows(table).len(), 1, "{table} {fault:?}");
        }
    }
}

/// The same for the write that moves the link, and for the answer to the referral.
#[tokio::test]
async fn a_move_or_an_acceptance_whose_answer_is_lost_ends_the_same() {
    for fault in [Fault::CutAfterCommit, Fault::AnswerAfterCommit { status: 500, body: json!(null) }, Fault::CutBefore]
    {
        for (moves, by_seller) in [(true, false), (true, true), (false, true)] {
            let world = World::new().await;
            let referral = world.send_lead(json!({}));
            world.settle().await;
            if by_seller {
                world.dataverse.qualify(world.lead_of(&referral));
            } else {
                world.answer(&referral, "Active", "Accepted");
            }
            match moves {
                true => world.dataverse_fails("PATCH", "/opportunities(", fault.clone()),
                false => world.partner_center_fails("PATCH", "/referrals/", fault.clone()),
            }
            world.settle().await;
            world.settle().await;
            let row = world.opportunity(world.opportunity_of(&referral));
            assert_eq!(row["cosell_syncstate"], SYNCED, "{fault:?} {moves} {by_seller}");
            assert_eq!(world.status(&referral), "Active/Accepted");
            assert_eq!(row["estimatedvalue"].to_string().parse::<f64>().unwrap(), 80000.0);
            assert_eq!(world.dataverse.rows("opportunity").len(), 1);
            world.forget_requests();
            world.settle().await;
            assert!(world.writes().is_empty(), "{:?}", world.writes());
        }
    }
}

/// A seller qualifies the lead after we decided to and before our request arrives: 0x80040519 is no failure.
#[tokio::test]
async fn two_who_qualify_at_once_make_one_opportunity() {
    let mut world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    world.answer(&referral, "Active", "Accepted");
    // The first intent makes the account, the second one qualifies.
    let (dataverse, intents) = (Arc::clone(&world.dataverse), Arc::new(AtomicU32::new(0)));
    let saved = Arc::clone(&intents);
    let hook = move |point| {
        if point == Point::IntentSaved && saved.fetch_add(1, Ordering::Relaxed) == 1 {
            dataverse.qualify(lead);
        }
    };
    world.restart(Some(Box::new(hook))).await;
    world.settle().await;
    assert!(intents.load(Ordering::Relaxed) > 1);
    assert_eq!(world.dataverse.rows("opportunity").len(), 1);
    assert_eq!(world.opportunity(world.opportunity_of(&referral))["cosell_syncstate"], SYNCED);
}

/// The process dies at every point between two effects, one after the other, and another one takes over.
#[tokio::test]
async fn a_crash_anywhere_on_the_way_makes_no_twin_and_loses_nothing() {
    for by_seller in [false, true] {
        let mut deaths = 0;
        for nth in 0.. {
            let mut world = World::new().await;
            let referral = world.send_lead(json!({}));
            world.settle().await;
            if by_seller {
                world.dataverse.qualify(world.lead_of(&referral));
            } else {
                world.answer(&referral, "Active", "Accepted");
            }
            let (died, reached) = (Arc::new(AtomicBool::new(false)), AtomicU32::new(0));
            let dead = Arc::clone(&died);
            let hook = move |_| {
                if reached.fetch_add(1, Ordering::Relaxed) == nth {
                    dead.store(true, Ordering::Relaxed);
                    std::panic::resume_unwind(Box::new("killed"));
                }
            };
            world.restart(Some(Box::new(hook))).await;
            let (engine, queue) = (Arc::clone(&world.engine), world.queue.clone());
            let life = tokio::spawn(async move {
                engine.poll_partner_center(&queue).await.unwrap();
                engine.poll_crm(&queue).await.unwrap();
                while let Some(delivery) = queue.receive(1).await.unwrap().pop() {
                    engine.work(&delivery.message).await.unwrap();
                    queue.acknowledge(&delivery.receipt).await.unwrap();
                }
            });
            let _ = life.await;
            if !died.load(Ordering::Relaxed) {
                break;
            }
            deaths += 1;
            world.restart(None).await;
            world.settle().await;
            let row = world.opportunity(world.opportunity_of(&referral));
            assert_eq!(
                (&row["cosell_sync"], &row["cosell_syncstate"]),
                (&json!(true), &json!(SYNCED)),
                "{nth} {by_seller}"
            );
            assert_eq!(row["estimatedvalue"].to_string().parse::<f64>().unwrap(), 80000.0, "{nth} {by_seller}");
            assert_eq!(world.status(&referral), "Active/Accepted");
            for table in ["opportunity", "account", "contact", "lead"] {
                assert_eq!(world.dataverse.rows(table).len(), 1, "{table} {nth} {by_seller}");
            }
            assert_eq!((world.links().await.len(), world.partner_center.referrals().len()), (1, 1));
        }
        assert!(deaths > 10, "{deaths}");
    }
}

#[tokio::test]
async fn the_account_that_exists_is_reused_and_of_several_a_person_chooses() {
    let world = World::new().await;
    let customer = json!({ "name": "Northwind Traders Ltd", "address1_postalcode": "LS1 1AA" });
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    let twins = [world.dataverse.create("account", customer.clone()), world.dataverse.create("account", customer)];
    world.answer(&referral, "Active", "Accepted");
    world.settle().await;
    assert_eq!(world.lead(lead)["cosell_syncstate"], CONFLICT);
    assert!(world.lead(lead)["cosell_audit"].as_str().unwrap().starts_with(char::is_numeric));
    assert!(world.lead(lead)["cosell_audit"].as_str().unwrap().contains("account-ambiguous"));
    // Looking again and again is no news.
    world.forget_requests();
    for _ in 0..3 {
        world.advance(Duration::from_secs(3600));
        world.settle().await;
    }
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    world.dataverse.edit("lead", lead, json!({ "parentaccountid@odata.bind": format!("/accounts({})", twins[1]) }));
    world.settle().await;
    let row = world.opportunity(world.opportunity_of(&referral));
    assert_eq!((id(&row, "_parentaccountid_value"), &row["cosell_syncstate"]), (twins[1], &json!(SYNCED)));
    assert_eq!(world.dataverse.rows("account").len(), 2);
}

/// The seller shares the opportunity that opened before we have followed: the deal has a referral already.
#[tokio::test]
async fn an_opportunity_that_came_of_a_lead_makes_no_second_referral() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let opportunity = world.dataverse.qualify(world.lead_of(&referral));
    world.dataverse.edit("opportunity", opportunity, json!({ "cosell_sync": true }));
    world.hint(&world.about_opportunity(opportunity)).await;
    world.settle().await;
    assert_eq!(world.partner_center.referrals().len(), 1);
    assert_eq!((world.opportunity_of(&referral), world.links().await.len()), (opportunity, 1));
}

/// The same with a store that was lost before we had followed.
#[tokio::test]
async fn a_lost_store_finds_the_opportunity_of_a_qualified_lead() {
    for shared in [false, true] {
        let before = World::new().await;
        let referral = before.send_lead(json!({}));
        before.settle().await;
        let lead = before.lead_of(&referral);
        let opportunity = before.dataverse.qualify(lead);
        let solution = json!({ "cosell_code": "SOL-1", "cosell_name": "S", "cosell_OpportunityId@odata.bind": format!("/opportunities({opportunity})") });
        before.dataverse.create("cosell_solution", solution);
        let change = json!({ "cosell_sync": shared, "estimatedvalue": 1, "estimatedclosedate": "2027-01-01" });
        before.dataverse.edit("opportunity", opportunity, change);
        let world = before.with_an_empty_store().await;
        if shared {
            world.hint(&world.about_opportunity(opportunity)).await;
        }
        world.settle().await;
        assert_eq!(world.partner_center.referrals().len(), 1, "{shared}");
        assert_eq!(world.opportunity_of(&referral), opportunity, "{shared}");
        assert_eq!(world.status(&referral), "Active/Accepted", "{shared}");
        assert_eq!((world.dataverse.rows("lead").len(), world.dataverse.rows("opportunity").len()), (1, 1));
    }
}

/// A seller may qualify a lead into account and contact alone; the referral is a deal all the same.
#[tokio::test]
async fn a_lead_qualified_without_an_opportunity_gets_one() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    let opportunity = world.dataverse.qualify(lead);
    world.dataverse.delete("opportunity", opportunity);
    world.settle().await;
    let row = world.opportunity(world.opportunity_of(&referral));
    assert_eq!((&row["name"], world.status(&referral)), (&json!("Northwind: analytics"), "Active/Accepted".to_owned()));
    assert_eq!((world.dataverse.rows("opportunity").len(), world.links().await.len()), (1, 1));
    assert_eq!(world.dataverse.rows("account").len(), 1);
}

/// Hints about a lead that has become an opportunity lead to the opportunity, in any order and any number.
#[tokio::test]
async fn late_events_about_the_lead_do_no_harm() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    let late = [world.about_lead(lead), world.about_referral(&referral)];
    world.answer(&referral, "Active", "Accepted");
    world.hint(&world.about_lead(lead)).await;
    world.hint(&world.about_referral(&referral)).await;
    world.settle().await;
    let opportunity = world.opportunity_of(&referral);
    world.forget_requests();
    let again = [world.about_opportunity(opportunity), world.about_lead(lead), world.about_referral(&referral)];
    for hint in late.iter().chain(&again).chain(&late) {
        world.hint(hint).await;
    }
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    assert!(world.is_linked(lead).await && world.is_linked(opportunity).await);
}

/// While the settings forbid to write Partner Center, a qualified lead waits: nothing is accepted behind anybody's back.
#[tokio::test]
async fn write_crm_accepts_nothing() {
    let world = World::with("write = \"crm\"").await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    world.dataverse.qualify(lead);
    world.round().await;
    assert_eq!(world.status(&referral), "New/Pending");
    assert_eq!(world.link(&referral).await.problem.unwrap().blocker.code, Code::WriteOff);
    assert_eq!(world.link(&referral).await.pair.record().unwrap().id.as_str(), lead.to_string());
}

/// The opportunity of the qualified lead belongs to another referral: a person decides, nothing is written over.
#[tokio::test]
async fn an_opportunity_of_another_referral_is_not_taken() {
    let world = World::new().await;
    let referral = world.send_lead(json!({}));
    world.settle().await;
    let lead = world.lead_of(&referral);
    let opportunity = world.dataverse.qualify(lead);
    world.dataverse.edit(
        "opportunity",
        opportunity,
        json!({ "cosell_referralid": "11111111-aaaa-4bbb-8ccc-000000000009" }),
    );
    world.round().await;
    assert_eq!(world.opportunity(opportunity)["cosell_referralid"], "11111111-aaaa-4bbb-8ccc-000000000009");
    assert_eq!(world.link(&referral).await.problem.unwrap().blocker.code, Code::DuplicateReferral);
}
