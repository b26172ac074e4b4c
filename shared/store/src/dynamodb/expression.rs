//! An update and its condition, attribute by attribute. Every name goes through a placeholder, so that no attribute can
//! be one of DynamoDB's six hundred reserved words.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An update expression, a condition expression, and what they name.
#[derive(Default)]
pub(super) struct Expression {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
}

impl Expression {
    /// Sets an attribute, or removes it.
    pub(super) fn set(mut self, name: &str, value: Option<AttributeValue>) -> Self {
        let place = self.name(name);
        match value {
            Some(value) => {
                self.set.push(format!("{place} = :{name}"));
                self.values.insert(format!(":{name}"), value);
            }
            None => self.remove.push(place),
        }
        self
    }

    /// Adds one to a number that is there.
    pub(super) fn count_up(mut self, name: &str) -> Self {
        let place = self.name(name);
        self.set.push(format!("{place} = {place} + :one"));
        self.values.insert(":one".to_owned(), AttributeValue::N("1".to_owned()));
        self
    }

    /// Only if the item exists.
    pub(super) fn if_exists(mut self, name: &str) -> Self {
        let place = self.name(name);
        self.conditions.push(format!("attribute_exists({place})"));
        self
    }

    /// Only if the attribute still has this value, or still has none.
    pub(super) fn if_still(mut self, name: &str, value: Option<AttributeValue>) -> Self {
        let place = self.name(name);
        match value {
            Some(value) => {
                self.conditions.push(format!("{place} = :was_{name}"));
                self.values.insert(format!(":was_{name}"), value);
            }
            None => self.conditions.push(format!("attribute_not_exists({place})")),
        }
        self
    }

    /// The update.
    pub(super) fn update(&self) -> String {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        format!("{}{}", clause("SET", &self.set), clause("REMOVE", &self.remove)).trim_end().to_owned()
    }

    /// The condition.
    pub(super) fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    /// What the placeholders of names stand for.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        Some(self.names.clone())
    }

    /// What the placeholders of values stand for.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        Some(self.values.clone())
    }

    fn name(&mut self, name: &str) -> String {
        let place = format!("#{name}");
        self.names.insert(place.clone(), name.to_owned());
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_reads_as_it_was_said() {
        let n = |n: &str| Some(AttributeValue::N(n.to_owned()));
        let said = Expression::default()
            .set("rev", n("2"))
            .set("due_at", None)
            .count_up("dirty_crm")
            .if_exists("pk")
            .if_still("rev", n("1"))
            .if_still("due_at", None);
        assert_eq!(said.update(), "SET #rev = :rev, #dirty_crm = #dirty_crm + :one REMOVE #due_at");
        assert_eq!(said.condition(), "attribute_exists(#pk) AND #rev = :was_rev AND attribute_not_exists(#due_at)");
        assert_eq!((said.names().unwrap().len(), said.values().unwrap().len()), (4, 3));
    }
}
