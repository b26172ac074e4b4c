//! Change tracking (dataverse-api 4): the first pass over a table, and what changed since.
//!
//! The caller stores the delta link after it has processed the page, so that a crash repeats a page and loses none.

use std::fmt;

use http::Method;
use serde_json::{Map, Value};
use url::Url;
use uuid::Uuid;

use crate::address::{last_id_in, select_option};
use crate::client::{Client, Page};
use crate::error::Error;
use crate::row::Row;
use crate::sending::Request;

/// A link that the server handed out: to the next page or to later changes. Opaque, to be stored as it is.
///
/// It is followed verbatim: its inner cookie is encoded twice, and decoding or encoding it breaks it (dataverse-api
/// 2.9). Characters that cannot stand in a request line are the one exception; these and the apostrophe are sent
/// percent-encoded. Printing a link shows nothing, since cookies hold values of rows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Link(String);

/// One page of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaPage {
    /// Rows that are new or changed, our own writes included, in their latest state.
    pub changed: Vec<Row>,
    /// Primary keys of deleted rows; some may never have been seen by us.
    pub deleted: Vec<Uuid>,
    /// The next page of this pass. Rows may be few or none and still a next page follow.
    pub next: Option<Link>,
    /// On the last page: where the next pass starts.
    pub delta: Option<Link>,
}

impl Link {
    /// The link as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Link {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.0
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Link(..)")
    }
}

impl Client {
    /// Starts a pass over the whole table. `page_size` is 1 to 5,000; the server's default is 5,000.
    ///
    /// # Errors
    /// `Configuration` if tracking is off for the table, and the errors of every call.
    pub async fn start_tracking(&self, set: &str, select: &[&str], page_size: Option<u32>) -> Result<DeltaPage, Error> {
        let request = Request::new(Method::GET, format!("{set}?{}", select_option(select)?));
        self.changes(request, page_size).await
    }

    /// Follows a link of an earlier page; `page_size` must be sent again with each.
    ///
    /// # Errors
    /// `DeltaExpired` if the link is too old, or refused for whatever reason other than access (as after a restore of
    /// the environment); `Unreadable` if it leads to another host; and the errors of every call.
    pub async fn follow(&self, link: &Link, page_size: Option<u32>) -> Result<DeltaPage, Error> {
        self.changes(Request::following(link), page_size).await.map_err(|error| match error {
            Error::Rejected { status: 400..=499, .. }
            | Error::NotFound { .. }
            | Error::Exists { .. }
            | Error::Stale
            | Error::ColumnMissing { .. } => Error::DeltaExpired,
            other => other,
        })
    }

    async fn changes(&self, request: Request, page_size: Option<u32>) -> Result<DeltaPage, Error> {
        let prefer = match page_size {
            None => "odata.track-changes".to_owned(),
            Some(rows) => format!("odata.track-changes,odata.maxpagesize={rows}"),
        };
        DeltaPage::read(Page::read(self.send(&request.header("prefer", prefer)).await?)?)
    }

    /// The address of a link, if it is one of the configured host.
    pub(crate) fn url_of_link(&self, link: &Link) -> Result<Url, Error> {
        let unreadable = |what: &str| Error::Unreadable { what: what.to_owned() };
        let url = Url::parse(link.as_str()).map_err(|_| unreadable("a link that is no address"))?;
        let ours = url.origin() == self.url.origin() && url.username().is_empty() && url.password().is_none();
        if ours { Ok(url) } else { Err(unreadable("a link to a host other than dataverse.url")) }
    }
}

impl DeltaPage {
    fn read(page: Page) -> Result<Self, Error> {
        if page.next.is_none() && page.delta.is_none() {
            return Err(Error::Unreadable { what: "a page of changes without a link to go on".to_owned() });
        }
        let (mut changed, mut deleted) = (Vec::new(), Vec::new());
        for row in page.rows {
            if is_deletion(&row) {
                deleted.push(deleted_id(&row)?);
            } else {
                changed.push(Row::new(row));
            }
        }
        Ok(Self { changed, deleted, next: page.next, delta: page.delta })
    }
}

/// Only deletions carry a context of their own.
fn is_deletion(row: &Map<String, Value>) -> bool {
    row.get("@odata.context").and_then(Value::as_str).is_some_and(|context| context.ends_with("$deletedEntity"))
}

fn deleted_id(row: &Map<String, Value>) -> Result<Uuid, Error> {
    let id = row.get("id").and_then(Value::as_str);
    id.and_then(|id| Uuid::try_parse(id).ok().or_else(|| last_id_in(id)))
        .ok_or_else(|| Error::Unreadable { what: "a deletion without the id of the row".to_owned() })
}
