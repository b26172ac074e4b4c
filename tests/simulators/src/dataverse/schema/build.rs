//! How tables are written down: `table("account", "accounts")`, then columns by kind. Metadata ids follow from names.

use serde_json::Map;
use uuid::Uuid;

use super::{AlternateKey, Choice, Column, Index, Kind, OnDelete, Ownership, Table, Target, column, interned};

/// A metadata id that follows from what it names.
pub(crate) fn metadata_id(of: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, of.as_bytes())
}

/// Begins a table with its primary key; `name_column` is added by whoever describes it.
pub(crate) fn table(name: &str, set: &str, name_column: &str) -> Table {
    let id = format!("{name}id");
    let mut table = Table {
        name: interned(name),
        schema_name: name.to_owned(),
        set: set.to_owned(),
        label: titled(name),
        id: interned(&id),
        primary_name: interned(name_column),
        ownership: Ownership::Organization,
        type_code: 10_000,
        change_tracking: false,
        custom: false,
        metadata_id: metadata_id(name),
        columns: Vec::new(),
        keys: Vec::new(),
        given: Map::new(),
    };
    table.columns.push(column::made(&id, Kind::Id).create_only());
    table.columns.push(column::made("versionnumber", Kind::BigInt).read_only());
    table
}

impl Table {
    /// Another primary key column than `{name}id`.
    pub(super) fn with_id(mut self, id: &str) -> Self {
        self.id = interned(id);
        self.columns[0] = column::made(id, Kind::Id).create_only();
        self
    }

    /// The object type code of messages about privileges.
    pub(super) fn with_type_code(mut self, code: u32) -> Self {
        self.type_code = code;
        self
    }

    pub(super) fn labelled(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    pub(crate) fn with(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns.extend(columns);
        self
    }

    pub(super) fn tracked(mut self) -> Self {
        self.change_tracking = true;
        self
    }

    /// The columns that every table has whose rows people make: who and when.
    pub(crate) fn stamped(self) -> Self {
        let who = |name: &str, table: &str| {
            let relationship = format!("lk_{table}_{name}");
            column::lookup(name, "systemuser", &relationship).read_only()
        };
        let name = self.name.to_string();
        self.with([
            column::date_time("createdon").read_only(),
            column::date_time("modifiedon").read_only(),
            who("createdby", &name),
            who("modifiedby", &name),
            who("createdonbehalfby", &name),
            who("modifiedonbehalfby", &name),
            column::integer("importsequencenumber", i64::from(i32::MIN), i64::from(i32::MAX)),
            column::date_time("overriddencreatedon").create_only(),
        ])
    }

    /// The same and an owner.
    pub(crate) fn owned(mut self) -> Self {
        self.ownership = Ownership::User;
        let name = self.name.to_string();
        let owner = |table: &str| Target {
            table: interned(table),
            navigation: "ownerid".to_owned(),
            collection: format!("{table}_{name}"),
            relationship: format!("owner_{name}_{table}"),
            on_delete: OnDelete::Restrict,
            metadata_id: metadata_id(&format!("owner_{name}_{table}")),
        };
        let owner = Kind::Lookup(vec![owner("systemuser"), owner("team")]);
        self.stamped().with([
            column::made("ownerid", owner),
            column::lookup("owninguser", "systemuser", &format!("user_{name}")).read_only(),
            column::lookup("owningteam", "team", &format!("owningteam_{name}")).read_only(),
            column::lookup("owningbusinessunit", "businessunit", &format!("business_unit_{name}")).read_only(),
        ])
    }

    /// State and status, each status with its state; the first status of a state is its default.
    pub(crate) fn with_states(self, states: &[(i64, &str)], statuses: &[(i64, &str, i64)]) -> Self {
        let first = |state: i64| statuses.iter().find(|(_, _, of)| *of == state).map_or(-1, |(value, _, _)| *value);
        let states = states.iter().map(|(value, label)| choice(*value, label, first(*value))).collect();
        let statuses = statuses.iter().map(|(value, label, of)| choice(*value, label, *of)).collect();
        self.with([
            column::made("statecode", Kind::State(states)).update_only(),
            column::made("statuscode", Kind::Status(statuses)),
        ])
    }

    /// The usual two states.
    pub(crate) fn with_activity(self) -> Self {
        self.with_states(&[(0, "Active"), (1, "Inactive")], &[(1, "Active", 0), (2, "Inactive", 1)])
    }

    /// The currency of a row with money, and the rate it was converted with.
    pub(super) fn with_currency(self) -> Self {
        let relationship = format!("transactioncurrency_{}", self.name);
        self.with([
            column::lookup("transactioncurrencyid", "transactioncurrency", &relationship).restricting(),
            column::decimal("exchangerate", 12).read_only(),
        ])
    }

    /// An alternate key whose index is built.
    pub(super) fn with_key(mut self, name: &str, columns: &[&str]) -> Self {
        self.keys.push(AlternateKey {
            name: interned(&name.to_lowercase()),
            schema_name: name.to_owned(),
            label: name.to_owned(),
            columns: columns.iter().map(|column| interned(column)).collect(),
            index: Index::Active,
            metadata_id: metadata_id(&format!("{}/{name}", self.name)),
        });
        self
    }
}

/// What a column may be refined to.
pub(crate) trait Made: Sized {
    fn read_only(self) -> Self;
    fn create_only(self) -> Self;
    fn update_only(self) -> Self;
    fn required(self) -> Self;
    fn hidden(self) -> Self;
    fn starting_at(self, value: i64) -> Self;
    fn going_along(self) -> Self;
    fn restricting(self) -> Self;
    fn navigated(self, single: &str, collection: &str) -> Self;
}

impl Made for Column {
    fn read_only(mut self) -> Self {
        (self.on_create, self.on_update) = (false, false);
        self
    }

    fn create_only(mut self) -> Self {
        self.on_update = false;
        self
    }

    fn update_only(mut self) -> Self {
        self.on_create = false;
        self
    }

    fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Written and never read.
    fn hidden(mut self) -> Self {
        self.readable = false;
        self
    }

    fn starting_at(mut self, value: i64) -> Self {
        self.default = Some(value);
        self
    }

    /// Rows go when the row goes that they point to.
    fn going_along(self) -> Self {
        on_delete(self, OnDelete::Cascade)
    }

    /// A row that is pointed to cannot go.
    fn restricting(self) -> Self {
        on_delete(self, OnDelete::Restrict)
    }

    /// Other navigation properties than the usual ones.
    fn navigated(mut self, single: &str, collection: &str) -> Self {
        if let Kind::Lookup(targets) = &mut self.kind {
            for target in targets {
                single.clone_into(&mut target.navigation);
                collection.clone_into(&mut target.collection);
            }
        }
        self
    }
}

fn on_delete(mut column: Column, rule: OnDelete) -> Column {
    if let Kind::Lookup(targets) = &mut column.kind {
        for target in targets {
            target.on_delete = rule;
        }
    }
    column
}

pub(crate) fn choice(value: i64, label: &str, of: i64) -> Choice {
    Choice { value, label: label.to_owned(), of }
}

pub(super) fn titled(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
