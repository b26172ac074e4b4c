//! Days and moments. Neither moves with a time zone of ours.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// The CRM keeps no earlier year.
const YEAR_MIN: i16 = 1753;

/// The day in UTC of a moment, or the day as it stands: `2027-03-31`.
pub(crate) fn day(text: &str) -> Option<String> {
    let date = match with_offset(text) {
        Some(at) => at.to_zoned_datetime(TimeZone::UTC).date(),
        None => text.parse::<DateTime>().map(|at| at.date()).ok().or_else(|| text.parse::<Date>().ok())?,
    };
    (date.year() >= YEAR_MIN).then(|| date.to_string())
}

/// The whole second of a moment: `2027-03-31T10:00:00Z`; the CRM keeps no less (dataverse-api 2.4). Without an offset it
/// is UTC's.
pub(crate) fn second(text: &str) -> Option<String> {
    let at = match with_offset(text) {
        Some(at) => at,
        None => text.parse::<DateTime>().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp(),
    };
    let second = Timestamp::from_second(at.as_millisecond().div_euclid(1000)).ok()?;
    (second.to_zoned_datetime(TimeZone::UTC).year() >= YEAR_MIN).then(|| second.to_string())
}

fn with_offset(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
