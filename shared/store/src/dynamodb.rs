//! The store on AWS: one table of DynamoDB.
//!
//! | what | `pk` | `sk` | attributes |
//! |---|---|---|---|
//! | a link | `LINK#id` | `LINK` | `body` (the JSON, deflated when long), `rev`, `write`, `referral`, `record`, `entity`, `engagement`, `due_at`, `dirty_pc`, `dirty_crm`, `worked_pc`, `worked_crm`, `dirty_due_at` |
//! | history lines of one save | `LINK#id` | `LINE#revision#n` | `lines`, `expires` |
//! | whose a referral or record is | `REFERRAL#id`, `RECORD#id` | `OWNER` | `link` |
//! | the list of links | `LINKS` | `LINK#id` | `link` |
//! | a cursor, a fact | `CURSOR#name`, `FACT#name` | `VALUE` | `value` |
//! | a worked hint | `HINT#id` | `WORKED` | `expires_at` (milliseconds), `expires` |
//! | who carries an external reference | `REFERENCE#text` | `REFERRAL#id` | `referral` |
//! | a counter | `COUNTER#name` | `VALUE` | `n`, `expires` |
//! | whose a solution row is | `SOLUTION#id` | `OWNER` | `link` |
//!
//! Every read by key is strongly consistent, identity above all: the lookups are written in the transaction that writes
//! the link, each on the condition that it is free. The indexes only find links that wait, links with marks and links of
//! an engagement; what waits is read again from the table before it counts. Nothing scans.
//!
//! `rev` grows with every save and is the condition of the next; `write` is the id of the save that made it, by which a
//! writer whose answer was lost knows its own. Marks are counters beside the revision: who marks a link does not make
//! its winner lose. `due_at` is the link's own time and `dirty_due_at` that of a mark not yet worked; a link without
//! them is in neither index, so both stay small.
//!
//! `expires` lets DynamoDB delete an item some days after its time. Until then the item is still there, so the code looks
//! at the time itself.
//!
//! For `template.yaml`:
//! ```yaml
//! Type: AWS::DynamoDB::Table
//! DeletionPolicy: Retain
//! UpdateReplacePolicy: Retain
//! Properties:
//!   BillingMode: PAY_PER_REQUEST
//!   AttributeDefinitions:
//!     - { AttributeName: pk, AttributeType: S }
//!     - { AttributeName: sk, AttributeType: S }
//!     - { AttributeName: due_at, AttributeType: N }
//!     - { AttributeName: dirty_due_at, AttributeType: N }
//!     - { AttributeName: engagement, AttributeType: S }
//!   KeySchema:
//!     - { AttributeName: pk, KeyType: HASH }
//!     - { AttributeName: sk, KeyType: RANGE }
//!   GlobalSecondaryIndexes:
//!     - IndexName: due
//!       KeySchema:
//!         - { AttributeName: sk, KeyType: HASH }
//!         - { AttributeName: due_at, KeyType: RANGE }
//!       Projection: { ProjectionType: KEYS_ONLY }
//!     - IndexName: marked
//!       KeySchema:
//!         - { AttributeName: sk, KeyType: HASH }
//!         - { AttributeName: dirty_due_at, KeyType: RANGE }
//!       Projection: { ProjectionType: KEYS_ONLY }
//!     - IndexName: engagement
//!       KeySchema:
//!         - { AttributeName: engagement, KeyType: HASH }
//!         - { AttributeName: pk, KeyType: RANGE }
//!       Projection: { ProjectionType: KEYS_ONLY }
//!   TimeToLiveSpecification: { AttributeName: expires, Enabled: true }
//!   PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
//!   SSESpecification: { SSEEnabled: true }
//!   DeletionProtectionEnabled: true
//! ```
//! A function needs `GetItem`, `BatchGetItem`, `Query`, `PutItem` and `UpdateItem` on the table (a transaction is
//! allowed by the rights of its parts), and `Query` on `index/*`; a door that only queues needs none.
//!
//! `due` and `marked` have one partition each, good for 1,000 links a second that begin or cease to wait. Dataverse allows 20
//! requests a second (reliability 2.1).

mod call;
mod expression;
mod item;
mod lines;
mod link;
mod packed;
mod saving;
pub mod schema;
mod table;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use sync_core::{BySide, Link, LinkId, ReferralId, Side, Timestamp};

use crate::{Due, Error, HistoryLine, Inserted, LinkKey, Saved, Store, Stored};
use call::Trouble;
use expression::Expression;
use item::{EXPIRES, Item, address, count, key, number, string, text};
use table::{Range, Table};

const OWNER: &str = "OWNER";
const VALUE: &str = "VALUE";
const WORKED: &str = "WORKED";
const LINKS: &str = "LINKS";
const LINE: &str = "LINE#";

/// Tries to count when others count too.
const COUNTS_MAX: u32 = 50;
/// As in the settings (design section 6).
const HISTORY_DAYS: u32 = 730;

/// A store in a table of DynamoDB. Cheap to clone.
#[derive(Clone)]
pub struct DynamoStore {
    table: Table,
    history_days: u32,
}

impl DynamoStore {
    /// The store in a table of the shape that this module's head names.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table { client, name: table.into() }, history_days: HISTORY_DAYS }
    }

    /// History written from now on is kept for so long.
    #[must_use]
    pub fn keeping_history(self, days: u32) -> Self {
        Self { history_days: days, ..self }
    }

    async fn owner(&self, pk: String) -> Result<Option<LinkId>, Error> {
        let owner = self.table.get(address(pk, OWNER)).await?;
        Ok(owner.as_ref().and_then(|owner| text(owner, "link")).map(LinkId::new))
    }

    async fn value(&self, pk: String) -> Result<Option<String>, Error> {
        let item = self.table.get(address(pk, VALUE)).await?;
        Ok(item.as_ref().and_then(|item| text(item, "value")).map(str::to_owned))
    }
}

fn valued(pk: String, value: &str) -> Item {
    let mut item = address(pk, VALUE);
    item.insert("value".to_owned(), string(value));
    item
}

impl Store for DynamoStore {
    async fn load(&self, key: LinkKey<'_>) -> Result<Option<Stored>, Error> {
        let owner = match key {
            LinkKey::Id(id) => Some(id.clone()),
            LinkKey::Referral(id) => self.owner(link::referral_key(id)).await?,
            LinkKey::Record(id) => self.owner(link::record_key(id)).await?,
        };
        let Some(id) = owner else { return Ok(None) };
        self.table.get(link::link_key(&id)).await?.as_ref().map(link::stored).transpose()
    }

    async fn by_engagement(&self, engagement: &str) -> Result<Vec<LinkId>, Error> {
        if engagement.is_empty() {
            return Ok(Vec::new());
        }
        let range = Range {
            index: Some("engagement"),
            condition: "engagement = :engagement",
            values: vec![(":engagement", string(engagement))],
        };
        let found = self.table.query(&range, usize::MAX).await?;
        Ok(found.iter().filter_map(link::id).collect())
    }

    async fn insert(&self, link: &Link, history: &[HistoryLine]) -> Result<Inserted, Error> {
        self.write_new(link, history).await
    }

    async fn save(
        &self,
        link: &Link,
        expected: u64,
        worked: BySide<u64>,
        history: &[HistoryLine],
    ) -> Result<Saved, Error> {
        self.write_again(link, expected, worked, history).await
    }

    async fn mark_dirty(&self, link: &LinkId, side: Side, due: Timestamp) -> Result<(), Error> {
        self.write_mark(link, side, due).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, Error> {
        let values = vec![(":link", string(link::LINK)), (":now", number(now.as_millis()))];
        let waiting = Range { index: Some("due"), condition: "sk = :link AND due_at <= :now", values: values.clone() };
        let marked = Range { index: Some("marked"), condition: "sk = :link AND dirty_due_at <= :now", values };
        let mut ids = BTreeSet::new();
        for range in [waiting, marked] {
            ids.extend(self.table.query(&range, limit).await?.iter().filter_map(link::id));
        }
        let keys = ids.iter().map(link::link_key).collect();
        let links = self.table.get_all(keys).await?;
        let mut due: Vec<Due> = links.iter().filter_map(|item| link::due(item, now)).collect();
        due.sort_by_key(|due| due.at);
        due.truncate(limit);
        Ok(due)
    }

    async fn list(&self, after: Option<&LinkId>, limit: usize) -> Result<Vec<Stored>, Error> {
        let mut values = vec![(":links", string(LINKS))];
        values.extend(after.map(|id| (":after", string(key("LINK", id.as_str())))));
        let condition = if after.is_some() { "pk = :links AND sk > :after" } else { "pk = :links" };
        let listed = self.table.query(&Range { index: None, condition, values }, limit).await?;
        let ids = listed.iter().filter_map(|item| text(item, "link")).map(LinkId::new);
        let found = self.table.get_all(ids.map(|id| link::link_key(&id)).collect()).await?;
        let mut links = found.iter().map(link::stored).collect::<Result<Vec<_>, _>>()?;
        links.sort_by(|a, b| a.link.id.cmp(&b.link.id));
        Ok(links)
    }

    async fn history(&self, link: &LinkId, limit: usize) -> Result<Vec<HistoryLine>, Error> {
        let range = Range {
            index: None,
            condition: "pk = :link AND begins_with(sk, :line)",
            values: vec![(":link", string(key("LINK", link.as_str()))), (":line", string(LINE))],
        };
        let mut lines = Vec::new();
        for item in self.table.query(&range, limit).await? {
            let corrupt = |reason| Error::Corrupt { link: link.as_str().to_owned(), reason };
            lines.extend(lines::read(item.get("lines")).map_err(corrupt)?);
        }
        lines.truncate(limit);
        Ok(lines)
    }

    async fn cursor(&self, name: &str) -> Result<Option<String>, Error> {
        self.value(key("CURSOR", name)).await
    }

    async fn set_cursor(&self, name: &str, value: &str) -> Result<(), Error> {
        Ok(self.table.put(valued(key("CURSOR", name), value)).await?)
    }

    async fn remember(&self, fact: &str, value: &str) -> Result<String, Error> {
        match self.table.put_first(valued(key("FACT", fact), value)).await {
            Ok(()) => Ok(value.to_owned()),
            Err(Trouble::Condition(Some(first))) => Ok(text(&first, "value").unwrap_or_default().to_owned()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn fact(&self, fact: &str) -> Result<Option<String>, Error> {
        self.value(key("FACT", fact)).await
    }

    async fn seen(&self, hint: &str, now: Timestamp) -> Result<bool, Error> {
        let item = self.table.get(address(key("HINT", hint), WORKED)).await?;
        let expires_at: Option<i64> = item.as_ref().and_then(|item| count(item, "expires_at"));
        Ok(expires_at.is_some_and(|at| at > now.as_millis()))
    }

    async fn mark_seen(&self, hint: &str, expires_at: Timestamp) -> Result<(), Error> {
        let mut item = address(key("HINT", hint), WORKED);
        item.insert("expires_at".to_owned(), number(expires_at.as_millis()));
        // Rounded up: DynamoDB must not delete what still counts.
        item.insert(EXPIRES.to_owned(), number(expires_at.as_millis() / 1000 + 1));
        Ok(self.table.put(item).await?)
    }

    async fn note_reference(&self, reference: &str, referral: &ReferralId) -> Result<(), Error> {
        let mut item = address(key("REFERENCE", &reference.to_lowercase()), link::referral_key(referral));
        item.insert("referral".to_owned(), string(referral.as_str()));
        Ok(self.table.put(item).await?)
    }

    async fn references(&self, reference: &str) -> Result<Vec<ReferralId>, Error> {
        let reference = string(key("REFERENCE", &reference.to_lowercase()));
        let range = Range { index: None, condition: "pk = :reference", values: vec![(":reference", reference)] };
        let found = self.table.query(&range, usize::MAX).await?;
        Ok(found.iter().filter_map(|item| text(item, "referral")).map(ReferralId::new).collect())
    }

    async fn note_solution(&self, row: &str, link: &LinkId) -> Result<(), Error> {
        let mut item = address(key("SOLUTION", row), OWNER);
        item.insert("link".to_owned(), string(link.as_str()));
        Ok(self.table.put(item).await?)
    }

    async fn count(&self, counter: &str, most: u64, expires_at: Timestamp) -> Result<bool, Error> {
        let at = || address(key("COUNTER", counter), VALUE);
        for _ in 0..COUNTS_MAX {
            let counted: Option<u64> = self.table.get(at()).await?.as_ref().and_then(|item| count(item, "n"));
            if counted.unwrap_or(0) >= most {
                return Ok(false);
            }
            let expires = number(expires_at.as_millis() / 1000 + 1);
            let one_more = match counted {
                Some(n) => {
                    let update = Expression::default().set("n", Some(number(n + 1))).if_still("n", Some(number(n)));
                    self.table.update(at(), &update).await
                }
                None => {
                    let mut item = at();
                    item.extend([("n".to_owned(), number(1)), (EXPIRES.to_owned(), expires)]);
                    self.table.put_first(item).await
                }
            };
            match one_more {
                Ok(()) => return Ok(true),
                // Somebody else counted meanwhile.
                Err(Trouble::Condition(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Err(Error::Unavailable("another count was faster at every try".into()))
    }

    async fn link_of_solution(&self, row: &str) -> Result<Option<LinkId>, Error> {
        self.owner(key("SOLUTION", row)).await
    }

    async fn prune(&self, _now: Timestamp, _history_days: u32) -> Result<usize, Error> {
        Ok(0)
    }
}
