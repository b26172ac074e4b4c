//! Webhooks (dataverse-api 5): rows of `sdkmessageprocessingstep` say what is told, rows of `serviceendpoint` to whom.

mod body;
mod context;
mod deliveries;
mod endpoint;
mod jobs;
mod register;
mod steps;
mod work;

pub(crate) use deliveries::Deliveries;
pub use deliveries::{Delivery, Outcome};
pub(crate) use endpoint::demand_registrable;
pub(crate) use register::register;
pub(crate) use steps::{Message, Notice, note};
pub(crate) use work::work;
