//! A stack that somebody broke says what is broken, in one line, and does not start.

use anyhow::Result;
use e2e::{Failure, World};
use serde_json::{Value, json};
use stage::{FUNCTIONS, Variable};

fn complaints(lines: &[String]) -> Vec<Value> {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["level"] == "ERROR").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_missing_or_wrong_at_the_start_is_named_in_one_line() -> Result<()> {
    let world = World::open_with(|_| {}).await?;
    let nowhere = format!("{}/000000000000/nowhere.fifo", world.stack.rest.url());
    for function in &FUNCTIONS {
        for variable in function.variables {
            let wrong = match variable {
                Variable::QueueUrl => nowhere.as_str(),
                _ => "nowhere",
            };
            for value in ["", wrong] {
                let broken = world.stack.broken(function.name, variable.name(), value)?;
                let case = format!("{} {}={value}", function.name, variable.name());
                assert_eq!(broken.invoke(json!({})).await, Err(Failure::Init), "{case}");
                let lines = broken.lines();
                let complaints = complaints(&lines);
                assert_eq!(complaints.len(), 1, "{case}: {lines:?}");
                let error = complaints[0]["error"].as_str().unwrap_or_default();
                assert!(error.contains(variable.name()) && error.contains(value), "{case}: {error}");
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_secret_is_named_and_not_shown() -> Result<()> {
    let world = World::open_with(|_| {}).await?;
    let cases = [
        ("webhook-ingest", "SettingsSecret", "tenant = hush", Variable::SettingsSecret),
        ("sync-worker", "SettingsSecret", "[partner_center]\nsecret = \"hush\"", Variable::SettingsSecret),
        ("crm-change", "DataverseSecret", "hush", Variable::DataverseSecret),
        ("reconciler", "PartnerCenterSecret", "{\"client_secret\": \"hush\"}", Variable::PartnerCenterSecret),
    ];
    for (function, secret, text, variable) in cases {
        let (before, _) = world.stack.secret(secret, "AWSCURRENT").await?;
        world.stack.put_secret(secret, text).await?;
        let broken = world.stack.broken(function, "RUST_LOG", "info")?;
        assert_eq!(broken.invoke(json!({})).await, Err(Failure::Init), "{function}");
        let complaints = complaints(&broken.lines());
        assert_eq!(complaints.len(), 1, "{function}: {:?}", broken.lines());
        let error = complaints[0]["error"].as_str().unwrap_or_default();
        assert!(error.contains(variable.name()), "{error}");
        assert!(variable == Variable::SettingsSecret || !error.contains("hush"), "{error}");
        world.stack.put_secret(secret, &before).await?;
    }
    Ok(())
}
