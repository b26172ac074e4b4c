//! What the server stamps on a referral: ids, etags and dates (partner-center-api 2.4, 3.1).

use http::{HeaderName, HeaderValue, header};
use jiff::Timestamp;
use uuid::Uuid;

use crate::harness::Clock;

/// Makes ids, etags and dates. The ids follow from the seed alone.
#[derive(Debug)]
pub(super) struct Stamps {
    clock: Clock,
    namespace: Uuid,
    ids: u64,
    etags: u32,
    last_tick: i128,
}

/// Dates have seven fractional digits: ticks of 100 nanoseconds.
const NANOSECONDS_PER_TICK: i128 = 100;

impl Stamps {
    pub(super) fn new(clock: Clock, seed: u64) -> Self {
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("partner-center/{seed}").as_bytes());
        Self { clock, namespace, ids: 0, etags: 0, last_tick: 0 }
    }

    /// A new GUID.
    pub(super) fn id(&mut self) -> String {
        self.ids += 1;
        Uuid::new_v5(&self.namespace, &self.ids.to_be_bytes()).to_string()
    }

    /// A new etag. Its value holds its own quotes, and it is not ordered.
    pub(super) fn etag(&mut self) -> String {
        self.etags = self.etags.wrapping_add(1);
        let scrambled = self.etags.wrapping_mul(0x9e37_79b1);
        format!("\"{scrambled:08x}-0000-0100-0000-{:08x}0000\"", self.clock.now().as_second() & 0xffff_ffff)
    }

    /// The present moment, later than every one before unless dates are coarse.
    pub(super) fn date(&mut self, coarse: bool) -> String {
        let tick = (self.clock.now().as_nanosecond() / NANOSECONDS_PER_TICK).max(self.last_tick + 1);
        self.last_tick = tick;
        let moment = Timestamp::from_nanosecond(tick * NANOSECONDS_PER_TICK).unwrap_or(Timestamp::MAX);
        if coarse { format!("{}.0000000Z", moment.strftime("%Y-%m-%dT%H:%M:%S")) } else { seven_digits(moment) }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The `Date` of an answer: the simulated time, where the server would put the real one.
pub(super) fn date_header(moment: Timestamp) -> Option<(HeaderName, HeaderValue)> {
    let date = moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date))
}

/// A date as the referrals host writes it: `2026-11-23T05:00:00.1234567Z`.
pub(super) fn seven_digits(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string()
}
