//! Deals opened up to Microsoft, from end to end: the engine against both simulators.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod creating;
mod crashing;
mod deal;
mod microsoft;
mod one_way;
mod people;
mod upgrading;
#[path = "../leads/world.rs"]
#[allow(dead_code, reason = "leads and answers use the rest of it")]
mod world;
