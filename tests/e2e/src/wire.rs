//! Plain calls to the emulators: AWS's JSON protocols, without an SDK, so that properties of the template pass through as
//! they stand.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// An emulator's address and how to name operations there.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    http: reqwest::Client,
    url: String,
    prefix: &'static str,
    content_type: &'static str,
    signing_name: &'static str,
}

impl Service {
    /// DynamoDB.
    #[must_use]
    pub(crate) fn dynamodb(url: &str) -> Self {
        Self::new(url, "DynamoDB_20120810", "application/x-amz-json-1.0", "dynamodb")
    }

    /// SQS.
    #[must_use]
    pub(crate) fn sqs(url: &str) -> Self {
        Self::new(url, "AmazonSQS", "application/x-amz-json-1.0", "sqs")
    }

    /// Secrets Manager.
    #[must_use]
    pub(crate) fn secrets(url: &str) -> Self {
        Self::new(url, "secretsmanager", "application/x-amz-json-1.1", "secretsmanager")
    }

    fn new(url: &str, prefix: &'static str, content_type: &'static str, signing_name: &'static str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), prefix, content_type, signing_name }
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When it is refused, or nobody answers.
    pub(crate) async fn call(&self, operation: &str, input: &Value) -> Result<Value> {
        let credential =
            format!("Credential=test/20260101/{}/{}/aws4_request", crate::stack::REGION, self.signing_name);
        let answer = self
            .http
            .post(&self.url)
            .header("content-type", self.content_type)
            .header("x-amz-target", format!("{}.{operation}", self.prefix))
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00"))
            .body(input.to_string())
            .send()
            .await
            .with_context(|| format!("{operation}: nobody answers at {}", self.url))?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{operation}: {status}: {text}");
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}
