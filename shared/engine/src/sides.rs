//! Reads one side of a link.

use std::sync::Arc;

use dataverse::{Key, Query};
use jiff::SignedDuration;
use mapping::Currencies;
use partner_center::Referral;
use serde_json::Value;
use store::Store;
use sync_core::{Link, RecordRef, ReferralId, Side, Sight, Snapshot};
use uuid::Uuid;

use crate::{Engine, trouble::Trouble};

/// What a read brought: the sight, and the raw answer for what the mapping does not hold (ids, arrays).
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) sight: Sight,
    pub(crate) raw: Option<Value>,
}

impl Seen {
    pub(crate) fn nothing(sight: Sight) -> Self {
        Self { sight, raw: None }
    }

    /// The snapshot, if the side was read.
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        match &self.sight {
            Sight::Present(snapshot) => Some(snapshot),
            Sight::Assumed | Sight::Absent | Sight::NotYet | Sight::Unreadable => None,
        }
    }
}

impl Seen {
    /// The id in a lookup of the record.
    pub(crate) fn id_of(&self, lookup: &str) -> Option<Uuid> {
        let id = self.raw.as_ref()?.get(format!("_{lookup}_value"))?.as_str()?;
        Uuid::parse_str(id).ok()
    }

    /// The answer to a conditional write, with what only a read shows (account, solutions) from the read before it: the
    /// condition proves that nothing else moved in between.
    pub(crate) fn completed_by(mut self, before: Option<Self>) -> Self {
        let before = before.map(|seen| seen.sight);
        if let (Sight::Present(after), Some(Sight::Present(before))) = (&mut self.sight, before) {
            for (id, reading) in before.fields {
                after.fields.entry(id).or_insert(reading);
            }
            after.blockers = before.blockers;
        }
        self
    }
}

/// Currencies change about never; rates are not read.
const CURRENCIES_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// The entity set of accounts.
pub(crate) const ACCOUNTS: &str = "accounts";

impl<S: Store> Engine<S> {
    /// Reads `side` of the link. A half that is still to be made is [`Sight::NotYet`] and costs nothing.
    pub(crate) async fn read(&self, link: &Link, side: Side) -> Result<Seen, Trouble> {
        match (side, link.pair.referral(), link.pair.record()) {
            (Side::PartnerCenter, Some(referral), _) => self.read_referral(referral).await,
            (Side::Crm, _, Some(record)) => self.read_record(record).await,
            (Side::PartnerCenter, None, _) | (Side::Crm, _, None) => Ok(Seen::nothing(Sight::NotYet)),
        }
    }

    async fn read_referral(&self, id: &ReferralId) -> Result<Seen, Trouble> {
        let Some(id) = partner_center::ReferralId::parse(id.as_str()) else {
            return Ok(Seen::nothing(Sight::Absent));
        };
        match self.partner_center.get(&id).await {
            Ok(referral) => Ok(self.referral_seen(&referral)),
            Err(partner_center::Error::NotFound { .. }) => Ok(Seen::nothing(Sight::Absent)),
            Err(error) => Err(Trouble::of_partner_center(&error)),
        }
    }

    /// A referral that is in hand.
    pub(crate) fn referral_seen(&self, referral: &Referral) -> Seen {
        let read = self.mapping.referral_snapshot(referral.raw());
        note_problems(Side::PartnerCenter, &read.problems);
        let mut snapshot = read.value;
        if snapshot.etag.is_none() {
            snapshot.etag = referral.etag().map(sync_core::Etag::new);
        }
        Seen { sight: Sight::Present(snapshot), raw: Some(referral.raw().clone()) }
    }

    /// A record by its primary key.
    pub(crate) async fn read_record(&self, record: &RecordRef) -> Result<Seen, Trouble> {
        let Ok(id) = Uuid::parse_str(record.id.as_str()) else { return Ok(Seen::nothing(Sight::Absent)) };
        self.read_row(record.entity, &Key::Primary(id)).await
    }

    /// The currency table, read once an hour.
    pub(crate) async fn currencies(&self) -> Result<Arc<Currencies>, Trouble> {
        let mut kept = self.currencies.lock().await;
        let now = (self.clock)();
        if let Some((read_at, currencies)) = &*kept
            && now.duration_since(*read_at) < CURRENCIES_KEPT
        {
            return Ok(Arc::clone(currencies));
        }
        let query =
            Query { select: &["transactioncurrencyid", "isocurrencycode", "currencyprecision"], ..Query::default() };
        let rows = self.dataverse.query("transactioncurrencies", &query).await.map_err(|e| Trouble::of_crm(&e))?;
        let rows: Vec<Value> = rows.iter().map(|row| Value::Object(row.raw().clone())).collect();
        let currencies = Arc::new(Currencies::from_rows(&rows));
        *kept = Some((now, Arc::clone(&currencies)));
        Ok(currencies)
    }
}

pub(crate) fn note_problems(side: Side, problems: &[mapping::FieldProblem]) {
    for problem in problems {
        tracing::warn!(
            side = side.word(),
            field = problem.field.as_str(),
            code = problem.code.word(),
            "unreadable field"
        );
    }
}
