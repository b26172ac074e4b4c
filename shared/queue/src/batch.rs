//! A batch of messages as SQS hands it to a worker, and which of them to report as failed. Pure.
//!
//! ```text
//! a1 a2 b1 a3 c1 b2     messages of the groups a, b, c, as they came; a1 and a2 ask the same
//! lane a: [a1 a2] [a3]  lanes may be worked side by side, the steps of a lane one after another
//! lane b: [b1] [b2]
//! lane c: [c1]          [b1] fails: b1 and b2 are reported, and nothing else
//! ```
//! A lane ends at its first failure. Whatever comes after it in the same group is reported too: it would be worked out of
//! order otherwise (reliability 2).

use crate::Message;

/// A message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// What SQS calls it, and wants it called in the answer.
    pub id: String,
    /// Its message group.
    pub group: String,
    /// The message, or why it cannot be read.
    pub message: Result<Message, String>,
}

impl Incoming {
    /// A message of its parts. One that cannot be read fails until it is a dead letter, which a person sees.
    #[must_use]
    pub fn read(id: impl Into<String>, group: impl Into<String>, dedupe_id: impl Into<String>, body: &str) -> Self {
        let hint = serde_json::from_str(body).map_err(|error| error.to_string());
        Self { id: id.into(), group: group.into(), message: hint.map(|hint| Message::restore(hint, dedupe_id.into())) }
    }
}

/// Messages, next to each other in their group, that one look answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    ids: Vec<String>,
    messages: Result<Vec<Message>, String>,
}

impl Step {
    /// The messages, oldest first, or why the one message cannot be read. Work the newest; only if that very hint was
    /// worked before does the next older count. One that was worked answers all.
    ///
    /// # Errors
    /// When the message cannot be read: the step fails.
    pub fn messages(&self) -> Result<&[Message], &str> {
        self.messages.as_deref().map_err(String::as_str)
    }
}

/// The messages of one group, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    group: String,
    steps: Vec<Step>,
}

impl Lane {
    /// What to work, one after another, up to the first failure.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The messages to report as failed when the first `worked` steps went well and the next one did not.
    #[must_use]
    pub fn failures(&self, worked: usize) -> Vec<String> {
        self.steps.iter().skip(worked).flat_map(|step| step.ids.iter().cloned()).collect()
    }
}

/// The lanes of a batch, in the order in which their groups first appear.
#[must_use]
pub fn lanes(batch: Vec<Incoming>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for Incoming { id, group, message } in batch {
        let lane = match lanes.iter().position(|lane| lane.group == group) {
            Some(at) => &mut lanes[at],
            None => {
                lanes.push(Lane { group, steps: Vec::new() });
                let last = lanes.len() - 1;
                &mut lanes[last]
            }
        };
        lane.add(id, message);
    }
    lanes
}

impl Lane {
    fn add(&mut self, id: String, message: Result<Message, String>) {
        if let (Ok(message), Some(Step { ids, messages: Ok(messages) })) = (&message, self.steps.last_mut())
            && messages.iter().all(|other| other.hint.asks_the_same(&message.hint))
        {
            ids.push(id);
            messages.push(message.clone());
            return;
        }
        self.steps.push(Step { ids: vec![id], messages: message.map(|message| vec![message]) });
    }
}
