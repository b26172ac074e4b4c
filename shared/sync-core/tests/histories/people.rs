//! What people do to both sides, each value typed once.

use sync_core::{Ending, Fields, Phase, Reading, Side, WriteMode};

use crate::beginning::Beginning;
use crate::mapping::{GROUPS, as_the_crm_keeps, policy};
use crate::vendor::Row;
use crate::world::{World, show};

/// A row full of values that nobody has typed before.
pub(crate) fn typed_fields(world: &mut World, side: Side) -> Fields {
    let ids = GROUPS.iter().flat_map(|group| group.fields);
    let mut fields = ids.map(|field| ((*field).into_field(), new_value(world))).collect();
    if side == Side::Crm {
        as_the_crm_keeps(&mut fields);
    }
    fields
}

trait IntoField {
    fn into_field(self) -> sync_core::FieldId;
}

impl IntoField for &str {
    fn into_field(self) -> sync_core::FieldId {
        sync_core::FieldId::new(self)
    }
}

fn new_value(world: &mut World) -> Reading {
    world.values += 1;
    let tail = if world.random.chance(400) { "~" } else { "" };
    Reading::is(format!("v{}{tail}", world.values))
}

/// Somebody does something, or nobody.
pub(crate) fn act(world: &mut World, beginning: Beginning) {
    if world.random.chance(70) {
        let side = Side::ALL[world.random.below(2)];
        edit(world, side);
    }
    if world.random.chance(8) {
        accept(world);
    }
    if world.random.chance(4) {
        share(world, false);
    }
    if world.random.chance(20) {
        share(world, true);
    }
    if world.random.chance(5) {
        let side = Side::ALL[world.random.below(2)];
        close(world, side);
    }
    if world.random.chance(15) {
        reopen(world);
    }
    if world.random.chance(3) {
        deploy(world);
    }
    if world.random.chance(25) {
        match beginning {
            Beginning::InboundWithRival => rival(world, Side::Crm, "partner_center-1"),
            Beginning::OutboundWithRival => rival(world, Side::PartnerCenter, "crm-1"),
            _ => {}
        }
    }
}

/// Somebody types into one group of one row.
fn edit(world: &mut World, side: Side) {
    if world.vendors[side].rows.is_empty() {
        return;
    }
    let at = world.random.below(world.vendors[side].rows.len());
    if world.vendors[side].rows[at].phase.is_closed() {
        return;
    }
    let group = &GROUPS[world.random.below(GROUPS.len())];
    let only = world.random.chance(500).then(|| world.random.below(group.fields.len()));
    let before = world.vendors[side].rows[at].fields.clone();
    let mut after = before.clone();
    for (position, field) in group.fields.iter().enumerate() {
        if only.is_none_or(|only| only == position) {
            after.insert(field.into_field(), new_value(world));
        }
    }
    if side == Side::Crm {
        as_the_crm_keeps(&mut after);
    }
    world.ledger.person_typed(side, &before, &after);
    world.note(|| format!("{side:?} person: {}", show(&after)));
    let row = &mut world.vendors[side].rows[at];
    row.fields = after;
    row.touch();
    world.announce(side);
}

/// The partner accepts the referral.
pub(crate) fn accept(world: &mut World) {
    for row in &mut world.vendors.partner_center.rows {
        if row.phase == Phase::Unanswered {
            row.phase = Phase::Open;
            row.touch();
        }
    }
    world.announce(Side::PartnerCenter);
}

/// The deal ends on one side, which takes no edits from then on.
fn close(world: &mut World, side: Side) {
    world.coverage.seen("closed");
    for row in &mut world.vendors[side].rows {
        if row.phase == Phase::Open {
            row.phase = Phase::Closed(Ending::Lost);
            row.touch();
        }
    }
    world.announce(side);
}

/// The deal goes on.
pub(crate) fn reopen(world: &mut World) {
    for side in Side::ALL {
        for row in &mut world.vendors[side].rows {
            if row.phase.is_closed() {
                row.phase = Phase::Open;
                row.touch();
            }
        }
        world.announce(side);
    }
}

/// The seller switches the sharing on or off.
pub(crate) fn share(world: &mut World, shared: bool) {
    for row in &mut world.vendors.crm.rows {
        if row.shared != shared {
            row.shared = shared;
            row.touch();
        }
    }
    world.announce(Side::Crm);
}

/// A new version of the settings: another mapping, or writing to Partner Center is allowed at last.
fn deploy(world: &mut World) {
    let second = world.random.chance(300);
    world.mapping_changed |= second;
    world.policy = policy(WriteMode::Both, world.mapping_changed);
}

/// Somebody else makes a row for the same deal.
fn rival(world: &mut World, side: Side, mark: &str) {
    let taken = side == Side::Crm && world.guards.unique_key && world.vendors[side].row_marked(mark).is_some();
    if taken || world.rival_came {
        return;
    }
    world.rival_came = true;
    let fields = typed_fields(world, side);
    world.ledger.begins_with(&fields);
    world.note(|| format!("{side:?} rival: {}", show(&fields)));
    let id = format!("{}-rival", side.word());
    world.vendors[side].rows.push(Row::new(&id, Some(mark), fields));
    world.announce(side);
}
