#![doc = include_str!("../README.md")]

mod client;
mod tracking;

mod address;
mod row;
mod sending;
mod token;

mod error;
mod verdict;

mod changes;
mod key_ring;

pub use address::{Key, Query, quoted};
pub use changes::{Change, ChangeError};
pub use client::{Client, Config, WhoAmI, Write, Written};
pub use error::Error;
pub use key_ring::KeyRing;
pub use row::Row;
pub use sending::{Answer, Precondition, Request};
pub use tracking::{DeltaPage, Link};
