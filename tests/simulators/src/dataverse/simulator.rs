//! What all routes share: the organisation, the clock, the tokens, the deliveries. Every change goes through
//! [`Simulator::change`], which hands over the calls that it causes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::protection::Protection;
use super::webhooks::Deliveries;
use super::world::World;
use crate::harness::{Clock, Identity};

/// One organisation with Dynamics 365 Sales.
pub(crate) struct Simulator {
    /// Its own address, without a slash at the end.
    pub(super) url: String,
    pub(super) clock: Clock,
    pub(super) identity: Identity,
    pub(super) protection: Protection,
    pub(super) deliveries: Deliveries,
    pub(super) world: Mutex<World>,
}

impl Simulator {
    /// Looks at the world.
    pub(super) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world())
    }

    /// Writes what causes no calls.
    pub(super) fn read_mut<T>(&self, write: impl FnOnce(&mut World) -> T) -> T {
        write(&mut self.world())
    }

    /// Changes the world, after whatever the clock has brought since, and hands over the calls.
    ///
    /// They leave under the same lock, so that they keep the order of the changes.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        world.catch_up();
        let answer = change(&mut world);
        world.store.commit();
        for notice in std::mem::take(&mut world.notices) {
            self.deliveries.tell(notice);
        }
        answer
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
