//! Member names. Input is taken in any case, as the documentation's own samples mix them; everything is kept and
//! answered in camelCase (partner-center-api 3).

use serde_json::{Map, Value};

/// The documented members, in the spelling of the wire. `consentToToShareInfoWithOthers` doubles its "To" (3.7).
const KNOWN: &[&str] = &[
    "id", "engagementId", "name", "organizationId", "organizationName", "externalReferenceId", "createdDateTime",
    "updatedDateTime", "expirationDateTime", "acceptedDateTime", "closedDateTime", "status", "substatus",
    "statusReason", "type", "qualification", "direction", "customerProfile", "consent", "details", "team",
    "inviteContext", "target", "links", "eTag", "campaignId", "salesStage", "mpnId", "referralSource", "callToAction",
    "registrationStatus", "registrations", "trackingInfo", "quality", "isSpam", "favorite", "referralProgram",
    "dealSensitivity", "createdVia", "lastModifiedVia", "lastRunId", "tags", "address", "size", "ids",
    "isMatchingComplete", "profileType", "addressLine1", "addressLine2", "city", "state", "postalCode", "country",
    "region", "firstName", "lastName", "phoneNumber", "email", "title", "contactPreference", "locale",
    "disableNotifications", "emailValidationStatus", "phoneValidationStatus", "consentToToShareInfoWithOthers",
    "consentToContact", "consentToShareReferralWithMicrosoftSellers", "consentToMicrosoftToContactSpecificPartners",
    "notes", "dealValue", "currency", "closingDateTime", "customerRequestedContact", "customerAction",
    "incentiveLevel", "requirements", "industries", "products", "services", "solutions", "offers", "salesPlays",
    "additionalRequirements", "publisherName", "solutionType", "price", "quantity", "iot", "attributes",
    "assistanceRequestCode", "invitedMpnId", "invitedBy", "microsoftMsxId", "registrationDateTime", "contract",
    "value", "startDateTime", "endDateTime", "signDateTime", "term", "solutionDetails", "isDeployedOnAzure",
    "primaryDeploymentOn", "pricingModel", "marketplaceTransactionDetails", "isMarketplaceTransacted",
    "marketplaceTransactionDateTime", "statusHistory",
];

/// A member's name in the spelling of the wire; an unknown one as it is.
pub(super) fn canonical(name: &str) -> &str {
    KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or(name)
}

/// The same JSON with every member's name in the spelling of the wire.
pub(super) fn canonical_names(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (canonical(&name).to_owned(), canonical_names(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(canonical_names).collect()),
        scalar => scalar,
    }
}
