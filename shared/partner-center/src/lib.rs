#![doc = include_str!("../README.md")]

mod client;
mod custody;
mod error;
pub mod events;
mod listing;
mod obstacle;
mod quoted_values;
mod referral;
mod registration;
mod sending;
mod sign_in;
mod token;
mod verdict;

pub use client::{Client, Config, Operation};
pub use custody::Custody;
pub use error::Error;
pub use listing::{Direction, ListQuery, NextLink, Order, Page};
pub use obstacle::Obstacle;
pub use referral::{Referral, ReferralId};
pub use registration::{Claim, EVENT_NAMES, Registration, Validation, claim};
pub use sign_in::{SignIn, SignInError};
