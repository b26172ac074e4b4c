//! The small domain in which every case is tried, and short words for it.

use sync_core::{
    Base, BaseEntry, BySide, Digest, Direction, FieldId, Fields, Held, Owner, Phase, Policy, Reading, Rule, RuleField,
    Side, WriteMode,
};

pub(crate) const DIRECTIONS: [Direction; 4] =
    [Direction::Both, Direction::ToCrm, Direction::ToPartnerCenter, Direction::Off];
pub(crate) const OWNERS: [Owner; 3] = [Owner::Side(Side::PartnerCenter), Owner::Side(Side::Crm), Owner::Ask];
pub(crate) const WRITES: [WriteMode; 3] = [WriteMode::Both, WriteMode::Crm, WriteMode::None];
pub(crate) const PHASES: [Phase; 3] = [Phase::Open, Phase::Unanswered, Phase::Closed];
pub(crate) const HELD: [Option<Held>; 4] = [None, Some(Held::WriteOff), Some(Held::Unanswered), Some(Held::Closed)];

/// A value, `Cleared` for `-`, `Unknown` for `?`.
pub(crate) fn is(text: &str) -> Reading {
    match text {
        "?" => Reading::Unknown,
        "-" => Reading::Cleared,
        value => Reading::is(value),
    }
}

pub(crate) fn field(id: &str) -> FieldId {
    FieldId::new(id)
}

/// Fields in the words of [`is`].
pub(crate) fn fields(texts: &[(&str, &str)]) -> Fields {
    texts.iter().map(|(id, text)| (field(id), is(text))).collect()
}

/// A base in the words of [`is`], under the mapping row `"row"`; `.` for a missing entry.
pub(crate) fn base(texts: &[(&str, &str)]) -> Base {
    let kept = texts.iter().filter(|(_, text)| *text != ".");
    kept.map(|(id, text)| (field(id), BaseEntry { reading: is(text), digest: Digest::new("row") })).collect()
}

/// A rule for a group of fields.
pub(crate) fn rule(ids: &[&str], direction: Direction, owner: Owner, clearable: bool) -> Rule {
    let rule_field = |id: &&str| RuleField { id: field(id), digest: Digest::new("row"), clearable };
    let group = ids.join("+");
    Rule { label: group.clone(), group, fields: ids.iter().map(rule_field).collect(), direction, owner }
}

pub(crate) fn policy(rules: Vec<Rule>, write: WriteMode) -> Policy {
    Policy { rules, write, include_closed: false, digest: Digest::new("policy") }
}

pub(crate) fn both<T>(partner_center: T, crm: T) -> BySide<T> {
    BySide { partner_center, crm }
}

pub(crate) fn refs<T>(pair: &BySide<T>) -> BySide<&T> {
    both(&pair.partner_center, &pair.crm)
}

/// One field, everything that can be said of it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) base: BySide<&'static str>,
    pub(crate) seen: BySide<&'static str>,
    pub(crate) direction: Direction,
    pub(crate) owner: Owner,
    pub(crate) write: WriteMode,
    pub(crate) phase: BySide<Phase>,
    pub(crate) clearable: bool,
}

impl Case {
    pub(crate) fn rule(&self) -> Rule {
        rule(&["f"], self.direction, self.owner, self.clearable)
    }

    pub(crate) fn policy(&self) -> Policy {
        policy(vec![self.rule()], self.write)
    }

    pub(crate) fn bases(&self) -> BySide<Base> {
        BySide::from_fn(|side| base(&[("f", self.base[side])]))
    }

    pub(crate) fn seen(&self) -> BySide<Fields> {
        BySide::from_fn(|side| fields(&[("f", self.seen[side])]))
    }

    pub(crate) fn all_known(&self) -> bool {
        Side::ALL.iter().all(|side| self.seen[*side] != "?")
    }

    pub(crate) fn has_bases(&self) -> bool {
        Side::ALL.iter().all(|side| self.base[*side] != ".")
    }

    pub(crate) fn moved(&self, side: Side) -> bool {
        self.base[side] != self.seen[side]
    }

    /// Whether nothing but the rule decides: both sides open, every write allowed.
    pub(crate) fn is_free(&self) -> bool {
        self.write == WriteMode::Both && self.phase == both(Phase::Open, Phase::Open)
    }
}

/// Every case: bases missing, cleared, a, b, c; sides unknown, cleared, a, b, c; and every setting.
pub(crate) fn every_case() -> impl Iterator<Item = Case> {
    const BASES: [&str; 5] = [".", "-", "a", "b", "c"];
    const SEEN: [&str; 5] = ["?", "-", "a", "b", "c"];
    let count = 5 * 5 * 5 * 5 * 4 * 3 * 3 * 3 * 3 * 2;
    (0..count).map(|number| {
        let mut rest = number;
        let mut digit = |base: usize| {
            let digit = rest % base;
            rest /= base;
            digit
        };
        Case {
            base: both(BASES[digit(5)], BASES[digit(5)]),
            seen: both(SEEN[digit(5)], SEEN[digit(5)]),
            direction: DIRECTIONS[digit(4)],
            owner: OWNERS[digit(3)],
            write: WRITES[digit(3)],
            phase: both(PHASES[digit(3)], PHASES[digit(3)]),
            clearable: digit(2) == 1,
        }
    })
}

/// The cases in which nothing but the rule decides.
pub(crate) fn every_free_case() -> impl Iterator<Item = Case> {
    every_case().filter(Case::is_free)
}
