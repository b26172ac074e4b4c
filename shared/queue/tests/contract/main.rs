//! What every queue must do, whatever it is made of: one suite, run on each. The suite on SQS needs an emulator and is
//! run by `tests/emulators/run`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod laws;

/// A clock that the tests move.
pub(crate) trait Clock {
    /// How many seconds a law keeps from the moment that it is about, so that a slow machine does not pass it unasked.
    const SLACK: i64;
    /// Lets seconds pass.
    fn pass(&self, seconds: i64);
}

const VISIBILITY: i64 = 120;
const RECEIVES_MAX: u32 = 5;

/// One test per law, in a module of the queue's name.
macro_rules! contract {
    ($with:expr) => {
        contract!(@ $with,
            a_message_comes_as_it_was_sent, a_group_is_worked_in_order_one_at_a_time,
            no_more_are_received_than_asked_for, what_is_not_acknowledged_comes_back,
            what_is_handed_back_waits_with_its_group, the_same_message_is_taken_once_in_five_minutes,
            a_message_that_nobody_can_work_dies_and_frees_its_group
        );
    };
    (@ $with:expr, $($law:ident),*) => {
        $(#[tokio::test] async fn $law() { $with(crate::laws::$law).await })*
    };
}

mod sqlite;
#[cfg(feature = "emulators")]
mod sqs;
