//! The refresh token: renewed by one writer, never lost, never two at once.

use anyhow::Result;
use e2e::{Failure, World};
use serde_json::{Value, json};
use simulators::harness::{Fault, FaultRule};

async fn token(world: &World) -> Result<(String, String)> {
    let (text, version) = world.stack.secret("PartnerCenterSecret", "AWSCURRENT").await?;
    let secret: Value = serde_json::from_str(&text)?;
    assert_eq!(secret["note"], "mine", "whatever else the secret holds stays");
    Ok((secret["refresh_token"].as_str().unwrap_or_default().to_owned(), version))
}

async fn world() -> Result<World> {
    let world = World::open_with(|secrets| secrets.partner_center["note"] = json!("mine")).await?;
    world.partner_center.switches(|switches| switches.rotate_refresh_tokens = true);
    Ok(world)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_is_put_in_use_once_it_is_proven() -> Result<()> {
    let world = world().await?;
    let (before, version) = token(&world).await?;
    assert_eq!(world.stack.day().await, Ok(json!({ "outcome": "rotated" })));
    let (after, newer) = token(&world).await?;
    assert_ne!((before.as_str(), &version), (after.as_str(), &newer));
    assert_eq!(world.stack.secret("PartnerCenterSecret", "AWSPREVIOUS").await?.1, version, "the old one is kept");
    world.until("its age is told", || !world.stack.lines().iter().all(|line| !line.contains("token_age_days"))).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_in_use_stays_while_the_new_one_is_not_proven() -> Result<()> {
    let world = world().await?;
    let before = token(&world).await?;
    // The second list is the proof.
    world.partner_center.harness().add_fault(FaultRule::once("GET", "/referrals", Fault::status(500)).skip(1));
    assert!(matches!(world.stack.day().await, Err(Failure::Function(_))));
    assert_eq!(token(&world).await?, before);
    assert_eq!(world.stack.day().await, Ok(json!({ "outcome": "rotated" })), "the next day does it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_refreshers_one_waits_outside() -> Result<()> {
    let world = world().await?;
    world.partner_center.harness().add_fault(FaultRule::once(
        "GET",
        "/referrals",
        Fault::Delay { milliseconds: 1_500 },
    ));
    let twin = world.stack.broken("token-refresher", "RUST_LOG", "info")?;
    let first = world.stack.function("token-refresher");
    let first = tokio::spawn(async move { first.invoke(json!({})).await });
    let at_it = || world.partner_center.harness().requests().iter().any(|request| request.fault == Some("delay"));
    world.until("the first is at it", at_it).await?;
    assert_eq!(twin.invoke(json!({})).await, Ok(json!({ "outcome": "busy" })));
    assert_eq!(first.await?, Ok(json!({ "outcome": "rotated" })));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_during_the_refresh_is_not_overwritten() -> Result<()> {
    let world = world().await?;
    world.partner_center.harness().add_fault(FaultRule::once(
        "GET",
        "/referrals",
        Fault::Delay { milliseconds: 1_500 },
    ));
    let refresher = world.stack.function("token-refresher");
    let running = tokio::spawn(async move { refresher.invoke(json!({})).await });
    let at_it = || world.partner_center.harness().requests().iter().any(|request| request.fault == Some("delay"));
    world.until("it is under way", at_it).await?;
    let (text, _) = world.stack.secret("PartnerCenterSecret", "AWSCURRENT").await?;
    let mut secret: Value = serde_json::from_str(&text)?;
    let signed_in = world.partner_center.consent();
    secret["refresh_token"] = json!(signed_in);
    world.stack.put_secret("PartnerCenterSecret", &secret.to_string()).await?;
    assert_eq!(running.await?, Ok(json!({ "outcome": "overtaken" })));
    assert_eq!(token(&world).await?.0, signed_in);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_that_broke_off_has_proposed_is_used_when_the_old_token_is_dead() -> Result<()> {
    let world = world().await?;
    world.partner_center.switches(|switches| switches.single_use_refresh_tokens = true);
    let before = token(&world).await?;
    // The old token is redeemed and so used up; the new one is proposed, and cannot be proven.
    world.partner_center.harness().add_fault(FaultRule::once("POST", "/oauth2/", Fault::CutBefore).skip(1));
    assert!(matches!(world.stack.day().await, Err(Failure::Function(_))));
    assert_eq!(token(&world).await?, before, "the old one is in use, dead as it is");
    assert_eq!(world.stack.day().await, Ok(json!({ "outcome": "rotated" })));
    assert_eq!(token(&world).await?.0, world.partner_center.refresh_token(), "the newest, and none but it, works");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresher_killed_at_any_request_leaves_a_token_that_works() -> Result<()> {
    let world = world().await?;
    for (method, path, skip) in
        [("POST", "/oauth2/", 0), ("GET", "/referrals", 0), ("POST", "/oauth2/", 1), ("GET", "/referrals", 1)]
    {
        world.partner_center.harness().clear_requests();
        let slow = Fault::Delay { milliseconds: 1_500 };
        world.partner_center.harness().add_fault(FaultRule::once(method, path, slow).skip(skip));
        let refresher = world.stack.function("token-refresher");
        let dying = tokio::spawn(async move { refresher.invoke(json!({})).await });
        let at_it = || world.partner_center.harness().requests().iter().any(|request| request.fault == Some("delay"));
        world.until("it is under way", at_it).await?;
        assert_eq!(world.stack.function("token-refresher").kill_busy(), 1);
        assert_eq!(dying.await?, Err(Failure::Died));
        // Its lease outlives it: until then others wait outside, and the token in use goes on working.
        assert_eq!(world.stack.day().await, Ok(json!({ "outcome": "busy" })));
        let minute = world.minute().await?;
        assert!(minute["partner_center"]["error"].is_null(), "{minute}");
        world.stack.end_leases().await?;
    }
    assert_eq!(world.stack.day().await, Ok(json!({ "outcome": "rotated" })));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_refresher_touches_nothing_in_the_table_but_what_its_role_allows() -> Result<()> {
    let world = world().await?;
    world.stack.keys();
    assert_eq!(world.stack.day().await, Ok(json!({ "outcome": "rotated" })));
    let touched: Vec<String> = world.stack.keys().into_iter().collect();
    let template = e2e::template::Template::read();
    let policies = template.properties("TokenRefresherRole")["Policies"].clone();
    let statements = policies[0]["PolicyDocument"]["Statement"].as_array().cloned().unwrap_or_default();
    let of_the_table = statements.iter().find(|statement| statement["Action"][0] == "dynamodb:GetItem");
    let condition = of_the_table.map(|statement| statement["Condition"]["ForAllValues:StringEquals"].clone());
    assert_eq!(condition.map(|keys| keys["dynamodb:LeadingKeys"].clone()), Some(json!(touched)));
    Ok(())
}
