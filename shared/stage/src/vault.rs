//! Secrets Manager: the version in use, the version that is being proven, and the change from one to the other.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// Label of the version in use.
const CURRENT: &str = "AWSCURRENT";
/// Label of the version that is being proven.
const PENDING: &str = "AWSPENDING";

/// One version of a secret.
#[derive(Debug, Clone)]
pub struct Secret {
    /// What it holds.
    pub text: SecretString,
    /// Which version this is.
    pub version: String,
    /// Since when there is this version.
    pub created: Option<Timestamp>,
}

/// The secrets of a stage.
#[derive(Debug, Clone)]
pub struct Vault {
    client: Client,
}

impl Vault {
    /// A vault behind this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The version in use.
    ///
    /// # Errors
    /// What kept it from being read, in words.
    pub async fn current(&self, id: &str) -> Result<Secret, String> {
        let answer = self.client.get_secret_value().secret_id(id).send().await.map_err(|error| reason(&error))?;
        secret_of(answer).ok_or_else(|| "it holds no text".to_owned())
    }

    /// The version that somebody is proving, or died proving.
    ///
    /// # Errors
    /// What kept it from being read, in words.
    pub async fn pending(&self, id: &str) -> Result<Option<Secret>, String> {
        match self.client.get_secret_value().secret_id(id).version_stage(PENDING).send().await {
            Ok(answer) => Ok(secret_of(answer)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(reason(&error)),
        }
    }

    /// Stores a version beside the one in use. Says which version it is. `token` makes a repetition the same request.
    ///
    /// # Errors
    /// When it is not stored.
    pub async fn propose(&self, id: &str, text: &SecretString, token: &str) -> Result<String, Error> {
        let request = self.client.put_secret_value().secret_id(id).client_request_token(token);
        let stored = request.secret_string(text.expose_secret()).version_stages(PENDING).send().await;
        match stored {
            Ok(answer) => Ok(answer.version_id.unwrap_or_else(|| token.to_owned())),
            Err(error) => Err(Error::Unwritten { id: id.to_owned(), reason: reason(&error) }),
        }
    }

    /// Puts a proposed version in use, if the one in use is still `over`. Says whether it was.
    ///
    /// # Errors
    /// When Secrets Manager cannot be asked.
    pub async fn promote(&self, id: &str, version: &str, over: &str) -> Result<bool, Error> {
        let request = self.client.update_secret_version_stage().secret_id(id).version_stage(CURRENT);
        let moved = request.move_to_version_id(version).remove_from_version_id(over).send().await;
        let written = match moved {
            // The label has left `over` meanwhile: somebody signed in, or another refresher was faster.
            Err(SdkError::ServiceError(refused))
                if refused.err().is_invalid_parameter_exception() || refused.err().is_invalid_request_exception() =>
            {
                return Ok(false);
            }
            Err(error) => return Err(Error::Unwritten { id: id.to_owned(), reason: reason(&error) }),
            Ok(_) => self.client.update_secret_version_stage().secret_id(id).version_stage(PENDING),
        };
        // A label left behind is harmless: the next proposal takes it.
        if let Err(error) = written.remove_from_version_id(version).send().await {
            tracing::debug!(error = reason(&error), "the pending label stays");
        }
        Ok(true)
    }
}

fn secret_of(answer: GetSecretValueOutput) -> Option<Secret> {
    let created = answer.created_date.and_then(|at| Timestamp::from_second(at.secs()).ok());
    let text = SecretString::from(answer.secret_string?);
    Some(Secret { text, version: answer.version_id.unwrap_or_default(), created })
}

/// An AWS error's name and message, or why there was no answer.
pub(crate) fn reason<E: std::error::Error + 'static>(error: &E) -> String {
    DisplayErrorContext(error).to_string()
}

/// The name of a refusal.
pub(crate) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
