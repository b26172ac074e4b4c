//! The language of the Web API: paths, query options, conditions, payloads, and rows as JSON (dataverse-api 2).

pub(crate) mod annotations;
pub(crate) mod options;
pub(crate) mod path;

pub(crate) mod bind;
pub(crate) mod condition;
pub(crate) mod filter;
pub(crate) mod literal;
pub(crate) mod order;
mod pattern;
mod tokens;

pub(crate) mod payload;
pub(crate) mod show;
pub(crate) mod value;
