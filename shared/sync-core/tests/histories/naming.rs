//! What the halves of a link are called.

use sync_core::{Entity, Link, LinkId, Pair, RecordId, RecordRef, Side};

/// The record of that id.
pub(crate) fn record(id: &str) -> RecordRef {
    RecordRef { entity: Entity::Opportunity, id: RecordId::new(id) }
}

/// A link before anything is known of it.
pub(crate) fn new_link(pair: Pair) -> Link {
    Link::new(LinkId::new("link"), pair)
}

/// The id of a link's row.
pub(crate) fn id_of(link: &Link, side: Side) -> String {
    let id = match side {
        Side::PartnerCenter => link.pair.referral().map(|id| id.as_str()),
        Side::Crm => link.pair.record().map(|record| record.id.as_str()),
    };
    id.unwrap_or_default().to_owned()
}

/// What the missing half carries, so that it can be found: the id of the half that is there.
pub(crate) fn mark_of(link: &Link) -> String {
    match link.pair.missing() {
        Some(side) => id_of(link, side.other()),
        None => String::new(),
    }
}
