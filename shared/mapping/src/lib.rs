//! Translates referrals and CRM rows to fields and back. Pure: no HTTP, no clock.

mod settings;

pub use settings::{LookupSettings, RowSettings};
