//! The story, scene by scene. Every line that begins with a check mark was looked up on the other side.

use std::time::Duration;

use anyhow::Result;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::harness::{Events, Release};
use simulators::staging;
use store::{LinkKey, Store};
use sync_core::{Kind, RecordId, Side};
use uuid::Uuid;

use super::stage::{Stage, number};
use super::teller::Teller;

const CRM: &str = "Dynamics 365";
const PC: &str = "Partner Center";
/// Sync states of the CRM's choice column (design section 5).
const SYNCED: &str = "727000002";
const WAITING: &str = "727000005";
/// How long nothing may be written at the end.
const QUIET_END: Duration = Duration::from_secs(10);

/// Plays everything.
pub(crate) async fn play(stage: &Stage, teller: &mut Teller) -> Result<()> {
    let (deal, referral) = a_seller_shares_a_deal(stage, teller).await?;
    microsoft_sends_a_deal(stage, teller).await?;
    edits_travel(stage, teller, deal, &referral).await?;
    both_sides_at_once(stage, teller, deal, &referral).await?;
    the_same_field_on_both_sides(stage, teller, deal, &referral).await?;
    events_misbehave(stage, teller, deal, &referral).await?;
    ten_quiet_seconds(stage, teller).await
}

async fn a_seller_shares_a_deal(stage: &Stage, teller: &mut Teller) -> Result<(Uuid, String)> {
    teller.scene("A seller shares a deal with Microsoft")?;
    let deal = staging::deal(&stage.dataverse, "Fabrikam: ERP to Azure", "Fabrikam & Sons", "250000.50");
    stage.quiet().await;
    let none_yet = stage.partner_center.referrals().is_empty();
    teller.act(CRM, "an opportunity exists; nobody shares it yet")?;
    teller.expect("nothing left for Partner Center", none_yet)?;
    teller.act(CRM, "the seller sets Sync = Yes")?;
    let share = || stage.dataverse.edit("opportunity", deal, json!({ "cosell_sync": true }));
    let written_back = || !stage.column(deal, "cosell_referralid").is_empty();
    stage.travels(teller, "the referral appeared, and its id came back", share, written_back).await?;
    let referral = stage.column(deal, "cosell_referralid");
    let value = |pointer: &str| stage.member(&referral, pointer);
    let same = value("/name") == "Fabrikam: ERP to Azure"
        && amount(&value("/details/dealValue")) == amount("250000.50")
        && value("/details/currency") == "EUR"
        && value("/details/closingDateTime").starts_with("2027-03-31")
        && value("/customerProfile/name") == "Fabrikam & Sons"
        && value("/customerProfile/address/country") == "AT"
        && value("/details/requirements/solutions/0/id") == "SOL-00001-AAA";
    teller.expect("name, value, currency, date, customer, address and solution are the same", same)?;
    teller.expect("the referral names the opportunity", value("/externalReferenceId") == deal.to_string())?;
    let link = stage.column(deal, "cosell_referrallink");
    teller.expect("the opportunity links to the referral", link.ends_with(&referral))?;
    let told =
        stage.column(deal, "cosell_syncstate") == SYNCED && stage.column(deal, "cosell_audit").contains("OK created:");
    teller.expect("the seller reads Synced, and the audit says what happened", told)?;
    teller.act(CRM, stage.column(deal, "cosell_audit").lines().next().unwrap_or_default())?;
    Ok((deal, referral))
}

async fn microsoft_sends_a_deal(stage: &Stage, teller: &mut Teller) -> Result<()> {
    teller.scene("Microsoft sends a deal")?;
    let mut referral = String::new();
    teller.act(PC, "Microsoft's seller invites us to a deal with Northwind Traders")?;
    let invite = || {
        referral = stage.partner_center.invite(json!({
            "name": "Northwind: analytics",
            "customerProfile": {
                "name": "Northwind Traders",
                "address": { "addressLine1": "2 Example Road", "city": "Leeds", "postalCode": "LS1 1AA", "country": "GB" },
            },
            "details": { "dealValue": 80000, "currency": "GBP", "closingDateTime": "2027-06-30T00:00:00Z" },
        }));
    };
    let appeared = || find(stage, "Northwind: analytics").is_some();
    stage.travels(teller, "an opportunity appeared", invite, appeared).await?;
    let Some(record) = find(stage, "Northwind: analytics") else { return Ok(()) };
    let deal = record["opportunityid"].as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_default();
    let account = record["_parentaccountid_value"].as_str().and_then(|id| Uuid::parse_str(id).ok());
    let account = account.and_then(|id| stage.dataverse.row("account", id)).unwrap_or_default();
    let customer = account["name"] == "Northwind Traders" && account["address1_city"] == "Leeds";
    teller.expect("its account appeared too, with the address", customer)?;
    let same = amount(&stage.column(deal, "estimatedvalue")) == amount("80000")
        && stage.column(deal, "estimatedclosedate") == "2027-06-30"
        && stage.column(deal, "cosell_referralid") == referral;
    teller.expect("value, date and referral id are the same", same)?;
    teller.expect(
        "the seller reads Waiting: nobody has accepted it",
        stage.column(deal, "cosell_syncstate") == WAITING,
    )?;
    teller.act(PC, "a colleague accepts it in the portal")?;
    let accept = || {
        let members = [("/status", json!("Active")), ("/substatus", json!("Accepted"))];
        stage.partner_center.edit_many(&referral, &members);
    };
    let synced = || stage.column(deal, "cosell_syncstate") == SYNCED;
    stage.travels(teller, "the seller reads Synced", accept, synced).await
}

async fn edits_travel(stage: &Stage, teller: &mut Teller, deal: Uuid, referral: &str) -> Result<()> {
    teller.scene("Value, date and name are edited, on each side")?;
    let crm = |columns: Value| stage.dataverse.edit("opportunity", deal, columns);
    let pc = |pointer: &str, value: Value| {
        stage.partner_center.edit(referral, pointer, value);
    };
    stage
        .travels(
            teller,
            "value: Dynamics 365 to Partner Center",
            || crm(json!({ "estimatedvalue": number("300000.25") })),
            || amount(&stage.member(referral, "/details/dealValue")) == amount("300000.25"),
        )
        .await?;
    stage
        .travels(
            teller,
            "value: Partner Center to Dynamics 365",
            || pc("/details/dealValue", number("310000.75")),
            || amount(&stage.column(deal, "estimatedvalue")) == amount("310000.75"),
        )
        .await?;
    stage
        .travels(
            teller,
            "date: Dynamics 365 to Partner Center",
            || crm(json!({ "estimatedclosedate": "2027-04-30" })),
            || stage.member(referral, "/details/closingDateTime").starts_with("2027-04-30"),
        )
        .await?;
    stage
        .travels(
            teller,
            "date: Partner Center to Dynamics 365",
            || pc("/details/closingDateTime", json!("2027-05-31T00:00:00Z")),
            || stage.column(deal, "estimatedclosedate") == "2027-05-31",
        )
        .await?;
    stage
        .travels(
            teller,
            "name: Dynamics 365 to Partner Center",
            || crm(json!({ "name": "Fabrikam: ERP & CRM to Azure" })),
            || stage.member(referral, "/name") == "Fabrikam: ERP & CRM to Azure",
        )
        .await?;
    stage
        .travels(
            teller,
            "name: Partner Center to Dynamics 365",
            || pc("/name", json!("Fabrikam <phase 1> & more")),
            || stage.column(deal, "name") == "Fabrikam <phase 1> & more",
        )
        .await
}

async fn both_sides_at_once(stage: &Stage, teller: &mut Teller, deal: Uuid, referral: &str) -> Result<()> {
    teller.scene("Different fields are edited on both sides at once")?;
    teller.act(CRM, "the seller changes the value")?;
    teller.act(PC, "Microsoft's seller changes the date, before either has arrived")?;
    let edit = || {
        hold(stage);
        stage.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": number("320000") }));
        stage.partner_center.edit(referral, "/details/closingDateTime", json!("2027-07-31T00:00:00Z"));
        let_go(stage, Release::InOrder);
    };
    let both = || {
        amount(&stage.member(referral, "/details/dealValue")) == amount("320000")
            && stage.column(deal, "estimatedclosedate") == "2027-07-31"
    };
    stage.travels(teller, "both edits survived", edit, both).await
}

async fn the_same_field_on_both_sides(stage: &Stage, teller: &mut Teller, deal: Uuid, referral: &str) -> Result<()> {
    teller.scene("The same field is edited on both sides at once")?;
    teller.act(CRM, "the seller sets the value to 330000")?;
    teller.act(PC, "Microsoft's seller sets it to 999000")?;
    let edit = || {
        hold(stage);
        stage.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": number("330000") }));
        stage.partner_center.edit(referral, "/details/dealValue", number("999000"));
        let_go(stage, Release::InOrder);
    };
    let owner_won = || amount(&stage.member(referral, "/details/dealValue")) == amount("330000");
    stage.travels(teller, "the owner of the field, Dynamics 365, won", edit, owner_won).await?;
    let stays = amount(&stage.column(deal, "estimatedvalue")) == amount("330000");
    teller.expect("the seller's value stands", stays)?;
    let lines = history(stage, deal).await?;
    let kept = lines.iter().any(|line| {
        line.kind == Kind::Conflict
            && line.side == Side::PartnerCenter
            && line.loser.value().is_some_and(|value| value.as_str() == "999000")
    });
    teller.expect("the loser, 999000, is kept in the history", kept)
}

async fn events_misbehave(stage: &Stage, teller: &mut Teller, deal: Uuid, referral: &str) -> Result<()> {
    teller.scene("Events come twice, in the wrong order, or not at all")?;
    let value = |text: &'static str| move || amount(&stage.member(referral, "/details/dealValue")) == amount(text);
    let twice = || {
        hold(stage);
        stage.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": number("340000") }));
        let_go(stage, Release::Twice);
    };
    stage.travels(teller, "an event came twice: the edit arrived once", twice, value("340000")).await?;
    let reversed = || {
        hold(stage);
        stage.partner_center.edit(referral, "/details/notes", json!("first"));
        stage.partner_center.edit(referral, "/details/notes", json!("second"));
        let_go(stage, Release::Reversed);
    };
    let latest = || stage.column(deal, "description") == "second";
    stage.travels(teller, "two events came in the wrong order: the latest edit stands", reversed, latest).await?;
    let lost = || {
        stage.dataverse.events(Events::Lose);
        stage.dataverse.edit("opportunity", deal, json!({ "estimatedvalue": number("350000") }));
        stage.dataverse.events(Events::Deliver);
    };
    stage.travels(teller, "an event was lost: the feed found the edit", lost, value("350000")).await?;
    let one_each =
        stage.partner_center.referrals().iter().filter(|r| r["externalReferenceId"] == deal.to_string()).count() == 1
            && stage.dataverse.rows("opportunity").len() == 2
            && stage.dataverse.rows("account").len() == 2;
    teller.expect("there are still two deals and two accounts: nothing was made twice", one_each)
}

async fn ten_quiet_seconds(stage: &Stage, teller: &mut Teller) -> Result<()> {
    teller.scene("Ten quiet seconds")?;
    stage.quiet().await;
    stage.forget_requests();
    tokio::time::sleep(QUIET_END).await;
    let writes = stage.counted().iter().filter(|request| request.write).count();
    teller.expect("nothing was written anywhere", writes == 0)
}

fn hold(stage: &Stage) {
    stage.partner_center.events(Events::Hold);
    stage.dataverse.events(Events::Hold);
}

fn let_go(stage: &Stage, release: Release) {
    stage.partner_center.events(Events::Deliver);
    stage.dataverse.events(Events::Deliver);
    stage.partner_center.release(release);
    stage.dataverse.release(release);
}

fn find(stage: &Stage, name: &str) -> Option<Value> {
    stage.dataverse.rows("opportunity").into_iter().find(|row| row["name"] == name)
}

async fn history(stage: &Stage, deal: Uuid) -> Result<Vec<store::HistoryLine>> {
    let store = stage.running.service.engine.store();
    match store.load(LinkKey::Record(&RecordId::new(deal.to_string()))).await? {
        Some(stored) => Ok(store.history(&stored.link.id, 1000).await?),
        None => Ok(Vec::new()),
    }
}

/// An amount as a number: `350000` and `350000.00` are the same.
fn amount(text: &str) -> Option<Decimal> {
    text.parse::<Decimal>().ok().map(|amount| amount.normalize())
}
