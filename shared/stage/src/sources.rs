//! Settings and secrets as Secrets Manager holds them: TOML, and JSON with the members of design section 6.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use settings::{DataverseSecrets, PartnerCenterSecrets, Settings};

use crate::environment::Variable;
use crate::{Error, Secret};

/// What parts are built from. A secret that the function is not told of is not there.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The settings.
    pub settings: Settings,
    /// The Partner Center sign-in.
    pub partner_center: Option<PartnerCenterSecrets>,
    /// The Dataverse sign-in, and the keys of the door.
    pub dataverse: Option<DataverseSecrets>,
}

impl Sources {
    /// Reads the texts of secrets.
    pub(crate) fn read(secrets: &[(Variable, String, Secret)]) -> Result<Self, Error> {
        let malformed = |variable: Variable, id: &str| {
            let (variable, id) = (variable.name(), id.to_owned());
            move |reason| Error::SecretMalformed { id, variable, reason }
        };
        let find = |wanted| secrets.iter().find(|(variable, ..)| *variable == wanted);
        let unset = |variable: Variable| Error::Settings(format!("{} is needed", variable.name()));
        let (variable, id, secret) = find(Variable::SettingsSecret).ok_or_else(|| unset(Variable::SettingsSecret))?;
        let settings = settings_of(&secret.text, id).map_err(malformed(*variable, id))?;
        let partner_center = find(Variable::PartnerCenterSecret)
            .map(|(variable, id, secret)| partner_center_of(&secret.text).map_err(malformed(*variable, id)))
            .transpose()?;
        let dataverse = find(Variable::DataverseSecret)
            .map(|(variable, id, secret)| dataverse_of(&secret.text).map_err(malformed(*variable, id)))
            .transpose()?;
        Ok(Self { settings, partner_center, dataverse })
    }
}

fn settings_of(text: &SecretString, id: &str) -> Result<Settings, String> {
    Settings::parse(text.expose_secret(), Path::new(id)).map_err(|error| error.to_string())
}

/// Reads the Partner Center secret.
pub(crate) fn partner_center_of(text: &SecretString) -> Result<PartnerCenterSecrets, String> {
    let value = json_of(text)?;
    let mut problems = Vec::new();
    let secrets = PartnerCenterSecrets {
        client_secret: member(&value, "client_secret", &mut problems),
        refresh_token: Some(member(&value, "refresh_token", &mut problems)),
    };
    match problems.is_empty() {
        true => Ok(secrets),
        false => Err(problems.join("; ")),
    }
}

fn dataverse_of(text: &SecretString) -> Result<DataverseSecrets, String> {
    let value = json_of(text)?;
    let mut problems = Vec::new();
    let client_secret = member(&value, "client_secret", &mut problems);
    let keys = value.get("webhook_keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
    let webhook_keys: Option<Vec<SecretString>> =
        keys.and_then(|keys| keys.iter().map(|key| filled(key).map(SecretString::from)).collect());
    if webhook_keys.is_none() {
        problems.push("webhook_keys must be a list of texts that are not empty".to_owned());
    }
    match (problems.is_empty(), webhook_keys) {
        (true, Some(webhook_keys)) => Ok(DataverseSecrets { client_secret, webhook_keys }),
        _ => Err(problems.join("; ")),
    }
}

/// The JSON in a secret. What is wrong with it is not shown: it may be a part of the secret.
fn json_of(text: &SecretString) -> Result<Value, String> {
    match serde_json::from_str(text.expose_secret()) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err("it is no JSON object".to_owned()),
    }
}

fn member(value: &Value, name: &str, problems: &mut Vec<String>) -> SecretString {
    match value.get(name).and_then(filled) {
        Some(text) => return SecretString::from(text),
        None => problems.push(format!("{name} must be a text that is not empty")),
    }
    SecretString::default()
}

fn filled(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_wrong_is_named_and_not_shown() {
        for text in ["hush", "[\"hush\"]", r#"{"client_secret": 1, "refresh_token": ""}"#, "{}"] {
            let problem = partner_center_of(&SecretString::from(text)).unwrap_err();
            assert!(!problem.contains("hush"), "{problem}");
        }
        let problem = dataverse_of(&SecretString::from(r#"{"webhook_keys": ["hush", ""]}"#)).unwrap_err();
        assert_eq!(
            problem,
            "client_secret must be a text that is not empty; webhook_keys must be a list of texts that are not empty"
        );
    }

    #[test]
    fn both_secrets_are_read_with_the_members_of_the_contract() {
        let text = r#"{"client_secret": "a", "refresh_token": "b", "note": "kept by whoever wrote it"}"#;
        let secrets = partner_center_of(&SecretString::from(text)).unwrap();
        assert_eq!(secrets.refresh_token.unwrap().expose_secret(), "b");
        let text = r#"{"client_secret": "a", "webhook_keys": ["current", "previous"]}"#;
        assert_eq!(dataverse_of(&SecretString::from(text)).unwrap().webhook_keys.len(), 2);
    }
}
