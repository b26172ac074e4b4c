//! Whatever is lost on the way to a co-sell deal, an answer, a request or the process, it ends as one deal with one
//! invitation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};
use simulators::harness::{Fault, FaultRule};
use uuid::Uuid;

use crate::deal::{deal, edit, help, is_co_sell, shared};
use crate::world::World;

const REFERRALS: &str = "engagements/referrals";
const OPPORTUNITIES: &str = "opportunities";

/// How a write goes wrong so that nobody knows whether it went at all: it did, it did, it did not.
fn faults() -> [Fault; 3] {
    [Fault::AnswerAfterCommit { status: 500, body: Value::Null }, Fault::CutAfterCommit, Fault::CutBefore]
}

fn rule(method: &str, path: &str, nth: u32, times: u32, fault: &Fault) -> FaultRule {
    FaultRule::once(method, path, fault.clone()).skip(nth).times(times)
}

fn fails(world: &World, path: &str, rule: FaultRule) {
    let harness = if path == REFERRALS { world.partner_center.harness() } else { world.dataverse.harness() };
    harness.add_fault(rule);
}

fn referral_of(world: &World, deal: Uuid) -> String {
    world.opportunity(deal)["cosell_referralid"].as_str().expect("a referral").to_owned()
}

/// How a deal becomes co-sell.
#[derive(Debug, Clone, Copy)]
enum Way {
    Created,
    Upgraded,
    ByPartnerLed,
}

impl Way {
    const ALL: [Self; 3] = [Self::Created, Self::Upgraded, Self::ByPartnerLed];

    /// The deal as it is before the seller asks for help.
    async fn begin(self, world: &World) -> Uuid {
        match self {
            Self::Created => {
                world.settle().await;
                let deal = deal(world);
                edit(world, deal, json!({ "cosell_sync": true }));
                deal
            }
            Self::Upgraded => shared(world, json!({})).await.0,
            Self::ByPartnerLed => shared(world, json!({ "cosell_visible": true })).await.0,
        }
    }

    /// Its writes, in order: a method and a path, and the how-manieth of them.
    fn writes(self) -> &'static [(&'static str, &'static str, u32)] {
        match self {
            // Ours, the ids, Microsoft's, its state.
            Self::Created => &[
                ("POST", REFERRALS, 0),
                ("PATCH", OPPORTUNITIES, 0),
                ("POST", REFERRALS, 1),
                ("PATCH", OPPORTUNITIES, 1),
            ],
            // Contact and consent, or the contact alone; Microsoft's, its state.
            Self::Upgraded | Self::ByPartnerLed => {
                &[("PATCH", REFERRALS, 0), ("POST", REFERRALS, 0), ("PATCH", OPPORTUNITIES, 0)]
            }
        }
    }
}

/// Each write goes wrong in each way, once and twice in a row.
#[tokio::test]
async fn a_lost_answer_at_any_step_makes_no_twin() {
    for way in Way::ALL {
        for (method, path, nth) in way.writes() {
            for fault in faults() {
                for times in [1, 2] {
                    let world = World::new().await;
                    let deal = way.begin(&world).await;
                    edit(&world, deal, help());
                    fails(&world, path, rule(method, path, *nth, times, &fault));
                    world.settle().await;
                    world.partner_center.harness().clear_faults();
                    world.settle().await;
                    is_co_sell(&world, deal, &referral_of(&world, deal));
                    world.forget_requests();
                    world.settle().await;
                    assert!(world.writes().is_empty(), "{way:?} {method} {nth} {fault:?}: {:?}", world.writes());
                }
            }
        }
    }
}

/// The list of the engagement is not to be had when it is needed: nobody is invited blindly.
#[tokio::test]
async fn an_engagement_that_cannot_be_listed_is_waited_for() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_visible": true })).await;
    edit(&world, deal, help());
    // Microsoft's referral is made, its answer lost, and the list is away for a while.
    fails(&world, REFERRALS, rule("POST", REFERRALS, 0, 1, &Fault::CutAfterCommit));
    fails(&world, REFERRALS, rule("GET", "engagementId", 1, 3, &Fault::CutBefore));
    world.settle().await;
    world.settle().await;
    is_co_sell(&world, deal, &referral);
}

/// A seller edits while the invitation is under way: the edit travels, and the invitation says what it was asked to say.
#[tokio::test]
async fn an_edit_made_during_the_invitation_still_travels() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, json!({ "cosell_visible": true })).await;
    edit(&world, deal, help());
    fails(&world, REFERRALS, rule("POST", REFERRALS, 0, 1, &Fault::CutAfterCommit));
    world.round().await;
    edit(&world, deal, json!({ "estimatedvalue": 777, "cosell_notestomicrosoft": "Too late." }));
    world.settle().await;
    world.settle().await;
    let theirs = world.partner_center.microsoft_copy(&referral).unwrap();
    assert_eq!(theirs["inviteContext"]["notes"], "Please call.");
    assert_eq!(world.partner_center.referral(&referral).unwrap()["details"]["dealValue"], json!(777));
    let audit = world.opportunity(deal)["cosell_audit"].as_str().unwrap().to_owned();
    assert_eq!(audit.matches("FAIL one-way: Notes to Microsoft").count(), 1, "{audit}");
}

/// The process dies at every point between two effects, one after the other, and another one takes over.
#[tokio::test]
async fn a_crash_anywhere_on_the_way_makes_no_twin() {
    for way in Way::ALL {
        let mut deaths = 0;
        for nth in 0.. {
            let mut world = World::new().await;
            let deal = way.begin(&world).await;
            edit(&world, deal, help());
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
                while let Some(delivery) = queue::Queue::receive(&queue, 1).await.unwrap().pop() {
                    engine.work(&delivery.message).await.unwrap();
                    queue::Queue::acknowledge(&queue, &delivery.receipt).await.unwrap();
                }
            });
            let _ = life.await;
            if !died.load(Ordering::Relaxed) {
                break;
            }
            deaths += 1;
            world.restart(None).await;
            world.settle().await;
            is_co_sell(&world, deal, &referral_of(&world, deal));
        }
        assert!(deaths > 10, "{way:?} died {deaths} times only");
    }
}

/// The store is lost with the deal half way: what exists is found, nobody is invited again.
#[tokio::test]
async fn a_lost_store_invites_nobody_again() {
    let world = World::new().await;
    let (deal, referral) = shared(&world, help()).await;
    is_co_sell(&world, deal, &referral);
    let world = world.with_an_empty_store().await;
    world.forget_requests();
    world.settle().await;
    world.settle().await;
    is_co_sell(&world, deal, &referral);
    let posts = world.writes().into_iter().filter(|write| write.method == "POST").count();
    assert_eq!(posts, 0);
}
