//! Dataverse with Dynamics 365 Sales over HTTP: the sign-in service and the Web API at one address, and the webhook
//! calls that changes cause. Knows the vendor's documentation; of Cosell only the columns that its installer makes.
//!
//! Where the documentation says nothing or contradicts itself, a member of [`Switches`] decides.

mod control;
mod handle;
mod switches;

mod data;
mod schema;
mod seed;
mod seller;
mod simulator;
mod stamps;
mod world;

mod answers;
mod calls;
mod metadata;
mod oauth;
mod odata;
mod protection;

mod rules;
mod webhooks;

pub use handle::{Dataverse, Refusal};
pub use rules::rights::Level;
pub use switches::Switches;
pub use webhooks::{Delivery, Outcome};
