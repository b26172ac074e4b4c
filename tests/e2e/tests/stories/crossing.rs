//! Deals travel: made on either side, edited on either side.

use anyhow::Result;
use e2e::World;
use serde_json::json;
use simulators::harness::{Events, Release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deal_that_a_seller_shares_appears_in_partner_center_once() -> Result<()> {
    let world = World::open().await?;
    let deal = world.new_deal("Fabrikam: ERP to Azure");
    world.rest().await?;
    assert!(world.partner_center.referrals().is_empty(), "nobody shared it");
    world.share(deal);
    world.until("the id comes back", || !world.column(deal, "cosell_referralid").is_empty()).await?;
    let referral = world.column(deal, "cosell_referralid");
    world.rest().await?;
    assert_eq!(world.referrals_of(deal), 1);
    assert_eq!(world.member(&referral, "/name"), "Fabrikam: ERP to Azure");
    assert_eq!(world.value(&referral), Some(250_000.5));
    assert_eq!(world.member(&referral, "/customerProfile/address/country"), "AT");
    assert_eq!(world.column(deal, "cosell_syncstate"), "727000002");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deal_that_microsoft_sends_appears_in_the_crm_once() -> Result<()> {
    let world = World::open().await?;
    let referral = world.partner_center.invite(json!({
        "name": "Northwind: analytics",
        "customerProfile": {
            "name": "Northwind Traders",
            "address": { "addressLine1": "2 Example Road", "city": "Leeds", "postalCode": "LS1 1AA", "country": "GB" },
        },
        "details": { "dealValue": 80000, "currency": "GBP", "closingDateTime": "2027-06-30T00:00:00Z" },
    }));
    let deals = || {
        let rows = world.dataverse.rows("opportunity");
        rows.into_iter().filter(|row| row["cosell_referralid"] == referral.as_str()).collect::<Vec<_>>()
    };
    world.until("an opportunity appears", || !deals().is_empty()).await?;
    world.rest().await?;
    assert_eq!(deals().len(), 1);
    assert_eq!(deals()[0]["name"], "Northwind: analytics");
    assert_eq!(world.dataverse.rows("account").len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_travel_both_ways_and_their_echoes_write_nothing() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    world.forget_requests();
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 300_000.25 }));
    world.until("the value reaches Partner Center", || world.value(&referral) == Some(300_000.25)).await?;
    world.partner_center.edit(&referral, "/details/closingDateTime", json!("2027-05-31T00:00:00Z"));
    world.until("the date reaches the CRM", || world.column(deal, "estimatedclosedate") == "2027-05-31").await?;
    world.rest().await?;
    assert_eq!(world.writes().len(), 2, "{:?}", world.writes());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_come_twice_reversed_or_never_end_in_the_same_state() -> Result<()> {
    let world = World::open().await?;
    let (deal, referral) = world.shared_deal("Fabrikam: ERP").await?;
    world.rest().await?;
    world.forget_requests();
    for (value, release) in [(1_000.0, Release::Twice), (3_000.0, Release::Reversed)] {
        world.events(Events::Hold);
        world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": value - 1.0 }));
        world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": value }));
        world.events(Events::Deliver);
        world.release(release);
        world.until("the newest value arrives", || world.value(&referral) == Some(value)).await?;
        world.rest().await?;
    }
    world.events(Events::Lose);
    world.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": 5_000.0 }));
    world.events(Events::Deliver);
    world.until("the feed finds it", || world.value(&referral) == Some(5_000.0)).await?;
    world.rest().await?;
    assert_eq!(world.referrals_of(deal), 1);
    // Each edit writes once; of two that came together the first may have travelled, too.
    assert!(world.writes().len() <= 5, "{:?}", world.writes());
    Ok(())
}
