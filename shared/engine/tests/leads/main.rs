//! Leads and answers, from end to end: the engine against both simulators.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod accepting;
mod answering;
mod arriving;
mod merging;
mod world;
