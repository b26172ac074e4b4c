//! The path of a request below the service root: segments, each with a key or arguments in parentheses
//! (dataverse-api 2.8).

use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::literal::Literal;
use crate::dataverse::answers::{Answer, Refused};

/// One segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) key: Option<Key>,
}

/// What stands in the parentheses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    /// `()`
    Empty,
    /// A GUID.
    Id(Uuid),
    /// `name='value',other=5`
    Named(Vec<(String, Literal)>),
}

/// Characters that the front door refuses in key values, however they are encoded.
const REFUSED_IN_KEYS: &[char] = &['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+'];

/// Reads a percent-encoded path.
pub(crate) fn read(path: &str) -> Answer<Vec<Segment>> {
    let text = percent_decode_str(path).decode_utf8().map_err(|_| Refused::syntax())?;
    let parts = split(&text, '/').ok_or_else(Refused::syntax)?;
    parts.into_iter().filter(|part| !part.is_empty()).map(segment).collect()
}

/// The last segment of an address anywhere: what an `@odata.id` or an `@odata.bind` points to.
pub(crate) fn last_of(address: &str) -> Answer<Segment> {
    let below = address.find("/api/data/v9.").map_or(address, |start| &address[start + "/api/data/v9.".len()..]);
    let below = if below.len() == address.len() { below } else { below.split_once('/').map_or("", |(_, rest)| rest) };
    read(below)?.pop().ok_or_else(Refused::syntax)
}

fn segment(part: &str) -> Answer<Segment> {
    let Some((name, rest)) = part.split_once('(') else {
        return Ok(Segment { name: part.to_owned(), key: None });
    };
    let inner = rest.strip_suffix(')').ok_or_else(Refused::syntax)?;
    Ok(Segment { name: name.to_owned(), key: Some(key(inner)?) })
}

fn key(inner: &str) -> Answer<Key> {
    if inner.trim().is_empty() {
        return Ok(Key::Empty);
    }
    if let Ok(id) = Uuid::try_parse(inner.trim()) {
        return Ok(Key::Id(id));
    }
    let pairs = split(inner, ',').ok_or_else(Refused::syntax)?;
    let named = pairs.into_iter().map(|pair| {
        let (name, value) = pair.split_once('=').ok_or_else(Refused::syntax)?;
        let literal = Literal::read(value.trim()).ok_or_else(Refused::syntax)?;
        if matches!(&literal, Literal::Text(text) if text.contains(REFUSED_IN_KEYS)) {
            return Err(Refused::syntax());
        }
        Ok((name.trim().to_owned(), literal))
    });
    named.collect::<Answer<Vec<_>>>().map(Key::Named)
}

/// Splits where the separator stands outside of apostrophes and parentheses; none if these do not close.
pub(crate) fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_usize, false);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ if character == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (depth == 0 && !quoted).then_some(parts)
}
