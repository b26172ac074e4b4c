//! What both simulators share: a server that can cut a connection, faults on demand, a log of the requests, a clock
//! that can be moved, and bearer tokens. Knows HTTP and nothing of either vendor.

mod clock;
pub mod control;
mod events;
mod fault;
mod identity;
mod log;
mod server;
mod wrapper;

pub use clock::Clock;
pub use events::{Events, Release};
pub use fault::{Fault, FaultRule};
pub use identity::{Grant, Identity, Refusal};
pub use log::RequestEntry;
pub use server::{Bound, Server};
pub use wrapper::Harness;
