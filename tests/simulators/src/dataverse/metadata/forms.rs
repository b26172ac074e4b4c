//! Forms (dataverse-api 7.7, 7.9): an edit is seen by readers once it is published.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Datum;
use crate::dataverse::schema::Name;
use crate::dataverse::world::World;

/// Keeps the new XML of a form back until it is published.
pub(crate) fn keep_unpublished(world: &mut World, form: Uuid, cells: &mut BTreeMap<Name, Option<Datum>>) -> Answer<()> {
    let Some(xml) = cells.remove("formxml") else { return Ok(()) };
    let xml = xml.as_ref().and_then(Datum::as_text).unwrap_or_default();
    if !(xml.starts_with("<form") && xml.trim_end().ends_with("</form>") && balanced(xml)) {
        return Err(Refused::new(400, "0x8004852A", "The form XML is not valid."));
    }
    world.unpublished_forms.insert(form, xml.to_owned());
    Ok(())
}

/// Publishes the forms of some tables, or all.
pub(super) fn publish(world: &mut World, tables: Option<&[String]>) {
    for (form, xml) in std::mem::take(&mut world.unpublished_forms) {
        let Some(mut row) = world.store.get("systemform", form).cloned() else { continue };
        let table = row.text("objecttypecode").unwrap_or_default();
        if tables.is_some_and(|tables| !tables.iter().any(|name| name == table)) {
            world.unpublished_forms.insert(form, xml);
            continue;
        }
        row.put("formxml", Some(Datum::Text(xml)));
        world.store.put(&"systemform".into(), row);
    }
}

/// Whether every element that opens closes, in order.
fn balanced(xml: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for part in xml.split('<').skip(1) {
        let Some((tag, _)) = part.split_once('>') else { return false };
        if tag.starts_with(['?', '!']) || tag.ends_with('/') {
            continue;
        }
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        if !tag.starts_with('/') {
            open.push(name);
        } else if open.pop() != Some(name) {
            return false;
        }
    }
    open.is_empty()
}
