//! What all routes share: the world, the clock, the tokens, the deliveries. Every change goes through
//! [`Simulator::change`], which tells the events that it causes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::error::Unspecified;

use super::choices::Forgery;
use super::deliveries::Deliveries;
use super::entry::Meter;
use super::event::{Event, Resource};
use super::refresh_tokens::RefreshTokens;
use super::signing::Signer;
use super::world::World;
use crate::harness::{Clock, Identity};

/// One Partner Center with one partner.
pub(super) struct Simulator {
    /// Its own address, without a slash at the end.
    pub(super) url: String,
    pub(super) clock: Clock,
    pub(super) organization_name: String,
    pub(super) referrals_audience: String,
    pub(super) webhooks_audience: String,
    pub(super) identity: Identity,
    pub(super) referrals_meter: Meter,
    pub(super) webhooks_meter: Meter,
    pub(super) refresh_tokens: Mutex<RefreshTokens>,
    pub(super) signer: Arc<Signer>,
    pub(super) deliveries: Deliveries,
    pub(super) world: Mutex<World>,
}

impl Simulator {
    /// Looks at the world.
    pub(super) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world())
    }

    /// Changes the world, after whatever the clock has brought since, and tells the events.
    ///
    /// The events leave under the same lock, so that they keep the order of the changes.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        world.expire();
        let answer = change(&mut world);
        for notice in world.take_notices() {
            // Events that nobody registered for are gone for good.
            if world.registration_for(notice.event_name).is_some() {
                let resource = Resource::Referral(notice.referral_id);
                let event = Event { name: notice.event_name, resource, at: notice.at };
                for _ in 0..world.switches.copies_of_each_event {
                    self.deliveries.tell(event.clone());
                }
            }
        }
        answer
    }

    /// The headers that prove who sends a body; none of them if events are unsigned at present.
    pub(super) fn signed_headers(
        &self,
        body: &[u8],
        token_header: &'static str,
    ) -> Result<Vec<(&'static str, String)>, Unspecified> {
        let forgery = self.read(|world| world.switches.forgery);
        if forgery == Forgery::Unsigned {
            return Ok(Vec::new());
        }
        let signature = self.signer.sign(body, forgery)?;
        let folder = if forgery == Forgery::OtherFolder { "elsewhere" } else { "cert" };
        Ok(vec![
            (token_header, signature.token),
            ("X-MS-Certificate-Url", format!("{}/{folder}/{}", self.url, signature.certificate_file)),
            ("X-MS-Signature-Algorithm", signature.algorithm.to_owned()),
        ])
    }

    /// Issues a refresh token, as after a consent.
    pub(super) fn issue_refresh_token(&self) -> String {
        let days = self.read(|world| world.switches.refresh_token_days);
        self.refresh_tokens().issue(self.clock.now(), days)
    }

    /// The refresh tokens.
    pub(super) fn refresh_tokens(&self) -> MutexGuard<'_, RefreshTokens> {
        self.refresh_tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
