//! Service protection (dataverse-api 3.1): three counters over a window, 429 with a `Retry-After` that grows while the
//! caller keeps pushing, and the headers that tell what is left. Off unless switched on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::answers::Refused;
use super::switches::Switches;

/// The counters of the one user that calls.
#[derive(Debug, Default)]
pub(super) struct Protection(Mutex<Counters>);

#[derive(Debug, Default)]
struct Counters {
    /// Arrival and cost in milliseconds of the requests in the window.
    requests: std::collections::VecDeque<(Timestamp, u64)>,
    spent: u64,
    under_way: u32,
    /// Refusals since a request last went through.
    refused: u64,
}

/// What is left, for the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) requests: u64,
    pub(super) milliseconds: u64,
}

const REQUESTS: u32 = 6000;
const MILLISECONDS: u64 = 1_200_000;

impl Protection {
    /// Counts a request in, or refuses it. Whoever was let in must leave.
    pub(super) fn enter(&self, now: Timestamp, switches: &Switches) -> Result<Left, Refused> {
        let mut counters = self.counters();
        counters.forget(now, switches.limit_window_seconds);
        if let Some(refused) = counters.refusal(now, switches) {
            counters.refused += 1;
            return Err(refused);
        }
        let cost = switches.request_cost_milliseconds;
        counters.requests.push_back((now, cost));
        counters.spent += cost;
        counters.under_way += 1;
        counters.refused = 0;
        let allowed = u64::from(switches.limit_requests.unwrap_or(REQUESTS));
        let made = u64::try_from(counters.requests.len()).unwrap_or(u64::MAX);
        let time = switches.limit_execution_milliseconds.unwrap_or(MILLISECONDS);
        Ok(Left { requests: allowed.saturating_sub(made), milliseconds: time.saturating_sub(counters.spent) })
    }

    /// Lets a request out, which cost so much more than one does.
    pub(super) fn leave(&self, more_milliseconds: u64) {
        let mut counters = self.counters();
        if let Some((_, cost)) = counters.requests.back_mut() {
            *cost += more_milliseconds;
            counters.spent += more_milliseconds;
        }
        counters.under_way = counters.under_way.saturating_sub(1);
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    fn forget(&mut self, now: Timestamp, window_seconds: u64) {
        while let Some((at, cost)) = self.requests.front().copied() {
            if now.duration_since(at).as_secs().unsigned_abs() < window_seconds {
                break;
            }
            self.requests.pop_front();
            self.spent -= cost;
        }
    }

    fn refusal(&self, now: Timestamp, switches: &Switches) -> Option<Refused> {
        let made = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        let window = switches.limit_window_seconds;
        let (code, message) = if switches.limit_requests.is_some_and(|limit| made >= limit) {
            let limit = switches.limit_requests.unwrap_or_default();
            let message =
                format!("Number of requests exceeded the limit of {limit} over time window of {window} seconds.");
            ("0x80072322", message)
        } else if switches.limit_execution_milliseconds.is_some_and(|limit| self.spent >= limit) {
            let limit = switches.limit_execution_milliseconds.unwrap_or_default();
            let message = format!(
                "Combined execution time of incoming requests exceeded limit of {limit} milliseconds over time window \
                 of {window} seconds. Decrease number of concurrent requests or reduce the duration of requests and \
                 try again later."
            );
            ("0x80072321", message)
        } else if switches.limit_concurrent.is_some_and(|limit| self.under_way >= limit) {
            let limit = switches.limit_concurrent.unwrap_or_default();
            ("0x80072326", format!("Number of concurrent requests exceeded the limit of {limit}."))
        } else {
            return None;
        };
        // Until the oldest request leaves the window, and longer for whoever does not listen.
        let oldest = self.requests.front().map_or(0, |(at, _)| now.duration_since(*at).as_secs().unsigned_abs());
        let wait = if code == "0x80072326" { 1 } else { window.saturating_sub(oldest).max(1) };
        let mut refused = Refused::new(429, code, message);
        refused.retry_after = Some(wait + self.refused);
        Some(refused)
    }
}
