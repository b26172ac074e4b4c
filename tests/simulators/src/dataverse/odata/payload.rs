//! The JSON of a create or an update as cells of a row (dataverse-api 2.4, 2.6): properties by name, lookups by
//! navigation property, nested rows. Strict about names and their case.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::path::{self, Key, Segment};
use super::value;
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Reference};
use crate::dataverse::rules::keys;
use crate::dataverse::schema::{Kind, Name, Navigation, Table, Target};
use crate::dataverse::world::World;

/// What a request submits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submission {
    /// The cells named, null ones too.
    pub(crate) cells: BTreeMap<Name, Option<Datum>>,
    /// The primary key, if the client chose it.
    pub(crate) id: Option<Uuid>,
    /// Rows to create first, for a lookup column of this one to point to.
    pub(crate) parents: Vec<(Name, Arc<Table>, Submission)>,
    /// Rows to create afterwards, whose lookup column points to this one.
    pub(crate) children: Vec<(Arc<Table>, Name, Submission)>,
}

/// The rows that a `$1` stands for, by Content-ID (2.10).
pub(crate) type ContentIds = HashMap<String, Reference>;

/// Reads a payload for a table.
pub(crate) fn read(
    world: &World,
    table: &Arc<Table>,
    payload: &Map<String, Value>,
    content_ids: &ContentIds,
) -> Answer<Submission> {
    let reader = Reader { world, table, content_ids };
    let mut submission = Submission::default();
    for (property, value) in payload {
        reader.take(property, value, payload, &mut submission)?;
    }
    Ok(submission)
}

struct Reader<'a> {
    world: &'a World,
    table: &'a Arc<Table>,
    content_ids: &'a ContentIds,
}

impl Reader<'_> {
    fn take(&self, property: &str, value: &Value, whole: &Map<String, Value>, into: &mut Submission) -> Answer<()> {
        if let Some(navigation) = property.strip_suffix("@odata.bind") {
            return self.bind(navigation, value, into);
        }
        if property.starts_with('@') {
            return Ok(());
        }
        if let Some((named, _)) = property.split_once('@') {
            // An annotation of something that is there says nothing new.
            let known = whole.contains_key(named) || self.table.property(named).is_some();
            return if known { Ok(()) } else { Err(undeclared(named)) };
        }
        if let Some(column) = self.table.column(property).filter(|column| !column.is_lookup()) {
            let datum = value::taken(self.world, self.table, column, value)?;
            match (&column.kind, datum) {
                (Kind::Id, Some(Datum::Id(id))) => into.id = Some(id),
                (_, datum) => {
                    into.cells.insert(column.name.clone(), datum);
                }
            }
            return Ok(());
        }
        if self.table.property(property).is_some() {
            return Err(Refused::payload(format!(
                "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead. \
                 ({property})"
            )));
        }
        match self.world.schema.navigation(self.table, property) {
            Some(Navigation::Single(column, _)) if value.is_null() => {
                into.cells.insert(column.name.clone(), None);
                Ok(())
            }
            Some(Navigation::Single(column, target)) => {
                let Value::Object(nested) = value else { return Err(primitive(property)) };
                let table = self.target_table(target)?;
                let nested = read(self.world, &table, nested, self.content_ids)?;
                into.parents.push((column.name.clone(), table, nested));
                Ok(())
            }
            Some(Navigation::Collection(table, column)) => {
                let Value::Array(rows) = value else { return Err(primitive(property)) };
                for row in rows {
                    let Value::Object(nested) = row else { return Err(primitive(property)) };
                    let nested = read(self.world, table, nested, self.content_ids)?;
                    into.children.push((table.clone(), column.name.clone(), nested));
                }
                Ok(())
            }
            Some(Navigation::Many(..)) => {
                Err(Refused::payload(format!("Rows cannot be created through the navigation property '{property}'.")))
            }
            None => Err(Refused::payload(format!(
                "The property '{property}' does not exist on type '{}'. Make sure to only use property names that are \
                 defined by the type or mark the type as open type.",
                self.table.type_name()
            ))),
        }
    }

    fn bind(&self, navigation: &str, value: &Value, into: &mut Submission) -> Answer<()> {
        let Some(Navigation::Single(column, target)) = self.world.schema.navigation(self.table, navigation) else {
            return Err(match self.world.schema.navigation(self.table, navigation) {
                None => undeclared(navigation),
                Some(_) => Refused::payload(format!(
                    "Binding the collection-valued navigation property '{navigation}' is not supported."
                )),
            });
        };
        let reference = match value {
            Value::Null => None,
            Value::String(address) => Some(self.row_at(address, column, target)?),
            _ => return Err(primitive(navigation)),
        };
        into.cells.insert(column.name.clone(), reference.map(Datum::Reference));
        Ok(())
    }

    /// The row that an address names; it must exist and be of a table that the property leads to.
    fn row_at(&self, address: &str, column: &crate::dataverse::schema::Column, target: &Target) -> Answer<Reference> {
        let reference = reference_at(self.world, address, self.content_ids)?;
        // An owner is a user or a team under one property.
        let same_name = |other: &&Target| other.navigation == target.navigation && other.table == reference.table;
        if column.targets().iter().any(|other| same_name(&other)) {
            return Ok(reference);
        }
        Err(Refused::payload(format!(
            "The entity set of '{address}' does not fit the navigation property '{}'.",
            target.navigation
        )))
    }

    fn target_table(&self, target: &Target) -> Answer<Arc<Table>> {
        self.world.table(&target.table).ok_or_else(|| Refused::no_segment(&target.table))
    }
}

/// The row that an address or a `$1` names.
pub(crate) fn reference_at(world: &World, address: &str, content_ids: &ContentIds) -> Answer<Reference> {
    if let Some(content_id) = address.trim_start_matches('/').strip_prefix('$') {
        return content_ids.get(content_id).cloned().ok_or_else(|| no_content_id(content_id));
    }
    let Segment { name, key } = path::last_of(address)?;
    let table = world.schema.of_set(&name).ok_or_else(|| Refused::no_segment(&name))?;
    let id = match &key {
        Some(Key::Id(id)) if world.store.get(&table.name, *id).is_some() => *id,
        Some(Key::Id(id)) => return Err(Refused::no_such_row(&table.name, *id)),
        Some(Key::Named(pairs)) => keys::find(world, table, pairs)?,
        Some(Key::Empty) | None => return Err(Refused::syntax()),
    };
    Ok(Reference { table: table.name.clone(), id })
}

pub(crate) fn no_content_id(id: &str) -> Refused {
    Refused::new(400, "0x80060888", format!("Content-ID Reference: '${id}' does not exist in the batch context."))
}

fn undeclared(name: &str) -> Refused {
    Refused::payload(format!(
        "An undeclared property '{name}' which only has property annotations in the payload but no property value was \
         found in the payload. In OData, only declared navigation properties and declared named streams can be \
         represented as properties without values."
    ))
}

fn primitive(property: &str) -> Refused {
    Refused::payload(format!(
        "A 'PrimitiveValue' node with non-null value was found when trying to read the value of a navigation property \
         '{property}'; however, a 'StartArray' node, a 'StartObject' node, or a 'PrimitiveValue' node with null value \
         was expected."
    ))
}
