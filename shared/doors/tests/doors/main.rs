//! The two doors with a real queue behind them; events are signed by the simulator.
#![allow(clippy::unwrap_used, reason = "tests")]

mod hall;

mod changes;
mod events;
mod keys;
