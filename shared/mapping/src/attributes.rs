//! Attributes of a deal: an array of `{ "type", "id" }` in the referral (partner-center-api 3.8.3). A row names one of
//! them by its type as the last part of its pointer: `.../attributes/CustomerMarketplaceIntent`.
//!
//! The array is not ours alone. It is changed member by member, from the JSON read in the same round, so that types and
//! properties that no row knows are kept as they are (design section 4, rule 8).

use serde_json::{Value, json};
use sync_core::{Base, Code, Fields, Reading};

use crate::Mapping;
use crate::codec::{self, For};
use crate::referral::{PatchOp, PatchOperation, place};
use crate::row::Row;

/// Where the array is.
pub(crate) const ATTRIBUTES: &str = "/details/requirements/additionalRequirements/attributes";

impl Row {
    /// The type of the attribute that the row is about, if it is about one.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        let kind = self.referral.strip_prefix(ATTRIBUTES)?.strip_prefix('/')?;
        (!kind.is_empty() && !kind.contains('/')).then_some(kind)
    }
}

/// What a referral says of a row's attribute. One that its array does not hold is empty; without the array nothing is
/// known, because answers leave out what they like (partner-center-api 3.2).
pub(crate) fn read(row: &Row, kind: &str, referral: &Value) -> Option<Result<Reading, Code>> {
    let array = match referral.pointer(ATTRIBUTES)? {
        Value::Null => return Some(Ok(Reading::Cleared)),
        Value::Array(array) => array,
        _ => return Some(Err(Code::UnknownValue)),
    };
    match array.iter().find(|attribute| is_of(attribute, kind)) {
        None => Some(Ok(Reading::Cleared)),
        Some(attribute) => Some(codec::from_referral(row, attribute.get("id").unwrap_or(&Value::Null))),
    }
}

/// Sets an attribute in its place, or behind the others; where there is no array, it is made.
pub(crate) fn set(referral: &mut Value, row: &Row, kind: &str, reading: &Reading) {
    let id = codec::to_referral(row, reading, For::Post);
    match referral.pointer_mut(ATTRIBUTES) {
        Some(Value::Array(array)) => match array.iter_mut().find(|attribute| is_of(attribute, kind)) {
            Some(there) => there["id"] = id,
            None => array.push(json!({ "type": kind, "id": id })),
        },
        _ => place(referral, ATTRIBUTES, json!([{ "type": kind, "id": id }])),
    }
}

/// An answer that Partner Center demands (partner-center-api 5.2) and nobody has given: nobody has decided.
pub(crate) fn set_undecided(body: &mut Value, row: &Row, kind: &str) {
    const UNDECIDED: &str = "HaveNotDecided";
    if kind == "CustomerMarketplaceIntent" && row.choices.contains_key(UNDECIDED) {
        set(body, row, kind, &Reading::is(UNDECIDED));
    }
}

impl Mapping {
    /// The operations that make a referral's attributes hold `sent`. `referral` is its JSON, read in the same round.
    pub(crate) fn patch_attributes(&self, sent: &Fields, referral: &Value) -> Vec<PatchOperation> {
        let mut grown = referral.clone();
        let mut operations = Vec::new();
        for row in &self.rows {
            let (Some(kind), Some(reading)) = (row.attribute(), sent.get(&row.id)) else { continue };
            operations.push(patch(row, kind, reading, &grown));
            set(&mut grown, row, kind, reading);
        }
        operations
    }

    /// What a read referral says of its attributes, where its answer leaves their place out: one that was never there is
    /// still not there. One that was there is not known.
    #[must_use]
    pub fn absent_attributes(&self, fields: &Fields, base: &Base) -> Fields {
        let never_seen = |row: &&Row| base.get(&row.id, &row.digest()).is_none_or(|base| *base == Reading::Cleared);
        let rows = self.rows.iter().filter(|row| row.attribute().is_some() && !fields.contains_key(&row.id));
        rows.filter(never_seen).map(|row| (row.id.clone(), Reading::Cleared)).collect()
    }
}

/// One member is replaced in its place, or added behind the others; where there is no array, it is made.
fn patch(row: &Row, kind: &str, reading: &Reading, referral: &Value) -> PatchOperation {
    let id = codec::to_referral(row, reading, For::Patch);
    let attribute = json!({ "type": kind, "id": id });
    let (parent, _) = ATTRIBUTES.rsplit_once('/').unwrap_or_default();
    let array = referral.pointer(ATTRIBUTES).and_then(Value::as_array);
    let place = array.and_then(|array| array.iter().position(|there| is_of(there, kind)));
    let (op, path, value) = match (array, place, referral.pointer(parent)) {
        (Some(array), Some(place), _) => {
            let op =
                if array[place].get("id").is_some_and(|id| !id.is_null()) { PatchOp::Replace } else { PatchOp::Add };
            (op, format!("{ATTRIBUTES}/{place}/id"), id)
        }
        (Some(_), None, _) => (PatchOp::Add, format!("{ATTRIBUTES}/-"), attribute),
        (None, _, Some(Value::Object(_))) => (PatchOp::Add, ATTRIBUTES.to_owned(), json!([attribute])),
        (None, _, _) => (PatchOp::Add, parent.to_owned(), json!({ "attributes": [attribute] })),
    };
    PatchOperation { op, path, value }
}

fn is_of(attribute: &Value, kind: &str) -> bool {
    attribute.get("type").and_then(Value::as_str) == Some(kind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Map;
    use sync_core::FieldId;

    use super::*;

    const INTENT: &str = "CustomerMarketplaceIntent";
    const CHOICES: [&str; 3] = ["Yes", "No", "HaveNotDecided"];

    fn mapping() -> Mapping {
        Mapping::new("cosell", &std::collections::BTreeMap::new()).unwrap()
    }

    fn field() -> FieldId {
        FieldId::new("marketplace_intent")
    }

    fn reading_of(mapping: &Mapping, referral: &Value) -> Option<Reading> {
        mapping.referral_snapshot(referral).value.fields.get(&field()).cloned()
    }

    /// `add` and `replace` as RFC 6902 has them.
    fn applied(mut referral: Value, operations: &[PatchOperation]) -> Value {
        for operation in operations {
            let (parent, last) = operation.path.rsplit_once('/').unwrap();
            match referral.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not there")) {
                Value::Object(members) => {
                    members.insert(last.to_owned(), operation.value.clone());
                }
                Value::Array(items) if last == "-" => items.push(operation.value.clone()),
                other => panic!("{other}"),
            }
        }
        referral
    }

    /// Places that an array may have, with arrays of anything.
    fn referrals() -> impl Strategy<Value = Value> {
        let id = prop_oneof![
            proptest::sample::select(&CHOICES[..]).prop_map(|id| json!(id)),
            any::<String>().prop_map(Value::String),
            Just(Value::Null),
        ];
        let kind = prop_oneof![Just(INTENT.to_owned()), Just("SolutionPlay".to_owned()), "[A-Za-z]{0,6}"];
        let attribute = (kind, id, any::<Option<u8>>()).prop_map(|(kind, id, more)| {
            let mut attribute = Map::from_iter([("type".to_owned(), json!(kind)), ("id".to_owned(), id)]);
            attribute.extend(more.map(|more| ("score".to_owned(), json!(more))));
            Value::Object(attribute)
        });
        let attribute = prop_oneof![9 => attribute, 1 => Just(json!("odd")), 1 => Just(Value::Null)];
        let array = prop_oneof![
            8 => proptest::collection::vec(attribute, 0..6).prop_map(Value::Array),
            1 => Just(Value::Null),
        ];
        let requirements = prop_oneof![
            8 => array.prop_map(|array| json!({ "additionalRequirements": { "iot": {}, "attributes": array } })),
            1 => Just(json!({ "additionalRequirements": { "iot": { "deviceCategory": "ATM" } } })),
            1 => Just(json!({ "additionalRequirements": null })),
            1 => Just(json!({})),
        ];
        requirements.prop_map(|requirements| json!({ "details": { "requirements": requirements } }))
    }

    /// Everything but what the row is about.
    fn others(referral: &Value) -> Vec<Value> {
        let array = referral.pointer(ATTRIBUTES).and_then(Value::as_array).cloned().unwrap_or_default();
        let mut seen = false;
        let is_ours = |attribute: &Value| is_of(attribute, INTENT) && !std::mem::replace(&mut seen, true);
        let mut is_ours = is_ours;
        array.into_iter().filter(|attribute| !is_ours(attribute)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_change_arrives_and_leaves_everything_else_as_it_was(
            referral in referrals(), choice in proptest::sample::select(&CHOICES[..]),
        ) {
            let mapping = mapping();
            let sent = Fields::from([(field(), Reading::is(choice))]);
            let operations = mapping.patch_attributes(&sent, &referral);
            prop_assert_eq!(operations.len(), 1);
            let after = applied(referral.clone(), &operations);
            prop_assert_eq!(reading_of(&mapping, &after), Some(Reading::is(choice)));
            prop_assert_eq!(others(&after), others(&referral));
            let iot = "/details/requirements/additionalRequirements/iot";
            prop_assert_eq!(after.pointer(iot), referral.pointer(iot));
            // Properties of the member itself are kept too.
            let score = |referral: &Value| {
                let array = referral.pointer(ATTRIBUTES)?.as_array()?.clone();
                array.iter().find(|attribute| is_of(attribute, INTENT))?.get("score").cloned()
            };
            prop_assert_eq!(score(&after), score(&referral));
        }

        #[test]
        fn what_is_read_is_a_choice_or_nothing(referral in referrals()) {
            let read = reading_of(&mapping(), &referral);
            let known = CHOICES.map(Reading::is).into_iter().chain([Reading::Cleared]).any(|known| Some(known) == read);
            prop_assert!(known || read.is_none(), "{:?}", read);
        }
    }

    #[test]
    fn an_unknown_answer_is_left_alone_and_an_absent_place_is_no_answer() {
        let mapping = mapping();
        let with = |array: Value| json!({ "details": { "requirements": { "additionalRequirements": { "attributes": array } } } });
        assert_eq!(reading_of(&mapping, &with(json!([{ "type": INTENT, "id": "Perhaps" }]))), None);
        assert_eq!(reading_of(&mapping, &json!({ "details": { "requirements": {} } })), None);
        assert_eq!(reading_of(&mapping, &with(json!([]))), Some(Reading::Cleared));
        assert_eq!(reading_of(&mapping, &with(Value::Null)), Some(Reading::Cleared));
    }

    #[test]
    fn an_attribute_that_was_once_there_is_not_taken_for_gone_when_an_answer_leaves_it_out() {
        let mapping = mapping();
        let digest = mapping.rows().iter().find(|row| row.id == field()).unwrap().digest();
        let mut base = Base::default();
        let absent = |base: &Base| mapping.absent_attributes(&Fields::new(), base).get(&field()).cloned();
        assert_eq!(absent(&base), Some(Reading::Cleared));
        base.save(&field(), &Reading::is("Yes"), &digest);
        assert_eq!(absent(&base), None);
        base.save(&field(), &Reading::Cleared, &digest);
        assert_eq!(absent(&base), Some(Reading::Cleared));
    }
}
