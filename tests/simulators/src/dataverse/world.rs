//! The organisation: its schema, its rows, who may do what, and the notices of changes that are still to be told.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::answers::Answer;
use super::data::{Datum, Row, Store};
use super::rules::rights::Rights;
use super::schema::{Column, Index, Name, Schema, Table};
use super::stamps::Stamps;
use super::switches::Switches;
use super::webhooks::Notice;

/// What the simulator remembers.
#[derive(Debug)]
pub(crate) struct World {
    /// Own address, without a slash at the end.
    pub(super) url: String,
    pub(super) schema: Arc<Schema>,
    pub(super) store: Store,
    pub(super) stamps: Stamps,
    pub(super) switches: Switches,
    pub(super) rights: Rights,
    pub(super) ids: Ids,
    pub(super) notices: Vec<Notice>,
    /// Something in the schema is not ready yet.
    pub(super) schema_awaits: bool,
    /// What forms will be once they are published (dataverse-api 7.7, 7.9).
    pub(super) unpublished_forms: BTreeMap<Uuid, String>,
}

/// The rows that every organisation starts with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) organization: Uuid,
    pub(crate) business_unit: Uuid,
    /// The user that stands for the app.
    pub(crate) application_user: Uuid,
    /// The person who acts when a test does.
    pub(crate) seller: Uuid,
    pub(crate) base_currency: Uuid,
}

/// The name of the organisation, as webhooks tell it.
pub(crate) const ORGANIZATION_NAME: &str = "orgcontoso";
/// Version numbers of an organisation with a past.
const FIRST_VERSION: u64 = 536_000;

impl World {
    pub(super) fn new(url: String, schema: Schema, stamps: Stamps) -> Self {
        let id = |name: &str| stamps.id_of(name);
        let ids = Ids {
            organization: id("organization"),
            business_unit: id("business unit"),
            application_user: id("application user"),
            seller: id("seller"),
            base_currency: id("currency EUR"),
        };
        let schema = Arc::new(schema);
        let mut world = Self {
            url,
            schema: schema.clone(),
            store: Store::default(),
            stamps,
            switches: Switches::default(),
            rights: Rights::default(),
            ids,
            notices: Vec::new(),
            schema_awaits: false,
            unpublished_forms: BTreeMap::new(),
        };
        world.store.start_at(FIRST_VERSION);
        for table in schema.tables() {
            world.store.add_text_index(&table.name, &table.primary_name);
            for key in &table.keys {
                world.store.add_key(&table.name, key);
            }
        }
        super::seed::fill(&mut world);
        world.store.commit();
        world
    }

    /// The root of the Web API, with a slash at the end.
    pub(super) fn root(&self) -> String {
        format!("{}/api/data/v9.2/", self.url)
    }

    /// A table that must be there because it comes with Dynamics 365 or was just looked up.
    pub(super) fn table(&self, name: &str) -> Option<Arc<Table>> {
        self.schema.table(name).cloned()
    }

    /// Does something as a whole: a refusal undoes what was done.
    pub(super) fn attempt<T>(&mut self, act: impl FnOnce(&mut Self) -> Answer<T>) -> Answer<T> {
        let (mark, notices, schema) = (self.store.mark(), self.notices.len(), self.schema.clone());
        let answer = act(self);
        if answer.is_err() {
            self.store.roll_back(mark);
            self.notices.truncate(notices);
            self.schema = schema;
        }
        answer
    }

    /// What time has brought: columns that are known by now, indexes of alternate keys that are built (dataverse-api 2.8).
    pub(super) fn catch_up(&mut self) {
        if !self.schema_awaits {
            return;
        }
        let now = self.stamps.exactly_now();
        let known = |column: &Column| column.unknown_until.is_some_and(|until| until <= now);
        let renewed: Vec<Name> = self
            .schema
            .tables()
            .filter(|table| table.columns.iter().any(known))
            .map(|table| table.name.clone())
            .collect();
        for table in renewed {
            let table = Arc::make_mut(&mut self.schema).table_mut(&table);
            let columns = table.into_iter().flat_map(|table| table.columns.iter_mut());
            columns.filter(|column| known(column)).for_each(|column| column.unknown_until = None);
        }
        let due = |index: Index| matches!(index, Index::Pending(at) if at <= now);
        let ready: Vec<(Name, Name)> = self
            .schema
            .tables()
            .flat_map(|table| table.keys.iter().map(move |key| (table, key)))
            .filter(|(_, key)| due(key.index))
            .map(|(table, key)| (table.name.clone(), key.name.clone()))
            .collect();
        for (table, name) in ready {
            let schema = Arc::make_mut(&mut self.schema);
            let Some(table) = schema.table_mut(&table) else { continue };
            let table_name = table.name.clone();
            let Some(key) = table.keys.iter_mut().find(|key| key.name == name) else { continue };
            key.index = if self.store.add_key(&table_name, key) { Index::Active } else { Index::Failed };
        }
        self.schema_awaits = self.schema.tables().any(|table| {
            table.columns.iter().any(|column| !column.is_known())
                || table.keys.iter().any(|key| matches!(key.index, Index::Pending(_)))
        });
    }

    /// The decimals of a currency's amounts.
    pub(super) fn currency_precision(&self, currency: Option<Uuid>) -> u32 {
        let row = self.currency(currency);
        let precision = row.and_then(|row| row.integer("currencyprecision"));
        precision.and_then(|precision| u32::try_from(precision).ok()).unwrap_or(2)
    }

    /// How many of a currency make one of the organisation's.
    pub(super) fn exchange_rate(&self, currency: Option<Uuid>) -> Decimal {
        match self.currency(currency).and_then(|row| row.get("exchangerate")) {
            Some(Datum::Decimal(rate)) if !rate.is_zero() => *rate,
            _ => Decimal::ONE,
        }
    }

    fn currency(&self, currency: Option<Uuid>) -> Option<&Row> {
        self.store.get("transactioncurrency", currency.unwrap_or(self.ids.base_currency))
    }
}
