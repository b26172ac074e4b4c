//! `cosell mapping preview`: what each row makes of one deal, linked or not, and what a sync would write of it now. It
//! reads and writes nothing.

use anyhow::{Result, bail};
use engine::{Planned, Why};
use serde_json::{Value, json};
use store::{LinkKey, Store};
use sync_core::{Entity, Link, LinkId, Pair, Reading, RecordId, RecordRef, ReferralId};

use crate::args;
use crate::listing::print;
use crate::place::Place;

/// Runs the command.
pub(crate) async fn preview(place: &Place, what: &args::MappingPreview, as_json: bool) -> Result<()> {
    let service = place.service(None).await?;
    let mut found = None;
    for link in candidates(service.engine.store(), what).await? {
        let explained = service.engine.why(&link, None).await?;
        if !explained.is_empty() {
            found = Some((link, explained));
            break;
        }
    }
    let Some((link, explained)) = found else {
        bail!("no row reads anything of it: is the id right, and does the account behind the token see it?");
    };
    let planned = service.engine.plan(&link).await?;
    let mut rows: Vec<Value> = explained.iter().map(|why| row(why, &planned)).collect();
    // What is said of the deal as a whole.
    rows.extend(
        planned
            .iter()
            .filter(|line| line.field.is_none())
            .map(|line| json!({ "field": null, "write_to": null, "write": null, "reason": line.reason })),
    );
    print(
        &rows,
        &["field", "partner_center", "crm", "referral", "column", "direction", "write_to", "write", "reason"],
        as_json,
    )
}

/// The link; where there is none, what the id may become.
async fn candidates<S: Store>(store: &S, what: &args::MappingPreview) -> Result<Vec<Link>> {
    let (referral, record) = (what.referral.as_ref(), what.record.as_ref());
    let referral = referral.map(|id| ReferralId::new(id.to_lowercase()));
    let record = RecordId::new(record.map(|id| id.to_lowercase()).unwrap_or_default());
    let key = referral.as_ref().map_or(LinkKey::Record(&record), LinkKey::Referral);
    if let Some(stored) = store.load(key).await? {
        return Ok(vec![stored.link]);
    }
    let pairs = match referral {
        Some(referral) => vec![Pair::ReferralOnly(referral)],
        None => [Entity::Opportunity, Entity::Lead]
            .map(|entity| Pair::RecordOnly(RecordRef { entity, id: record.clone() }))
            .to_vec(),
    };
    Ok(pairs.into_iter().map(|pair| Link::new(LinkId::new(""), pair)).collect())
}

fn row(why: &Why, planned: &[Planned]) -> Value {
    let line = planned.iter().find(|line| line.field.as_ref() == Some(&why.field));
    json!({
        "field": why.field.as_str(),
        "partner_center": text(&why.now.partner_center),
        "crm": text(&why.now.crm),
        "referral": why.row.referral,
        "column": why.row.crm,
        "direction": why.row.direction.word(),
        "write_to": line.map(|line| line.side.word()),
        "write": line.and_then(|line| text(&line.to)),
        "reason": line.map_or(why.verdict.as_str(), |line| line.reason.as_str()),
    })
}

fn text(reading: &Reading) -> Option<&str> {
    reading.value().map(sync_core::Value::as_str)
}
