//! `$batch` (dataverse-api 2.10): independent requests in order, change sets as a whole, at most a thousand operations.

use serde_json::Value;

use super::dispatch::dispatch;
use super::multipart::{self, Item, Part, malformed};
use super::reply::{Call, Reply};
use crate::dataverse::answers::{Answer, Refused};
use crate::dataverse::data::Reference;
use crate::dataverse::odata::payload::ContentIds;
use crate::dataverse::world::World;

/// Operations in one batch.
const OPERATIONS_MOST: usize = 1000;

enum Entry {
    Single(Item),
    ChangeSet(Vec<Item>),
}

pub(super) fn batch(world: &mut World, call: &Call) -> Answer<Reply> {
    let strict = world.switches.batch_requires_crlf;
    let boundary = multipart::boundary(call.header("content-type").unwrap_or_default())?;
    let body = std::str::from_utf8(&call.body).map_err(|_| malformed("it is not UTF-8"))?;
    let parts = multipart::parts(body, &boundary, strict)?;
    let entries = parts.iter().map(|part| entry(part, call, strict)).collect::<Answer<Vec<_>>>()?;
    let operations: usize = entries.iter().map(Entry::operations).sum();
    if operations > OPERATIONS_MOST {
        let message = format!("The batch has {operations} operations; {OPERATIONS_MOST} are allowed.");
        return Err(Refused::new(400, "0x80060888", message));
    }
    let goes_on = call.preferences().continue_on_error;
    let (mut answers, mut status) = (Vec::new(), 200);
    for entry in entries {
        let failed = match entry {
            Entry::Single(item) => single(world, &item, &mut answers),
            Entry::ChangeSet(items) => change_set(world, items, &mut answers),
        };
        if let Some(failed) = failed.filter(|_| !goes_on) {
            status = if world.switches.failed_batch_keeps_status { failed } else { 400 };
            break;
        }
    }
    let boundary = format!("batchresponse_{}", world.stamps.id());
    Ok(Reply {
        status,
        body: Some(Value::String(multipart::joined(&answers, &boundary))),
        content_type: Some(format!("multipart/mixed; boundary={boundary}")),
        further_operations: u64::try_from(operations.saturating_sub(1)).unwrap_or_default(),
        ..Reply::default()
    })
}

impl Entry {
    fn operations(&self) -> usize {
        match self {
            Self::Single(_) => 1,
            Self::ChangeSet(items) => items.len(),
        }
    }
}

fn entry(part: &Part<'_>, outer: &Call, strict: bool) -> Answer<Entry> {
    let content_type = part.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("multipart/mixed") {
        return multipart::item(part, outer, strict).map(Entry::Single);
    }
    let boundary = multipart::boundary(content_type)?;
    let parts = multipart::parts(part.content, &boundary, strict)?;
    let items = parts.iter().map(|part| multipart::item(part, outer, strict));
    items.collect::<Answer<Vec<_>>>().map(Entry::ChangeSet)
}

/// One request; answers its status if it failed.
fn single(world: &mut World, item: &Item, answers: &mut Vec<String>) -> Option<u16> {
    let answer = if item.call.path.starts_with("$batch") {
        Err(malformed("a batch cannot hold a batch"))
    } else {
        world.attempt(|world| dispatch(world, &item.call))
    };
    let failed = answer.as_ref().err().map(|refused| refused.status);
    let reply = answer.unwrap_or_else(|refused| Reply::refused(&refused));
    answers.push(multipart::answer(&reply, item.content_id.as_deref()));
    failed
}

/// A change set: all of it, or one error instead of it.
fn change_set(world: &mut World, items: Vec<Item>, answers: &mut Vec<String>) -> Option<u16> {
    let boundary = format!("changesetresponse_{}", world.stamps.id());
    let mut failed_id = None;
    let done = world.attempt(|world| {
        let (mut parts, mut content_ids) = (Vec::new(), ContentIds::new());
        for mut item in items {
            failed_id.clone_from(&item.content_id);
            if item.call.method == http::Method::GET {
                return Err(malformed("a change set cannot read"));
            }
            item.call.content_ids = content_ids.clone();
            let reply = dispatch(world, &item.call)?;
            if let (Some(id), Some((table, row))) = (&item.content_id, reply.made.clone()) {
                content_ids.insert(id.clone(), Reference { table, id: row });
            }
            parts.push(multipart::answer(&reply, item.content_id.as_deref()));
        }
        Ok(multipart::joined(&parts, &boundary))
    });
    match done {
        Ok(body) => {
            answers.push(format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{body}\r\n"));
            None
        }
        Err(refused) => {
            answers.push(multipart::answer(&Reply::refused(&refused), failed_id.as_deref()));
            Some(refused.status)
        }
    }
}
