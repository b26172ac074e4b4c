//! Lists of referrals: what can be asked, and the next page (partner-center-api 4.5).

use std::fmt;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde_json::Value;

use crate::{Error, Referral};

/// The steps of the server's clock: seven digits after the second (partner-center-api 3.1).
const TICK_NANOSECONDS: i64 = 100;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only those that changed at this time or later.
    pub updated_since: Option<Timestamp>,
    /// Only those of this direction.
    pub direction: Option<Direction>,
    /// In which order.
    pub order: Order,
}

/// Who sent the referral to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To us.
    Incoming,
    /// By us.
    Outgoing,
}

/// The orders that the API documents and we need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Longest unchanged first: the feed.
    #[default]
    UpdatedAscending,
    /// Just changed first.
    UpdatedDescending,
    /// Newest first: the search for a lost create.
    CreatedDescending,
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its referrals.
    pub referrals: Vec<Referral>,
    /// Where it goes on; `@odata.count` says nothing about that.
    pub next: Option<NextLink>,
    /// The server's clock.
    pub server_date: Option<Timestamp>,
    /// How many rows had no id that is a GUID, and so are left out.
    pub unreadable: usize,
}

/// Where a list goes on. Opaque; only its query, and at need its path, is used, never its host. Printing it shows
/// nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct NextLink(String);

impl fmt::Debug for NextLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NextLink(..)")
    }
}

impl ListQuery {
    /// `$filter` and `$orderby`.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let mut terms = Vec::new();
        if let Some(since) = self.updated_since {
            // A date literal is not quoted; a digit too many and the server would refuse it.
            terms.push(format!("updatedDateTime ge {}", at_the_tick_before(since)));
        }
        if let Some(direction) = self.direction {
            terms.push(match direction {
                Direction::Incoming => "direction eq 'Incoming'".to_owned(),
                Direction::Outgoing => "direction eq 'Outgoing'".to_owned(),
            });
        }
        let order = match self.order {
            Order::UpdatedAscending => "updatedDateTime asc",
            Order::UpdatedDescending => "updatedDateTime desc",
            Order::CreatedDescending => "createdDateTime desc",
        };
        let filter = (!terms.is_empty()).then(|| ("$filter", terms.join(" and ")));
        filter.into_iter().chain([("$orderby", order.to_owned())]).collect()
    }
}

/// Only whole ticks can be asked for; the earlier one loses nothing.
fn at_the_tick_before(moment: Timestamp) -> Timestamp {
    let tick = TimestampRound::new().smallest(Unit::Nanosecond).increment(TICK_NANOSECONDS).mode(RoundMode::Floor);
    moment.round(tick).unwrap_or(moment)
}

impl NextLink {
    /// The query, which holds the skip token; it is encoded already.
    pub(crate) fn query(&self) -> &str {
        let (_, query) = self.0.split_once('?').unwrap_or_default();
        query.split('#').next().unwrap_or_default()
    }

    /// The path that the link prints.
    pub(crate) fn path(&self) -> &str {
        let address = self.0.split(['?', '#']).next().unwrap_or_default();
        let after_scheme = address.split_once("://").map_or(address, |(_, rest)| rest);
        after_scheme.find('/').map_or("/", |at| &after_scheme[at..])
    }
}

impl Page {
    /// Reads the envelope. What cannot be told to be the last page is an error: half a list is never taken for all.
    pub(crate) fn read(mut body: Value, server_date: Option<Timestamp>) -> Result<Self, Error> {
        let unreadable = |what: &str| Error::Unreadable { what: what.to_owned() };
        let Some(Value::Array(rows)) = body.get_mut("value").map(Value::take) else {
            return Err(unreadable("a page without an array of rows"));
        };
        let next = match body.get("@odata.nextLink") {
            None | Some(Value::Null) => None,
            Some(Value::String(link)) => Some(NextLink(link.clone())),
            Some(_) => return Err(unreadable("an @odata.nextLink that is not text")),
        };
        if next.as_ref().is_some_and(|link| link.query().is_empty()) {
            return Err(unreadable("an @odata.nextLink without a query, which leads back to the first page"));
        }
        let count = rows.len();
        let referrals: Vec<Referral> = rows.into_iter().filter_map(Referral::read).collect();
        Ok(Self { unreadable: count - referrals.len(), referrals, next, server_date })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filter(since: &str) -> String {
        let query = ListQuery { updated_since: Some(since.parse().unwrap()), ..ListQuery::default() };
        query.options()[0].1.clone()
    }

    #[test]
    fn a_query_is_spelled_as_documented() {
        let query = ListQuery {
            updated_since: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            direction: Some(Direction::Outgoing),
            order: Order::UpdatedAscending,
        };
        let filter = "updatedDateTime ge 2026-11-01T00:00:00Z and direction eq 'Outgoing'";
        let order = "updatedDateTime asc";
        assert_eq!(query.options(), [("$filter", filter.to_owned()), ("$orderby", order.to_owned())]);
        assert_eq!(ListQuery::default().options(), [("$orderby", order.to_owned())]);
    }

    #[test]
    fn a_moment_keeps_the_seven_digits_that_the_server_knows_and_is_never_later() {
        assert_eq!(filter("2026-11-01T00:00:00.1234567Z"), "updatedDateTime ge 2026-11-01T00:00:00.1234567Z");
        assert_eq!(filter("2026-11-01T00:00:00.123456789Z"), "updatedDateTime ge 2026-11-01T00:00:00.1234567Z");
        assert_eq!(filter("1969-12-31T23:59:59.123456789Z"), "updatedDateTime ge 1969-12-31T23:59:59.1234567Z");
    }

    #[test]
    fn a_next_link_gives_its_query_and_its_path_but_not_its_host() {
        for (link, query, path) in [
            (
                "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=k1%2f8",
                "$skiptoken=k1%2f8",
                "/v1.0/referrals",
            ),
            ("/v1.0/referrals?$skiptoken=1#2", "$skiptoken=1", "/v1.0/referrals"),
            ("https://host?$skiptoken=1", "$skiptoken=1", "/"),
            ("?$skiptoken=1", "$skiptoken=1", "/"),
        ] {
            let next = NextLink(link.to_owned());
            assert_eq!((next.query(), next.path()), (query, path), "{link}");
            assert_eq!(format!("{next:?}"), "NextLink(..)");
        }
    }

    #[test]
    fn a_page_that_may_go_on_is_never_taken_for_the_last() {
        let read = |next: Value| Page::read(json!({ "value": [], "@odata.nextLink": next }), None);
        assert!(read(Value::Null).unwrap().next.is_none());
        assert!(read(json!("http://x/y?$skiptoken=1")).unwrap().next.is_some());
        for wrong in [json!(7), json!({}), json!(""), json!("http://x/y")] {
            assert!(matches!(read(wrong.clone()), Err(Error::Unreadable { .. })), "{wrong}");
        }
        for wrong in [json!([]), json!({}), json!({ "value": {} }), json!({ "value": null })] {
            assert!(matches!(Page::read(wrong.clone(), None), Err(Error::Unreadable { .. })), "{wrong}");
        }
    }

    #[test]
    fn rows_without_an_id_are_counted() {
        let id = "11111111-aaaa-4bbb-8ccc-000000000001";
        let page = Page::read(json!({ "value": [{ "id": id }, { "id": "msft" }, {}, 7] }), None).unwrap();
        assert_eq!((page.referrals.len(), page.unreadable), (1, 3));
    }
}
