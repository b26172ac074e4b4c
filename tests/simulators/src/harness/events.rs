//! What becomes of the events that a simulator tells, on the way to whoever registered for them.

use serde::{Deserialize, Serialize};

/// What becomes of events from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Events {
    /// They are delivered.
    #[default]
    Deliver,
    /// They are lost for good.
    Lose,
    /// They are kept until they are released.
    Hold,
}

/// How kept events leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// Oldest first.
    InOrder,
    /// Newest first.
    Reversed,
    /// Oldest first, each one twice.
    Twice,
}
