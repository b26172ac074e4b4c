//! The switches that have more than two positions.

use serde::{Deserialize, Serialize};

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

/// How a person without a second factor is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MfaRefusal {
    /// `unauthenticated`, and 900421 in the inner error.
    InnerCode,
    /// 900421 in place of `unauthenticated`.
    OuterCode,
    /// 900421 in the envelope of the webhooks host.
    PartnerCenterEnvelope,
    /// `unauthenticated` and nothing else.
    NoCode,
}

/// How an optional list or object with nothing in it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyMembers {
    /// As it was given.
    AsKept,
    /// As null.
    Null,
    /// Not at all.
    Absent,
    /// As `{}`, also where a list belongs.
    Braces,
}

/// What a partner may send as `statusReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reasons {
    /// Any text.
    FreeText,
    /// The number of a reason, as in the bulk file.
    Numbers,
}

/// What `@odata.count` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// The rows of the page.
    Page,
    /// All rows that fit the filter.
    Total,
}
