//! The points the documentation leaves open (dataverse-api 11), each a switch. The defaults are the reading that is
//! most plausible and, between equals, the one that is harder on a client.

use serde::{Deserialize, Serialize};

/// Every open point. Changed at run time by `POST /control/switches` with some of the members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Lifetime of an access token, in seconds (1.1).
    pub token_seconds: u64,
    /// A 401 carries an HTML page instead of nothing (1.2; 11, point 2).
    pub unauthorized_html: bool,
    /// Status for an app without an application user (11, point 2).
    pub missing_user_status: u16,
    /// Spaces at the end of text are dropped when stored.
    pub trim_trailing_spaces: bool,
    /// Decimals that money comes back with, at least (2.4).
    pub money_scale: u32,
    /// Status of a create whose primary key is taken (11, point 12).
    pub duplicate_primary_key_status: u16,
    /// Code beside "A record with matching key values already exists." (2.7).
    pub existing_row_code: String,
    /// Status of an expired delta link (11, point 1).
    pub expired_delta_status: u16,
    /// Customer and parent account or contact of an opportunity follow each other (6.1).
    pub derive_customer: bool,
    /// The currency of an opportunity with values cannot change (6.1).
    pub currency_locked_by_values: bool,
    /// An update cannot set an opportunity to Won or Lost (11, point 3).
    pub patch_cannot_close: bool,
    /// The update that reopens an opportunity may carry other columns.
    pub reopen_with_other_columns: bool,
    /// `Status: -1` picks the default reason when closing (11, point 3).
    pub close_with_default_status: bool,
    /// Closing an opportunity fires Update steps (5.2; 11, point 3).
    pub closing_fires_update: bool,
    /// A qualified or disqualified lead refuses updates that do not reactivate it.
    pub closed_leads_are_read_only: bool,
    /// QualifyLead uses the account and contact that the lead has already (11, point 4).
    pub qualify_reuses_parents: bool,
    /// QualifyLead answers with the rows created instead of nothing (11, point 4).
    pub qualify_answers_rows: bool,
    /// QualifyLead copies value, close date and budget to the opportunity: attribute maps are the organisation's own.
    pub map_lead_values: bool,
    /// Media type of webhook calls (11, point 6).
    pub webhook_content_type: String,
    /// `x-ms-dynamics-organization` is the host instead of the unique name (11, point 6).
    pub organization_header_is_host: bool,
    /// Value of `x-ms-dynamics-msg-size-exceeded` (11, point 6).
    pub size_header: String,
    /// Tries of a call that finds 502, 503, 504 or nobody (11, point 6).
    pub delivery_attempts: u32,
    /// A further try is another job: `OperationId` changes (11, point 6).
    pub new_operation_on_retry: bool,
    /// An image of a Create step takes `Id` as its message property, otherwise `Target` (11, point 5).
    pub create_images_take_id: bool,
    /// Wait between them, in real milliseconds.
    pub retry_spacing_milliseconds: u64,
    /// How long one try may take, in real milliseconds (5.6).
    pub attempt_timeout_milliseconds: u64,
    /// Calls are made side by side, as the platform makes them, instead of one after another (5.6).
    pub parallel_deliveries: bool,
    /// The request's tag stands in the parent context instead of the context itself (2.3).
    pub tag_in_parent_context: bool,
    /// The header with step ids suppresses asynchronous webhook steps too (11, point 9).
    pub step_ids_suppress_webhooks: bool,
    /// A batch with bare line feeds is refused (11, point 8).
    pub batch_requires_crlf: bool,
    /// The outer status of a batch that stops is that of the failure, otherwise 400 (2.10).
    pub failed_batch_keeps_status: bool,
    /// How long the index of a new alternate key takes, in milliseconds (2.8).
    pub key_index_milliseconds: u64,
    /// How long a new column is unknown to data requests, in milliseconds (7.3; Consistency).
    pub metadata_lag_milliseconds: u64,
    /// Status of the refusal of a column that exists already (11, point 8).
    pub duplicate_column_status: u16,
    /// Service protection (3.1): requests in the window; none is no limit.
    pub limit_requests: Option<u32>,
    /// Milliseconds of execution in the window; none is no limit.
    pub limit_execution_milliseconds: Option<u64>,
    /// Requests at the same time; none is no limit.
    pub limit_concurrent: Option<u32>,
    /// What one request costs in simulated milliseconds of execution.
    pub request_cost_milliseconds: u64,
    /// How long a request takes that was let in, in real milliseconds.
    pub processing_milliseconds: u64,
    /// Length of the window, in seconds.
    pub limit_window_seconds: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            token_seconds: 3599,
            unauthorized_html: true,
            missing_user_status: 403,
            trim_trailing_spaces: true,
            money_scale: 4,
            duplicate_primary_key_status: 412,
            existing_row_code: "0x80040237".to_owned(),
            expired_delta_status: 400,
            derive_customer: true,
            currency_locked_by_values: true,
            patch_cannot_close: true,
            reopen_with_other_columns: false,
            close_with_default_status: true,
            closing_fires_update: true,
            closed_leads_are_read_only: true,
            qualify_reuses_parents: true,
            qualify_answers_rows: true,
            map_lead_values: false,
            webhook_content_type: "application/json".to_owned(),
            organization_header_is_host: true,
            size_header: "true".to_owned(),
            delivery_attempts: 2,
            new_operation_on_retry: false,
            create_images_take_id: true,
            retry_spacing_milliseconds: 50,
            attempt_timeout_milliseconds: 60_000,
            parallel_deliveries: false,
            tag_in_parent_context: true,
            step_ids_suppress_webhooks: true,
            batch_requires_crlf: true,
            failed_batch_keeps_status: true,
            key_index_milliseconds: 200,
            metadata_lag_milliseconds: 200,
            duplicate_column_status: 400,
            limit_requests: None,
            limit_execution_milliseconds: None,
            limit_concurrent: None,
            request_cost_milliseconds: 50,
            processing_milliseconds: 0,
            limit_window_seconds: 300,
        }
    }
}

impl Switches {
    /// These switches with the members of a JSON object laid over them.
    pub fn overlaid(&self, members: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let mut whole = serde_json::to_value(self)?;
        if let (Some(whole), Some(members)) = (whole.as_object_mut(), members.as_object()) {
            whole.extend(members.clone());
        }
        serde_json::from_value(whole)
    }
}
