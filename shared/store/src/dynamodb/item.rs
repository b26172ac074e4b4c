//! Attributes of an item, and the keys that an item is found by.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

/// An item of the table.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The partition key.
pub(super) const PK: &str = "pk";
/// The sort key.
pub(super) const SK: &str = "sk";
/// When DynamoDB may delete the item, in seconds since the Unix epoch.
pub(super) const EXPIRES: &str = "expires";

/// A key may have 2048 bytes, a sort key 1024; a longer id is known by its digest. Nobody's real id is that long, but
/// what a stranger sends must be "not found" and not an error.
const ID_MAX: usize = 960;

/// The key of something of a kind.
pub(super) fn key(kind: &str, id: &str) -> String {
    if id.len() <= ID_MAX {
        return format!("{kind}#{id}");
    }
    let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}#sha256:{digest}")
}

/// The two attributes of a primary key.
pub(super) fn address(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([(PK.to_owned(), string(pk)), (SK.to_owned(), string(sk))])
}

pub(super) fn string(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(n: impl ToString) -> AttributeValue {
    AttributeValue::N(n.to_string())
}

/// The text of an attribute.
pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The number of an attribute.
pub(super) fn count<T: FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_too_long_for_a_key_has_one_all_the_same() {
        let (long, longer) = ("x".repeat(961), "x".repeat(100_000));
        assert!(key("REFERRAL", &long).len() < 100);
        assert_ne!(key("REFERRAL", &long), key("REFERRAL", &longer));
        assert_eq!(key("REFERRAL", &long[..960]).len(), 960 + "REFERRAL#".len());
    }
}
