//! The laws of the core, each tried on every case of a small domain.
//!
//! [`table`] spells the merge rule out row by row, as design section 4 does; [`merging`] says what must be true of every
//! case of it, [`rounds`], [`holding`], [`settling`] and [`crashing`] of whole rounds; [`creating`], [`recovering`],
//! [`folding`], [`acting`] and [`telling`] do so for the rest of a link's life; [`total`] tries every combination of what can come in.
#![allow(clippy::unwrap_used, reason = "tests")]

mod acting;
mod crashing;
mod creating;
mod deal;
mod domain;
mod folding;
mod holding;
mod merging;
mod recovering;
mod rounds;
mod settling;
mod table;
mod telling;
mod total;
