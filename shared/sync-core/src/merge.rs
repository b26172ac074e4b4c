//! The rule for one group of fields. Everything else in this crate only carries its verdicts out.
//!
//! | Partner Center vs its base | CRM vs its base | verdict |
//! |---|---|---|
//! | unknown on any side | | wait |
//! | equal now | | adopt, or rest if the bases say so already |
//! | a base is missing | | first sight: each side's own value becomes its base, nothing is written |
//! | same | same | rest |
//! | moved | same | write the CRM |
//! | same | moved | write Partner Center |
//! | moved | moved | the owner wins; owner `ask`: a person decides |
//!
//! A write that the direction forbids, or a value that the target cannot hold, is observed instead: it becomes base. A
//! write that is only forbidden for now is held: the base stays, so that it travels later.

use crate::{Base, BySide, Fields, Owner, Reading, Rule, Side, reading};

/// Why a side takes no writes for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// `sync.write` forbids it.
    WriteOff,
    /// The referral has not been accepted yet.
    Unanswered,
    /// The deal has ended on that side.
    Closed,
}

/// What to do with one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something could not be read: write nothing, keep the bases.
    Wait,
    /// Nothing moved.
    Rest,
    /// Both sides are the same: save the bases.
    Adopt,
    /// No base yet, and the sides differ: save each side's own value as its base, write nothing, tell.
    FirstSight,
    /// A side moved, and its value may not travel: save each side's own value as its base.
    Observe,
    /// Write the other side's values to `to`.
    Write {
        /// The side that is written.
        to: Side,
        /// Both sides had moved, so that `to` loses an edit, which history keeps.
        conflict: bool,
    },
    /// A write to `to` that must wait: the base stays.
    Held {
        /// The side that would be written.
        to: Side,
        /// Why not now.
        why: Held,
    },
    /// Both sides moved, and the owner is `ask`.
    Ask,
}

/// Decides one group.
#[must_use]
pub fn merge(rule: &Rule, base: &BySide<Base>, seen: BySide<&Fields>, held: &BySide<Option<Held>>) -> Verdict {
    let now = BySide::from_fn(|side| rule.fields.iter().map(|f| reading(seen[side], &f.id)).collect::<Vec<_>>());
    if Side::ALL.iter().any(|side| now[*side].iter().any(|reading| !reading.is_known())) {
        return Verdict::Wait;
    }
    let before = BySide::from_fn(|side| {
        rule.fields.iter().map(|field| base[side].get(&field.id, &field.digest)).collect::<Option<Vec<_>>>()
    });
    let moved = BySide::from_fn(|side| before[side].as_ref() != Some(&now[side]));
    if now.partner_center == now.crm {
        return if moved.partner_center || moved.crm { Verdict::Adopt } else { Verdict::Rest };
    }
    if before.partner_center.is_none() || before.crm.is_none() {
        return Verdict::FirstSight;
    }
    match (moved.partner_center, moved.crm, rule.owner) {
        (false, false, _) => Verdict::Rest,
        (true, false, _) => travel(rule, &[Side::PartnerCenter], &now, held),
        (false, true, _) => travel(rule, &[Side::Crm], &now, held),
        (true, true, Owner::Side(winner)) => travel(rule, &[winner, winner.other()], &now, held),
        (true, true, Owner::Ask) => Verdict::Ask,
    }
}

/// Lets the first side of `winners` write to the other that can; two winners mean a conflict.
fn travel(rule: &Rule, winners: &[Side], now: &BySide<Vec<&Reading>>, held: &BySide<Option<Held>>) -> Verdict {
    let conflict = winners.len() > 1;
    let mut forbidden = None;
    for winner in winners {
        let to = winner.other();
        if !rule.can_send(to, &now[*winner]) {
            continue;
        }
        match held[to] {
            None => return Verdict::Write { to, conflict },
            // Under `write = "crm"` Partner Center's value wins what it would otherwise lose.
            Some(Held::WriteOff) => forbidden = forbidden.or(Some(Verdict::Held { to, why: Held::WriteOff })),
            Some(why) => return Verdict::Held { to, why },
        }
    }
    forbidden.unwrap_or(Verdict::Observe)
}
