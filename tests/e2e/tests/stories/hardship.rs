//! Things break in mid-flight: nothing is lost, nothing is made twice, nothing is dead.

use anyhow::Result;
use e2e::World;
use serde_json::json;
use simulators::dataverse::Dataverse;
use simulators::harness::{Events, Fault, FaultRule};
use uuid::Uuid;

/// Long enough for the blow to land while the request is under way.
const SLOW: Fault = Fault::Delay { milliseconds: 1_500 };

/// The creates of a share, by method and path, and whether it is Partner Center's.
const CREATES: &[(&str, &str, bool)] = &[("POST", "/referrals", true), ("PATCH", "/opportunities(", false)];

/// A world in which the next blow falls while a request is slow.
struct Struck<'a>(&'a World);

impl Struck<'_> {
    /// Waits until a worker is in the middle of a request that is slow, and for a moment more.
    async fn in_mid_flight(&self) -> Result<()> {
        let struck = || {
            let requests = [self.0.partner_center.harness().requests(), self.0.dataverse.harness().requests()];
            requests.into_iter().flatten().any(|request| request.fault == Some("delay") && request.status.is_none())
        };
        self.0.until("a request is under way", struck).await
    }

    fn slow_once(&self, method: &str, path: &str, at_partner_center: bool) {
        let rule = FaultRule::once(method, path, SLOW);
        match at_partner_center {
            true => self.0.partner_center.harness().add_fault(rule),
            false => self.0.dataverse.harness().add_fault(rule),
        }
    }
}

async fn nothing_is_dead(world: &World) -> Result<()> {
    let (waiting, working, dead) = world.stack.depth().await?;
    assert_eq!((waiting, working, dead), (0, 0, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_fails_in_part_gives_back_only_what_failed() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    world.forget_requests();
    // A referral that nobody knows yet cannot be looked at, an edit and a message that nobody can read come with it.
    world.stack.hand_out(false);
    world.partner_center.harness().add_fault(FaultRule {
        method: Some("GET".into()),
        path_contains: Some("/referrals/".into()),
        times: Some(2),
        skip: 0,
        fault: Fault::status(500),
    });
    let invited = world.partner_center.invite(json!({ "name": "Northwind: analytics" }));
    world.stack.send_raw("no hint at all", "stranger").await?;
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 400_000 }));
    world.partner_center.settled().await;
    world.dataverse.settled().await;
    world.stack.hand_out(true);
    world.until("the edit arrives", || world.value(&referral) == Some(400_000.0)).await?;
    let appeared =
        || world.dataverse.rows("opportunity").iter().any(|row| row["cosell_referralid"] == invited.as_str());
    world.until("the deal that failed at first appears", appeared).await?;
    world.rest().await?;
    assert!(world.figure("handed_back", None) >= 1.0 || world.figure("parked", None) >= 1.0);
    assert!((world.figure("poison", None) - 1.0).abs() < f64::EPSILON, "{}", world.figure("poison", None));
    assert_eq!(world.dataverse.rows("opportunity").len(), 2);
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_in_mid_create_makes_nothing_twice() -> Result<()> {
    let world = World::open().await?;
    for (turn, (method, path, at_partner_center)) in CREATES.iter().enumerate() {
        let deal = world.new_deal(&format!("Deal {turn}"));
        Struck(&world).slow_once(method, path, *at_partner_center);
        world.share(deal);
        Struck(&world).in_mid_flight().await?;
        assert!(world.stack.function("sync-worker").kill_busy() > 0);
        world.until("the deal is shared", || world.column(deal, "cosell_syncstate") == "727000002").await?;
        world.rest().await?;
        assert_eq!(world.referrals_of(deal), 1, "{method} {path}");
        let referral = world.column(deal, "cosell_referralid");
        assert_eq!(world.member(&referral, "/externalReferenceId"), deal.to_string());
    }
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_in_mid_update_loses_no_edit() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    Struck(&world).slow_once("PATCH", "/referrals/", true);
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 1_000 }));
    Struck(&world).in_mid_flight().await?;
    assert!(world.stack.function("sync-worker").kill_busy() > 0);
    // The seller goes on while the write is in the air.
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 2_000 }));
    world.until("the newest edit arrives", || world.value(&referral) == Some(2_000.0)).await?;
    world.rest().await?;
    assert_eq!(world.amount(deal), Some(2_000.0));
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_frozen_for_longer_than_its_lease_does_no_harm() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    Struck(&world).slow_once("PATCH", "/referrals/", true);
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 1_000 }));
    Struck(&world).in_mid_flight().await?;
    let worker = world.stack.function("sync-worker");
    assert!(worker.freeze_busy() > 0);
    // Others take over, long after the message of the frozen one is visible again.
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 2_000 }));
    world.until("somebody else does the work", || world.value(&referral) == Some(2_000.0)).await?;
    worker.thaw();
    world.dataverse.edit("opportunity", deal, json!({ "name": "Fabrikam: after the frost" }));
    world.until("work goes on", || world.member(&referral, "/name") == "Fabrikam: after the frost").await?;
    world.rest().await?;
    assert_eq!((world.value(&referral), world.amount(deal)), (Some(2_000.0), Some(2_000.0)));
    assert_eq!(world.referrals_of(deal), 1);
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_frozen_in_mid_create_makes_nothing_twice() -> Result<()> {
    let world = World::open().await?;
    let deal = world.new_deal("Fabrikam: ERP");
    Struck(&world).slow_once("POST", "/referrals", true);
    world.share(deal);
    Struck(&world).in_mid_flight().await?;
    let worker = world.stack.function("sync-worker");
    assert!(worker.freeze_busy() > 0);
    world.until("somebody else finds the referral", || world.column(deal, "cosell_syncstate") == "727000002").await?;
    worker.thaw();
    world.rest().await?;
    assert_eq!(world.referrals_of(deal), 1);
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttling_storm_parks_links_and_loses_none() -> Result<()> {
    let world = World::open().await?;
    let mut deals: Vec<(Uuid, String)> = Vec::new();
    for number in 0..6 {
        deals.push(world.shared_deal(&format!("Deal {number}")).await?);
    }
    world.rest().await?;
    let storm = |path: &str| FaultRule {
        method: None,
        path_contains: Some(path.into()),
        times: Some(12),
        skip: 0,
        fault: Fault::too_many_requests("1"),
    };
    world.partner_center.harness().add_fault(storm("/referrals"));
    world.dataverse.harness().add_fault(storm("/opportunities"));
    for (number, (deal, _)) in deals.iter().enumerate() {
        world.dataverse.edit("opportunity", *deal, json!({ "estimatedvalue": 1_000 + number }));
    }
    for (number, (_, referral)) in deals.iter().enumerate() {
        let wanted = f64::from(1_000 + u32::try_from(number)?);
        world.until("the edit outlasts the storm", || world.value(referral) == Some(wanted)).await?;
    }
    world.rest().await?;
    assert!(world.figure("parked", Some("throttled")) >= 1.0);
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_itself_is_away_for_a_moment_and_nothing_is_lost() -> Result<()> {
    let mut world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    for value in [1_000, 2_000] {
        world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": value }));
        world.stack.dynamodb.restart().await?;
        world.until("the edit arrives", || world.value(&referral) == Some(f64::from(value))).await?;
    }
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 3_000 }));
    world.stack.rest.restart().await?;
    world.until("the edit arrives", || world.value(&referral) == Some(3_000.0)).await?;
    world.rest().await?;
    assert_eq!(world.referrals_of(deal), 1);
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_changed_under_load_stops_nothing() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    // Somebody changed the password: every token is dead, and they sign in again.
    world.partner_center.revoke_refresh_tokens();
    world.partner_center.revoke_access_tokens();
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 1_000 }));
    let noticed = || world.figure("parked", Some("consent-expired")) >= 1.0;
    world.until("the refusal is noticed", noticed).await?;
    let (text, _) = world.stack.secret("PartnerCenterSecret", "AWSCURRENT").await?;
    let mut secret: serde_json::Value = serde_json::from_str(&text)?;
    secret["refresh_token"] = json!(world.partner_center.consent());
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 2_000 }));
    world.stack.put_secret("PartnerCenterSecret", &secret.to_string()).await?;
    world.until("the newest edit arrives", || world.value(&referral) == Some(2_000.0)).await?;
    world.rest().await?;
    nothing_is_dead(&world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_of_the_door_is_known_at_once() -> Result<()> {
    let world = World::open_with(|secrets| secrets.dataverse["webhook_keys"] = json!(["the one before"])).await?;
    world.minute().await?;
    world.events(Events::Lose);
    let deal = world.new_deal("Fabrikam: ERP");
    let door = world.stack.function("crm-change");
    assert_eq!(door.invoke(knock("the one before")).await.map(|answer| answer["statusCode"].clone()), Ok(json!(400)));
    let keys = json!([Dataverse::WEBHOOK_KEY, "the one before"]);
    let secret = json!({ "client_secret": Dataverse::CLIENT_SECRET, "webhook_keys": keys });
    world.stack.put_secret("DataverseSecret", &secret.to_string()).await?;
    world.events(Events::Deliver);
    world.share(deal);
    world.dataverse.settled().await;
    let queued = door.lines().iter().any(|line| line.contains("a hint is queued"));
    assert!(queued, "{}", door.lines().join("\n"));
    // Of wrong keys only one in a while is looked up.
    let reads = |lines: Vec<String>| lines.iter().filter(|line| line.contains("are in use")).count();
    for _ in 0..20 {
        let answer = door.invoke(knock("guessed")).await;
        assert_eq!(answer.map(|answer| answer["statusCode"].clone()), Ok(json!(401)));
    }
    assert_eq!(reads(door.lines()), 1);
    Ok(())
}

/// A call of the Dataverse door with a key, and nothing in it.
fn knock(key: &str) -> serde_json::Value {
    json!({
        "version": "2.0", "routeKey": "POST /dataverse/changes", "rawPath": "/dataverse/changes", "rawQueryString": "",
        "headers": { "x-cosell-key": key, "content-type": "application/json" },
        "requestContext": { "http": { "method": "POST", "path": "/dataverse/changes" } },
        "body": "{}", "isBase64Encoded": false,
    })
}
