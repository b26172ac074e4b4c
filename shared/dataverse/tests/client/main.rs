//! The client against scripted servers on loopback: what goes over the wire, and what each answer becomes.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

mod calls;
mod failures;
mod tokens;
mod tracking;
