//! The door for Dataverse's webhook calls.

use dataverse::{Change, KeyRing};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use queue::{Entity, Hint, HintSide, Message, Queue};

use crate::{Answer, CHANGE_BYTES_MAX, KEY_HEADER};

/// Checks the key and queues hints.
pub struct ChangesDoor {
    keys: KeyRing,
    solution_table: String,
}

impl ChangesDoor {
    /// A door that opens to these keys. `column_prefix` is the prefix of our own tables.
    #[must_use]
    pub fn new(keys: KeyRing, column_prefix: &str) -> Self {
        Self { keys, solution_table: format!("{column_prefix}_solution") }
    }

    /// Takes one delivery.
    pub async fn receive<Q: Queue>(&self, queue: &Q, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Answer {
        if body.len() > CHANGE_BYTES_MAX {
            return Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "a change has at most 1 MiB");
        }
        let mut keys = headers.get_all(KEY_HEADER).iter();
        let presented = match (keys.next(), keys.next()) {
            (Some(key), None) => Some(key.as_bytes()),
            _ => None,
        };
        if !self.keys.accepts(presented) {
            tracing::warn!(door = "dataverse", "refused: the key is wrong or missing");
            return Answer::refused(StatusCode::UNAUTHORIZED, "the key is wrong or missing");
        }
        let change = match Change::read(headers, body) {
            Ok(change) => change,
            Err(error) => {
                tracing::warn!(door = "dataverse", %error, "refused: not a change");
                return Answer::refused(StatusCode::BAD_REQUEST, "no entity, message or id");
            }
        };
        let entity = match change.entity.as_str() {
            "opportunity" => Entity::Opportunity,
            "lead" => Entity::Lead,
            table if table == self.solution_table => Entity::Solution,
            _ => return Answer::uninteresting("table"),
        };
        let hint =
            Hint { side: HintSide::Crm, entity, id: change.id.to_string(), cause: "event".to_owned(), seen_at: now };
        Answer::sent(queue.send(Message::new(hint, &["change", &change.dedupe_key])).await)
    }
}
