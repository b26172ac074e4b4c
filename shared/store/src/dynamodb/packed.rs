//! How a text that may be long lies in an item: as it is, or deflated.
//!
//! An item holds 400 KB (reliability 4). A link of the usual mapping has a few KB and is stored as it is, so that a
//! person can read it in the console of AWS. A long note is in a link up to six times (both bases, the intent's source,
//! what it sends, its request), which is what deflating is good at.

use std::io::{Read, Write};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Longer texts are deflated.
const PLAIN_MAX: usize = 100 * 1024;
/// What an item can hold of one text; the rest of the 400 KB is for its other attributes.
const PACKED_MAX: usize = 380 * 1024;

/// The attribute of a text, or nothing when an item cannot hold it.
pub(super) fn pack(text: &str) -> Option<AttributeValue> {
    if text.len() <= PLAIN_MAX {
        return Some(AttributeValue::S(text.to_owned()));
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let deflated = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).ok()?;
    (deflated.len() <= PACKED_MAX).then(|| AttributeValue::B(Blob::new(deflated)))
}

/// The text of an attribute, or why it has none.
pub(super) fn unpack(value: Option<&AttributeValue>) -> Result<String, String> {
    match value {
        Some(AttributeValue::S(text)) => Ok(text.clone()),
        Some(AttributeValue::B(deflated)) => {
            let mut text = String::new();
            ZlibDecoder::new(deflated.as_ref()).read_to_string(&mut text).map_err(|error| error.to_string())?;
            Ok(text)
        }
        _ => Err("its text is missing".to_owned()),
    }
}

/// How many bytes an attribute of [`pack`] takes.
pub(super) fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(deflated) => deflated.as_ref().len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_out_as_it_went_in() {
        for text in ["", "short 😀", &"long 😀 ".repeat(100_000)] {
            let packed = pack(text).unwrap();
            assert!(size(&packed) <= PACKED_MAX);
            assert_eq!(unpack(Some(&packed)).unwrap(), text);
        }
    }

    #[test]
    fn what_no_item_can_hold_is_said() {
        let noise: String = std::iter::repeat_with(fastrand::alphanumeric).take(1024 * 1024).collect();
        assert!(pack(&noise).is_none());
        assert!(unpack(None).is_err() && unpack(Some(&AttributeValue::B(Blob::new("no zlib")))).is_err());
    }
}
