//! The list of referrals: options, order, pages of 100 and the odd next link (partner-center-api 4.5).

use std::cmp::Ordering;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answers::Refused;
use super::choices::{Count, NextLink, Paging};
use super::filter::{self, Filter};
use super::referral::{self, text};
use super::switches::Switches;
use super::world::World;

/// What is asked for; a skip token holds all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Query {
    filter: Option<String>,
    order_by: Option<String>,
    select: Option<String>,
    top: Option<usize>,
    skip: usize,
    /// The sort key and id of the last row given.
    after: Option<(String, String)>,
}

/// Marks a skip token; its slash must be percent-encoded, as the documentation's sample is.
const TOKEN_MARK: &str = "k1/";

/// Members that the samples of lists leave out (3.2).
const LEFT_OUT_OF_THIN_LISTS: &[&str] = &["team", "consent", "inviteContext"];

/// Answers a list. `options` are the decoded query options; `own_url` is the address asked.
pub(super) fn list(world: &World, options: &[(String, String)], own_url: &str) -> Result<Value, Refused> {
    let query = read(options, &world.switches)?;
    let undocumented = world.switches.undocumented_filters;
    let filter = query.filter.as_deref().map(|source| filter::parse(source, undocumented)).transpose();
    let filter = filter.map_err(Refused::invalid)?;
    let order = Order::read(query.order_by.as_deref())?;
    let mut rows = matching(world, filter.as_ref());
    rows.sort_by(|one, other| order.compare(one, other));
    let fitting = rows.len();
    let rows = remaining(rows, &query, &order);
    let page_rows = world.switches.page_size.min(query.top.unwrap_or(usize::MAX)).min(rows.len());
    let page: Vec<Value> = rows[..page_rows].iter().map(|row| shown(world, row, query.select.as_deref())).collect();
    let mut answer = json!({
        "@odata.context": "http://api.partner.microsoft.com/v1.0/$metadata#Referrals",
        "@odata.count": match world.switches.count {
            Count::Page => page.len(),
            Count::Total => fitting,
        },
        "value": page,
    });
    let left = query.top.is_none_or(|top| top > page_rows);
    if page_rows < rows.len() && left && page_rows > 0 {
        let next = following(&query, world.switches.paging, &order, rows[page_rows - 1], page_rows);
        answer["@odata.nextLink"] = json!(next_link(world.switches.next_link, own_url, &next));
    }
    Ok(answer)
}

fn read(options: &[(String, String)], switches: &Switches) -> Result<Query, Refused> {
    let mut query = Query::default();
    for (name, value) in options {
        match name.as_str() {
            "$skiptoken" => return from_token(value),
            "$filter" => query.filter = Some(value.clone()),
            "$orderby" => query.order_by = Some(value.clone()),
            "$select" => query.select = Some(value.clone()),
            "$top" => query.top = Some(number(name, value)?),
            "$skip" if switches.connector_options => query.skip = number(name, value)?,
            "$count" | "$expand" if switches.connector_options => {}
            unknown if unknown.starts_with('$') => {
                return Err(Refused::invalid(format!("The query option {unknown} is not supported.")));
            }
            _ => {}
        }
    }
    match (query.top, switches.largest_top) {
        (Some(top), Some(largest)) if top > largest => Err(Refused::invalid(format!("$top may be {largest} at most."))),
        _ => Ok(query),
    }
}

fn number(name: &str, value: &str) -> Result<usize, Refused> {
    value.parse().map_err(|_| Refused::invalid(format!("{name} must be a whole number.")))
}

/// The one column that the list can be ordered by, or none: then by id, which is no order at all.
struct Order {
    member: &'static str,
    descending: bool,
}

impl Order {
    fn read(source: Option<&str>) -> Result<Self, Refused> {
        let Some(source) = source else { return Ok(Self { member: "id", descending: false }) };
        let mut words = source.split_whitespace();
        let member = match words.next() {
            Some("createdDateTime") => "createdDateTime",
            Some("updatedDateTime") => "updatedDateTime",
            _ => return Err(Refused::invalid("$orderby knows createdDateTime and updatedDateTime alone.")),
        };
        match (words.next(), words.next()) {
            (None | Some("asc"), None) => Ok(Self { member, descending: false }),
            (Some("desc"), None) => Ok(Self { member, descending: true }),
            _ => Err(Refused::invalid("$orderby may end in asc or desc.")),
        }
    }

    fn key<'a>(&self, row: &'a Value) -> (&'a str, &'a str) {
        (text(row, self.member), text(row, "id"))
    }

    fn compare(&self, one: &Value, other: &Value) -> Ordering {
        self.arrange(self.key(one), self.key(other))
    }

    fn arrange(&self, one: (&str, &str), other: (&str, &str)) -> Ordering {
        if self.descending { other.cmp(&one) } else { one.cmp(&other) }
    }
}

fn matching<'a>(world: &'a World, filter: Option<&Filter>) -> Vec<&'a Value> {
    let listed = world.all().iter().filter(|stored| {
        world.sees(stored)
            && (world.switches.list_shows_related || world.is_ours(&stored.document))
            && filter.is_none_or(|filter| filter.passes(&stored.document))
    });
    listed.map(|stored| &stored.document).collect()
}

fn remaining<'a>(rows: Vec<&'a Value>, query: &Query, order: &Order) -> Vec<&'a Value> {
    let after = query.after.as_ref().map(|(key, id)| (key.as_str(), id.as_str()));
    let behind = |row: &&Value| after.is_none_or(|after| order.arrange(order.key(row), after).is_gt());
    rows.into_iter().filter(behind).skip(query.skip).collect()
}

fn shown(world: &World, row: &Value, select: Option<&str>) -> Value {
    let mut shown = referral::shown(row, &world.switches);
    let Some(members) = shown.as_object_mut() else { return shown };
    if let Some(select) = select {
        let names: Vec<&str> = select.split(',').map(str::trim).collect();
        members.retain(|name, _| names.contains(&name.as_str()));
    } else if world.switches.thin_lists {
        members.retain(|name, _| !LEFT_OUT_OF_THIN_LISTS.contains(&name.as_str()));
    }
    shown
}

fn following(query: &Query, paging: Paging, order: &Order, last: &Value, given: usize) -> Query {
    let mut next = query.clone();
    next.top = query.top.map(|top| top - given);
    match paging {
        Paging::AfterRow => {
            let (key, id) = order.key(last);
            next.after = Some((key.to_owned(), id.to_owned()));
            next.skip = 0;
        }
        Paging::Offset => next.skip += given,
    }
    next
}

fn next_link(link: NextLink, own_url: &str, next: &Query) -> String {
    let token = serde_json::to_vec(next).map(|bytes| BASE64_STANDARD.encode(bytes)).unwrap_or_default();
    let token = format!("{TOKEN_MARK}{token}").replace('/', "%2f").replace('+', "%2b").replace('=', "%3d");
    match link {
        NextLink::AsDocumented => format!("http://api.partner.microsoft.com/v1.0/referrals?$skiptoken={token}"),
        NextLink::Own => format!("{own_url}?$skiptoken={token}"),
    }
}

fn from_token(token: &str) -> Result<Query, Refused> {
    let bytes = token.strip_prefix(TOKEN_MARK).and_then(|token| BASE64_STANDARD.decode(token).ok());
    let query = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    query.ok_or_else(|| Refused::invalid("The $skiptoken is not valid."))
}
