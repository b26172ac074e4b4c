//! Which function is told what by its environment (design section 6). Nothing else reads it.

use std::collections::BTreeMap;

use crate::Error;

/// A variable of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// Id of the secret whose text is `cosell.toml`.
    SettingsSecret,
    /// Id of the secret with the Partner Center sign-in.
    PartnerCenterSecret,
    /// Id of the secret with the Dataverse sign-in and the door's keys.
    DataverseSecret,
    /// Name of the table.
    Table,
    /// URL of the queue.
    QueueUrl,
}

use Variable::{DataverseSecret, PartnerCenterSecret, QueueUrl, SettingsSecret, Table};

impl Variable {
    /// Every variable.
    pub const ALL: [Self; 5] = [SettingsSecret, PartnerCenterSecret, DataverseSecret, Table, QueueUrl];

    /// As in the environment.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SettingsSecret => "COSELL_SETTINGS_SECRET",
            PartnerCenterSecret => "COSELL_PARTNER_CENTER_SECRET",
            DataverseSecret => "COSELL_DATAVERSE_SECRET",
            Table => "COSELL_TABLE",
            QueueUrl => "COSELL_QUEUE_URL",
        }
    }

    fn is_secret(self) -> bool {
        matches!(self, SettingsSecret | PartnerCenterSecret | DataverseSecret)
    }
}

/// A function and what it is told. The template is held to this table by a test.
#[derive(Debug)]
pub struct Function {
    /// Its name, which is the name of its crate, too.
    pub name: &'static str,
    /// All it is told, and all it needs.
    pub variables: &'static [Variable],
}

/// Every function.
pub const FUNCTIONS: [Function; 5] = [
    Function { name: "webhook-ingest", variables: &[SettingsSecret, QueueUrl] },
    Function { name: "crm-change", variables: &[SettingsSecret, DataverseSecret, QueueUrl] },
    Function { name: "sync-worker", variables: &Variable::ALL },
    Function { name: "reconciler", variables: &Variable::ALL },
    Function { name: "token-refresher", variables: &[SettingsSecret, PartnerCenterSecret, Table] },
];

impl Function {
    pub(crate) fn named(name: &str) -> Result<&'static Self, Error> {
        FUNCTIONS.iter().find(|function| function.name == name).ok_or_else(|| Error::UnknownFunction(name.to_owned()))
    }

    /// The secrets that it is told of.
    pub fn secrets(&self) -> impl Iterator<Item = Variable> {
        self.variables.iter().copied().filter(|variable| variable.is_secret())
    }

    /// Reads its variables, and says all that are missing or empty.
    pub(crate) fn read(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<BTreeMap<Variable, String>, Error> {
        let (mut values, mut missing) = (BTreeMap::new(), Vec::new());
        for variable in self.variables {
            match environment(variable.name()).filter(|value| !value.is_empty()) {
                Some(value) => drop(values.insert(*variable, value)),
                None => missing.push(variable.name()),
            }
        }
        match missing.is_empty() {
            true => Ok(values),
            false => Err(Error::Unset { function: self.name, variables: missing }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let function = Function::named("crm-change").unwrap();
        let error = function.read(|name| (name == QueueUrl.name()).then(String::new)).unwrap_err();
        let text = "COSELL_SETTINGS_SECRET, COSELL_DATAVERSE_SECRET, COSELL_QUEUE_URL not set: the template sets it \
                    for crm-change";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_function_is_told_only_what_it_needs() {
        let function = Function::named("webhook-ingest").unwrap();
        let values = function.read(|name| Some(name.to_lowercase())).unwrap();
        assert_eq!(values.len(), 2);
        assert_eq!(values[&QueueUrl], "cosell_queue_url");
    }
}
