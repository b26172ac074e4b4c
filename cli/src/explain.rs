//! `cosell plan`, `why` and `drift`: what would be written, why a field holds what it holds, where the sides differ. They
//! read both vendors and write nothing.

use std::io::Write;

use anyhow::{Result, bail};
use engine::{Planned, Why, place};
use serde_json::{Value, json};
use store::Store;
use sync_core::{FieldId, LinkId, Reading, RecordId, ReferralId, Side};

use crate::listing::{all_links, find, print};
use crate::place::{Place, WrongUse};

/// Prints what a sync would write.
pub(crate) async fn plan(place: &Place, as_json: bool) -> Result<()> {
    let service = place.service(None).await?;
    let mut planned = Vec::new();
    for stored in all_links(service.engine.store()).await? {
        planned.extend(service.engine.plan(&stored.link).await?);
    }
    planned.extend(service.engine.plan_new().await?);
    let rows: Vec<Value> = planned.iter().map(plan_row).collect();
    print(&rows, &["referral", "record", "side", "field", "from", "to", "reason"], as_json)?;
    if rows.is_empty() && !as_json {
        writeln!(std::io::stderr(), "nothing to write: both sides are the same")?;
    }
    Ok(())
}

/// The contract of `cosell plan`.
fn plan_row(line: &Planned) -> Value {
    json!({
        "link": line.link.as_ref().map(LinkId::as_str),
        "referral": line.referral.as_ref().map(ReferralId::as_str),
        "record": line.record.as_ref().map(RecordId::as_str),
        "side": line.side.word(),
        "field": line.field.as_ref().map(FieldId::as_str),
        "from": text(&line.from),
        "to": text(&line.to),
        "reason": line.reason,
    })
}

/// Explains one field, or all.
pub(crate) async fn why(place: &Place, id: &str, field: Option<&str>, as_json: bool) -> Result<()> {
    let service = place.service(None).await?;
    let store = service.engine.store();
    let links = find(store, id).await?;
    if links.is_empty() {
        bail!("no link has the id {id}: give a referral, record, engagement or link id, as `cosell links` shows them");
    }
    let field = field.map(FieldId::new);
    for id in links {
        let Some(stored) = store.load(store::LinkKey::Id(&id)).await? else { continue };
        let explained = service.engine.why(&stored.link, field.as_ref()).await?;
        if let (Some(field), true) = (&field, explained.is_empty()) {
            let known = service.engine.field_ids().join(", ");
            return Err(WrongUse(format!("no field is called {}: there are {known}", field.as_str())).into());
        }
        if as_json {
            print(&explained.iter().map(why_row).collect::<Vec<_>>(), &[], true)?;
            continue;
        }
        for why in &explained {
            say(why)?;
        }
        say_problem(&stored.link)?;
    }
    Ok(())
}

fn why_row(why: &Why) -> Value {
    let sides =
        |of: &sync_core::BySide<Reading>| json!({ "partner_center": text(&of.partner_center), "crm": text(&of.crm) });
    json!({
        "field": why.field.as_str(),
        "label": why.label,
        "row": {
            "referral": why.row.referral, "crm": why.row.crm, "direction": why.row.direction.word(),
            "owner": why.row.owner.word(), "group": why.row.group,
        },
        "now": sides(&why.now),
        "base": sides(&why.base),
        "verdict": why.verdict,
        "history": why.history.iter().map(store::HistoryLine::json).collect::<Vec<_>>(),
    })
}

fn say(why: &Why) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} ({})", why.label, why.field.as_str())?;
    for side in Side::ALL {
        let (now, base) = (spoken(&why.now[side]), spoken(&why.base[side]));
        let since = if now == base { "as last agreed".to_owned() } else { format!("last agreed: {base}") };
        writeln!(out, "  {:<15} {now}  ({since})", place(side))?;
    }
    let group = why.row.group.as_deref().map(|group| format!(", merges with group {group}")).unwrap_or_default();
    let column = why.row.crm.as_deref().unwrap_or("its rows");
    let (direction, owner) = (why.row.direction.word(), why.row.owner.word());
    writeln!(out, "  row             {} <-> {column}, {direction}, owner {owner}{group}", why.row.referral)?;
    writeln!(out, "  now             {}", why.verdict)?;
    for line in &why.history {
        let at = jiff::Timestamp::from_millisecond(line.at.as_millis()).map(|at| at.to_string()).unwrap_or_default();
        let lost = line.loser.value().map(|loser| format!(", {} lost", loser.as_str())).unwrap_or_default();
        writeln!(
            out,
            "  {at}  {} {}: {} -> {}{lost} ({}, woken by {})",
            place(line.side),
            line.kind.word(),
            spoken(&line.from),
            spoken(&line.to),
            line.rule,
            line.cause
        )?;
    }
    Ok(())
}

fn say_problem(link: &sync_core::Link) -> Result<()> {
    if let Some(problem) = &link.problem {
        let blocker = &problem.blocker;
        writeln!(std::io::stdout().lock(), "the deal is blocked: {}: {}", blocker.code.word(), blocker.text)?;
    }
    Ok(())
}

/// Lists the fields in which the sides differ.
pub(crate) async fn drift(place: &Place, as_json: bool) -> Result<()> {
    let service = place.service(None).await?;
    let mut rows = Vec::new();
    for stored in all_links(service.engine.store()).await? {
        for why in service.engine.why(&stored.link, None).await? {
            let (there, here) = (&why.now.partner_center, &why.now.crm);
            if there.is_known() && here.is_known() && there != here {
                rows.push(json!({
                    "link": stored.link.id.as_str(),
                    "referral": stored.link.pair.referral().map(ReferralId::as_str),
                    "record": stored.link.pair.record().map(|record| record.id.as_str()),
                    "field": why.field.as_str(),
                    "partner_center": text(there),
                    "crm": text(here),
                    "reason": why.verdict,
                }));
            }
        }
    }
    print(&rows, &["referral", "record", "field", "partner_center", "crm", "reason"], as_json)?;
    if rows.is_empty() && !as_json {
        writeln!(std::io::stderr(), "no drift: every mapped field is the same on both sides")?;
    }
    Ok(())
}

fn text(reading: &Reading) -> Option<&str> {
    reading.value().map(sync_core::Value::as_str)
}

/// The beginning of a value, so that every field fits one screen.
fn spoken(reading: &Reading) -> String {
    const SHOWN_MAX: usize = 60;
    match reading {
        Reading::Unknown => "not known".to_owned(),
        Reading::Cleared => "empty".to_owned(),
        Reading::Is(value) => {
            let line = value.as_str().replace(['\n', '\r'], " ");
            match line.char_indices().nth(SHOWN_MAX) {
                Some((end, _)) => format!("{}…", &line[..end]),
                None => line,
            }
        }
    }
}
