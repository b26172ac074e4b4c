//! `[fields.*]`: the user's mapping rows.

use std::collections::BTreeMap;

use mapping::{Mapping, RowSettings};
use serde::Deserialize;
use toml::{Table, Value};

use crate::Problem;
use crate::section::kind;

/// Rows are checked member by member, so that one misspelled member does not hide the next; what the rows say is checked
/// by `mapping`.
pub(crate) fn read(prefix: &str, table: Table, problems: &mut Vec<Problem>) -> BTreeMap<String, RowSettings> {
    let mut fields = BTreeMap::new();
    for (id, value) in table {
        let Value::Table(members) = value else {
            let reason = format!("is {}; it must be a table", kind(&value));
            problems.push(Problem { key: format!("fields.{id}"), reason });
            continue;
        };
        let mut understood = Table::new();
        for (member, value) in members {
            match understands(&member, &value) {
                Ok(()) => drop(understood.insert(member, value)),
                Err(reason) => problems.push(Problem { key: format!("fields.{id}.{member}"), reason }),
            }
        }
        if let Ok(row) = RowSettings::deserialize(understood) {
            fields.insert(id, row);
        }
    }
    if let Err(wrong) = Mapping::new(prefix, &fields) {
        problems.extend(wrong.into_iter().map(|row| Problem { key: row.key, reason: row.reason }));
    }
    fields
}

/// Whether a row may have this member, or why not.
fn understands(member: &str, value: &Value) -> Result<(), String> {
    let alone = Table::from_iter([(member.to_owned(), value.clone())]);
    match RowSettings::deserialize(alone) {
        Ok(_) => Ok(()),
        Err(error)
            if error.message().starts_with("unknown field `") && error.message().contains(&format!("`{member}`")) =>
        {
            Err("is not a setting: remove it, or look for a spelling mistake".to_owned())
        }
        Err(error) => Err(error.message().lines().next().unwrap_or_default().to_owned()),
    }
}
