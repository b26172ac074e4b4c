//! What may be registered, and what a call carries for its endpoint (dataverse-api 5.1, 5.2).

use url::{Host, Url};

use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::{Datum, Row};
use crate::dataverse::world::World;

const WEBHOOK: i64 = 8;
const WEBHOOK_KEY: i64 = 4;
const HTTP_HEADER: i64 = 5;
const HTTP_QUERY: i64 = 6;

/// Where a call goes and the pairs that authenticate it.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
}

/// The endpoint of a row; none if it is no webhook.
pub(super) fn of(row: &Row) -> Option<Endpoint> {
    let mut url = Url::parse(row.text("url")?).ok()?;
    let value = row.text("authvalue").unwrap_or_default();
    let mut headers = Vec::new();
    match row.integer("authtype") {
        Some(WEBHOOK_KEY) => {
            url.query_pairs_mut().append_pair("code", value);
        }
        Some(HTTP_HEADER) => headers = settings(value)?,
        Some(HTTP_QUERY) => {
            url.query_pairs_mut().extend_pairs(settings(value)?);
        }
        _ => {}
    }
    Some(Endpoint { url, headers })
}

/// Refuses endpoints, steps and images that cannot work.
pub(crate) fn demand_registrable(world: &World, table: &str, row: &mut Row) -> Answer<()> {
    match table {
        "serviceendpoint" => demand_endpoint(row),
        "sdkmessageprocessingstep" => demand_step(world, row),
        _ => demand_image(world, row),
    }
}

fn demand_endpoint(row: &mut Row) -> Answer<()> {
    row.put("isauthvalueset", Some(Datum::Boolean(row.get("authvalue").is_some())));
    if row.integer("contract") != Some(WEBHOOK) {
        return Ok(());
    }
    let url = row.text("url").and_then(|url| Url::parse(url).ok());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| Refused::invalid("The webhook URL must be an absolute https address."))?;
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    // On this machine nobody has port 443 to give; elsewhere the rule holds.
    if !loopback && !matches!(url.port_or_known_default(), Some(80 | 443)) {
        return Err(Refused::invalid("The webhook URL may only use ports 80 and 443."));
    }
    let value = row.text("authvalue").unwrap_or_default();
    match row.integer("authtype") {
        Some(WEBHOOK_KEY) => Ok(()),
        Some(HTTP_HEADER) if settings(value).is_none() => {
            Err(Refused::new(400, "0x80050203", "The webhook HTTP headers are invalid."))
        }
        Some(HTTP_QUERY) if settings(value).is_none() => {
            Err(Refused::new(400, "0x80050204", "The webhook HTTP query parameters are invalid."))
        }
        Some(HTTP_HEADER | HTTP_QUERY) => Ok(()),
        _ => Err(Refused::new(400, "0x80050209", "The authentication type is not supported for webhooks.")),
    }
}

fn demand_step(world: &World, row: &Row) -> Answer<()> {
    let (stage, mode) = (row.integer("stage"), row.integer("mode"));
    if mode == Some(1) && stage != Some(40) {
        return Err(Refused::invalid("An asynchronous step must be registered in the post-operation stage (40)."));
    }
    if mode == Some(0) && row.get("eventhandler").is_some() {
        return Err(Refused::new(501, "0x80040203", "This simulator runs webhooks asynchronously only (mode 1)."));
    }
    if row.integer("rank").is_some_and(|rank| rank < 1) {
        return Err(Refused::invalid("The rank of a step must be 1 or more."));
    }
    let filter = row.reference("sdkmessagefilterid").and_then(|filter| world.store.get("sdkmessagefilter", filter.id));
    let Some(filter) = filter else { return Ok(()) };
    if filter.reference("sdkmessageid") != row.reference("sdkmessageid") {
        return Err(Refused::invalid("The message filter of the step belongs to another message."));
    }
    let table = filter.text("primaryobjecttypecode").and_then(|name| world.schema.table(name));
    let Some((table, columns)) = table.zip(row.text("filteringattributes")) else { return Ok(()) };
    match columns.split(',').find(|column| table.column(column).is_none()) {
        None => Ok(()),
        Some(unknown) => {
            let message = format!(
                "'{}' entity doesn't contain attribute with Name = '{unknown}' and NameMapping = 'Logical'.",
                table.name
            );
            Err(Refused::new(400, "0x80041103", message))
        }
    }
}

/// There is no image before a creation and none after a deletion; their property depends on the message (5.3).
fn demand_image(world: &World, row: &Row) -> Answer<()> {
    let step = row.reference("sdkmessageprocessingstepid");
    let step = step.and_then(|step| world.store.get("sdkmessageprocessingstep", step.id));
    let message = step.and_then(|step| world.store.get("sdkmessage", step.reference("sdkmessageid")?.id));
    let message = message.and_then(|message| message.text("name")).unwrap_or_default();
    let (before, after) = (row.integer("imagetype") != Some(1), row.integer("imagetype") != Some(0));
    if (message == "Create" && before) || (message == "Delete" && after) {
        return Err(Refused::invalid(format!("A step for {message} has no image of this type.")));
    }
    let property = match message {
        "Create" if world.switches.create_images_take_id => "Id",
        "SetState" => "EntityMoniker",
        _ => "Target",
    };
    if row.text("messagepropertyname") == Some(property) {
        return Ok(());
    }
    Err(Refused::new(400, "0x8004416b", "The message property name is not valid for this message."))
}

/// The pairs of `<settings><setting name="a" value="b" /></settings>`; none if it is not that.
fn settings(text: &str) -> Option<Vec<(String, String)>> {
    let inner = text.trim().strip_prefix("<settings>")?.strip_suffix("</settings>")?;
    let mut pairs = Vec::new();
    for part in inner.split('<').map(str::trim).filter(|part| !part.is_empty()) {
        if part == "/setting>" {
            continue;
        }
        let part = part.strip_prefix("setting ")?;
        pairs.push((attribute(part, "name")?, attribute(part, "value")?));
    }
    (!pairs.is_empty()).then_some(pairs)
}

fn attribute(part: &str, name: &str) -> Option<String> {
    let (_, rest) = part.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let unescaped = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    Some(unescaped.replace("&amp;", "&"))
}
