//! One line of history, with where it belongs and why it was written.

use serde_json::{Value, json};
use sync_core::{Entry, FieldId, IntentId, Kind, LinkId, Reading, Side, Timestamp};

use crate::wire;

const KINDS: [Kind; 4] = [Kind::Written, Kind::Adopted, Kind::Conflict, Kind::Refused];

/// One line of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// When.
    pub at: Timestamp,
    /// Of which link.
    pub link: LinkId,
    /// The side that the line is about.
    pub side: Side,
    /// The field.
    pub field: FieldId,
    /// What the side held.
    pub from: Reading,
    /// What it holds now.
    pub to: Reading,
    /// What happened.
    pub kind: Kind,
    /// Of a conflict: the value that stays.
    pub winner: Reading,
    /// Of a conflict: the value that is kept only here.
    pub loser: Reading,
    /// The rule that decided.
    pub rule: String,
    /// What woke us.
    pub cause: String,
    /// The intent that wrote.
    pub intent: Option<IntentId>,
}

impl HistoryLine {
    /// The line of an entry of the core.
    #[must_use]
    pub fn new(entry: &Entry, link: &LinkId, at: Timestamp, cause: &str) -> Self {
        let (winner, loser) = entry.winner_and_loser.clone().unwrap_or_default();
        Self {
            at,
            link: link.clone(),
            side: entry.side,
            field: entry.field.clone(),
            from: entry.from.clone(),
            to: entry.to.clone(),
            kind: entry.kind,
            winner,
            loser,
            rule: entry.rule.to_owned(),
            cause: cause.to_owned(),
            intent: entry.intent.clone(),
        }
    }

    /// The line as `cosell history --json` prints it (design section 7).
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "at": jiff::Timestamp::from_millisecond(self.at.as_millis()).map(|at| at.to_string()).unwrap_or_default(),
            "link": self.link.as_str(),
            "side": self.side.word(),
            "field": self.field.as_str(),
            "from": text(&self.from),
            "to": text(&self.to),
            "kind": self.kind.word(),
            "winner": text(&self.winner),
            "loser": text(&self.loser),
            "rule": self.rule,
            "cause": self.cause,
            "intent": self.intent.as_ref().map(IntentId::as_str),
        })
    }
}

impl HistoryLine {
    /// The line as the store keeps it.
    pub(crate) fn write(&self) -> String {
        let reading = wire::write_reading;
        json!({
            "v": 1, "at": self.at.as_millis(), "link": self.link.as_str(), "side": self.side.word(),
            "field": self.field.as_str(), "from": reading(&self.from), "to": reading(&self.to),
            "kind": self.kind.word(), "winner": reading(&self.winner), "loser": reading(&self.loser),
            "rule": self.rule, "cause": self.cause, "intent": self.intent.as_ref().map(IntentId::as_str),
        })
        .to_string()
    }

    /// The line of its JSON, or why it cannot be read.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        Self::read_value(serde_json::from_str(line).map_err(|error| error.to_string())?)
    }

    /// The line of its parsed JSON, or why it cannot be read.
    pub(crate) fn read_value(mut line: Value) -> Result<Self, String> {
        let word = |name: &str| line[name].as_str().map(str::to_owned).ok_or_else(|| format!("{name} is missing"));
        let (link, side, field, kind) = (word("link")?, word("side")?, word("field")?, word("kind")?);
        let (rule, cause, intent) = (word("rule")?, word("cause")?, line["intent"].as_str().map(IntentId::new));
        let at = line["at"].as_i64().ok_or("at is missing")?;
        let mut reading = |name: &str| wire::read_reading(line[name].take());
        Ok(Self {
            at: Timestamp::from_millis(at),
            link: LinkId::new(link),
            side: wire::read_side(&side)?,
            field: FieldId::new(field),
            from: reading("from")?,
            to: reading("to")?,
            kind: wire::word(&KINDS, Kind::word, &kind)?,
            winner: reading("winner")?,
            loser: reading("loser")?,
            rule,
            cause,
            intent,
        })
    }
}

fn text(reading: &Reading) -> Option<&str> {
    reading.value().map(sync_core::Value::as_str)
}
