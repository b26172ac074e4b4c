//! A person decides a conflict: `cosell resolve ID FIELD --take SIDE`.
//!
//! No new rule: the bases are set as if both sides had agreed on the loser's value and the winner had moved since. The
//! next round then writes the winner, under the same preconditions as any edit; the loser is in history before.

use store::{HistoryLine, LinkKey, Saved, Store};
use sync_core::{BySide, Code, Entry, FieldId, Fields, Kind, LinkId, Side, Sight, reading};

use crate::{Engine, Error, time};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// The next round writes the winner.
    Taken,
    /// There is no such link, or it has one half only.
    NoPair,
    /// No rule decides that field once the link exists.
    NoRule,
    /// Both sides hold the same, or one could not be read.
    NothingToResolve,
}

impl<S: Store> Engine<S> {
    /// Lets `winner` win one field, and whatever merges with it.
    ///
    /// # Errors
    /// When the store or a vendor is not available.
    pub async fn resolve(&self, id: &LinkId, field: &FieldId, winner: Side) -> Result<Resolved, Error> {
        let Some(rule) = self.policy.rules.iter().find(|rule| rule.fields.iter().any(|one| one.id == *field)) else {
            return Ok(Resolved::NoRule);
        };
        loop {
            let Some(stored) = self.store.load(LinkKey::Id(id)).await? else { return Ok(Resolved::NoPair) };
            let mut link = stored.link;
            if link.pair.missing().is_some() {
                return Ok(Resolved::NoPair);
            }
            let mut seen = BySide::<Fields>::default();
            for side in Side::ALL {
                let read = self.read(&link, side).await.map_err(|trouble| trouble.poll_error(side))?;
                if let Sight::Present(snapshot) = read.sight {
                    seen[side] = snapshot.fields;
                }
            }
            let loser = winner.other();
            let at = time::core((self.clock)());
            let mut lines = Vec::new();
            for one in &rule.fields {
                let (stays, goes) = (reading(&seen[winner], &one.id).clone(), reading(&seen[loser], &one.id).clone());
                if !stays.is_known() || !goes.is_known() {
                    return Ok(Resolved::NothingToResolve);
                }
                if stays != goes {
                    let entry = Entry {
                        side: loser,
                        field: one.id.clone(),
                        from: goes.clone(),
                        to: stays.clone(),
                        kind: Kind::Conflict,
                        winner_and_loser: Some((stays, goes.clone())),
                        rule: "a person decided",
                        intent: None,
                    };
                    lines.push(HistoryLine::new(&entry, &link.id, at, "command"));
                }
                for side in Side::ALL {
                    link.base[side].save(&one.id, &goes, &one.digest);
                }
            }
            if lines.is_empty() {
                return Ok(Resolved::NothingToResolve);
            }
            link.settled = BySide::default();
            if link.problem.as_ref().is_some_and(|problem| problem.blocker.code == Code::Conflict) {
                link.problem = None;
            }
            match self.store.save(&link, stored.revision, stored.worked, &lines).await? {
                Saved::Saved { .. } => return Ok(Resolved::Taken),
                // A worker was faster: look anew.
                Saved::Lost => {}
                Saved::Taken { .. } => return Ok(Resolved::NoPair),
            }
        }
    }
}
