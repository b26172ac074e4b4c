//! The slot for a registration, one for all events or by switch one for each, and the validation events with what came of them (partner-center-api 6.1).
//! Knows no HTTP; the routes are in `webhooks_host`, the sending is in `deliveries`.

use jiff::{SignedDuration, Timestamp};

/// The four events of referrals (6.3).
pub(super) const REFERRAL_EVENTS: [&str; 4] =
    ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"];

/// The event that a partner asks for to try its receiver.
pub(super) const TEST_EVENT: &str = "test-created";

/// Other events of the same feed; nothing here ever tells them.
pub(super) const OTHER_EVENTS: &[&str] = &[
    "subscription-updated",
    "usagerecords-thresholdExceeded",
    "azure-fraud-event-detected",
    "invoice-ready",
    "reseller-relationship-accepted-by-customer",
    "dap-admin-relationship-approved",
    "dap-admin-relationship-terminated",
    "dap-admin-relationship-terminated-by-microsoft",
    "granular-admin-relationship-approved",
    "granular-admin-relationship-activated",
    "granular-admin-relationship-expired",
    "granular-admin-relationship-terminated",
    "granular-admin-access-assignment-created",
    "granular-admin-access-assignment-activated",
    "granular-admin-access-assignment-updated",
    "granular-admin-access-assignment-deleted",
    "new-commerce-migration-created",
    "new-commerce-migration-completed",
    "new-commerce-migration-failed",
    "new-commerce-migration-schedule-failed",
];

/// Validation events that may be asked for in a minute.
const VALIDATIONS_PER_MINUTE: usize = 2;

/// Days that a validation's results are kept.
const DAYS_KEPT: i64 = 7;

/// Who gets which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registration {
    pub(super) subscriber_id: String,
    pub(super) url: String,
    pub(super) events: Vec<String>,
    /// The signature travels in `x-ms-signature`, not in `Authorization` (6.5).
    pub(super) in_ms_signature: bool,
    /// No person asked for it.
    pub(super) by_app: bool,
    pub(super) changed_at: Timestamp,
}

/// A validation event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validation {
    pub(super) correlation_id: String,
    pub(super) asked_at: Timestamp,
    pub(super) callback_url: String,
    pub(super) attempts: Vec<Attempt>,
    pub(super) ended: bool,
}

/// One attempt at a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) at: Timestamp,
    /// The status that the receiver answered; none if it did not answer.
    pub(super) status: Option<u16>,
}

/// The registration of the tenant and its validations.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    /// At most one, unless each event name has its own; the latest is the last.
    pub(super) registrations: Vec<Registration>,
    validations: Vec<Validation>,
}

impl Webhooks {
    /// Who registered for an event.
    pub(super) fn registered_for(&self, event_name: &str) -> Option<&Registration> {
        self.registrations.iter().find(|registration| registration.events.iter().any(|event| event == event_name))
    }

    /// Whether a new registration would take an event from another.
    pub(super) fn is_taken(&self, wanted: &[String], per_event: bool) -> bool {
        let taken = || wanted.iter().any(|event| self.registered_for(event).is_some());
        if per_event { taken() } else { !self.registrations.is_empty() }
    }

    /// Takes the slot, from whoever has it.
    pub(super) fn put(&mut self, registration: Registration, per_event: bool) {
        if !per_event {
            self.registrations.clear();
        }
        for other in &mut self.registrations {
            other.events.retain(|event| !registration.events.contains(event));
        }
        self.registrations.retain(|other| !other.events.is_empty());
        self.registrations.push(registration);
    }

    /// The seconds to wait before another validation may be asked for; none if there is no need to.
    pub(super) fn validation_wait(&self, now: Timestamp) -> Option<u64> {
        let age = |validation: &&Validation| now.duration_since(validation.asked_at).as_secs().unsigned_abs();
        let recent = || self.validations.iter().filter(|validation| age(validation) < 60);
        let oldest = recent().map(|validation| age(&validation)).max().unwrap_or_default();
        (recent().count() >= VALIDATIONS_PER_MINUTE).then_some(60 - oldest)
    }

    /// Remembers a validation that is about to be sent.
    pub(super) fn begin_validation(&mut self, correlation_id: &str, callback_url: &str, now: Timestamp) {
        self.validations.push(Validation {
            correlation_id: correlation_id.to_owned(),
            asked_at: now,
            callback_url: callback_url.to_owned(),
            attempts: Vec::new(),
            ended: false,
        });
    }

    /// A validation, while its results are kept.
    pub(super) fn validation(&self, correlation_id: &str, now: Timestamp) -> Option<&Validation> {
        let kept = SignedDuration::from_hours(24 * DAYS_KEPT);
        let mut validations = self.validations.iter();
        validations.find(|validation| {
            validation.correlation_id.eq_ignore_ascii_case(correlation_id)
                && now.duration_since(validation.asked_at) < kept
        })
    }

    /// Notes what came of an attempt; ids that are no validation's change nothing.
    pub(super) fn note_attempt(&mut self, correlation_id: &str, attempt: Attempt, ended: bool) {
        let found = self.validations.iter_mut().find(|validation| validation.correlation_id == correlation_id);
        if let Some(validation) = found {
            validation.attempts.push(attempt);
            validation.ended = ended;
        }
    }
}
