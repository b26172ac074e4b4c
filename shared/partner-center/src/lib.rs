//! A client of the Partner Center referrals API, and the verifier of its signed events.
//!
//! It knows addresses, tokens, error shapes and signatures, and nothing of deals: a referral is its JSON and the few
//! members that the protocol itself needs. Errors say what the caller does next.
//!
//! # Where to look
//! [`Client`] (`client.rs`) has the calls, `registration.rs` those that say where events go, `sending.rs` one request,
//! `token.rs` the tokens of two audiences, `custody.rs` who keeps the refresh token, [`SignIn`] (`sign_in.rs`) how there
//! comes to be one and `obstacle.rs` what may be in the way, `verdict.rs` what a failed answer means, [`events`] the
//! door's side.

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
