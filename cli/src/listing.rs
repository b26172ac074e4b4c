//! `cosell links` and `cosell history`: what the store knows, as a table for people or JSON lines for machines.

use std::io::Write;

use anyhow::{Result, bail};
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use store::{LinkKey, Store, Stored};
use sync_core::{Link, LinkId, RecordId, ReferralId, Timestamp, tell};

/// Links read from the store at once.
const PAGE: usize = 500;
/// Lines of history shown of one link.
const HISTORY_MAX: usize = 10_000;

/// Lists every link.
pub(crate) async fn links<S: Store>(store: &S, as_json: bool) -> Result<()> {
    let rows: Vec<Value> = all_links(store).await?.iter().map(|stored| link_row(&stored.link)).collect();
    print(&rows, &["link", "referral", "record", "entity", "state", "code", "not_before"], as_json)?;
    if rows.is_empty() && !as_json {
        writeln!(std::io::stderr(), "no links yet: start `cosell serve`, or sync once with `cosell sync --all`")?;
    }
    Ok(())
}

/// Every link there is.
pub(crate) async fn all_links<S: Store>(store: &S) -> Result<Vec<Stored>> {
    let mut links: Vec<Stored> = Vec::new();
    loop {
        let after = links.last().map(|stored| stored.link.id.clone());
        let page = store.list(after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        links.extend(page);
        if is_last {
            return Ok(links);
        }
    }
}

/// Shows the history of one deal.
pub(crate) async fn history<S: Store>(store: &S, id: &str, as_json: bool) -> Result<()> {
    let links = find(store, id).await?;
    if links.is_empty() {
        bail!("no link has the id {id}: give a referral, record, engagement or link id, as `cosell links` shows them");
    }
    let mut rows = Vec::new();
    for link in links {
        rows.extend(store.history(&link, HISTORY_MAX).await?.iter().map(store::HistoryLine::json));
    }
    print(&rows, &["at", "side", "field", "from", "to", "kind", "loser", "rule", "cause"], as_json)
}

/// The links that an id of any kind names.
pub(crate) async fn find<S: Store>(store: &S, id: &str) -> Result<Vec<LinkId>> {
    let lower = id.to_lowercase();
    let (link, referral, record) = (LinkId::new(&lower), ReferralId::new(&lower), RecordId::new(&lower));
    for key in [LinkKey::Referral(&referral), LinkKey::Record(&record), LinkKey::Id(&link)] {
        if let Some(Stored { link, .. }) = store.load(key).await? {
            return Ok(vec![link.id]);
        }
    }
    Ok(store.by_engagement(&lower).await?)
}

/// The contract of `cosell links`.
fn link_row(link: &Link) -> Value {
    let told = tell(link);
    let state = match link.state {
        sync_core::State::Active => told.state.word(),
        resting => resting.word(),
    };
    let record = link.pair.record();
    json!({
        "link": link.id.as_str(),
        "referral": link.pair.referral().map(ReferralId::as_str),
        "record": record.map(|record| record.id.as_str()),
        "entity": record.map(|record| record.entity.word()),
        "state": state,
        "code": link.parked_for.or(told.code).map(sync_core::Code::word),
        "not_before": link.not_before.map(moment),
    })
}

fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map(|at| at.to_string()).unwrap_or_default()
}

/// One JSON object per line, or a table with these columns.
pub(crate) fn print(rows: &[Value], columns: &[&str], as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        for row in rows {
            writeln!(out, "{row}")?;
        }
        return Ok(());
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(columns.iter().copied());
    for row in rows {
        table.add_row(columns.iter().map(|column| match row.get(*column) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        }));
    }
    writeln!(out, "{table}")?;
    Ok(())
}
