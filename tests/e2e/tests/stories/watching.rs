//! What the functions say: lines for machines, figures for the dashboard, and nothing that is nobody's business.

use anyhow::Result;
use e2e::World;
use serde_json::{Value, json};
use simulators::dataverse::Dataverse;
use simulators::partner_center::PartnerCenter;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_json_and_the_dashboards_figures_are_in_them() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 1_000 }));
    world.until("it travels", || world.value(&referral) == Some(1_000.0)).await?;
    world.rest().await?;
    for line in world.stack.lines() {
        assert!(serde_json::from_str::<Value>(&line).is_ok(), "{line}");
    }
    for figure in ["events", "polled", "hints", "worked", "calls", "lag_seconds"] {
        assert!(world.figure(figure, None) > 0.0, "{figure}");
    }
    let functions: Vec<Value> = world
        .stack
        .lines()
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line.get("worked").is_some())
        .map(|line| line["function"].clone())
        .collect();
    assert!(functions.iter().all(|function| function == "cosell-e2e-sync-worker"), "{functions:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_and_contact_data_reach_no_log_no_queue_and_no_figure() -> Result<()> {
    let world = World::open().await?;
    let deal = world.new_deal("Fabrikam: ERP");
    let contact = world.dataverse.create(
        "contact",
        json!({ "firstname": "Kanari", "lastname": "Vogel", "emailaddress1": "kanari@vogel.example", "telephone1": "+43555123" }),
    );
    let bind = json!({ "parentcontactid@odata.bind": format!("/contacts({contact})"), "description": "Canary notes." });
    world.dataverse.edit("opportunity", deal, bind);
    world.share(deal);
    world.until("the deal is shared", || !world.column(deal, "cosell_referralid").is_empty()).await?;
    world.stack.day().await.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    world.rest().await?;
    let refresh_token = world.partner_center.refresh_token();
    let canaries = [
        PartnerCenter::CLIENT_SECRET,
        Dataverse::CLIENT_SECRET,
        Dataverse::WEBHOOK_KEY,
        refresh_token.as_str(),
        "Kanari",
        "kanari@vogel.example",
        "+43555123",
        "Canary notes",
        "Bearer ",
    ];
    let lines = world.stack.lines();
    assert!(lines.len() > 20);
    for line in &lines {
        for canary in canaries {
            assert!(!line.contains(canary), "{canary}: {line}");
        }
    }
    let items = serde_json::to_string(&world.stack.items().await?)?;
    for canary in &canaries[..4] {
        assert!(!items.contains(canary), "{canary} is in the table");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_costs_what_the_price_list_says() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    // The minutes of the schedule are billed by themselves.
    world.stack.calls();
    let before = world.figure("worked", None);
    let edits = 10;
    for number in 0..edits {
        world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 1_000 + number }));
        let wanted = f64::from(1_000 + number);
        let give_up = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
        while world.value(&referral) != Some(wanted) && tokio::time::Instant::now() < give_up {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        world.partner_center.settled().await;
        world.dataverse.settled().await;
    }
    while world.stack.depth().await? != (0, 0, 0) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let calls = world.stack.calls();
    let of = |operations: &[&str]| operations.iter().filter_map(|operation| calls.get(*operation)).sum::<u64>();
    println!("{edits} edits: {calls:?}, {} hints worked", world.figure("worked", None) - before);
    // infra/README.md "What it costs" multiplies these.
    let edits = u64::try_from(edits)?;
    assert!(of(&["SendMessage"]) <= 2 * edits, "{calls:?}");
    assert!(of(&["GetItem", "Query", "BatchGetItem"]) <= 8 * edits, "{calls:?}");
    assert!(of(&["PutItem", "UpdateItem", "TransactWriteItems"]) <= 6 * edits, "{calls:?}");
    Ok(())
}
