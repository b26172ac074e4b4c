//! The client against the simulator, over HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

mod stage;

mod failures;
mod listing;
mod referrals;
mod registering;
mod signing_in;
mod tokens;
