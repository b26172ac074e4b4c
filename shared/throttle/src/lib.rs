//! How long a vendor asked us to stay away, and the gate that keeps us away.
//!
//! Both vendors answer 429, and sometimes 503, with `Retry-After`, and both count what is sent meanwhile
//! against the sender (partner-center-api 4.12, dataverse-api 3.1). So a client closes its [`Gate`] for that
//! long, and every call of that principal is refused locally until it opens again.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What we wait when a vendor names no time, or one that can't be read.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// The longest wait we honor from one answer; a larger one is cut, so that a slip of the vendor is not an outage of ours.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Reads a `Retry-After` header (RFC 9110 10.2.3): whole seconds or an HTTP date.
///
/// `now` is the wall clock, for the date form. Nothing, garbage and the past become [`DEFAULT_WAIT`];
/// the answer is never zero and never above [`LONGEST_WAIT`].
#[must_use]
pub fn retry_after(header: Option<&str>, now: SystemTime) -> Duration {
    let Some(text) = header.map(str::trim) else {
        return DEFAULT_WAIT;
    };
    let asked = match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Some(LONGEST_WAIT),
        Err(_) => httpdate::parse_http_date(text).ok().and_then(|date| date.duration_since(now).ok()),
    };
    match asked {
        Some(wait) if !wait.is_zero() => wait.min(LONGEST_WAIT),
        _ => DEFAULT_WAIT,
    }
}

/// Refuses the calls of one principal until a moment that the vendor named.
#[derive(Debug, Default)]
pub struct Gate {
    opens_at: Mutex<Option<Instant>>,
}

impl Gate {
    /// What is left of the wait, if the gate is closed.
    #[must_use]
    pub fn closed_for(&self) -> Option<Duration> {
        let opens_at = *self.opens_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        opens_at?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Closes the gate for `wait` from now, at most [`LONGEST_WAIT`]; an earlier, longer wait stays.
    pub fn close_for(&self, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST_WAIT);
        let mut opens_at = self.opens_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *opens_at = Some(opens_at.map_or(until, |earlier| earlier.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_retry_after_becomes_a_bounded_wait() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let cases = [
            (None, DEFAULT_WAIT),
            (Some(""), DEFAULT_WAIT),
            (Some("7"), Duration::from_secs(7)),
            (Some(" 120 "), Duration::from_secs(120)),
            (Some("0"), DEFAULT_WAIT),
            (Some("-5"), DEFAULT_WAIT),
            (Some("soon"), DEFAULT_WAIT),
            (Some("86400"), LONGEST_WAIT),
            (Some("99999999999999999999999"), LONGEST_WAIT),
            (Some("Sun, 06 Nov 1994 08:50:37 GMT"), Duration::from_secs(60)),
            (Some("Sun, 06 Nov 1994 08:49:36 GMT"), DEFAULT_WAIT),
        ];
        for (header, wait) in cases {
            assert_eq!(retry_after(header, now), wait, "{header:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_gate_opens_by_itself_and_the_longer_wait_wins() {
        let gate = Gate::default();
        assert_eq!(gate.closed_for(), None);
        gate.close_for(Duration::from_secs(10));
        gate.close_for(Duration::from_secs(3));
        assert_eq!(gate.closed_for(), Some(Duration::from_secs(10)));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(gate.closed_for(), None);
        gate.close_for(Duration::MAX);
        assert_eq!(gate.closed_for(), Some(LONGEST_WAIT));
    }
}
