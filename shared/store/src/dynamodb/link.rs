//! A link as an item: what it is made of, and what a writer knows of the one that is there.

use aws_sdk_dynamodb::types::AttributeValue;
use sync_core::{BySide, Entity, Link, LinkId, RecordId, RecordRef, ReferralId, Side, Timestamp};

use super::expression::Expression;
use super::item::{Item, PK, address, count, key, number, string, text};
use super::lines::{self, Chunk};
use super::packed;
use crate::wire::{self, by_side};
use crate::{Due, Error, HistoryLine, Stored};

/// The sort key of a link, and so the one partition of the indexes of links that wait.
pub(super) const LINK: &str = "LINK";
/// Audit lines that are kept of a link that would not fit otherwise, and how much of each.
const AUDIT_KEPT: (usize, usize) = (3, 2000);

/// The key of a link's item.
pub(super) fn link_key(link: &LinkId) -> Item {
    address(key("LINK", link.as_str()), LINK)
}

/// The partition of what a referral id belongs to.
pub(super) fn referral_key(id: &ReferralId) -> String {
    key("REFERRAL", id.as_str())
}

/// The partition of what a record id belongs to. GUIDs are unique across tables.
pub(super) fn record_key(id: &RecordId) -> String {
    key("RECORD", id.as_str())
}

fn dirty(side: Side) -> &'static str {
    match side {
        Side::PartnerCenter => "dirty_pc",
        Side::Crm => "dirty_crm",
    }
}

/// What a writer knows, or guesses, of the item that its write is conditional on.
pub(super) struct Known {
    pub(super) revision: u64,
    /// The save that made this revision.
    pub(super) write: Option<String>,
    pub(super) referral: Option<String>,
    pub(super) record: Option<String>,
    pub(super) dirty: BySide<u64>,
}

impl Known {
    /// What an item says.
    pub(super) fn of(item: &Item) -> Self {
        let own = |name| text(item, name).map(str::to_owned);
        let mark = |side| count(item, dirty(side)).unwrap_or_default();
        Self {
            revision: count(item, "rev").unwrap_or_default(),
            write: own("write"),
            referral: own("referral"),
            record: own("record"),
            dirty: by_side(mark(Side::PartnerCenter), mark(Side::Crm)),
        }
    }

    /// The usual case of a save: the ids are those the link has, and nobody marked it meanwhile.
    pub(super) fn undisturbed(link: &Link, revision: u64, worked: BySide<u64>) -> Self {
        Self {
            revision,
            write: None,
            referral: link.pair.referral().map(|id| id.as_str().to_owned()),
            record: link.pair.record().map(|record| record.id.as_str().to_owned()),
            dirty: worked,
        }
    }
}

/// One mark more, on an item that has a mark of this time or none.
pub(super) fn mark(known: Option<i64>, side: Side, due: Timestamp) -> Expression {
    let sooner = known.map_or(due.as_millis(), |at| at.min(due.as_millis()));
    Expression::default()
        .count_up(dirty(side))
        .set("dirty_due_at", Some(number(sooner)))
        .if_exists(PK)
        .if_still("dirty_due_at", known.map(number))
}

/// A link on its way into the table.
pub(super) struct Draft<'a> {
    pub(super) link: &'a Link,
    pub(super) chunks: Vec<Chunk>,
    /// Tells this save from any other, for when the answer to it is lost.
    pub(super) write: String,
    body: AttributeValue,
}

impl<'a> Draft<'a> {
    /// The link and its history in the shape of items.
    pub(super) fn of(link: &'a Link, history: &[HistoryLine]) -> Result<Self, Error> {
        let too_large = || Error::TooLarge { link: link.id.as_str().to_owned() };
        let body = match packed::pack(&spelled(link)?) {
            Some(body) => body,
            None => packed::pack(&spelled(&with_short_audit(link))?).ok_or_else(too_large)?,
        };
        let chunks = lines::chunks(history).ok_or_else(too_large)?;
        Ok(Self { link, chunks, write: uuid::Uuid::new_v4().to_string(), body })
    }

    /// The item of a new link.
    pub(super) fn item(&self) -> Item {
        let zero = || Some(number(0));
        let mut item = link_key(&self.link.id);
        let marks = [("dirty_pc", zero()), ("dirty_crm", zero()), ("worked_pc", zero()), ("worked_crm", zero())];
        let attributes = self.attributes(1).into_iter().chain(marks);
        item.extend(attributes.filter_map(|(name, value)| Some((name.to_owned(), value?))));
        item
    }

    /// The update of the link that is there, if it is as it is known. If no mark is left to work, none may come in
    /// between; if one is, then more may, and their time stays as it is.
    pub(super) fn update(&self, known: &Known, worked: BySide<u64>) -> Expression {
        let mut update = Expression::default()
            .set("worked_pc", Some(number(worked.partner_center)))
            .set("worked_crm", Some(number(worked.crm)))
            .if_still("rev", Some(number(known.revision)))
            .if_still("referral", known.referral.clone().map(string))
            .if_still("record", known.record.clone().map(string));
        for (name, value) in self.attributes(known.revision + 1) {
            update = update.set(name, value);
        }
        if known.dirty != worked {
            return update;
        }
        update
            .set("dirty_due_at", None)
            .if_still("dirty_pc", Some(number(worked.partner_center)))
            .if_still("dirty_crm", Some(number(worked.crm)))
    }

    /// The lookups of ids that the link has and the one in the table is not known to have.
    pub(super) fn claims(&self, known: Option<&Known>) -> Vec<String> {
        let referral = self.link.pair.referral();
        let record = self.link.pair.record().map(|record| &record.id);
        let is_new = |id: &str, known: Option<&String>| known.is_none_or(|known| known != id);
        let referral = referral.filter(|id| is_new(id.as_str(), known.and_then(|known| known.referral.as_ref())));
        let record = record.filter(|id| is_new(id.as_str(), known.and_then(|known| known.record.as_ref())));
        referral.map(referral_key).into_iter().chain(record.map(record_key)).collect()
    }

    fn attributes(&self, revision: u64) -> [(&'static str, Option<AttributeValue>); 8] {
        let record = self.link.pair.record();
        // The key of an index must not be empty.
        let engagement = self.link.engagement.as_deref().filter(|engagement| !engagement.is_empty());
        [
            ("body", Some(self.body.clone())),
            ("rev", Some(number(revision))),
            ("write", Some(string(&self.write))),
            ("referral", self.link.pair.referral().map(|id| string(id.as_str()))),
            ("record", record.map(|record| string(record.id.as_str()))),
            ("entity", record.map(|record| string(record.entity.word()))),
            ("engagement", engagement.map(string)),
            ("due_at", self.link.not_before.map(|at| number(at.as_millis()))),
        ]
    }
}

fn spelled(link: &Link) -> Result<String, Error> {
    wire::write(link).map_err(|error| Error::Unavailable(error.into()))
}

/// The link with the newest of its audit lines, cut, and a last one that says so.
fn with_short_audit(link: &Link) -> Link {
    let (lines, length) = AUDIT_KEPT;
    let mut link = link.clone();
    link.audit.truncate(lines);
    for line in &mut link.audit {
        line.truncate(line.floor_char_boundary(length));
    }
    link.audit.push("(earlier lines were cut: the link was too large for the store)".to_owned());
    link
}

/// Whose item it is. A long id is only in the body, and no id of ours is long.
pub(super) fn id(item: &Item) -> Option<LinkId> {
    text(item, PK)?.strip_prefix("LINK#").map(LinkId::new)
}

/// The link of an item.
pub(super) fn stored(item: &Item) -> Result<Stored, Error> {
    let corrupt = |reason| Error::Corrupt { link: id(item).map_or_else(String::new, |id| id.to_string()), reason };
    let link = packed::unpack(item.get("body")).and_then(|link| wire::read(&link)).map_err(corrupt)?;
    let known = Known::of(item);
    let worked = by_side(count(item, "worked_pc").unwrap_or_default(), count(item, "worked_crm").unwrap_or_default());
    Ok(Stored { link, revision: known.revision, dirty: known.dirty, worked })
}

/// The link of an item as one that is due, unless it is not any more.
pub(super) fn due(item: &Item, now: Timestamp) -> Option<Due> {
    let own = count(item, "due_at");
    let at = Timestamp::from_millis(own.into_iter().chain(count(item, "dirty_due_at")).min()?);
    let entity = match text(item, "entity") {
        Some("lead") => Entity::Lead,
        _ => Entity::Opportunity,
    };
    let record = text(item, "record").map(|id| RecordRef { entity, id: RecordId::new(id) });
    let link = id(item)?;
    let referral = text(item, "referral").map(ReferralId::new);
    (at <= now).then(|| Due { link, revision: count(item, "rev").unwrap_or_default(), at, referral, record })
}

#[cfg(test)]
mod tests {
    use sync_core::Pair;

    use super::*;

    /// An index is behind the table: what it found may have been saved to a later time meanwhile, or to none.
    #[test]
    fn what_an_index_found_is_due_only_if_the_table_says_so() {
        let mut link = Link::new(LinkId::new("one"), Pair::ReferralOnly(ReferralId::new("f")));
        let found = |link: &Link, now| {
            let item = Draft::of(link, &[]).unwrap().item();
            due(&item, Timestamp::from_millis(now)).map(|due| due.at.as_millis())
        };
        assert_eq!(found(&link, 100), None);
        link.not_before = Some(Timestamp::from_millis(50));
        assert_eq!((found(&link, 49), found(&link, 50)), (None, Some(50)));
    }
}
