//! Security roles as privileges with levels (dataverse-api 1.3). Only the application user is bound by them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Row;
use crate::dataverse::schema::{Ownership, Table};
use crate::dataverse::world::World;

/// How far a privilege reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nowhere.
    None,
    /// Rows that the user owns.
    Basic,
    /// Rows of the business unit.
    Local,
    /// Rows of the business unit and those below.
    Deep,
    /// Every row of the organisation.
    Global,
}

/// The application user's privileges; what is not named is Global.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights {
    levels: BTreeMap<String, Level>,
}

/// What is done to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Read,
    Write,
    Delete,
    Append,
    AppendTo,
    Assign,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Delete => "Delete",
            Self::Append => "Append",
            Self::AppendTo => "AppendTo",
            Self::Assign => "Assign",
        }
    }
}

impl Rights {
    /// Sets the level of a privilege such as `prvReadOpportunity`; the case does not count.
    pub(crate) fn set(&mut self, privilege: &str, level: Level) {
        self.levels.insert(privilege.to_lowercase(), level);
    }

    /// Every privilege is Global again.
    pub(crate) fn reset(&mut self) {
        self.levels.clear();
    }

    /// The privileges that are not Global.
    pub(crate) fn levels(&self) -> &BTreeMap<String, Level> {
        &self.levels
    }

    pub(crate) fn level(&self, privilege: &str) -> Level {
        self.levels.get(&privilege.to_lowercase()).copied().unwrap_or(Level::Global)
    }
}

fn privilege(verb: Verb, table: &Table) -> String {
    let name = match &*table.name {
        "systemuser" => "User",
        "annotation" => "Note",
        "opportunityclose" => "Activity",
        _ if table.custom => &table.schema_name,
        _ => &table.label,
    };
    format!("prv{}{name}", verb.name())
}

/// The application user's level of a verb on a table.
pub(crate) fn level(world: &World, verb: Verb, table: &Table) -> Level {
    world.rights.level(&privilege(verb, table))
}

/// Whether the application user may do something to a table at all.
pub(crate) fn may(world: &World, verb: Verb, table: &Table) -> Answer<()> {
    if level(world, verb, table) > Level::None { Ok(()) } else { Err(denied(world, verb, table)) }
}

/// Whether the application user may do something to a row.
pub(crate) fn may_touch(world: &World, verb: Verb, table: &Table, row: &Row) -> Answer<()> {
    may(world, verb, table)?;
    if reaches(level(world, verb, table), table, row, world.ids.application_user) {
        Ok(())
    } else {
        Err(denied(world, verb, table))
    }
}

/// Whether a level reaches a row. There is one business unit, so Local reaches all.
pub(crate) fn reaches(level: Level, table: &Table, row: &Row, user: Uuid) -> bool {
    match level {
        Level::None => false,
        Level::Basic if table.ownership == Ownership::User => {
            row.reference("ownerid").is_some_and(|owner| owner.id == user)
        }
        Level::Basic | Level::Local | Level::Deep | Level::Global => true,
    }
}

/// A missing privilege, by name.
pub(crate) fn needs(world: &World, privilege: &str) -> Answer<()> {
    if world.rights.level(privilege) > Level::None {
        return Ok(());
    }
    let user = world.ids.application_user;
    let message = format!("Principal user (Id={user}, type=8) is missing {privilege} privilege");
    Err(Refused::new(403, "0x80040220", message))
}

pub(crate) fn denied(world: &World, verb: Verb, table: &Table) -> Refused {
    let (user, name) = (world.ids.application_user, privilege(verb, table));
    let message = format!(
        "Principal user (Id={user}, type=8, roleCount=1, privilegeCount=1, accessMode=4), is missing {name} privilege \
         (Id={}) on OTC={} for entity '{}'. context.Caller={user}",
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()),
        table.type_code,
        table.name,
    );
    Refused::new(403, "0x80040220", message)
}
