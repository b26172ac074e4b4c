//! Lists of referrals: what can be asked, and the next page (partner-center-api 4.5).

use jiff::Timestamp;
use serde_json::Value;

use crate::Referral;

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
    /// Rows without an id.
    pub unreadable: usize,
}

/// Where a list goes on. Opaque; only its query, and at need its path, is used, never its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextLink(String);

impl ListQuery {
    /// `$filter` and `$orderby`.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let mut terms = Vec::new();
        if let Some(since) = self.updated_since {
            terms.push(format!("updatedDateTime ge {since}"));
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

impl NextLink {
    /// The query, which holds the skip token.
    pub(crate) fn query(&self) -> &str {
        self.0.split_once('?').map_or("", |(_, query)| query)
    }

    /// The path that the link prints.
    pub(crate) fn path(&self) -> &str {
        let address = self.0.split('?').next().unwrap_or_default();
        let after_scheme = address.split_once("://").map_or(address, |(_, rest)| rest);
        after_scheme.find('/').map_or("/", |at| &after_scheme[at..])
    }
}

impl Page {
    /// Reads the envelope; none if it holds no array of rows.
    pub(crate) fn read(mut body: Value, server_date: Option<Timestamp>) -> Option<Self> {
        let Value::Array(rows) = body.get_mut("value")?.take() else { return None };
        let count = rows.len();
        let referrals: Vec<Referral> = rows.into_iter().filter_map(Referral::read).collect();
        let next = body.get("@odata.nextLink").and_then(Value::as_str).map(|link| NextLink(link.to_owned()));
        Some(Self { unreadable: count - referrals.len(), referrals, next, server_date })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_spelled_as_documented() {
        let query = ListQuery {
            updated_since: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            direction: Some(Direction::Outgoing),
            order: Order::UpdatedAscending,
        };
        let options = query.options();
        assert_eq!(options[0].1, "updatedDateTime ge 2026-11-01T00:00:00Z and direction eq 'Outgoing'");
        assert_eq!(options[1], ("$orderby", "updatedDateTime asc".to_owned()));
    }

    #[test]
    fn a_next_link_gives_its_query_and_its_path_but_not_its_host() {
        let link = NextLink("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=k181".to_owned());
        assert_eq!((link.query(), link.path()), ("$skiptoken=k181", "/v1.0/referrals"));
    }
}
