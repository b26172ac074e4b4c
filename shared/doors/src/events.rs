//! The door for Partner Center's signed events.

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use partner_center::events::{Event, EventName, Refusal, Verifier};
use queue::{Entity, Hint, HintSide, Message, Queue};

use crate::{Answer, EVENT_BYTES_MAX};

/// Verifies events and queues hints.
pub struct EventsDoor {
    verifier: Verifier,
}

impl EventsDoor {
    /// A door that believes this verifier.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }

    /// Takes one delivery.
    pub async fn receive<Q: Queue>(&self, queue: &Q, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Answer {
        if body.len() > EVENT_BYTES_MAX {
            return Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "an event has at most 64 KiB");
        }
        match self.verifier.verify(headers, body, now).await {
            Ok(event) => self.queue(queue, event, now).await,
            Err(refusal) => {
                let (status, text) = match refusal {
                    Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "an event has at most 64 KiB"),
                    Refusal::Signature { .. } => (StatusCode::UNAUTHORIZED, "the signature does not hold"),
                    Refusal::Malformed { .. } => (StatusCode::BAD_REQUEST, "not an event"),
                    Refusal::Transient { .. } => (StatusCode::SERVICE_UNAVAILABLE, "try again"),
                };
                tracing::warn!(door = "partner_center", status = status.as_u16(), reason = %refusal, "refused");
                Answer::refused(status, text)
            }
        }
    }

    async fn queue<Q: Queue>(&self, queue: &Q, event: Event, now: Timestamp) -> Answer {
        let cause = match &event.name {
            EventName::ReferralCreated | EventName::ReferralUpdated => Some("event"),
            // Which member's id it carries is not documented (partner-center-api 6.3): whoever works it looks at all.
            EventName::RelatedReferralCreated | EventName::RelatedReferralUpdated => Some("related"),
            EventName::Test | EventName::Other(_) => None,
        };
        if event.stale {
            tracing::warn!(
                door = "partner_center",
                "an event with an impossible age is dropped; the feed has its change"
            );
            return Answer::uninteresting("age");
        }
        let (Some(cause), Some(referral)) = (cause, &event.referral) else {
            return Answer::uninteresting("event");
        };
        let hint = Hint {
            side: HintSide::PartnerCenter,
            entity: Entity::Referral,
            id: referral.as_str().to_owned(),
            cause: cause.to_owned(),
            seen_at: now,
        };
        Answer::sent(queue.send(Message::new(hint, &["event", &event.body_sha256])).await)
    }
}
