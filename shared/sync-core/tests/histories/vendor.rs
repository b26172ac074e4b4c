//! A vendor: rows with versions. Partner Center has no unique key and no stamp, but a search that lags; the CRM has
//! both and trims what it is given.

use sync_core::{Etag, Fields, IntentId, Phase, Side, Snapshot};

use crate::guards::Guards;
use crate::mapping::{as_the_crm_keeps, empty};

/// A referral or a record.
pub(crate) struct Row {
    pub(crate) id: String,
    /// The external reference of a referral, the alternate key of a record: the id of the other half.
    pub(crate) mark: Option<String>,
    pub(crate) fields: Fields,
    pub(crate) phase: Phase,
    pub(crate) shared: bool,
    /// Whether we made it.
    pub(crate) ours: bool,
    version: u64,
    stamp: Option<IntentId>,
    searchable_at: i64,
}

impl Row {
    pub(crate) fn new(id: &str, mark: Option<&str>, fields: Fields) -> Self {
        let mark = mark.map(str::to_owned);
        let phase = Phase::Open;
        let (id, shared, ours, version) = (id.to_owned(), true, false, 1);
        Self { id, mark, fields, phase, shared, ours, version, stamp: None, searchable_at: 0 }
    }

    /// What a read returns.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            fields: self.fields.clone(),
            etag: Some(self.etag()),
            stamp: self.stamp.clone(),
            phase: self.phase,
            shared: self.shared,
            blockers: Vec::new(),
        }
    }

    /// Somebody changed something.
    pub(crate) fn touch(&mut self) {
        self.version += 1;
    }

    fn etag(&self) -> Etag {
        Etag::new(format!("\"{}\"", self.version))
    }
}

/// One write of ours.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) intent: IntentId,
    pub(crate) side: Side,
    pub(crate) target: Target,
    pub(crate) fields: Fields,
}

/// What the request is about.
#[derive(Clone)]
pub(crate) enum Target {
    /// A new row under this mark.
    New(String),
    /// This row, if it still has this version.
    Row(String, Option<Etag>),
}

/// One side's rows.
pub(crate) struct Vendor {
    pub(crate) side: Side,
    pub(crate) rows: Vec<Row>,
}

impl Vendor {
    pub(crate) fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The row under an alternate key.
    pub(crate) fn row_marked(&self, mark: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.mark.as_deref() == Some(mark))
    }

    /// Every row with this external reference that the index knows by now.
    pub(crate) fn search(&self, mark: &str, now: i64) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.mark.as_deref() == Some(mark) && row.searchable_at <= now)
    }

    /// Carries a request out. `None`: a precondition failed.
    pub(crate) fn execute(&mut self, request: &Request, searchable_at: i64, guards: &Guards) -> Option<&Row> {
        let at = match &request.target {
            Target::New(mark) => {
                if self.side == Side::Crm && guards.unique_key && self.row_marked(mark).is_some() {
                    return None;
                }
                let id = format!("{}-{}", self.side.word(), self.rows.len() + 1);
                let row = Row { ours: true, searchable_at, ..Row::new(&id, Some(mark), empty()) };
                self.rows.push(row);
                self.rows.len() - 1
            }
            Target::Row(id, version) => {
                let at = self.rows.iter().position(|row| row.id == *id)?;
                if guards.if_match && *version != Some(self.rows[at].etag()) {
                    return None;
                }
                at
            }
        };
        let row = &mut self.rows[at];
        row.fields.extend(request.fields.clone());
        row.touch();
        if self.side == Side::Crm {
            as_the_crm_keeps(&mut row.fields);
            row.stamp = guards.stamp.then(|| request.intent.clone());
        }
        Some(row)
    }
}
