//! The deployed thing without an account: the template, the real binaries, emulators of AWS, both vendors simulated.
//!
//! `tests/e2e/run` installs what this needs, transforms the template and builds the functions; then
//! `tests/template.rs` reads the template's rules off it and `tests/stories` plays with what runs.
//!
//! ```text
//! simulators --HTTP--> front.rs --payload 2.0--> lambda.rs: webhook-ingest, crm-change --> SQS emulator
//!                                                lambda.rs: sync-worker <--batches-- source.rs <--+
//!                              clock (the test) --> lambda.rs: reconciler, token-refresher
//! ```
//! Every environment variable of a function, every route, the batch size, the concurrency and the make of table and
//! queues are read off `template.yaml`; references in it are resolved to what the emulators made.

pub mod template;

pub mod emulator;
mod wire;

mod counter;

mod lambda;
mod runtime_api;

mod front;
mod source;

pub mod stack;
pub mod world;

pub use lambda::{Failure, Lambda};
pub use stack::Stack;
pub use world::World;
