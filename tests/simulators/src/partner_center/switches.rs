//! The points the documentation leaves open (partner-center-api 9), each a switch. The defaults are the reading that
//! is most plausible and, between equals, the one that is harder on a client.

use serde::{Deserialize, Serialize};

/// Every open point. Changed at run time by `POST /control/switches` with some of the members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Status of a successful POST: 200 in the connector contract, 201 in general text (4.1).
    pub create_status: u16,
    /// The POST answer leaves `closingDateTime` out, as in the documentation's sample (3.2).
    pub create_answer_omits_closing_date: bool,
    /// A POST without the members that only the portal demands is refused (4.2).
    pub require_practical_members: bool,
    /// A POST without a team member is refused (4.2).
    pub require_team: bool,
    /// A POST without the attribute `CustomerMarketplaceIntent` is refused (3.8.3).
    pub require_marketplace_intent: bool,
    /// A second POST with the same `MS-RequestId` answers with the first referral (9, point 9).
    pub request_id_is_idempotent: bool,
    /// A second POST for Microsoft in one engagement is refused instead of making another copy (4.3).
    pub refuse_second_microsoft_copy: bool,
    /// Names come back with `&`, `<`, `>`, `"` and `'` as HTML entities (3.1).
    pub escape_names: bool,
    /// Spaces around the names of deal and customer are dropped when stored.
    pub trim_names: bool,
    /// Decimals kept of a deal value; none keeps all.
    pub value_decimals: Option<u32>,
    /// A whole deal value comes back as `50000.0` (3.15).
    pub whole_values_end_in_zero: bool,
    /// A PATCH may carry `dealValue` as a number; the documentation shows a string (4.8).
    pub numeric_deal_value_in_patch: bool,
    /// A deal value of zero is refused (5.2).
    pub refuse_zero_value: bool,
    /// An estimated close date in the past is refused (9, point 16).
    pub refuse_past_close_date: bool,
    /// `replace` works on a member that is null or absent (5.1).
    pub replace_on_null: bool,
    /// `add /list/-` works on a list that is null.
    pub append_to_null: bool,
    /// A whole array may be replaced (9, point 19).
    pub replace_whole_arrays: bool,
    /// `Closed/Error` may be sent (9, point 1).
    pub accept_error_substatus: bool,
    /// Refuses `Active` to `Closed/Declined` and `New` to `Closed/Won` or `Closed/Lost` (9, point 18).
    pub strict_transitions: bool,
    /// The answer to an `If-Match` that no longer holds (9, point 8).
    pub stale_etag: StaleEtag,
    /// `If-Match: *` fits every referral (9, point 8).
    pub if_match_star: bool,
    /// Status of a PUT without `If-Match` (9, point 8).
    pub put_without_if_match: u16,
    /// Answers carry an `ETag` header (2.3).
    pub etag_header: bool,
    /// Changes by the system also move `updatedDateTime`.
    pub bump_moves_updated: bool,
    /// A change of another member of the engagement moves the etag of ours (2.4).
    pub related_change_moves_etag: bool,
    /// Dates are cut to whole seconds, so that many are equal.
    pub coarse_dates: bool,
    /// Rows on a page (4.5).
    pub page_size: usize,
    /// What the next link looks like (4.5).
    pub next_link: NextLink,
    /// Where a skip token is taken (4.5).
    pub skip_token_at: SkipTokenAt,
    /// What a skip token remembers.
    pub paging: Paging,
    /// `or`, `ne`, `lt`, `le` and other members than the documented ones work in `$filter` (9, point 6).
    pub undocumented_filters: bool,
    /// Listed rows lack `team`, `consent` and `inviteContext`, as in the samples (3.2).
    pub thin_lists: bool,
    /// The list shows the referrals of the engagement's other members.
    pub list_shows_related: bool,
    /// Every redemption returns another refresh token (1.3).
    pub rotate_refresh_tokens: bool,
    /// A redeemed refresh token is dead.
    pub single_use_refresh_tokens: bool,
    /// The portal deal that Microsoft invites us to comes with Microsoft's own copy in the engagement (section 0).
    pub invite_with_microsoft_copy: bool,
    /// A registration is answered with the members of the swagger too, not the documented ones alone (6.1).
    pub full_registration_answers: bool,
    /// Lifetime of an access token, in seconds (1.3).
    pub token_seconds: u64,
    /// Requests that each host allows in a window; none is no limit (4.12).
    pub throttle_requests: Option<u32>,
    /// Length of that window, in seconds.
    pub throttle_window_seconds: u64,
    /// Which id the related events carry (6.3).
    pub related_event_id: RelatedEventId,
    /// Attempts at one delivery (6.4).
    pub delivery_attempts: u32,
    /// Wait between them, in real milliseconds (9, point 10).
    pub retry_spacing_milliseconds: u64,
    /// How long one attempt may take, in real milliseconds (9, point 10).
    pub attempt_timeout_milliseconds: u64,
    /// What is wrong with the signature of events (6.5).
    pub forgery: Forgery,
    /// Certificates are published as PEM instead of DER (6.5).
    pub certificates_as_pem: bool,
}

/// The answer to an `If-Match` that no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaleEtag {
    /// 412 with `preconditionFailed`.
    PreconditionFailed,
    /// 412 with `resourceModified`.
    ResourceModified,
    /// 409 with `resourceModified`.
    Conflict,
}

/// What the next link looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextLink {
    /// http, the vendor's host and no `engagements`, as printed in the documentation.
    AsDocumented,
    /// The address that was asked.
    Own,
}

/// Where a skip token is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipTokenAt {
    /// `/v1.0/engagements/referrals` alone.
    Collection,
    /// `/v1.0/referrals` alone, the path that the link prints.
    Printed,
    /// Both.
    Both,
}

/// What a skip token remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// The last row: a row that moves to the end is seen again.
    AfterRow,
    /// A count of rows: a row that moves to the end hides another.
    Offset,
}

/// Which id the related events carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelatedEventId {
    /// That of the related referral.
    Related,
    /// That of our own referral in the engagement.
    Own,
}

/// What is wrong with the signature of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgery {
    /// Nothing.
    None,
    /// No signature and no certificate.
    Unsigned,
    /// The body is not the one that was signed.
    TamperedBody,
    /// Well signed with `rsa-sha512`.
    OtherAlgorithm,
    /// The certificate is another organization's.
    OtherOrganization,
    /// The certificate is another machine's of the same organization.
    OtherName,
    /// The certificate's time has passed.
    Expired,
    /// No known root vouches for the certificate.
    OtherRoot,
    /// The certificate lies in another folder.
    OtherFolder,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            create_status: 200,
            create_answer_omits_closing_date: true,
            require_practical_members: true,
            require_team: false,
            require_marketplace_intent: false,
            request_id_is_idempotent: false,
            refuse_second_microsoft_copy: false,
            escape_names: true,
            trim_names: true,
            value_decimals: None,
            whole_values_end_in_zero: true,
            numeric_deal_value_in_patch: true,
            refuse_zero_value: true,
            refuse_past_close_date: false,
            replace_on_null: false,
            append_to_null: false,
            replace_whole_arrays: true,
            accept_error_substatus: false,
            strict_transitions: false,
            stale_etag: StaleEtag::PreconditionFailed,
            if_match_star: true,
            put_without_if_match: 412,
            etag_header: false,
            bump_moves_updated: true,
            related_change_moves_etag: true,
            coarse_dates: false,
            page_size: 100,
            next_link: NextLink::AsDocumented,
            skip_token_at: SkipTokenAt::Collection,
            paging: Paging::AfterRow,
            undocumented_filters: false,
            thin_lists: false,
            list_shows_related: true,
            rotate_refresh_tokens: true,
            single_use_refresh_tokens: false,
            invite_with_microsoft_copy: true,
            full_registration_answers: false,
            token_seconds: 3599,
            throttle_requests: None,
            throttle_window_seconds: 60,
            related_event_id: RelatedEventId::Related,
            delivery_attempts: 10,
            retry_spacing_milliseconds: 50,
            attempt_timeout_milliseconds: 10_000,
            forgery: Forgery::None,
            certificates_as_pem: false,
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
