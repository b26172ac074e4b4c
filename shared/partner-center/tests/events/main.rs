//! Who is believed and who is not (reliability 1.3 and 7, G5): forgeries by the thousand against a verifier, a certificate
//! store that behaves as each of them wants, and ears where a forger would like to be called.
#![allow(clippy::unwrap_used, reason = "tests")]

mod arena;
mod dice;
mod fixtures;
mod store;
mod tree;

mod addresses;
mod algorithms;
mod bodies;
mod certificates;
mod fetching;
mod headers;
mod hosts;
mod paths;
mod signatures;

mod caching;
mod controls;
mod forgeries;
