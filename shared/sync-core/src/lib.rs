//! Decides what one link of a referral and a CRM record needs.
//!
//! Pure: no dependencies, no clock, no randomness, no errors. Everything that can be known comes in as an argument,
//! everything that must happen goes out as a value; `engine` makes it happen.
//!
//! # Vocabulary
//! - **side**: [`Side::PartnerCenter`] or [`Side::Crm`], always named in that order.
//! - **field**: one mapped value. Both sides are read into the same field ids and the same spelling, the *mapped
//!   domain*, so that two values are the same when their texts are. A field is [`Reading::Unknown`] (could not be
//!   read), [`Reading::Cleared`] (known to be empty) or [`Reading::Is`] a value.
//! - **snapshot**: what a side returned when read. **base**: a side's fields as that side last returned them, one base
//!   per side because a server may trim, round or escape.
//! - **group**: fields that only mean something together and merge as one value. A lone field is a group of one.
//! - **link**: the pair of a referral and a record, with its bases, etags, and the **intent** in flight.
//! - **intent**: the durable note of one remote effect, written before the effect.
//! - **decision**: what to do with a link now. At most one remote effect; the next round does the rest.
//!
//! # Where to look
//! [`merge`] is the rule for one group and fits one screen. [`decide`] applies it to a link (`compare.rs`
//! to one that has both halves). [`Link::begin`] notes an
//! intent, [`fold`] takes the answer, [`recover`] says what became of an intent whose answer never came.
//! [`act`] is what no field says: answers to a referral, and leads that become something else.
//! `tests/laws` holds the laws, `tests/histories` attacks them.

mod act;
mod code;
mod compare;
mod decide;
mod field;
mod fold;
mod history;
mod id;
mod intent;
mod link;
mod merge;
mod observe;
mod policy;
mod recover;
mod side;
mod sight;
mod tell;
mod timestamp;

pub use act::{Act, Acting, Answerable, Response, Standing, act, act_at_rest};
pub use code::Code;
pub use decide::{Decision, GroupDecision, Step, decide};
pub use field::{Base, BaseEntry, Digest, FieldId, Fields, Reading, Value, reading};
pub use fold::{Answer, Outcome, fold};
pub use history::{Entry, Kind};
pub use id::{Etag, IntentId, LinkId, RecordId, ReferralId};
pub use intent::{Effect, Intent};
pub use link::{Blocker, Entity, Link, Pair, Problem, RecordRef, Settled, State};
pub use merge::{Held, Verdict, merge};
pub use policy::{Direction, Owner, Policy, Rule, RuleField, WriteMode};
pub use recover::{Evidence, Found, Recovery, recover};
pub use side::{BySide, Side};
pub use sight::{Phase, Sight, Snapshot};
pub use tell::{SyncState, Told, tell, tell_done};
pub use timestamp::Timestamp;
