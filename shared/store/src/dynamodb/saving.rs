//! Writing a link: conditional on its revision, together with its history and the claims of its ids.
//!
//! A writer does not read first. It guesses that nobody touched the link; a condition that does not hold brings the item
//! that is there, so that the next try knows:
//! ```text
//! guess -> write -- done --------------------------------------------------------------------> Saved
//!   ^        +-- a condition did not hold: what is there?
//!   |        |     ours: the answer to an earlier try was lost -------------------------------> Saved
//!   |        |     another revision ----------------------------------------------------------> Lost
//!   +--------|---- our revision: now known are the ids to claim, and that there are marks to keep
//!            |     an id that belongs to another link ----------------------------------------> Taken
//!            +-- no answer: what is there? -- ours: Saved; another revision: Lost; our revision: Unavailable
//! ```
//! A write whose answer was lost may land after that. It does no harm: it is conditional, and so is whatever the caller
//! does next; one of the two loses.

use sync_core::{BySide, Link, LinkId, Side, Timestamp};

use super::call::Trouble;
use super::item::{EXPIRES, Item, SK, address, count, key, number, string, text};
use super::link::{Draft, Known, link_key, mark};
use super::table::Part;
use super::{DynamoStore, LINE, LINKS, OWNER};
use crate::{Error, HistoryLine, Inserted, Saved};

/// The first try guesses, the second knows ids and marks, and the third that a mark came in between.
const SAVES_MAX: usize = 3;
/// Marks wait for each other only while they bring the time forward.
const MARKS_MAX: usize = 20;

const DAY_SECONDS: i64 = 24 * 60 * 60;

impl DynamoStore {
    pub(super) async fn write_new(&self, link: &Link, history: &[HistoryLine]) -> Result<Inserted, Error> {
        let draft = Draft::of(link, history)?;
        let mut listing = address(LINKS, key("LINK", link.id.as_str()));
        listing.insert("link".to_owned(), string(link.id.as_str()));
        let mut parts = vec![Part::First(draft.item()), Part::Put(listing)];
        parts.extend(self.companions(&draft, None, 1));
        let found = match self.table.transact(parts).await {
            Ok(()) => return Ok(Inserted::New(1)),
            Err(Trouble::Conditions(blame)) => blame.into_iter().next().flatten().flatten(),
            Err(Trouble::Unsure(refusal)) => match self.table.get(link_key(&link.id)).await? {
                None => return Err(Trouble::Unsure(refusal).into()),
                found => found,
            },
            Err(trouble) => return Err(trouble.into()),
        };
        Ok(if found.is_some_and(|found| wrote(&found, &draft)) { Inserted::New(1) } else { Inserted::Taken })
    }

    pub(super) async fn write_again(
        &self,
        link: &Link,
        expected: u64,
        worked: BySide<u64>,
        history: &[HistoryLine],
    ) -> Result<Saved, Error> {
        let draft = Draft::of(link, history)?;
        let mut known = Known::undisturbed(link, expected, worked);
        for _ in 0..SAVES_MAX {
            let found = match self.try_update(&draft, &known, worked).await {
                Ok(()) => return Ok(Saved::Saved { revision: expected + 1, dirty: known.dirty }),
                Err(Trouble::Condition(found)) => found,
                Err(Trouble::Conditions(blame)) => match in_the_way(blame) {
                    InTheWay::Link(found) => found,
                    InTheWay::Owner(by) => return Ok(Saved::Taken { by }),
                },
                Err(Trouble::Unsure(refusal)) => match self.table.get(link_key(&link.id)).await? {
                    Some(found) if Known::of(&found).revision != expected => Some(found),
                    _ => return Err(Trouble::Unsure(refusal).into()),
                },
                Err(trouble) => return Err(trouble.into()),
            };
            let Some(found) = found else { return Ok(Saved::Lost) };
            known = Known::of(&found);
            if wrote(&found, &draft) {
                return Ok(Saved::Saved { revision: known.revision, dirty: known.dirty });
            }
            if known.revision != expected {
                return Ok(Saved::Lost);
            }
        }
        Err(Error::Unavailable("the link changed at every try to save it, and kept its revision".into()))
    }

    pub(super) async fn write_mark(&self, link: &LinkId, side: Side, due: Timestamp) -> Result<(), Error> {
        let mut known = None;
        for _ in 0..MARKS_MAX {
            match self.table.update(link_key(link), &mark(known, side, due)).await {
                Ok(()) | Err(Trouble::Condition(None)) => return Ok(()),
                Err(Trouble::Condition(Some(found))) => known = count(&found, "dirty_due_at"),
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Err(Error::Unavailable("another mark was faster at every try".into()))
    }

    /// One item is updated at half the price of a transaction.
    async fn try_update(&self, draft: &Draft<'_>, known: &Known, worked: BySide<u64>) -> Result<(), Trouble> {
        let update = draft.update(known, worked);
        let companions = self.companions(draft, Some(known), known.revision + 1);
        if companions.is_empty() {
            return self.table.update(link_key(&draft.link.id), &update).await;
        }
        let mut parts = vec![Part::Update(link_key(&draft.link.id), update)];
        parts.extend(companions);
        self.table.transact(parts).await
    }

    /// What is written together with a link: the claims of its ids and its history.
    fn companions(&self, draft: &Draft<'_>, known: Option<&Known>, revision: u64) -> Vec<Part> {
        let mut parts: Vec<Part> = draft
            .claims(known)
            .into_iter()
            .map(|claimed| {
                let mut lookup = address(claimed, OWNER);
                lookup.insert("link".to_owned(), string(draft.link.id.as_str()));
                Part::Claim(lookup)
            })
            .collect();
        let kept = i64::from(self.history_days) * DAY_SECONDS;
        for (n, chunk) in draft.chunks.iter().enumerate() {
            let mut item = link_key(&draft.link.id);
            item.insert(SK.to_owned(), string(format!("{LINE}{revision:020}#{n:03}")));
            item.insert("lines".to_owned(), chunk.lines.clone());
            item.insert(EXPIRES.to_owned(), number(chunk.newest.as_millis() / 1000 + kept));
            parts.push(Part::Put(item));
        }
        parts
    }
}

/// What is to blame for a transaction that was canceled. The link's part is the first; the others claim ids.
enum InTheWay {
    Link(Option<Item>),
    Owner(LinkId),
}

fn in_the_way(blame: Vec<Option<Option<Item>>>) -> InTheWay {
    match blame.into_iter().enumerate().find_map(|(part, blamed)| Some((part, blamed?))) {
        Some((part, Some(claim))) if part > 0 => InTheWay::Owner(LinkId::new(text(&claim, "link").unwrap_or_default())),
        Some((_, found)) => InTheWay::Link(found),
        None => InTheWay::Link(None),
    }
}

fn wrote(found: &Item, draft: &Draft<'_>) -> bool {
    Known::of(found).write.as_deref() == Some(&draft.write)
}
