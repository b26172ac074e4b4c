//! The opportunity's shape: what is read in one GET, and what is written (dataverse-api 6.1, design section 5).

use serde_json::{Map, Value, json};
use sync_core::{Blocker, Code, Etag, FieldId, Fields, IntentId, Phase, Reading, Snapshot, reading};

use crate::codec::{self, Codec};
use crate::row::{Entity, Row};
use crate::{Currencies, FieldProblem, Mapping, Read};

/// Both lookups that may name the customer's account; `parentaccountid` goes first (design section 4 "Creating").
const ACCOUNT_LOOKUPS: [&str; 2] = ["parentaccountid", "customerid_account"];

impl Mapping {
    /// Columns for `$select`.
    #[must_use]
    pub fn opportunity_select(&self) -> Vec<String> {
        let fixed = ["opportunityid", "statecode", "statuscode"].map(str::to_owned);
        let mut columns: Vec<String> = fixed.into_iter().chain([lookup("originatingleadid")]).collect();
        self.add_columns_of(Entity::Opportunity, &mut columns);
        columns
    }

    /// `$expand`: the customer's account and the solution rows, so that one GET shows everything.
    #[must_use]
    pub fn opportunity_expand(&self) -> String {
        let account = self.account_select().join(",");
        let accounts = ACCOUNT_LOOKUPS.map(|navigation| format!("{navigation}($select={account})")).join(",");
        let (name, code) = (&self.own.solution_name, &self.own.solution_code);
        format!("{accounts},{}($select={name},{code},statecode)", self.own.solution_rows)
    }

    /// An opportunity as the CRM returned it, with or without what only a GET shows.
    #[must_use]
    pub fn opportunity_snapshot(&self, record: &Value, currencies: &Currencies) -> Read<Snapshot> {
        let (mut fields, mut problems) = (Fields::new(), Vec::new());
        for row in self.rows.iter().filter(|row| row.entity != Entity::Lead) {
            match self.read_column(row, record, currencies) {
                Some(Ok(reading)) => {
                    fields.insert(row.id.clone(), reading);
                }
                Some(Err(code)) => problems.push(FieldProblem {
                    field: row.id.clone(),
                    code,
                    text: format!("{} has a value that is not understood: choose another one.", row.label),
                }),
                None => {}
            }
        }
        let text = |column: &str| record.get(column).and_then(Value::as_str).filter(|text| !text.is_empty());
        let blockers = self.blockers(record, &fields, &problems);
        let snapshot = Snapshot {
            etag: text("@odata.etag").map(Etag::new),
            stamp: text(&self.own.stamp).map(IntentId::new),
            phase: match record.get("statecode").and_then(Value::as_i64) {
                Some(0) | None => Phase::Open,
                Some(_) => Phase::Closed,
            },
            shared: record.get(&self.own.sync).and_then(Value::as_bool) == Some(true),
            fields,
            blockers,
        };
        Read { value: snapshot, problems }
    }

    /// The active solutions of an opportunity that was read with [`Self::opportunity_expand`]: code and name.
    #[must_use]
    pub fn solutions(&self, record: &Value) -> Vec<(String, String)> {
        let rows = record.get(&self.own.solution_rows).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let active = rows.iter().filter(|row| row.get("statecode").and_then(Value::as_i64).unwrap_or(0) == 0);
        let mut solutions: Vec<(String, String)> = active
            .filter_map(|row| {
                let text = |column: &str| row.get(column).and_then(Value::as_str).map(str::trim).unwrap_or_default();
                let code = text(&self.own.solution_code);
                (!code.is_empty()).then(|| (code.to_owned(), text(&self.own.solution_name).to_owned()))
            })
            .collect();
        solutions.sort();
        solutions.dedup_by(|a, b| a.0 == b.0);
        solutions
    }

    /// Columns of a PATCH that makes an opportunity hold `sent`.
    #[must_use]
    pub fn opportunity_columns(&self, sent: &Fields, currencies: &Currencies) -> Read<Map<String, Value>> {
        self.columns_of(Entity::Opportunity, sent, currencies)
    }

    pub(crate) fn columns_of(
        &self,
        entity: Entity,
        sent: &Fields,
        currencies: &Currencies,
    ) -> Read<Map<String, Value>> {
        let (mut columns, mut problems) = (Map::new(), Vec::new());
        for row in self.rows_of(entity) {
            let (Some(column), Some(reading)) = (&row.crm, sent.get(&row.id)) else { continue };
            match (row.codec, reading) {
                (_, Reading::Unknown) => {}
                (Codec::Currency, Reading::Is(code)) => match currencies.id(code.as_str()) {
                    Some(id) => {
                        let bind = json!(format!("/transactioncurrencies({id})"));
                        columns.insert(format!("{column}@odata.bind"), bind);
                    }
                    None => problems.push(Self::currency_missing(&row.id, code.as_str())),
                },
                (Codec::Currency, _) => {}
                _ => put(&mut columns, &mut problems, row, column, reading),
            }
        }
        Read { value: columns, problems }
    }

    /// Columns of a new opportunity; its revenue is what was agreed, not what products add up to.
    #[must_use]
    pub fn create_opportunity(&self, fields: &Fields, currencies: &Currencies) -> Read<Map<String, Value>> {
        let mut read = self.opportunity_columns(&self.arriving(Entity::Opportunity, fields), currencies);
        read.value.insert("isrevenuesystemcalculated".to_owned(), json!(false));
        read
    }

    /// What a record will hold of `sent`: texts are cut to their columns. An intent says this, so that a write whose answer
    /// never came leaves the right base.
    #[must_use]
    pub fn as_record_keeps(&self, sent: &Fields) -> Fields {
        let kept = |(id, reading): (&FieldId, &Reading)| {
            let reading = match (self.row(id), reading.value()) {
                (Some(row), Some(value)) => codec::kept(row, value.as_str()),
                _ => reading.clone(),
            };
            (id.clone(), reading)
        };
        sent.iter().map(kept).collect()
    }

    pub(crate) fn rows_of(&self, entity: Entity) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.entity == entity)
    }

    pub(crate) fn read_column(
        &self,
        row: &Row,
        record: &Value,
        currencies: &Currencies,
    ) -> Option<Result<Reading, Code>> {
        let column = match (&row.crm, row.codec) {
            (_, Codec::Set) => {
                record.get(&self.own.solution_rows)?;
                let codes: Vec<String> = self.solutions(record).into_iter().map(|(code, _)| code).collect();
                return Some(Ok(if codes.is_empty() { Reading::Cleared } else { Reading::is(codes.join("\n")) }));
            }
            (Some(column), Codec::Currency) => {
                return Some(match record.get(lookup(column))? {
                    Value::String(id) => currencies.code(id).map(Reading::is).ok_or(Code::CurrencyMissing),
                    _ => Ok(Reading::Cleared),
                });
            }
            (Some(column), _) => column,
            (None, _) => return None,
        };
        match row.entity {
            Entity::Opportunity | Entity::Lead => Some(codec::from_crm(row, record.get(column)?)),
            Entity::Account => match account(record)? {
                Value::Null => Some(Ok(Reading::Cleared)),
                account => Some(codec::from_crm(row, account.get(column)?)),
            },
            Entity::Contact => None,
        }
    }

    /// What is missing before a referral can be made (design section 4 "Creating"), most important first.
    fn blockers(&self, record: &Value, fields: &Fields, problems: &[FieldProblem]) -> Vec<Blocker> {
        let mut blockers = Vec::new();
        if account(record).is_none_or(Value::is_null) {
            let text = "Account is empty: choose the customer's account on the opportunity.".to_owned();
            return vec![Blocker { code: Code::AccountMissing, text }];
        }
        for (id, code, advice) in NEEDED {
            let id = FieldId::new(*id);
            let Some(row) = self.row(&id) else { continue };
            if matches!(reading(fields, &id), Reading::Is(_)) {
                continue;
            }
            blockers.push(match problems.iter().find(|problem| problem.field == id) {
                Some(problem) => Blocker { code: problem.code, text: problem.text.clone() },
                None => Blocker { code: *code, text: format!("{} {advice}", row.label) },
            });
        }
        blockers
    }
}

/// What a referral cannot be made without.
const NEEDED: &[(&str, Code, &str)] = &[
    ("name", Code::FieldMissing, "is empty: give the opportunity a name."),
    ("customer_name", Code::FieldMissing, "is empty: give the account a name."),
    ("customer_street", Code::FieldMissing, "is empty: fill it in on the account."),
    ("customer_city", Code::FieldMissing, "is empty: fill it in on the account."),
    ("customer_country", Code::CountryMissing, "is empty: fill in its two-letter code on the account."),
    ("deal_value", Code::ValueMissing, "is empty or not above zero: fill in the estimated revenue."),
    ("currency", Code::CurrencyMissing, "is empty: choose one on the opportunity."),
    ("close_date", Code::FieldMissing, "is empty: fill in the estimated close date."),
    ("solutions", Code::SolutionMissing, "are missing: add at least one solution with its code."),
];

/// The customer's account; none if the answer does not show it, null if there is none.
fn account(record: &Value) -> Option<&Value> {
    let shown = ACCOUNT_LOOKUPS.iter().filter_map(|navigation| record.get(*navigation));
    let mut shown: Vec<&Value> = shown.collect();
    shown.sort_by_key(|account| account.is_null());
    shown.first().copied()
}

/// A lookup column as it is read: `_transactioncurrencyid_value` (dataverse-api 2.5).
pub(crate) fn lookup(column: &str) -> String {
    format!("_{column}_value")
}

/// Puts a value into its column, and says what could not be put there, or not whole.
pub(crate) fn put(
    columns: &mut Map<String, Value>,
    problems: &mut Vec<FieldProblem>,
    row: &Row,
    column: &str,
    reading: &Reading,
) {
    match codec::to_crm(row, reading) {
        Ok((value, was_cut)) => {
            columns.insert(column.to_owned(), value);
            if was_cut {
                problems.push(too_long(row));
            }
        }
        Err(code) => {
            let text = format!(
                "{} from Partner Center has no option in Dynamics 365: add it to the row's choices.",
                row.label
            );
            problems.push(FieldProblem { field: row.id.clone(), code, text });
        }
    }
}

fn too_long(row: &Row) -> FieldProblem {
    let most = row.max_length.unwrap_or_default();
    let text =
        format!("{} from Partner Center is longer than {most} characters; the record holds its beginning.", row.label);
    FieldProblem { field: row.id.clone(), code: Code::TooLong, text }
}
