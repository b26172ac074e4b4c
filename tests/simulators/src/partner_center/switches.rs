//! The points the documentation leaves open (partner-center-api 9), each a switch. The defaults are the reading that
//! is most plausible and, between equals, the one that is harder on a client.
//!
//! | point of section 9 | switches |
//! |---|---|
//! | 1 substatuses | `accept_error_substatus`, `accept_engaged_substatus`; the portal writes any word |
//! | 2 attribute ids | `marketplace_intents`; other ids are taken as they come |
//! | 3 enums that the server sets | none: the portal (`invite`, `edit`) writes any word |
//! | 4 how deals are shared | `help_invites_microsoft`, `joining_makes_shared`, `refuse_second_microsoft_copy` |
//! | 5 lengths, postal codes | `longest_text`, `cut_long_texts`, `require_postal_code` |
//! | 6 lists | `largest_top`, `page_size`, `connector_options`, `undocumented_filters`, `count`, `next_link`, `skip_token_at`, `paging` |
//! | 7 throttling | `throttle_requests`, `throttle_window_seconds` |
//! | 8 preconditions | `stale_etag`, `put_without_if_match`, `if_match_star` |
//! | 9 creating | `create_status`, `request_id_is_idempotent` |
//! | 10 deliveries | `retry_spacing_milliseconds`, `attempt_timeout_milliseconds`, `only_200_is_success`, `follow_redirects`, `delete_registration`, `validation_under_way`; `replay` |
//! | 11 certificates | `forgery`, `certificates_as_pem`; the folder is this simulator's own |
//! | 12 refresh tokens | `refresh_token_days`, `rotate_refresh_tokens`, `single_use_refresh_tokens` |
//! | 13 an app alone | `app_only_referrals`, `app_registration_gets_referral_events` |
//! | 14 no second factor | `mfa_refusal`, `mfa_header` |
//! | 15 reasons | `reasons` |
//! | 16 dates, zero | `refuse_past_close_date`, `refuse_zero_value` |
//! | 17 addresses in events | `resource_uri_route`, `related_event_id` |
//! | 18 transitions | `strict_transitions` |
//! | 19 PATCH | `numeric_deal_value_in_patch`, `replace_whole_arrays`, `replace_on_null`, `append_to_null` |
//! | 20 small deals | `small_deals_are_declined`, `hide_reason_of_small_deals` |
//! | 21 registrations | `registration_per_event` |

use serde::{Deserialize, Serialize};

use super::choices::{
    Count, EmptyMembers, Forgery, MfaRefusal, NextLink, Paging, Reasons, RelatedEventId, SkipTokenAt, StaleEtag,
};

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
    /// The ids that `CustomerMarketplaceIntent` may have; none is any (9, point 2).
    pub marketplace_intents: Option<Vec<String>>,
    /// A customer without postal code is refused (9, point 5).
    pub require_postal_code: bool,
    /// Letters that a text may have; none is no limit (9, point 5).
    pub longest_text: Option<usize>,
    /// A longer text is cut instead of refused (9, point 5).
    pub cut_long_texts: bool,
    /// A second POST with the same `MS-RequestId` answers with the first referral (9, point 9).
    pub request_id_is_idempotent: bool,
    /// A second POST for Microsoft in one engagement is refused instead of making another copy (4.3).
    pub refuse_second_microsoft_copy: bool,
    /// A shared deal that asks for help is enough: Microsoft's copy appears without a second POST (9, point 4).
    pub help_invites_microsoft: bool,
    /// Our referral becomes `Shared` when Microsoft is invited into its engagement (9, point 4).
    pub joining_makes_shared: bool,
    /// Microsoft declines at once what is worth less than 25,000 USD (9, point 20).
    pub small_deals_are_declined: bool,
    /// The reason of such a refusal is not shown (5.3).
    pub hide_reason_of_small_deals: bool,
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
    /// `Active/Engaged` is a state (9, point 1).
    pub accept_engaged_substatus: bool,
    /// Refuses `Active` to `Closed/Declined` and `New` to `Closed/Won` or `Closed/Lost` (9, point 18).
    pub strict_transitions: bool,
    /// What a partner may send as `statusReason` (9, point 15).
    pub reasons: Reasons,
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
    /// `$skip`, `$count` and `$expand`, of which the connector's contract knows, are taken (9, point 6).
    pub connector_options: bool,
    /// A larger `$top` is refused; none is no limit (9, point 6).
    pub largest_top: Option<usize>,
    /// What `@odata.count` counts (9, point 6).
    pub count: Count,
    /// Listed rows lack `team`, `consent` and `inviteContext`, as in the samples (3.2).
    pub thin_lists: bool,
    /// How an optional member with nothing in it is shown (3.1).
    pub empty_members: EmptyMembers,
    /// The list shows the referrals of the engagement's other members.
    pub list_shows_related: bool,
    /// Every redemption returns another refresh token (1.3).
    pub rotate_refresh_tokens: bool,
    /// A redeemed refresh token is dead.
    pub single_use_refresh_tokens: bool,
    /// Days that a refresh token lives; each redemption returns one that begins anew (9, point 12).
    pub refresh_token_days: i64,
    /// How the referrals host refuses a person without a second factor (9, point 14).
    pub mfa_refusal: MfaRefusal,
    /// The referrals host answers `ValidateMfa` with `isMfaCompliant` (9, point 14).
    pub mfa_header: bool,
    /// A 401 says `unAuthorized`, as the sample does, and not `unauthenticated` (1.8).
    pub unauthenticated_as_in_sample: bool,
    /// An app alone may use the referrals host (9, point 13).
    pub app_only_referrals: bool,
    /// A registration made by an app alone gets the events of referrals (9, point 13).
    pub app_registration_gets_referral_events: bool,
    /// The portal deal that Microsoft invites us to comes with Microsoft's own copy in the engagement (section 0).
    pub invite_with_microsoft_copy: bool,
    /// A registration is answered with the members of the swagger too, not the documented ones alone (6.1).
    pub full_registration_answers: bool,
    /// Each event name has a registration of its own instead of one for all (9, point 21).
    pub registration_per_event: bool,
    /// A registration can be deleted (9, point 10).
    pub delete_registration: bool,
    /// Status of a validation that has not ended; the documentation names `completed` alone (9, point 10).
    pub validation_under_way: String,
    /// Lifetime of an access token, in seconds (1.3).
    pub token_seconds: u64,
    /// Requests that each host allows in a window; none is no limit (4.12).
    pub throttle_requests: Option<u32>,
    /// Length of that window, in seconds.
    pub throttle_window_seconds: u64,
    /// Which id the related events carry (6.3).
    pub related_event_id: RelatedEventId,
    /// The address that an event names is a route, for tokens of the webhooks host (9, point 17).
    pub resource_uri_route: bool,
    /// How often each event leaves: several for one change are normal (6.4).
    pub copies_of_each_event: u32,
    /// Attempts at one delivery (6.4).
    pub delivery_attempts: u32,
    /// Wait between them, in real milliseconds (9, point 10).
    pub retry_spacing_milliseconds: u64,
    /// How long one attempt may take, in real milliseconds (9, point 10).
    pub attempt_timeout_milliseconds: u64,
    /// A receiver must answer 200, and not just any 2xx (9, point 10).
    pub only_200_is_success: bool,
    /// Deliveries follow redirects (9, point 10).
    pub follow_redirects: bool,
    /// What is wrong with the signature of events (6.5).
    pub forgery: Forgery,
    /// Certificates are published as PEM instead of DER (6.5).
    pub certificates_as_pem: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            create_status: 200,
            create_answer_omits_closing_date: true,
            require_practical_members: true,
            require_team: false,
            require_marketplace_intent: false,
            marketplace_intents: None,
            require_postal_code: false,
            longest_text: None,
            cut_long_texts: false,
            request_id_is_idempotent: false,
            refuse_second_microsoft_copy: false,
            help_invites_microsoft: false,
            joining_makes_shared: false,
            small_deals_are_declined: false,
            hide_reason_of_small_deals: true,
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
            accept_engaged_substatus: false,
            strict_transitions: false,
            reasons: Reasons::FreeText,
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
            connector_options: true,
            largest_top: None,
            count: Count::Page,
            thin_lists: false,
            empty_members: EmptyMembers::AsKept,
            list_shows_related: true,
            rotate_refresh_tokens: true,
            single_use_refresh_tokens: false,
            refresh_token_days: 90,
            mfa_refusal: MfaRefusal::InnerCode,
            mfa_header: true,
            unauthenticated_as_in_sample: false,
            app_only_referrals: false,
            app_registration_gets_referral_events: true,
            invite_with_microsoft_copy: true,
            full_registration_answers: false,
            registration_per_event: false,
            delete_registration: false,
            validation_under_way: "inProgress".to_owned(),
            token_seconds: 3599,
            throttle_requests: None,
            throttle_window_seconds: 60,
            related_event_id: RelatedEventId::Related,
            resource_uri_route: false,
            copies_of_each_event: 1,
            delivery_attempts: 10,
            retry_spacing_milliseconds: 50,
            attempt_timeout_milliseconds: 10_000,
            only_200_is_success: false,
            follow_redirects: false,
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
