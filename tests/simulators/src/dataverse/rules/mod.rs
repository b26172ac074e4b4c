//! What the platform does to rows beyond storing them: who may, what is derived, what is refused (dataverse-api 1.3,
//! 2.8, 6).

pub(crate) mod keys;
mod merge;
mod money;
mod names;
pub(crate) mod opportunity;
pub(crate) mod pipeline;
pub(crate) mod qualify;
pub(crate) mod rights;
mod stamping;
mod state;

pub(crate) use merge::merge;
