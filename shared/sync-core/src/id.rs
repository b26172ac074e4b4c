//! Ids, versions and other texts that are only ever compared. They are shared, not copied: a link is cloned all the time.

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// From text, which the caller has checked.
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(text.as_ref().into())
            }

            /// As text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

pub(crate) use texts;

texts! {
    /// Our own id of a link.
    LinkId;
    /// Partner Center's id of our referral: a lower-case GUID.
    ReferralId;
    /// The CRM's primary key: a lower-case GUID.
    RecordId;
    /// The id of an intent; the CRM keeps it in its stamp column.
    IntentId;
    /// A version of a record as its server spells it, quotes included. Opaque: equal or not, never ordered.
    Etag;
}
