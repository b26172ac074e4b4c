//! Tries a partner's mapping rows before they meet a live deal: on the partner's own examples ([`examples`]), and on
//! values that are generated for each row ([`laws`]). Pure: no HTTP, no files.
//!
//! # Examples
//! A file of examples is TOML, by default `cosell.mapping.toml` beside the settings. Each example is one deal as both sides
//! show it, as far as it matters:
//! ```toml
//! [[example]]
//! name = "A deal that came through a distributor"
//!
//! [example.referral]              # JSON pointers into the referral
//! "/name" = "Fabrikam &amp; Sons"
//! "/details/dealValue" = 25000.50
//! "/details/currency" = "EUR"
//! "/details/channel" = "Indirect"
//!
//! [example.crm]                   # columns of the opportunity
//! name = "Fabrikam & Sons"
//! estimatedvalue = 25000.50
//! transactioncurrencyid = "EUR"   # a currency by its ISO code
//! new_channel = 727000002
//! solutions = ["SOL-15974-MQF"]   # the active solution rows by their codes
//! account.address1_country = "Atlantis"
//!
//! [example.problems]              # what is not to be understood, or to be cut: field and code
//! customer_country = "country-invalid"
//! ```
//! Of a lead, `[example.lead]` holds the columns, in place of `[example.crm]` or beside it.
//!
//! A field that both sides show must be the same when it is read, and when it is written from one side to the other in
//! the directions of its row. A field that one side shows is written to the other and back. A pointer or column that no
//! row carries is a mistake, since it would silently test nothing.
//!
//! # Where to look
//! `examples.rs` reads the file, `deal.rs` makes the two shapes and writes from one to the other, `agreement.rs` judges
//! an example, `laws.rs` a row, `values.rs` makes up values.

mod agreement;
mod deal;
mod examples;
mod laws;
mod values;

pub use agreement::{Finding, Given, judge};
pub use examples::{Example, Malformed, examples};
pub use laws::{Broken, Trial, laws};
