//! What must be true when a history has come to rest.

use std::collections::BTreeMap;

use sync_core::{BySide, Code, Direction, Side, Sight, Step, Verdict, decide};

use crate::beginning::Beginning;
use crate::mapping::{GROUPS, State, state};
use crate::naming::id_of;
use crate::store::Saved;
use crate::vendor::Row;
use crate::world::World;

/// The groups that differed when a pair was first compared, as they were then.
pub(crate) type FirstSights = BTreeMap<&'static str, BySide<State>>;

/// Judges the end of a history.
pub(crate) fn judge(world: &mut World, beginning: Beginning, first_sights: &FirstSights) {
    every_edit_is_accounted_for(world);
    let Some(Saved { link, .. }) = world.store.saved.clone() else {
        return world.violate("the link was never made".to_owned());
    };
    let asks_a_person = link.problem.as_ref().is_some_and(|found| found.blocker.code == Code::DuplicateReferral);
    if asks_a_person && beginning == Beginning::OutboundWithRival {
        return world.coverage.seen("at rest: a person decides");
    }
    if link.intent.is_some() || link.pair.missing().is_some() {
        return world.violate(format!("unfinished: {:?} {:?}", link.pair, link.intent));
    }
    let rows = BySide::from_fn(|side| world.vendors[side].row(&id_of(&link, side)).map(Row::snapshot));
    let (Some(partner_center), Some(crm)) = (rows.partner_center, rows.crm) else {
        return world.violate("the link points nowhere".to_owned());
    };
    let fields = BySide { partner_center: partner_center.fields.clone(), crm: crm.fields.clone() };
    let sights = BySide { partner_center: Sight::Present(partner_center), crm: Sight::Present(crm) };
    let decision = decide(&link, &sights, &world.policy);
    if decision.step != Step::Rest || link.news(&world.policy).is_some() {
        world.violate(format!("not at rest: {:?}", decision.step));
    }
    let adopts = beginning.adopts() || world.mapping_changed;
    for (group, decided) in GROUPS.iter().zip(&decision.groups) {
        let states = BySide::from_fn(|side| state(&fields[side], group));
        let equal = states.partner_center == states.crm;
        let may_differ = group.direction != Direction::Both
            || decided.verdict == Verdict::Ask
            || (adopts && first_sights.get(group.id) == Some(&states));
        if !equal && !may_differ {
            let (verdict, now) = (decided.verdict, world.now);
            world.violate(format!("{} differs at {now}: {states:?} {verdict:?}", group.id));
        }
    }
    let World { writes, tells, ledger, .. } = &*world;
    let edits = ledger.edits;
    if *writes > edits + 2 {
        world.violate(format!("{writes} writes for {edits} edits"));
    } else if *tells > edits + 3 {
        world.violate(format!("{tells} tells for {edits} edits"));
    }
}

/// What was typed stands where it was typed, or its fate is known.
fn every_edit_is_accounted_for(world: &mut World) {
    for (side, field, text) in world.ledger.standing() {
        let stands = world.vendors[side].rows.iter().any(|row| crate::mapping::text(&row.fields, field) == text);
        if !stands {
            return world.violate(format!("lost edit: {side:?} {field} {text} is nowhere"));
        }
    }
    let World { ledger, coverage, .. } = world;
    for (what, times) in ledger.fates() {
        coverage.add(what, times);
    }
}

impl World {
    /// Rows of a side that we made, or that stand for the same deal.
    pub(crate) fn copies(&self, side: Side) -> usize {
        self.vendors[side].rows.iter().filter(|row| row.ours || side == Side::Crm).count()
    }
}
