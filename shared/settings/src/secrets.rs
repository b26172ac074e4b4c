//! `cosell.secrets.toml`, beside the settings. Never printed, never rewritten; only its owner may read it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;
use toml::{Table, Value};

use crate::read::line_of;

/// What must not be known to anybody else.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// `[partner_center]`
    pub partner_center: PartnerCenterSecrets,
    /// `[dataverse]`
    pub dataverse: DataverseSecrets,
}

/// `[partner_center]`
#[derive(Debug, Clone)]
pub struct PartnerCenterSecrets {
    /// Of the app registration.
    pub client_secret: SecretString,
    /// Of the person who signed in; none before that, or if `cosell login` keeps the only one.
    pub refresh_token: Option<SecretString>,
}

/// `[dataverse]`
#[derive(Debug, Clone)]
pub struct DataverseSecrets {
    /// Of the app registration.
    pub client_secret: SecretString,
    /// What Dataverse presents at the door: the current key, then the one before.
    pub webhook_keys: Vec<SecretString>,
}

/// Why the secrets cannot be used. Says where, never what.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file is not there, or not readable.
    #[error("{path} cannot be read ({reason}): it belongs beside the settings")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Others can read it.
    #[error("{path} can be read by others (mode {mode:03o}): run chmod 600 on it")]
    Open {
        /// Which file.
        path: String,
        /// Its mode.
        mode: u32,
    },
    /// It is not TOML.
    #[error("{path}, line {line}: this is not TOML")]
    Syntax {
        /// Which file.
        path: String,
        /// Where.
        line: usize,
    },
    /// Keys are missing, or are no settings.
    #[error("{path}: {}", problems.join("; "))]
    Problems {
        /// Which file.
        path: String,
        /// Each of them.
        problems: Vec<String>,
    },
}

impl Secrets {
    /// Reads `cosell.secrets.toml` in the folder of a settings file.
    ///
    /// # Errors
    /// When the file is missing, can be read by others, or lacks something.
    pub fn read_beside(config: &Path) -> Result<Self, SecretsError> {
        let path = config.with_file_name("cosell.secrets.toml");
        let name = path.display().to_string();
        let unreadable =
            |error: std::io::Error| SecretsError::Unreadable { path: name.clone(), reason: error.to_string() };
        let mode = std::fs::metadata(&path).map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretsError::Open { path: name, mode });
        }
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        Self::parse(&text, &name)
    }

    /// Reads the text of a secrets file; `name` names it in errors.
    ///
    /// # Errors
    /// As [`Self::read_beside`].
    pub fn parse(text: &str, name: &str) -> Result<Self, SecretsError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| SecretsError::Syntax {
            path: name.to_owned(),
            line: line_of(text, &error),
        })?;
        let mut reader = Reader { table, problems: Vec::new() };
        let partner_center = PartnerCenterSecrets {
            client_secret: reader.text("partner_center", "client_secret"),
            refresh_token: reader.optional_text("partner_center", "refresh_token"),
        };
        let dataverse = DataverseSecrets {
            client_secret: reader.text("dataverse", "client_secret"),
            webhook_keys: reader.texts("dataverse", "webhook_keys"),
        };
        reader.reject_the_rest();
        match reader.problems.is_empty() {
            true => Ok(Self { partner_center, dataverse }),
            false => Err(SecretsError::Problems { path: name.to_owned(), problems: reader.problems }),
        }
    }
}

struct Reader {
    table: Table,
    problems: Vec<String>,
}

impl Reader {
    fn take(&mut self, table: &str, key: &str) -> Option<Value> {
        self.table.get_mut(table)?.as_table_mut()?.remove(key)
    }

    fn text(&mut self, table: &str, key: &str) -> SecretString {
        if !self.has(table, key) {
            self.problems.push(format!("{table}.{key} is missing"));
        }
        self.optional_text(table, key).unwrap_or_default()
    }

    fn optional_text(&mut self, table: &str, key: &str) -> Option<SecretString> {
        match self.take(table, key)? {
            Value::String(text) if !text.is_empty() => Some(SecretString::from(text)),
            _ => {
                self.problems.push(format!("{table}.{key} must be a text that is not empty"));
                None
            }
        }
    }

    fn has(&self, table: &str, key: &str) -> bool {
        self.table.get(table).and_then(|table| table.get(key)).is_some()
    }

    fn texts(&mut self, table: &str, key: &str) -> Vec<SecretString> {
        let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        match self.take(table, key) {
            Some(Value::Array(items)) if !items.is_empty() && items.iter().all(filled) => {
                return items.iter().filter_map(Value::as_str).map(SecretString::from).collect();
            }
            Some(_) => self.problems.push(format!("{table}.{key} must be a list of texts that are not empty")),
            None => self.problems.push(format!("{table}.{key} is missing")),
        }
        Vec::new()
    }

    fn reject_the_rest(&mut self) {
        for (name, value) in std::mem::take(&mut self.table) {
            match value {
                Value::Table(rest) if ["partner_center", "dataverse"].contains(&name.as_str()) => {
                    self.problems.extend(rest.keys().map(|key| format!("{name}.{key} is not a secret that is used")));
                }
                _ => self.problems.push(format!("{name} is not a table of secrets that are used")),
            }
        }
    }
}
