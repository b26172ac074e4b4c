//! Wakes links whose time has come: parked ones, and those that a loser of a race marked dirty.

use queue::{Entity, Hint, HintSide, Message, Queue, Sent};
use store::Store;

use crate::find::CAUSE_DUE;
use crate::{Engine, Error, time};

/// What a hint calls a record's table.
pub(crate) fn hint_entity(entity: sync_core::Entity) -> Entity {
    match entity {
        sync_core::Entity::Opportunity => Entity::Opportunity,
        sync_core::Entity::Lead => Entity::Lead,
    }
}

/// Links woken in one go; the rest a second later.
const AT_ONCE: usize = 200;

impl<S: Store> Engine<S> {
    /// Queues a hint for every link that is due. Says how many.
    ///
    /// # Errors
    /// When the store or the queue is not available.
    pub async fn wake<Q: Queue>(&self, queue: &Q) -> Result<usize, Error> {
        let now = (self.clock)();
        let mut woken = 0;
        for due in self.store.due(time::core(now), AT_ONCE).await? {
            let (side, entity, id) = match (&due.record, &due.referral) {
                (Some(record), _) => (HintSide::Crm, hint_entity(record.entity), record.id.as_str().to_owned()),
                (None, Some(referral)) => (HintSide::PartnerCenter, Entity::Referral, referral.as_str().to_owned()),
                (None, None) => continue,
            };
            let hint = Hint { side, entity, id, cause: CAUSE_DUE.to_owned(), seen_at: now };
            let (revision, at) = (due.revision.to_string(), due.at.as_millis().to_string());
            let message = Message::new(hint, &["due", due.link.as_str(), &revision, &at]);
            woken += usize::from(queue.send(message).await? == Sent::Queued);
        }
        Ok(woken)
    }

    /// Forgets history and worked hints whose time is over, some at a time. Says how many.
    ///
    /// # Errors
    /// When the store is not available.
    pub async fn prune(&self) -> Result<usize, Error> {
        Ok(self.store.prune(time::core((self.clock)()), self.settings.sync.history_days).await?)
    }
}
