//! What must hold of the deployed thing, told with the compiled functions.
//!
//! Every story ends with nothing lost and nothing made twice, whatever happened on the way.

mod crossing;
mod doors;
mod hardship;
mod refreshing;
mod starting;
mod watching;
