//! The life of a lead (dataverse-api 6.2, 6.5): qualified by action, disqualified and reactivated by update, read-only
//! once closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::pipeline::{self, Actor};
use super::rights::{self, Verb};
use super::state;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Reference, Row};
use crate::dataverse::odata::payload::Submission;
use crate::dataverse::schema::{Name, Table};
use crate::dataverse::world::World;

/// What QualifyLead is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) account: bool,
    pub(crate) contact: bool,
    pub(crate) opportunity: bool,
    pub(crate) status: i64,
    pub(crate) currency: Option<Uuid>,
    pub(crate) customer: Option<Reference>,
}

/// From the lead to the account, as attribute maps have it out of the box.
const TO_ACCOUNT: &[(&str, &str)] = &[
    ("companyname", "name"),
    ("emailaddress1", "emailaddress1"),
    ("websiteurl", "websiteurl"),
    ("description", "description"),
    ("numberofemployees", "numberofemployees"),
];
/// From the lead to the contact.
const TO_CONTACT: &[(&str, &str)] = &[
    ("firstname", "firstname"),
    ("middlename", "middlename"),
    ("lastname", "lastname"),
    ("jobtitle", "jobtitle"),
    ("emailaddress1", "emailaddress1"),
    ("telephone1", "telephone1"),
    ("mobilephone", "mobilephone"),
];
/// From the lead to the opportunity.
const TO_OPPORTUNITY: &[(&str, &str)] = &[
    ("subject", "name"),
    ("qualificationcomments", "qualificationcomments"),
    ("description", "description"),
    ("transactioncurrencyid", "transactioncurrencyid"),
];
/// With `map_lead_values`, the values too.
const VALUES: &[(&str, &str)] = &[
    ("estimatedamount", "estimatedvalue"),
    ("estimatedclosedate", "estimatedclosedate"),
    ("budgetamount", "budgetamount"),
];

/// Refuses an update of a closed lead that does not reactivate it.
pub(super) fn demand_changeable(
    world: &World,
    table: &Table,
    before: &Row,
    cells: &BTreeMap<Name, Option<Datum>>,
    state_after: i64,
) -> Answer<()> {
    let closed = &*table.name == "lead" && before.integer("statecode") != Some(0);
    let others = cells.keys().any(|name| !matches!(&**name, "statecode" | "statuscode"));
    if closed && others && state_after != 0 && world.switches.closed_leads_are_read_only {
        return Err(Refused::new(400, "0x80040230", "Cannot update this lead because it is inactive."));
    }
    Ok(())
}

/// QualifyLead. Answers the rows created, in the order account, contact, opportunity.
pub(crate) fn qualify(world: &mut World, actor: &Actor, id: Uuid, wanted: &Wanted) -> Answer<Vec<Reference>> {
    let lead = world.store.get("lead", id).cloned().ok_or_else(|| Refused::no_such_row("lead", id))?;
    let Some(table) = world.table("lead") else { return Err(Refused::no_segment("leads")) };
    if lead.integer("statecode") != Some(0) {
        return Err(Refused::new(400, "0x80040519", "The lead is already closed."));
    }
    let status = table.statuses().iter().find(|choice| choice.value == wanted.status);
    let state = status.map(|choice| choice.of).unwrap_or_default();
    state::demand(&table, id, if state == 0 { 1 } else { state }, wanted.status)?;
    let mut made = Vec::new();
    let account = parent(world, actor, &lead, "account", wanted.account, &mut made)?;
    let contact = parent(world, actor, &lead, "contact", wanted.contact, &mut made)?;
    if let (Some(account), Some(contact)) = (&account, &contact)
        && made.iter().any(|reference| reference == contact)
    {
        amend(world, actor, contact, &[("parentcustomerid", Datum::Reference(account.clone()))])?;
    }
    let mut cells: Vec<(&str, Datum)> =
        vec![("statecode", Datum::Integer(state)), ("statuscode", Datum::Integer(wanted.status))];
    cells.extend(account.clone().map(|account| ("parentaccountid", Datum::Reference(account))));
    cells.extend(contact.clone().map(|contact| ("parentcontactid", Datum::Reference(contact))));
    if wanted.opportunity {
        let opportunity = opportunity(world, actor, &lead, wanted, account.as_ref(), contact.as_ref())?;
        cells.push(("qualifyingopportunityid", Datum::Reference(opportunity.clone())));
        made.push(opportunity);
    }
    let cells = cells.into_iter().map(|(name, value)| (name.into(), Some(value))).collect();
    pipeline::change(world, actor, &table, &lead, cells, Vec::new())?;
    Ok(made)
}

/// The account or contact of the lead: the one that it has, or a new one if that is wanted.
fn parent(
    world: &mut World,
    actor: &Actor,
    lead: &Row,
    name: &str,
    wanted: bool,
    made: &mut Vec<Reference>,
) -> Answer<Option<Reference>> {
    let present = lead.reference(&format!("parent{name}id")).cloned();
    if !wanted || (present.is_some() && world.switches.qualify_reuses_parents) {
        return Ok(present);
    }
    let Some(table) = world.table(name) else { return Ok(present) };
    if name == "account" && actor.bound && rights::may(world, Verb::Create, &table).is_err() {
        return Err(Refused::new(403, "0x80081018", "You do not have the right to create accounts for this lead."));
    }
    let map = if name == "account" { TO_ACCOUNT } else { TO_CONTACT };
    let mut submission = mapped(lead, map);
    for (column, value) in lead.cells().filter(|(column, _)| column.starts_with("address1_")) {
        submission.cells.insert(column.clone(), Some(value.clone()));
    }
    let origin = Datum::reference("lead", lead.id);
    submission.cells.insert("originatingleadid".into(), Some(origin));
    if name == "account" && !submission.cells.contains_key("name") {
        let person = lead.get("fullname").or_else(|| lead.get("subject")).cloned();
        submission.cells.insert("name".into(), person);
    }
    let id = pipeline::create(world, actor, &table, submission)?;
    let reference = Reference { table: table.name.clone(), id };
    made.push(reference.clone());
    Ok(Some(reference))
}

fn opportunity(
    world: &mut World,
    actor: &Actor,
    lead: &Row,
    wanted: &Wanted,
    account: Option<&Reference>,
    contact: Option<&Reference>,
) -> Answer<Reference> {
    let Some(table) = world.table("opportunity") else { return Err(Refused::no_segment("opportunities")) };
    let mut submission = mapped(lead, TO_OPPORTUNITY);
    if world.switches.map_lead_values {
        submission.cells.extend(mapped(lead, VALUES).cells);
    }
    let mut put = |column: &str, value: Option<Datum>| {
        if let Some(value) = value {
            submission.cells.insert(column.into(), Some(value));
        }
    };
    put("originatingleadid", Some(Datum::reference("lead", lead.id)));
    put("parentaccountid", account.cloned().map(Datum::Reference));
    put("parentcontactid", contact.cloned().map(Datum::Reference));
    let customer = wanted.customer.clone().or_else(|| account.or(contact).cloned());
    put("customerid", customer.map(Datum::Reference));
    put("transactioncurrencyid", wanted.currency.map(|id| Datum::reference("transactioncurrency", id)));
    let id = pipeline::create(world, actor, &table, submission)?;
    Ok(Reference { table: table.name.clone(), id })
}

fn mapped(lead: &Row, map: &[(&str, &str)]) -> Submission {
    let value = |(from, to): &(&str, &str)| Some((Name::from(*to), Some(lead.get(from)?.clone())));
    Submission { cells: map.iter().filter_map(value).collect(), ..Submission::default() }
}

fn amend(world: &mut World, actor: &Actor, row: &Reference, cells: &[(&str, Datum)]) -> Answer<()> {
    let table: Arc<Table> = world.table(&row.table).ok_or_else(|| Refused::no_segment(&row.table))?;
    let cells = cells.iter().map(|(name, value)| (Name::from(*name), Some(value.clone()))).collect();
    pipeline::update(world, &actor.unbound(), &table, row.id, Submission { cells, ..Submission::default() })
}
