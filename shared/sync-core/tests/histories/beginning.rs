//! How a history begins: which rows are there, and what the link knows of them.

use sync_core::{Digest, Link, Pair, Phase, ReferralId, Settled, Side};

use crate::naming::{new_link, record};
use crate::people::typed_fields;
use crate::vendor::Row;
use crate::world::World;

/// How a history begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// A referral comes from Microsoft.
    Inbound,
    /// A referral comes, and somebody else makes its record too.
    InboundWithRival,
    /// A seller shares an opportunity.
    Outbound,
    /// A seller shares an opportunity, and somebody else posts a referral for it too.
    OutboundWithRival,
    /// A pair that has been worked before.
    Linked,
    /// A pair that exists, but was never worked.
    Adopted,
}

impl Beginning {
    const ALL: [Self; 6] =
        [Self::Inbound, Self::InboundWithRival, Self::Outbound, Self::OutboundWithRival, Self::Linked, Self::Adopted];

    /// Most histories have no rival.
    pub(crate) fn draw(world: &mut World) -> Self {
        match world.random.below(16) {
            0 => Self::InboundWithRival,
            1 => Self::OutboundWithRival,
            2..=5 => Self::Inbound,
            6..=9 => Self::Outbound,
            10..=13 => Self::Linked,
            _ => Self::Adopted,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        ["inbound", "inbound, rival", "outbound", "outbound, rival", "linked", "adopted"]
            [Self::ALL.iter().position(|beginning| *beginning == self).unwrap_or(0)]
    }

    /// Whether such a history links what it did not make.
    pub(crate) fn adopts(self) -> bool {
        matches!(self, Self::Adopted | Self::InboundWithRival)
    }

    pub(crate) fn has(self, side: Side) -> bool {
        match self {
            Self::Inbound | Self::InboundWithRival => side == Side::PartnerCenter,
            Self::Outbound | Self::OutboundWithRival => side == Side::Crm,
            Self::Linked | Self::Adopted => true,
        }
    }
}

/// Makes the rows that are there at the beginning, and the link that they begin.
pub(crate) fn make_rows(world: &mut World, beginning: Beginning) -> Link {
    let same = typed_fields(world, Side::Crm);
    for side in Side::ALL {
        if beginning.has(side) {
            world.ledger.begins_with(&same);
            let id = format!("{}-1", side.word());
            let mut row = Row::new(&id, None, same.clone());
            if side == Side::PartnerCenter && beginning != Beginning::Linked && world.random.chance(300) {
                row.phase = Phase::Unanswered;
            }
            world.vendors[side].rows.push(row);
            world.announce(side);
        }
    }
    let referral = ReferralId::new("partner_center-1");
    let mut link = new_link(match (beginning.has(Side::PartnerCenter), beginning.has(Side::Crm)) {
        (true, true) => Pair::Both(referral, record("crm-1")),
        (true, false) => Pair::ReferralOnly(referral),
        (false, _) => Pair::RecordOnly(record("crm-1")),
    });
    if beginning == Beginning::Linked {
        link.seen_yes = true;
        for side in Side::ALL {
            for field in world.policy.fields() {
                link.base[side].save(&field.id, &same[&field.id], &field.digest);
            }
            let etag = world.vendors[side].rows[0].snapshot().etag;
            link.settled[side] = etag.map(|etag| Settled { etag, policy: Digest::new("first") });
        }
        world.store.save(&link, 0, &[], true);
    }
    link
}
