//! `cosell login`: a person signs in to Partner Center in a browser, and the token that comes of it is kept where the
//! service finds it. A running `serve` needs no restart: it reads the token anew each time it redeems one.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use partner_center::{Custody, SignIn, SignInError};
use secrecy::SecretString;
use serde_json::json;

use crate::args;
use crate::loopback::Loopback;
use crate::place::{NeedsPerson, Place};

/// Where the token is kept.
enum Keeper {
    /// In the data folder of one machine.
    Folder(Custody),
}

/// Runs the command.
pub(crate) async fn login(place: &Place, how: args::Login, as_json: bool) -> Result<()> {
    let keeper = Keeper::Folder(place.custody());
    let loopback = Loopback::open(how.port).await?;
    let sign_in = Arc::new(SignIn::begin(place.partner_center_config(), loopback.port()).await.map_err(told)?);
    invite(&sign_in, &how, as_json)?;
    let answer = tokio::time::timeout(how.wait, loopback.answer(Arc::clone(&sign_in))).await;
    let code = answer.map_err(|_| nobody_came(how.wait))??.map_err(told)?;
    let token = sign_in.redeem(&code).await.map_err(told)?;
    let token = sign_in.prove(token).await.map_err(told)?;
    keeper.keep(&token)?;
    report(as_json)
}

/// Says where to go, and goes there if there is a browser.
fn invite(sign_in: &SignIn, how: &args::Login, as_json: bool) -> Result<()> {
    let address = sign_in.address().as_str();
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({ "sign_in_at": address }))?;
    } else {
        writeln!(out, "Sign in as the account that works the referrals, with its second factor, at\n{address}")?;
    }
    out.flush()?;
    if !how.no_browser
        && let Err(error) = open::that_detached(address)
    {
        writeln!(std::io::stderr(), "no browser could be opened ({error}): go to the address yourself")?;
    }
    Ok(())
}

fn nobody_came(wait: Duration) -> NeedsPerson {
    NeedsPerson(format!(
        "nobody signed in within {} s: run `cosell login` again; if the page showed AADSTS50011, add \
         http://localhost as a redirect address of kind Web to the app registration",
        wait.as_secs()
    ))
}

impl Keeper {
    fn keep(&self, token: &SecretString) -> Result<()> {
        match self {
            Self::Folder(custody) => custody
                .begin_anew(token)
                .context("the new refresh token cannot be written: make the data folder writable, or name another"),
        }
    }
}

fn report(as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({ "signed_in": true, "proven": ["referrals", "webhooks"] }))?;
    } else {
        writeln!(out, "signed in: Partner Center's referrals and webhooks both answer")?;
        writeln!(out, "a running `cosell serve` uses the new token within a minute; start one if none is")?;
    }
    Ok(())
}

fn told(error: SignInError) -> anyhow::Error {
    match error {
        SignInError::Person(obstacle) => NeedsPerson(obstacle.to_string()).into(),
        SignInError::Service(error) => error.into(),
    }
}
