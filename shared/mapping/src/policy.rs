//! The rows as the core needs them: which groups merge, which way, and who wins.

use sha2::{Digest as _, Sha256};
use sync_core::{Digest, Policy, Rule, RuleField, Side, WriteMode};

use crate::Mapping;
use crate::row::{Direction, Entity, Owner, Row};

impl Mapping {
    /// The rules of a deal. Rows that have no decision once the link exists are not among them.
    #[must_use]
    pub fn policy(&self, write: WriteMode) -> Policy {
        self.rules(write, |entity| entity != Entity::Lead)
    }

    /// The rules of a lead.
    #[must_use]
    pub fn lead_policy(&self, write: WriteMode) -> Policy {
        self.rules(write, |entity| entity == Entity::Lead)
    }

    fn rules(&self, write: WriteMode, is_its: impl Fn(Entity) -> bool) -> Policy {
        let mut rules: Vec<Rule> = Vec::new();
        for row in self.rows.iter().filter(|row| is_its(row.entity)) {
            let Some(direction) = decided(row.direction) else { continue };
            let field = RuleField { id: row.id.clone(), digest: row.digest(), clearable: row.clearable };
            let group = row.group.as_deref().unwrap_or(row.id.as_str());
            match rules.iter_mut().find(|rule| rule.group == group) {
                Some(rule) => rule.fields.push(field),
                None => rules.push(Rule {
                    group: group.to_owned(),
                    label: String::new(),
                    fields: vec![field],
                    direction,
                    owner: owner(row),
                }),
            }
        }
        for rule in &mut rules {
            let labels: Vec<String> = rule.fields.iter().map(|field| self.label(&field.id)).collect();
            rule.label = labels.join(" and ");
        }
        let digest = condensed(&rules);
        Policy { rules, write, include_closed: false, digest }
    }
}

/// The direction of a row that is decided every round; none of one that is not.
fn decided(direction: Direction) -> Option<sync_core::Direction> {
    match direction {
        Direction::Both => Some(sync_core::Direction::Both),
        Direction::ToCrm => Some(sync_core::Direction::ToCrm),
        Direction::ToPartner => Some(sync_core::Direction::ToPartnerCenter),
        Direction::Off => Some(sync_core::Direction::Off),
        Direction::CreateOnly | Direction::Rise | Direction::Invite => None,
    }
}

fn owner(row: &Row) -> sync_core::Owner {
    match row.owner {
        Owner::Crm => sync_core::Owner::Side(Side::Crm),
        Owner::PartnerCenter => sync_core::Owner::Side(Side::PartnerCenter),
        Owner::Ask => sync_core::Owner::Ask,
    }
}

fn condensed(rules: &[Rule]) -> Digest {
    let mut digest = Sha256::new();
    for field in rules.iter().flat_map(|rule| &rule.fields) {
        digest.update(field.id.as_str().as_bytes());
        digest.update(field.digest.as_str().as_bytes());
    }
    Digest::new(digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}
