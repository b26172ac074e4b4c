//! Finds or prepares the missing half of a link (design section 4 "Creating").
//!
//! Whatever may already exist is looked for first, so that a lost store, a pair made by hand or a second hint makes no
//! twin. Only then an intent is prepared; the caller saves it before anything is sent.

use std::time::Duration;

use dataverse::{Key, Query};
use mapping::NewReferral;
use serde_json::{Map, Value, json};
use store::Store;
use sync_core::{Blocker, BySide, Code, Effect, Entity, Fields, Intent, Link, Pair, ReferralId, Side, Snapshot, tell};
use uuid::Uuid;

use crate::effect::half_of;
use crate::feeds::FIRST_PASS;
use crate::request::{self, Plan, Request, RowKey};
use crate::sides::{ACCOUNTS, Seen};
use crate::tables::set_of;
use crate::telling::blocker;
use crate::trouble::Trouble;
use crate::{Engine, Error};

/// What is to be done about the missing half.
#[derive(Debug)]
pub(crate) enum Half {
    /// It exists already: link it.
    Found(Pair),
    /// Save this intent, then carry it out.
    Make(Box<Intent>),
    /// It cannot be made until something changes.
    Blocked(Blocker),
    /// Ask again after this long.
    NotYet(Duration),
    /// A vendor could not be asked.
    Trouble(Trouble),
}

/// Outbound creates wait for the first pass of the feed, so that a referral that already exists is known.
const FIRST_PASS_WAIT: Duration = Duration::from_secs(2);
/// Chosen primary keys tried for one account (design section 4: counter 1..9 after the first).
const ACCOUNT_KEYS_MAX: u8 = 10;
/// The namespace of chosen primary keys: UUID v5 of this text under the URL namespace.
const KEY_NAMESPACE: &[u8] = b"https://cosell/account";

impl<S: Store> Engine<S> {
    /// The record that a referral needs.
    pub(crate) async fn record_half(&self, link: &mut Link, source: &Seen, sent: Fields) -> Result<Half, Error> {
        match self.try_record_half(link, source, sent).await {
            Ok(half) => Ok(half),
            Err(trouble) => Ok(Half::Trouble(trouble)),
        }
    }

    async fn try_record_half(&self, link: &mut Link, source: &Seen, sent: Fields) -> Result<Half, Trouble> {
        let (Some(referral), Some(snapshot), Some(raw)) = (link.pair.referral(), source.snapshot(), &source.raw) else {
            return Ok(Half::NotYet(FIRST_PASS_WAIT));
        };
        let own = self.mapping.own();
        let key = Key::Alternate { column: own.referral_id.clone(), value: referral.as_str().to_owned() };
        let claimed = self.read_row(Entity::Opportunity, &key).await?;
        if let Some(half) = claimed.raw.as_ref().and_then(|row| half_of(Entity::Opportunity, row)) {
            return Ok(Half::Found(half));
        }
        if mapping::is_lead_class(raw)
            && let Some(half) = self.claimed_lead(&key, snapshot).await?
        {
            return Ok(Half::Found(half));
        }
        let reference = raw.get("externalReferenceId").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        if let Some(record) = reference {
            let named = self.read_row(Entity::Opportunity, &Key::Primary(record)).await?;
            if let Some(row) = &named.raw {
                return Ok(match row.get(&own.referral_id).and_then(Value::as_str) {
                    None | Some("") => {
                        half_of(Entity::Opportunity, row).map_or(Half::NotYet(FIRST_PASS_WAIT), Half::Found)
                    }
                    Some(_) => Half::Blocked(blocker(
                        Code::DuplicateReferral,
                        "another referral already belongs to this opportunity: close one of the two in Partner Center",
                    )),
                });
            }
        }
        if self.entity_of(link, Some(source)) == Entity::Lead {
            let parents = self.parents_of_lead(snapshot).await?;
            return self.new_record(link, Entity::Lead, snapshot, sent, parents).await;
        }
        match self.account(snapshot).await? {
            Account::Use(account) => {
                let bind = json!(format!("/{ACCOUNTS}({account})"));
                let parents = ["customerid_account@odata.bind", "parentaccountid@odata.bind"];
                let parents = parents.map(|name| (name.to_owned(), bind.clone())).into_iter().collect();
                self.new_record(link, Entity::Opportunity, snapshot, sent, parents).await
            }
            Account::None => self.new_record(link, Entity::Opportunity, snapshot, sent, Map::new()).await,
            Account::Make(key, columns) => Ok(Half::Make(Box::new(self.new_account(key, columns)))),
            Account::Ambiguous => Ok(Half::Blocked(blocker(
                Code::AccountAmbiguous,
                "several accounts match the customer: merge them, or set the account of the opportunity by hand",
            ))),
        }
    }

    async fn new_record(
        &self,
        link: &mut Link,
        entity: Entity,
        source: &Snapshot,
        sent: Fields,
        parents: Map<String, Value>,
    ) -> Result<Half, Trouble> {
        let Some(referral) = link.pair.referral().cloned() else { return Ok(Half::NotYet(FIRST_PASS_WAIT)) };
        let currencies = self.currencies().await?;
        let made = self.new_columns(entity, &source.fields, &currencies);
        if let Some(problem) = made.problems.iter().find(|problem| problem.code == Code::CurrencyMissing) {
            return Ok(Half::Blocked(blocker(problem.code, problem.text.clone())));
        }
        let mut columns = made.value;
        columns.extend(parents);
        // What the record will be told is what it is once it exists.
        let mut told = tell(link);
        told.state = match source.phase {
            sync_core::Phase::Unanswered => sync_core::SyncState::Waiting,
            sync_core::Phase::Open | sync_core::Phase::Closed => sync_core::SyncState::Synced,
        };
        (told.code, told.text) = (None, String::new());
        self.audit_cuts(link, told.state, &made.problems);
        let sentence = format!("the {} was made from the referral in Partner Center.", entity.word());
        self.audit(link, told.state, Code::Created, &sentence);
        let id = request::new_id();
        columns.extend(self.own_columns(link, &told, &id));
        columns.insert(self.mapping.own().sync.clone(), json!(true));
        let key =
            RowKey::Alternate { column: self.mapping.own().referral_id.clone(), value: referral.as_str().to_owned() };
        let request = Request::CreateRow { set: set_of(entity).to_owned(), key, columns };
        let seen = BySide { partner_center: source.fields.clone(), crm: Fields::new() };
        let plan =
            Plan { side: Side::Crm, effect: Effect::Create, sent, seen: &seen, target_etag: None, tells: Some(told) };
        Ok(Half::Make(Box::new(request::intent(id, plan, &request, self.policy_of(entity), (self.clock)()))))
    }

    pub(crate) fn new_account(&self, key: Uuid, mut columns: Map<String, Value>) -> Intent {
        for (column, value) in &self.settings.defaults.account {
            columns.entry(column.clone()).or_insert_with(|| value.clone());
        }
        let request = Request::CreateRow { set: ACCOUNTS.to_owned(), key: RowKey::Primary(key), columns };
        let plan = Plan {
            side: Side::Crm,
            effect: Effect::Parent { table: "account".to_owned(), key: key.to_string() },
            sent: Fields::new(),
            seen: &BySide::default(),
            target_etag: None,
            tells: None,
        };
        request::intent(request::new_id(), plan, &request, &self.policy, (self.clock)())
    }

    /// The customer's account: the one active match, or a new one under a primary key that follows from the match values.
    pub(crate) async fn account(&self, source: &Snapshot) -> Result<Account, Trouble> {
        let Some(wanted) = self.mapping.account_match(&source.fields, &self.settings.account.match_on) else {
            return Ok(Account::None);
        };
        let select = self.mapping.account_select();
        let select: Vec<&str> = select.iter().map(String::as_str).collect();
        let query = Query { select: &select, filter: Some(wanted.filter.clone()), top: Some(2), ..Query::default() };
        let matches = self.dataverse.query(ACCOUNTS, &query).await.map_err(|error| Trouble::of_crm(&error))?;
        match matches.as_slice() {
            [one] => return Ok(one.id_of("accountid").map_or(Account::Ambiguous, Account::Use)),
            [_, ..] => return Ok(Account::Ambiguous),
            [] => {}
        }
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, KEY_NAMESPACE);
        for counter in 0..ACCOUNT_KEYS_MAX {
            let name = if counter == 0 { wanted.key.clone() } else { format!("{}\n{counter}", wanted.key) };
            let key = Uuid::new_v5(&namespace, name.as_bytes());
            let select = ["accountid", "statecode", "_masterid_value"];
            match self.dataverse.get(ACCOUNTS, &Key::Primary(key), &select, None).await {
                Err(dataverse::Error::NotFound { .. }) => {
                    let columns = self.mapping.account_columns(&source.fields).value;
                    return Ok(Account::Make(key, columns));
                }
                Ok(row) => match row.id_of("_masterid_value") {
                    Some(master) => return Ok(Account::Use(master)),
                    // Renamed or switched off since: it is another customer's now.
                    None => continue,
                },
                Err(error) => return Err(Trouble::of_crm(&error)),
            }
        }
        Ok(Account::Ambiguous)
    }

    /// The referral that a record needs.
    pub(crate) async fn referral_half(&self, link: &Link, source: &Seen, sent: Fields) -> Result<Half, Error> {
        match self.existing_referral(link, source).await? {
            Ok(Some(half)) => Ok(half),
            Ok(None) => Ok(self.new_referral(link, source, sent)),
            Err(trouble) => Ok(Half::Trouble(trouble)),
        }
    }

    /// A referral that the record claims or that names the record; `None` when there is provably none.
    async fn existing_referral(&self, link: &Link, source: &Seen) -> Result<Result<Option<Half>, Trouble>, Error> {
        let (Some(record), Some(row)) = (link.pair.record(), &source.raw) else {
            return Ok(Ok(Some(Half::NotYet(FIRST_PASS_WAIT))));
        };
        let claimed = row.get(&self.mapping.own().referral_id).and_then(Value::as_str).filter(|id| !id.is_empty());
        let claimed = claimed.and_then(partner_center::ReferralId::parse).map(|id| ReferralId::new(id.as_str()));
        if let Some(claimed) = claimed {
            match self.referral_exists(&claimed).await {
                Ok(true) => return Ok(Ok(Some(Half::Found(Pair::ReferralOnly(claimed))))),
                Ok(false) => {}
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        if self.store.cursor(FIRST_PASS).await?.is_none() {
            return Ok(Ok(Some(Half::NotYet(FIRST_PASS_WAIT))));
        }
        let mut found = Vec::new();
        for referral in self.store.references(record.id.as_str()).await? {
            match self.referral_exists(&referral).await {
                Ok(true) => found.push(referral),
                Ok(false) => {}
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        Ok(Ok(match found.as_slice() {
            [] => None,
            [one] => Some(Half::Found(Pair::ReferralOnly(one.clone()))),
            [_, ..] => Some(Half::Blocked(blocker(
                Code::DuplicateReferral,
                "several referrals carry this opportunity's id: close all but one in Partner Center",
            ))),
        }))
    }

    fn new_referral(&self, link: &Link, source: &Seen, sent: Fields) -> Half {
        let (Some(record), Some(snapshot), Some(row)) = (link.pair.record(), source.snapshot(), &source.raw) else {
            return Half::NotYet(FIRST_PASS_WAIT);
        };
        let new =
            NewReferral { opportunity_id: record.id.as_str(), partner_id: &self.settings.partner_center.partner_id };
        let solutions = self.mapping.solutions(row);
        let request = Request::CreateReferral(self.mapping.create_referral(&snapshot.fields, &solutions, &new));
        let seen = BySide { partner_center: Fields::new(), crm: snapshot.fields.clone() };
        let plan = Plan {
            side: Side::PartnerCenter,
            effect: Effect::Create,
            sent,
            seen: &seen,
            target_etag: None,
            tells: None,
        };
        let id = request::new_id();
        Half::Make(Box::new(request::intent(id, plan, &request, &self.policy, (self.clock)())))
    }
}

/// Where the customer's account comes from.
pub(crate) enum Account {
    Use(Uuid),
    Make(Uuid, Map<String, Value>),
    /// The referral names no customer to look for.
    None,
    Ambiguous,
}
