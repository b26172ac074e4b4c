//! The life of an opportunity (dataverse-api 6.1, 6.4): the customer that follows from the account, the currency that
//! stays, won and lost by action alone, read-only once closed, reopened by an update.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::pipeline::{self, Actor};
use super::state;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::odata::payload::{self, ContentIds, Submission};
use crate::dataverse::schema::{Name, Table};
use crate::dataverse::world::World;

/// How an opportunity is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    Win,
    Lose,
}

impl Closing {
    fn state(self) -> i64 {
        match self {
            Self::Win => 1,
            Self::Lose => 2,
        }
    }
}

/// Derives customer and revenue, and keeps the currency.
pub(super) fn settle(world: &World, before: Option<&Row>, row: &mut Row) -> Answer<()> {
    let changed = |column: &str| before.and_then(|before| before.get(column)) != row.get(column);
    if world.switches.derive_customer {
        let (customer, account) = (row.reference("customerid").cloned(), row.reference("parentaccountid").cloned());
        let contact = row.reference("parentcontactid").cloned();
        let (customer_moved, parent_moved) =
            (changed("customerid"), changed("parentaccountid") || changed("parentcontactid"));
        if let Some(customer) = customer.filter(|_| customer_moved && !parent_moved) {
            let parent = if &*customer.table == "account" { "parentaccountid" } else { "parentcontactid" };
            row.put(parent, Some(Datum::Reference(customer)));
        } else if parent_moved && !(customer_moved && row.reference("customerid").is_some()) {
            row.put("customerid", account.or(contact).map(Datum::Reference));
        }
    }
    if let Some(before) = before
        && world.switches.currency_locked_by_values
        && before.reference("transactioncurrencyid") != row.reference("transactioncurrencyid")
        && ["estimatedvalue", "budgetamount", "actualvalue"].iter().any(|column| before.get(column).is_some())
    {
        let message = "The currency cannot be changed because this opportunity has values in its present currency.";
        return Err(Refused::new(400, "0x80048479", message));
    }
    if row.boolean("isrevenuesystemcalculated") {
        let total = row.get("totalamount").cloned().unwrap_or(Datum::Decimal(Decimal::ZERO));
        row.put("estimatedvalue", Some(total));
    }
    Ok(())
}

/// Refuses an update that closes, and one of a closed opportunity that does not reopen it.
pub(super) fn demand_changeable(
    world: &World,
    table: &Table,
    before: &Row,
    cells: &BTreeMap<Name, Option<Datum>>,
    state_after: i64,
) -> Answer<()> {
    if &*table.name != "opportunity" {
        return Ok(());
    }
    let state = before.integer("statecode").unwrap_or_default();
    if state_after != state && state_after != 0 && world.switches.patch_cannot_close {
        let (label, message) = if state_after == 1 { ("Won", "Win") } else { ("Lost", "Lose") };
        let text = format!(
            "This message can't be used to set the state of opportunity to {label}. In order to set state of \
             opportunity to {label}, use the {message} message instead."
        );
        return Err(Refused::new(400, "0x80100005", text));
    }
    let others = cells.keys().any(|name| !matches!(&**name, "statecode" | "statuscode"));
    let reopens = state_after == 0 && world.switches.reopen_with_other_columns;
    if state != 0 && others && !reopens {
        let message = "The opportunity is closed: the record cannot be updated because it is read-only.";
        return Err(Refused::new(400, "0x8004022e", message));
    }
    Ok(())
}

/// WinOpportunity and LoseOpportunity: the close activity, then the state.
pub(crate) fn close(
    world: &mut World,
    actor: &Actor,
    closing: Closing,
    status: i64,
    activity: &Map<String, Value>,
    content_ids: &ContentIds,
) -> Answer<Uuid> {
    let (Some(table), Some(activity_table)) = (world.table("opportunity"), world.table("opportunityclose")) else {
        return Err(Refused::no_segment("opportunities"));
    };
    let mut submission = payload::read(world, &activity_table, activity, content_ids)?;
    let opportunity = submission.cells.get("opportunityid").cloned().flatten();
    let id = opportunity.as_ref().and_then(Datum::as_reference).map(|reference| reference.id).ok_or_else(|| {
        Refused::new(400, "0x80043b15", "The opportunity id is missing from the opportunity close activity.")
    })?;
    let before = world.store.get("opportunity", id).cloned().ok_or_else(|| Refused::no_such_row("opportunity", id))?;
    if before.integer("statecode") != Some(0) {
        return Err(Refused::new(400, "0x80040515", "The Opportunity has already been closed."));
    }
    let state = closing.state();
    let status = if status == -1 && world.switches.close_with_default_status {
        table.states().iter().find(|choice| choice.value == state).map_or(status, |choice| choice.of)
    } else {
        status
    };
    state::demand(&table, id, state, status)?;
    let on = submission.cells.get("actualend").cloned().flatten();
    let on = on.unwrap_or_else(|| Datum::Date(world.stamps.today()));
    let revenue = submission.cells.get("actualrevenue").cloned().flatten();
    let revenue = revenue.or_else(|| before.get("estimatedvalue").cloned().filter(|_| closing == Closing::Win));
    for (column, value) in [
        ("transactioncurrencyid", before.get("transactioncurrencyid").cloned()),
        ("actualend", Some(on.clone())),
        ("actualrevenue", revenue.clone()),
        ("opportunitystatecode", Some(Datum::Integer(state))),
        ("opportunitystatuscode", Some(Datum::Integer(status))),
    ] {
        submission.cells.insert(column.into(), value);
    }
    let activity = pipeline::create(world, &actor.unbound(), &activity_table, submission)?;
    set_activity_state(world, actor, activity, 1)?;
    let cells = [
        ("statecode", Some(Datum::Integer(state))),
        ("statuscode", Some(Datum::Integer(status))),
        ("actualclosedate", Some(on)),
        ("actualvalue", revenue),
    ];
    let mut quiet = actor.clone();
    quiet.bypass |= !world.switches.closing_fires_update;
    let cells = cells.into_iter().map(|(name, value)| (name.into(), value)).collect();
    pipeline::change(world, &quiet, &table, &before, cells, Vec::new())?;
    Ok(id)
}

/// A reopened opportunity's close activities are cancelled.
pub(super) fn cancel_closing(world: &mut World, actor: &Actor, id: Uuid) -> Answer<()> {
    for activity in world.store.pointing("opportunityclose", &"opportunityid".into(), id) {
        set_activity_state(world, actor, activity, 2)?;
    }
    Ok(())
}

fn set_activity_state(world: &mut World, actor: &Actor, activity: Uuid, state: i64) -> Answer<()> {
    let Some(table) = world.table("opportunityclose") else { return Ok(()) };
    let state = Some(Datum::Integer(state));
    let cells = BTreeMap::from([("statecode".into(), state)]);
    pipeline::update(world, &actor.unbound(), &table, activity, Submission { cells, ..Submission::default() })
}
