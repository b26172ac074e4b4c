//! The text of a batch (dataverse-api 2.10): parts between boundaries, each with headers; requests within parts.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::reply::{Call, Reply};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::odata::payload::ContentIds;

/// A part: its headers and what follows the blank line.
pub(super) struct Part<'a> {
    pub(super) headers: HeaderMap,
    pub(super) content: &'a str,
}

/// A request within a part.
pub(super) struct Item {
    pub(super) content_id: Option<String>,
    pub(super) call: Call,
}

/// A batch that cannot be read.
pub(super) fn malformed(reason: &str) -> Refused {
    Refused::new(400, "0x8006088a", format!("The batch cannot be read: {reason}"))
}

/// The boundary that a media type names.
pub(super) fn boundary(content_type: &str) -> Answer<String> {
    let is_multipart = content_type.trim_start().to_ascii_lowercase().starts_with("multipart/mixed");
    let boundary = content_type.split(';').find_map(|part| part.trim().strip_prefix("boundary="));
    let boundary = boundary.map(|text| text.trim().trim_matches('"').to_owned()).filter(|text| !text.is_empty());
    boundary.filter(|_| is_multipart).ok_or_else(|| {
        Refused::new(415, "0x8006088a", "The Content-Type of a batch must be multipart/mixed with a boundary.")
    })
}

/// The parts of a body, which must end with the closing boundary.
pub(super) fn parts<'a>(body: &'a str, boundary: &str, strict: bool) -> Answer<Vec<Part<'a>>> {
    let delimiter = format!("--{boundary}");
    let mut pieces = body.split(delimiter.as_str()).skip(1);
    let mut parts = Vec::new();
    loop {
        let Some(piece) = pieces.next() else { return Err(malformed("the closing boundary is missing")) };
        if piece.starts_with("--") {
            return Ok(parts);
        }
        let piece = line_end(piece, strict).ok_or_else(|| malformed("lines must end with CRLF"))?;
        parts.push(part(piece, strict)?);
    }
}

/// What follows a line end.
fn line_end(text: &str, strict: bool) -> Option<&str> {
    text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n').filter(|_| !strict))
}

fn part(text: &str, strict: bool) -> Answer<Part<'_>> {
    let (headers, content) = headed(text, strict)?;
    Ok(Part { headers, content })
}

/// Headers up to a blank line, and what follows it.
fn headed(text: &str, strict: bool) -> Answer<(HeaderMap, &str)> {
    let mut headers = HeaderMap::new();
    let mut rest = text;
    loop {
        let Some((line, after)) = rest.split_once('\n') else { return Ok((headers, "")) };
        let line = match line.strip_suffix('\r') {
            Some(line) => line,
            None if strict => return Err(malformed("lines must end with CRLF")),
            None => line,
        };
        rest = after;
        if line.is_empty() {
            return Ok((headers, rest));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("a header line has no colon"))?;
        if let (Ok(name), Ok(value)) = (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value.trim())) {
            headers.insert(name, value);
        }
    }
}

/// The request in a part of type `application/http`.
pub(super) fn item(part: &Part<'_>, outer: &Call, strict: bool) -> Answer<Item> {
    let media_type = part.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media_type.starts_with("application/http") {
        return Err(malformed("a part must be of type application/http"));
    }
    let content = part.content.trim_start_matches(['\r', '\n']);
    let (line, rest) = content.split_once('\n').unwrap_or((content, ""));
    let (method, rest_of_line) = line.trim_end().split_once(' ').ok_or_else(|| malformed("no request line"))?;
    // From the first to the last space: some clients leave spaces in the address unescaped.
    let (url, _) = rest_of_line.rsplit_once(' ').ok_or_else(|| malformed("no HTTP version"))?;
    let (headers, body) = headed(rest, strict)?;
    let url = url.trim();
    let below = match url.find("/api/data/v9.") {
        Some(start) => url[start + "/api/data/".len()..].split_once('/').map_or("", |(_, below)| below),
        None => url.trim_start_matches('/'),
    };
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let mut all = outer.headers.clone();
    for name in ["content-type", "content-length", "prefer", "if-match", "if-none-match"] {
        all.remove(name);
    }
    for (name, value) in &headers {
        all.insert(name, value.clone());
    }
    let method = method.parse::<Method>().map_err(|_| malformed("no such method"))?;
    let content_id = part.headers.get("content-id").or_else(|| headers.get("content-id"));
    Ok(Item {
        content_id: content_id.and_then(|id| id.to_str().ok()).map(str::to_owned),
        call: Call {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: all,
            body: Bytes::from(body.trim_end_matches(['\r', '\n']).to_owned()),
            content_ids: ContentIds::new(),
        },
    })
}

/// The part that answers one request.
pub(super) fn answer(reply: &Reply, content_id: Option<&str>) -> String {
    let reason = http::StatusCode::from_u16(reply.status).ok().and_then(|status| status.canonical_reason());
    let mut text = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n".to_owned();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push_str("\r\n");
    };
    if let Some(id) = content_id {
        line(format!("Content-ID: {id}"));
    }
    line(String::new());
    line(format!("HTTP/1.1 {} {}", reply.status, reason.unwrap_or_default()));
    if reply.body.is_some() {
        line("Content-Type: application/json; odata.metadata=minimal".to_owned());
    }
    line("OData-Version: 4.0".to_owned());
    if let Some(entity) = &reply.entity {
        line(format!("Location: {entity}"));
        line(format!("OData-EntityId: {entity}"));
    }
    if let Some(applied) = &reply.preference_applied {
        line(format!("Preference-Applied: {applied}"));
    }
    line(String::new());
    line(reply.body.as_ref().map(Reply::text_of).unwrap_or_default());
    text
}

/// Parts as one body.
pub(super) fn joined(parts: &[String], boundary: &str) -> String {
    let mut body = String::new();
    for part in parts {
        body.push_str(&format!("--{boundary}\r\n{part}"));
    }
    body + &format!("--{boundary}--\r\n")
}
