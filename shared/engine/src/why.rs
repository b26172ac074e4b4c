//! Why a field holds what it holds: its row, both sides now and when they last agreed, the verdict, and its history.

use mapping::Row;
use store::{HistoryLine, Store};
use sync_core::{BySide, Entity, FieldId, Fields, Link, Reading, Side, Sight, decide, reading};

use crate::plan::spoken;
use crate::{Engine, Error};

/// Lines of history that explain a field; older ones are in `cosell history`.
const LINES_MAX: usize = 4;
/// Lines of history looked through for them.
const HISTORY_MAX: usize = 10_000;

/// All that is known of one field of one link.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The field.
    pub field: FieldId,
    /// What people call it.
    pub label: String,
    /// Its mapping row.
    pub row: Row,
    /// What each side holds now; unknown where it could not be read.
    pub now: BySide<Reading>,
    /// What each side last returned to us; unknown where there is no base.
    pub base: BySide<Reading>,
    /// What a sync would do with it now, and why.
    pub verdict: String,
    /// Its latest changes, oldest first.
    pub history: Vec<HistoryLine>,
}

impl<S: Store> Engine<S> {
    /// Explains every field of a link, or one.
    ///
    /// # Errors
    /// When the store is not available. A vendor that cannot be asked leaves its side unknown.
    pub async fn why(&self, link: &Link, field: Option<&FieldId>) -> Result<Vec<Why>, Error> {
        let mut sights = BySide::from_fn(|_| Sight::Unreadable);
        let mut entity = self.entity_of(link, None);
        for side in Side::ALL {
            match self.read(link, side).await {
                Ok(seen) => {
                    if side == Side::PartnerCenter {
                        entity = self.entity_of(link, Some(&seen));
                    }
                    sights[side] = seen.sight;
                }
                Err(trouble) => tracing::warn!(side = side.word(), reason = trouble.reason, "cannot be read now"),
            }
        }
        let policy = self.policy_of(entity);
        let decision = decide(link, &sights, policy);
        let now = BySide::from_fn(|side| match &sights[side] {
            Sight::Present(snapshot) => snapshot.fields.clone(),
            _ => Fields::new(),
        });
        let history = self.store.history(&link.id, HISTORY_MAX).await?;
        let is_its =
            |row: &&Row| !row.is_of_person() && (row.entity == mapping::Entity::Lead) == (entity == Entity::Lead);
        let wanted = |row: &&Row| match field {
            Some(field) => row.id == *field,
            None => reading(&now.partner_center, &row.id).is_known() || reading(&now.crm, &row.id).is_known(),
        };
        let explain = |row: &Row| {
            let rule = policy.rules.iter().find(|rule| rule.fields.iter().any(|field| field.id == row.id));
            let verdict = rule.and_then(|rule| decision.groups.iter().find(|group| group.group == rule.group));
            let held =
                |side: Side| link.base[side].entries().find(|(id, _)| **id == row.id).map(|(_, entry)| &entry.reading);
            let lines: Vec<&HistoryLine> = history.iter().filter(|line| line.field == row.id).collect();
            let latest = lines.iter().skip(lines.len().saturating_sub(LINES_MAX));
            Why {
                field: row.id.clone(),
                label: row.label.clone(),
                row: row.clone(),
                now: BySide::from_fn(|side| reading(&now[side], &row.id).clone()),
                base: BySide::from_fn(|side| held(side).cloned().unwrap_or_default()),
                verdict: match (rule, verdict.map(|group| group.verdict)) {
                    (None, _) => {
                        format!("its direction is {}: it has no decision once the link exists", row.direction.word())
                    }
                    (Some(_), None) => "nothing is decided while one half is missing or cannot be read".to_owned(),
                    (Some(_), Some(verdict)) => match spoken(verdict) {
                        Some((to, reason)) => format!("{} would be written: {reason}", place(to)),
                        None => "nothing to write".to_owned(),
                    },
                },
                history: latest.map(|line| (*line).clone()).collect(),
            }
        };
        Ok(self.mapping.rows().iter().filter(is_its).filter(wanted).map(explain).collect())
    }

    /// The ids of every field there is, for a message about one that is not.
    #[must_use]
    pub fn field_ids(&self) -> Vec<String> {
        let rows = self.mapping.rows().iter().filter(|row| !row.is_of_person());
        rows.map(|row| row.id.as_str().to_owned()).collect()
    }
}

/// What people call a side.
#[must_use]
pub fn place(side: Side) -> &'static str {
    match side {
        Side::PartnerCenter => "Partner Center",
        Side::Crm => "Dynamics 365",
    }
}
