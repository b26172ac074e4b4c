//! Dataverse's simulator against its documentation, by plain HTTP: nothing of ours stands between.
#![allow(clippy::unwrap_used, reason = "tests")]

mod caller;
mod receiver;
mod schema;

mod batches;
mod control;
mod delivering;
mod installing;
mod leads;
mod merging;
mod money;
mod opportunities;
mod protection;
mod querying;
mod reading;
mod registering;
mod relating;
mod rights;
mod tokens;
mod tracking;
mod upserting;
mod webhooks;
mod writing;
