//! The closed list of codes that a seller can meet in the audit column (design section 5).

macro_rules! codes {
    ($($variant:ident => $word:literal, $doc:literal;)*) => {
        /// Why a line was written into the audit column.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// Every code, in the order of the design.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in audit lines, listings and logs.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whether every decision finds it anew while it lasts, so that no write ends it.
            #[must_use]
            pub fn stands(self) -> bool {
                matches!(self, Self::Conflict | Self::WriteOff | Self::ContactMissing)
            }

            /// The code of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    Synced => "synced", "Both sides are the same.";
    Created => "created", "A record or a referral was made.";
    Adopted => "adopted", "A pair that already existed was linked.";
    ContactMissing => "contact-missing", "Microsoft's help needs a customer contact.";
    SolutionMissing => "solution-missing", "At least one solution is needed.";
    CountryMissing => "country-missing", "The customer's country is empty.";
    CountryInvalid => "country-invalid", "The customer's country is no country we know.";
    ValueMissing => "value-missing", "The deal value is empty or not above zero.";
    AccountMissing => "account-missing", "The opportunity has no customer account.";
    AccountAmbiguous => "account-ambiguous", "Several accounts match; a person decides.";
    FieldMissing => "field-missing", "A required field is empty.";
    CurrencyMissing => "currency-missing", "The currency is empty or unknown to the other side.";
    CurrencyLocked => "currency-locked", "The CRM no longer lets the currency change.";
    Closed => "closed", "A closed deal takes no more changes.";
    ClosedDifferently => "closed-differently", "Won here and lost there.";
    ClosedBeforeFirstSight => "closed-before-first-sight", "The referral was closed when first seen.";
    DiffersSinceAdoption => "differs-since-adoption", "The two sides differed when they were linked.";
    Expired => "expired", "Nobody answered in time.";
    OneWay => "one-way", "The flag cannot be lowered.";
    NotAccepted => "not-accepted", "The referral has not been accepted yet.";
    TooLong => "too-long", "A text was cut.";
    UnknownValue => "unknown-value", "A value that the mapping does not know.";
    Throttled => "throttled", "The vendor asked us to wait.";
    ConsentExpired => "consent-expired", "Somebody must sign in again.";
    AccessDenied => "access-denied", "A role is missing.";
    Conflict => "conflict", "Both sides changed the same field.";
    DuplicateReferral => "duplicate-referral", "Two referrals claim one record; a person decides.";
    RecordMerged => "record-merged", "The record was merged into another.";
    Deadline => "deadline", "A deadline is near.";
    Rejected => "rejected", "The vendor refused.";
    Gone => "gone", "One side is no longer there.";
    Paused => "paused", "The seller switched the sharing off.";
    WriteOff => "write-off", "The settings forbid this write.";
    WrongTenant => "wrong-tenant", "The settings lead to another organization than before.";
    Brake => "brake", "Too many writes in one run.";
}
