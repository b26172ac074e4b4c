//! The two shapes of a deal with nothing in them but what is tried, and the way from one to the other. It uses what the
//! engine uses, so what holds here holds there.

use std::collections::BTreeMap;

use mapping::{Codec, Currencies, Entity, FieldProblem, Mapping, NewReferral, Read, Row};
use serde_json::{Map, Value, json};
use sync_core::{Fields, Reading, Snapshot, reading};

use crate::Example;

/// Before a column of the account.
const ACCOUNT: &str = "account.";

/// What a row's field reads as; why it does not, if so.
pub(crate) type Sighted = Result<Reading, FieldProblem>;

/// A mapping, with currencies to look up.
pub(crate) struct Bench<'a> {
    pub(crate) mapping: &'a Mapping,
    currencies: Currencies,
}

impl<'a> Bench<'a> {
    /// Every code has a currency here: which ones the CRM has is the CRM's business.
    pub(crate) fn new<'b>(mapping: &'a Mapping, codes: impl Iterator<Item = &'b str>) -> Self {
        let rows: Vec<Value> = codes
            .enumerate()
            .map(|(index, code)| json!({ "transactioncurrencyid": currency_id(index), "isocurrencycode": code }))
            .collect();
        Self { mapping, currencies: Currencies::from_rows(&rows) }
    }

    /// What a row's place in a referral reads as.
    pub(crate) fn read_referral(&self, row: &Row, value: &Value) -> Sighted {
        // Only a referral of this class is read as a lead (design section 4).
        let mut referral = match row.entity {
            Entity::Lead => {
                json!({ "direction": "Incoming", "type": "Independent", "qualification": "SalesQualified" })
            }
            Entity::Opportunity | Entity::Account | Entity::Contact => json!({}),
        };
        plant(&mut referral, &row.referral, value.clone());
        sighted(row, &self.mapping.referral_snapshot(&referral))
    }

    /// What a row's place in a referral reads as after this was sent there: Partner Center escapes some texts
    /// (partner-center-api 3.1).
    pub(crate) fn read_referral_after(&self, row: &Row, sent: &Value) -> Sighted {
        match (row.codec, sent) {
            (Codec::HtmlText, Value::String(text)) => self.read_referral(row, &json!(escaped(text))),
            _ => self.read_referral(row, sent),
        }
    }

    /// What a row's column reads as.
    pub(crate) fn read_crm(&self, row: &Row, value: &Value) -> Sighted {
        let record = match (row.codec, &row.crm, row.entity) {
            (Codec::Set, ..) => json!({ (self.mapping.own().solution_rows.as_str()): self.solution_rows(value) }),
            (Codec::Currency, Some(column), _) => {
                let id = value.as_str().and_then(|code| self.currencies.id(code));
                json!({ (format!("_{column}_value")): id.map_or_else(|| value.clone(), |id| json!(id)) })
            }
            (_, Some(column), Entity::Account) => json!({ "parentaccountid": { (column.as_str()): value } }),
            (_, Some(column), _) => json!({ (column.as_str()): value }),
            (_, None, _) => json!({}),
        };
        let read = match row.entity {
            Entity::Lead => self.mapping.lead_snapshot(&record, &self.currencies),
            Entity::Opportunity | Entity::Account | Entity::Contact => {
                self.mapping.opportunity_snapshot(&record, &self.currencies)
            }
        };
        sighted(row, &read)
    }

    /// What a row's column is set to, so that it holds a reading. None where nothing is set.
    pub(crate) fn write_crm(&self, row: &Row, sent: &Reading) -> Result<Option<Value>, FieldProblem> {
        let fields = Fields::from([(row.id.clone(), sent.clone())]);
        let written = match row.entity {
            Entity::Account => self.mapping.account_columns(&fields),
            Entity::Lead => self.mapping.lead_columns(&fields, &self.currencies),
            Entity::Opportunity | Entity::Contact => self.mapping.opportunity_columns(&fields, &self.currencies),
        };
        let Some(column) = &row.crm else { return Ok(None) };
        let bound = written.value.get(&format!("{column}@odata.bind")).and_then(Value::as_str);
        let code = bound.and_then(|bound| self.currencies.code(bound.split(['(', ')']).nth(1)?));
        let value = code.map(|code| json!(code)).or_else(|| written.value.get(column).cloned());
        problem(row, &written.problems).map_or(Ok(value), Err)
    }

    /// What a row's place in a referral is set to: by a PATCH, and by a POST where the row goes into one. No referral is
    /// made of a lead.
    pub(crate) fn write_referral(&self, row: &Row, sent: &Reading) -> Vec<Value> {
        let fields = Fields::from([(row.id.clone(), sent.clone())]);
        let mut values: Vec<Value> = match row.codec {
            Codec::Set => Vec::new(),
            _ => self.mapping.patch_referral(&fields, &Fields::new()).into_iter().map(|patch| patch.value).collect(),
        };
        let solutions: Vec<(String, String)> = match (row.codec, sent.value()) {
            (Codec::Set, Some(codes)) => {
                codes.as_str().lines().map(|code| (code.to_owned(), code.to_owned())).collect()
            }
            _ => Vec::new(),
        };
        let new = NewReferral { opportunity_id: "opportunity", partner_id: "partner" };
        let body = self.mapping.create_referral(&fields, &solutions, &new);
        if sent.value().is_some() && row.entity != Entity::Lead {
            values.extend(body.pointer(&row.referral).cloned());
        }
        values
    }

    fn solution_rows(&self, codes: &Value) -> Value {
        let own = self.mapping.own();
        let codes = codes.as_array().map(Vec::as_slice).unwrap_or_default();
        let row = |code: &Value| json!({ (own.solution_code.as_str()): code, (own.solution_name.as_str()): code, "statecode": 0 });
        Value::Array(codes.iter().map(row).collect())
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// As an example names a row's column.
pub(crate) fn column(row: &Row) -> String {
    match (&row.crm, row.entity) {
        (Some(column), Entity::Account) => format!("{ACCOUNT}{column}"),
        (Some(column), _) => column.clone(),
        (None, _) => row.id.as_str().to_owned(),
    }
}

/// The codes of currencies that an example names.
pub(crate) fn currencies<'a>(mapping: &Mapping, example: &'a Example) -> Vec<&'a str> {
    let rows = mapping.rows().iter().filter(|row| row.codec == Codec::Currency);
    rows.flat_map(|row| [example.referral.get(&row.referral), shown(example, row).get(&column(row))])
        .filter_map(|value| value?.as_str())
        .collect()
}

/// Where an example shows a row's column.
pub(crate) fn shown<'a>(example: &'a Example, row: &Row) -> &'a BTreeMap<String, Value> {
    match row.entity {
        Entity::Lead => &example.lead,
        Entity::Opportunity | Entity::Account | Entity::Contact => &example.crm,
    }
}

fn currency_id(index: usize) -> String {
    format!("00000000-0000-4000-8000-{index:012}")
}

fn sighted(row: &Row, read: &Read<Snapshot>) -> Sighted {
    problem(row, &read.problems).map_or_else(|| Ok(reading(&read.value.fields, &row.id).clone()), Err)
}

fn problem(row: &Row, problems: &[FieldProblem]) -> Option<FieldProblem> {
    problems.iter().find(|problem| problem.field == row.id).cloned()
}

/// Sets the member at a JSON pointer, making objects and arrays on the way.
fn plant(at: &mut Value, pointer: &str, value: Value) {
    let Some((part, rest)) = pointer.strip_prefix('/').map(|pointer| match pointer.find('/') {
        Some(end) => pointer.split_at(end),
        None => (pointer, ""),
    }) else {
        *at = value;
        return;
    };
    let name = part.replace("~1", "/").replace("~0", "~");
    match name.parse::<usize>() {
        // Examples show the first few at most.
        Ok(index) if index < 100 => {
            let mut items = at.as_array().cloned().unwrap_or_default();
            items.resize(items.len().max(index + 1), Value::Null);
            plant(&mut items[index], rest, value);
            *at = Value::Array(items);
        }
        _ => {
            let mut members = at.as_object().cloned().unwrap_or_else(Map::new);
            plant(members.entry(name).or_insert(Value::Null), rest, value);
            *at = Value::Object(members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_makes_the_way_to_its_member() {
        let mut body = json!({ "a": { "b": 1 } });
        for (pointer, value) in [("/a/c", 2), ("/team/1/x~1y", 3), ("/a/b/d", 4)] {
            plant(&mut body, pointer, json!(value));
            assert_eq!(body.pointer(pointer), Some(&json!(value)), "{body}");
        }
        assert_eq!(body["a"]["c"], json!(2));
    }
}
