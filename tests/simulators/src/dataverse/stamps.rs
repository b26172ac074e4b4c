//! What the server makes up: ids and the time. Ids follow from the seed alone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::harness::Clock;

/// Makes ids.
#[derive(Debug)]
pub(super) struct Stamps {
    clock: Clock,
    namespace: Uuid,
    ids: u64,
}

impl Stamps {
    pub(super) fn new(clock: Clock, seed: u64) -> Self {
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("dataverse/{seed}").as_bytes());
        Self { clock, namespace, ids: 0 }
    }

    /// A new GUID.
    pub(super) fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::new_v5(&self.namespace, &self.ids.to_be_bytes())
    }

    /// A GUID that follows from a name, for what has one.
    pub(super) fn id_of(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.namespace, name.as_bytes())
    }

    /// The present moment, to the second: that is what a read shows (dataverse-api 2.4).
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.now().as_second()).unwrap_or_default()
    }

    /// The present day.
    pub(super) fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.clock.now()).date()
    }

    /// The present moment, exactly.
    pub(super) fn exactly_now(&self) -> Timestamp {
        self.clock.now()
    }
}
