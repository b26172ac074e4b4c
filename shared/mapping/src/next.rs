//! Rows that are ready here, but that the engine does not carry out yet. A row moves to `built_in.rs` with the engine's
//! part of it, and takes the place of one of the same id.

use crate::built_in::{BuiltIn, row};
use crate::codec::Codec::{Set, Status};
use crate::row::Direction::Both;
use crate::row::Entity::Opportunity;

#[rustfmt::skip]
/// Every such row.
pub(crate) const NEXT: &[BuiltIn] = &[
    row("status", "Status", "/status", (Opportunity, Some("statecode")), Status, Both).in_group("status"),
    row("solutions", "Solutions", "/details/requirements/solutions", (Opportunity, None), Set, Both),
];
