//! Brings one link to rest: the only place that knows the order of effects.
//!
//! Level-triggered, as a controller is: whatever woke us, read state, compare, act, record. A hint only says where to
//! look. The rules are in `sync-core`, the words of both vendors in `mapping`; this crate reads, asks, writes and saves.
//!
//! # How one hint travels
//! [`Engine::work`] (`work.rs`) drops what was worked before, finds or makes the link (`find.rs`), and brings it to rest
//! (`rounds.rs`): recover an intent in flight (`evidence.rs`), read the sides (`sides.rs`), `sync_core::decide`, find or
//! prepare the missing half (`halves.rs`), work what no field says (`acts.rs`: answers, `leads.rs`, `moving.rs`), note an intent (`request.rs`), carry it out (`effect.rs`), fold, save.
//! [`Engine::poll_partner_center`] and [`Engine::poll_crm`] (`feeds.rs`) turn what changed into hints, and
//! [`Engine::wake`] (`wake.rs`) what is due.

mod acts;
mod brake;
mod carry_out;
mod effect;
mod error;
mod evidence;
mod feeds;
mod find;
mod gone;
mod halves;
mod leads;
mod moving;
mod plan;
mod point;
mod preflight;
mod recovering;
mod replay;
mod request;
mod resolve;
mod rounds;
mod session;
mod sides;
mod tables;
mod telling;
mod tenant;
mod time;
mod trouble;
mod wake;
mod why;
mod work;

use std::sync::Arc;

use mapping::{Currencies, Mapping};
use settings::Settings;
use store::Store;
use sync_core::{Policy, WriteMode};
use tokio::sync::{Mutex, OnceCell};

pub use error::Error;
pub use feeds::Polled;
pub use plan::Planned;
pub use point::Point;
pub use resolve::Resolved;
pub use time::Clock;
pub use why::{Why, place};
pub use work::Worked;

/// Everything that one sync needs, made once per process.
pub struct Engine<S> {
    store: S,
    partner_center: partner_center::Client,
    dataverse: dataverse::Client,
    mapping: Mapping,
    policy: Policy,
    lead_policy: Policy,
    settings: Settings,
    clock: Clock,
    currencies: Mutex<Option<(jiff::Timestamp, Arc<Currencies>)>>,
    crm_is_ours: OnceCell<()>,
    at_point: Option<Box<dyn Fn(Point) + Send + Sync>>,
}

impl<S: Store> Engine<S> {
    /// Puts the parts together.
    ///
    /// # Errors
    /// Every mapping row of the settings that makes no sense.
    pub fn new(
        store: S,
        partner_center: partner_center::Client,
        dataverse: dataverse::Client,
        settings: Settings,
        clock: Clock,
    ) -> Result<Self, Vec<mapping::RowProblem>> {
        let mapping = Mapping::new(&settings.dataverse.column_prefix, &settings.fields)?;
        let write = match settings.sync.write {
            settings::Write::Both => WriteMode::Both,
            settings::Write::Crm => WriteMode::Crm,
            settings::Write::None => WriteMode::None,
        };
        let (policy, lead_policy) = (mapping.policy(write), mapping.lead_policy(write));
        let currencies = Mutex::new(None);
        let crm_is_ours = OnceCell::new();
        Ok(Self {
            store,
            partner_center,
            dataverse,
            mapping,
            policy,
            lead_policy,
            settings,
            clock,
            currencies,
            crm_is_ours,
            at_point: None,
        })
    }

    /// Calls `hook` at every named point between two effects. Tests stop the process there; it must not fail.
    #[must_use]
    pub fn at_points(mut self, hook: impl Fn(Point) + Send + Sync + 'static) -> Self {
        self.at_point = Some(Box::new(hook));
        self
    }

    /// The store, for listings.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Whether a vendor refuses our sign-in, as of its last answer: secrets that were changed elsewhere may be the cause.
    pub async fn sign_in_refused(&self) -> bool {
        self.partner_center.sign_in_refused().await || self.dataverse.sign_in_refused().await
    }

    fn reach(&self, point: Point) {
        if let Some(hook) = &self.at_point {
            hook(point);
        }
    }
}
