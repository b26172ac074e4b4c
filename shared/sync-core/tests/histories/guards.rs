//! The guards that keep a link safe. Taking one away must break something that the oracle sees: each test names what.

use crate::history::play;

/// Without a guard its violation is found within so many histories.
const HISTORIES_WITHOUT_A_GUARD: u64 = 20_000;

/// Which guards stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guards {
    /// A vendor refuses an update of another version than the one that was read.
    pub(crate) if_match: bool,
    /// The store refuses a save of another revision than the one that was loaded.
    pub(crate) revision_check: bool,
    /// The intent and its history are saved before the effect.
    pub(crate) intent_before_effect: bool,
    /// After an unknown outcome nothing is judged until the request can no longer land.
    pub(crate) quiesce_wait: bool,
    /// A request that was decided too long ago is not sent.
    pub(crate) send_window: bool,
    /// Evidence counts from when it was asked for, not from when it is judged.
    pub(crate) evidence_ages: bool,
    /// The CRM record says which intent wrote it last.
    pub(crate) stamp: bool,
    /// Each side's base is what that side returned.
    pub(crate) per_side_base: bool,
    /// The CRM refuses a second record for the same referral.
    pub(crate) unique_key: bool,
    /// What cannot be read is unknown, not empty.
    pub(crate) unknown_waits: bool,
    /// Where nothing tells whether a write happened, the target's present value wins.
    pub(crate) target_wins: bool,
}

impl Guards {
    pub(crate) const ALL: Self = Self {
        if_match: true,
        revision_check: true,
        intent_before_effect: true,
        quiesce_wait: true,
        send_window: true,
        evidence_ages: true,
        stamp: true,
        per_side_base: true,
        unique_key: true,
        unknown_waits: true,
        target_wins: true,
    };
}

/// Without the guard some history must go wrong in this way.
#[expect(clippy::print_stdout, reason = "with --nocapture: how many histories it took")]
fn goes_wrong(guards: Guards, symptom: &str) {
    let found = (0..HISTORIES_WITHOUT_A_GUARD).find_map(|seed| {
        let violation = play(seed, guards, false).violation?;
        violation.contains(symptom).then_some((seed, violation))
    });
    println!("{guards:?}\n  seed and violation: {found:?}");
    assert!(found.is_some(), "no `{symptom}` in {HISTORIES_WITHOUT_A_GUARD} histories without the guard: {guards:?}");
}

/// Somebody else's edit between our read and our write is overwritten unseen.
#[test]
fn without_if_match_the_oracle_objects() {
    goes_wrong(Guards { if_match: false, ..Guards::ALL }, "lost edit");
}

/// Two workers write over each other's memory.
#[test]
fn without_the_revision_check_the_oracle_objects() {
    goes_wrong(Guards { revision_check: false, ..Guards::ALL }, "lost edit");
}

/// A crash forgets what was written, and why.
#[test]
fn without_an_intent_before_the_effect_the_oracle_objects() {
    goes_wrong(Guards { intent_before_effect: false, ..Guards::ALL }, "duplicate");
}

/// A request lands after it was given up.
#[test]
fn without_the_wait_the_oracle_objects() {
    goes_wrong(Guards { quiesce_wait: false, ..Guards::ALL }, "duplicate");
}

/// A worker that was frozen sends what another has sent in its stead.
#[test]
fn without_the_send_window_the_oracle_objects() {
    goes_wrong(Guards { send_window: false, ..Guards::ALL }, "duplicate");
}

/// An empty search that is judged later looks like proof.
#[test]
fn without_the_age_of_evidence_the_oracle_objects() {
    goes_wrong(Guards { evidence_ages: false, ..Guards::ALL }, "duplicate");
}

/// The CRM cannot say that it was us.
#[test]
fn without_the_stamp_the_oracle_objects() {
    goes_wrong(Guards { stamp: false, ..Guards::ALL }, "differs");
}

/// What a side trims looks like an edit for ever.
#[test]
fn with_one_base_for_both_sides_the_oracle_objects() {
    goes_wrong(Guards { per_side_base: false, ..Guards::ALL }, "come to rest");
}

/// A create that landed late has a twin.
#[test]
fn without_the_unique_key_the_oracle_objects() {
    goes_wrong(Guards { unique_key: false, ..Guards::ALL }, "duplicate: Crm");
}

/// A field that could not be read is taken for one that somebody emptied.
#[test]
fn without_waiting_for_the_unknown_the_oracle_objects() {
    goes_wrong(Guards { unknown_waits: false, ..Guards::ALL }, "which nobody made");
}

/// A write that nobody can prove is decided anew, over what was typed after it.
#[test]
fn without_target_wins_the_oracle_objects() {
    goes_wrong(Guards { target_wins: false, ..Guards::ALL }, "wrong winner");
}
