//! Partner Center's simulator against its documentation, by plain HTTP: nothing of ours stands between.
#![allow(clippy::unwrap_used, reason = "tests")]

mod caller;
mod receiver;

mod changing;
mod control;
mod creating;
mod events;
mod faults;
mod listing;
mod microsoft;
mod open_points;
mod registering;
mod signatures;
mod tokens;
mod transitions;
