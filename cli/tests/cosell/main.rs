//! The `cosell` binary as people meet it: what it says to wrong input, and which status it leaves with.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod doors;
mod login;
mod mapping;
mod refusals;
mod solutions;
mod stage;
