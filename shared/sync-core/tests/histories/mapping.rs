//! What the simulated link keeps the same: one group of every kind.

use std::rc::Rc;

use sync_core::{
    Digest, Direction, FieldId, Fields, Owner, Policy, Reading, Rule, RuleField, Side, WriteMode, reading,
};

/// One group.
pub(crate) struct Group {
    pub(crate) id: &'static str,
    pub(crate) fields: &'static [&'static str],
    pub(crate) direction: Direction,
    pub(crate) owner: Owner,
}

const fn group(id: &'static str, fields: &'static [&'static str], owner: Owner) -> Group {
    Group { id, fields, direction: Direction::Both, owner }
}

/// Every group.
pub(crate) const GROUPS: [Group; 5] = [
    group("name", &["name"], Owner::Side(Side::Crm)),
    group("notes", &["notes"], Owner::Side(Side::PartnerCenter)),
    group("money", &["deal_value", "currency"], Owner::Side(Side::Crm)),
    group("close_date", &["close_date"], Owner::Ask),
    Group {
        id: "campaign",
        fields: &["campaign"],
        direction: Direction::ToCrm,
        owner: Owner::Side(Side::PartnerCenter),
    },
];

/// The policy of a deployment. The second mapping reads `name` and `currency` by other rows than the first.
pub(crate) fn policy(write: WriteMode, second_mapping: bool) -> Rc<Policy> {
    let changed = |field: &str| second_mapping && ["name", "currency"].contains(&field);
    let rule_field = |field: &&str| RuleField {
        id: FieldId::new(*field),
        digest: Digest::new(if changed(field) { "second" } else { "first" }),
        clearable: true,
    };
    let rule = |group: &Group| Rule {
        group: group.id.to_owned(),
        label: group.id.to_owned(),
        fields: group.fields.iter().map(rule_field).collect(),
        direction: group.direction,
        owner: group.owner,
    };
    let digest = Digest::new(if second_mapping { "second" } else { "first" });
    Rc::new(Policy { rules: GROUPS.iter().map(rule).collect(), write, include_closed: false, digest })
}

/// A group's texts, in the spelling that both sides share.
pub(crate) type State = Vec<String>;

/// What the fields of a group say. The CRM cannot keep a trailing `~`, so it does not count.
pub(crate) fn state(fields: &Fields, group: &Group) -> State {
    group.fields.iter().map(|field| shared_spelling(text(fields, field)).to_owned()).collect()
}

/// A field's text; empty when cleared or missing.
pub(crate) fn text<'a>(fields: &'a Fields, field: &str) -> &'a str {
    match reading(fields, &FieldId::new(field)) {
        Reading::Is(value) => value.as_str(),
        Reading::Cleared | Reading::Unknown => "",
    }
}

/// The text as the CRM keeps it.
pub(crate) fn shared_spelling(text: &str) -> &str {
    text.trim_end_matches('~')
}

/// The fields as the CRM keeps them.
pub(crate) fn as_the_crm_keeps(fields: &mut Fields) {
    for kept in fields.values_mut() {
        if let Reading::Is(value) = kept
            && value.as_str().ends_with('~')
        {
            *kept = Reading::is(shared_spelling(value.as_str()));
        }
    }
}

/// A row in which nobody has typed anything.
pub(crate) fn empty() -> Fields {
    GROUPS.iter().flat_map(|group| group.fields).map(|field| (FieldId::new(*field), Reading::Cleared)).collect()
}
