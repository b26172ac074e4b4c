//! How a link is spelled in the store: versioned JSON, so that a newer Cosell can read what an older one wrote.
//!
//! Ids, revision, marks and times that are searched by have columns of their own; they are in here too, because the JSON
//! alone is the link. A cleared field is `null`, a known one its text, an unknown one `{"unknown":true}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sync_core::{
    Base, BaseEntry, Blocker, BySide, Code, Digest, Effect, Entity, Etag, FieldId, Fields, Intent, IntentId, Link,
    LinkId, Pair, Phase, Problem, Reading, RecordId, RecordRef, ReferralId, Response, Settled, Side, State, SyncState,
    Timestamp, Told,
};

/// The newest version that this code can read, and the one it writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct WireLink {
    v: u32,
    id: String,
    referral: Option<String>,
    record: Option<(String, String)>,
    engagement: Option<String>,
    state: String,
    partner_center: WireSide,
    crm: WireSide,
    intent: Option<WireIntent>,
    problem: Option<WireProblem>,
    #[serde(default)]
    kept: BTreeMap<String, Value>,
    #[serde(default)]
    response: Option<String>,
    #[serde(default)]
    subordinate: Option<(String, String)>,
    told: Option<WireTold>,
    audit: Vec<String>,
    not_before: Option<i64>,
    parked_for: Option<String>,
    #[serde(default)]
    linked_at: Option<i64>,
}

/// Field id to reading and digest.
type WireBase = BTreeMap<String, (Value, String)>;

#[derive(Serialize, Deserialize)]
struct WireSide {
    base: WireBase,
    /// Etag and policy digest.
    settled: Option<(String, String)>,
    phase: String,
    #[serde(default)]
    absent_since: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct WireIntent {
    id: String,
    side: String,
    effect: WireEffect,
    request: String,
    source: BTreeMap<String, Value>,
    sent: BTreeMap<String, Value>,
    digests: Vec<(String, String)>,
    target_etag: Option<String>,
    tells: Option<WireTold>,
    started_at: i64,
    attempted_at: i64,
    tries: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireEffect {
    Create,
    Parent { table: String, key: String },
    Update,
    Tell,
    Respond { response: String, by_column: bool },
    Qualify,
    Move { to: (String, String), partner_center: WireBase, crm: WireBase, subordinate: Option<(String, String)> },
}

#[derive(Serialize, Deserialize)]
struct WireProblem {
    code: String,
    text: String,
    since: i64,
    looks: u32,
}

#[derive(Serialize, Deserialize)]
struct WireTold {
    state: String,
    code: Option<String>,
    text: String,
    referral: Option<String>,
}

/// The JSON of a link.
pub(crate) fn write(link: &Link) -> Result<String, serde_json::Error> {
    serde_json::to_string(&WireLink {
        v: VERSION,
        id: link.id.as_str().to_owned(),
        referral: link.pair.referral().map(|id| id.as_str().to_owned()),
        record: link.pair.record().map(write_record),
        engagement: link.engagement.clone(),
        state: link.state.word().to_owned(),
        partner_center: write_side(link, Side::PartnerCenter),
        crm: write_side(link, Side::Crm),
        intent: link.intent.as_ref().map(write_intent),
        problem: link.problem.as_ref().map(|problem| WireProblem {
            code: problem.blocker.code.word().to_owned(),
            text: problem.blocker.text.clone(),
            since: problem.since.as_millis(),
            looks: problem.looks,
        }),
        kept: write_fields(&link.kept),
        response: link.response.map(|response| response.word().to_owned()),
        subordinate: link.subordinate.as_ref().map(write_record),
        told: link.told.as_ref().map(write_told),
        audit: link.audit.clone(),
        not_before: link.not_before.map(Timestamp::as_millis),
        parked_for: link.parked_for.map(|code| code.word().to_owned()),
        linked_at: link.linked_at.map(Timestamp::as_millis),
    })
}

/// The link of its JSON, or why it cannot be read.
pub(crate) fn read(text: &str) -> Result<Link, String> {
    let wire: WireLink = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if wire.v != VERSION {
        return Err(format!("version {} of the format is not known", wire.v));
    }
    let referral = wire.referral.map(ReferralId::new);
    let record = wire.record.map(read_record).transpose()?;
    let pair = match (referral, record) {
        (Some(referral), Some(record)) => Pair::Both(referral, record),
        (Some(referral), None) => Pair::ReferralOnly(referral),
        (None, Some(record)) => Pair::RecordOnly(record),
        (None, None) => return Err("it names neither referral nor record".to_owned()),
    };
    let mut link = Link::new(LinkId::new(wire.id), pair);
    link.engagement = wire.engagement;
    link.state = word(&[State::Active, State::Paused, State::Detached], State::word, &wire.state)?;
    for (side, wire) in [(Side::PartnerCenter, wire.partner_center), (Side::Crm, wire.crm)] {
        link.base[side] = read_base(wire.base)?;
        link.settled[side] =
            wire.settled.map(|(etag, policy)| Settled { etag: Etag::new(etag), policy: Digest::new(policy) });
        link.phase[side] = word(&PHASES, phase_word, &wire.phase)?;
        link.absent_since[side] = wire.absent_since.map(Timestamp::from_millis);
    }
    link.intent = wire.intent.map(read_intent).transpose()?;
    link.problem = wire.problem.map(read_problem).transpose()?;
    link.kept = read_fields(wire.kept)?;
    link.response = wire.response.map(|word| read_response(&word)).transpose()?;
    link.subordinate = wire.subordinate.map(read_record).transpose()?;
    link.told = wire.told.map(read_told).transpose()?;
    link.audit = wire.audit;
    link.not_before = wire.not_before.map(Timestamp::from_millis);
    link.parked_for = wire.parked_for.map(|code| read_code(&code)).transpose()?;
    link.linked_at = wire.linked_at.map(Timestamp::from_millis);
    Ok(link)
}

fn write_side(link: &Link, side: Side) -> WireSide {
    WireSide {
        base: write_base(&link.base[side]),
        settled: link.settled[side].as_ref().map(|s| (s.etag.as_str().to_owned(), s.policy.as_str().to_owned())),
        phase: phase_word(link.phase[side]).to_owned(),
        absent_since: link.absent_since[side].map(Timestamp::as_millis),
    }
}

fn write_base(base: &Base) -> WireBase {
    let entry = |(id, entry): (&FieldId, &BaseEntry)| {
        (id.as_str().to_owned(), (write_reading(&entry.reading), entry.digest.as_str().to_owned()))
    };
    base.entries().map(entry).collect()
}

fn read_base(wire: WireBase) -> Result<Base, String> {
    let entry = |(id, (value, digest)): (String, (Value, String))| {
        Ok((FieldId::new(id), BaseEntry { reading: read_reading(value)?, digest: Digest::new(digest) }))
    };
    wire.into_iter().map(entry).collect()
}

fn write_intent(intent: &Intent) -> WireIntent {
    WireIntent {
        id: intent.id.as_str().to_owned(),
        side: intent.side.word().to_owned(),
        effect: match &intent.effect {
            Effect::Create => WireEffect::Create,
            Effect::Parent { table, key } => WireEffect::Parent { table: table.clone(), key: key.clone() },
            Effect::Update => WireEffect::Update,
            Effect::Tell => WireEffect::Tell,
            Effect::Respond { response, by_column } => {
                WireEffect::Respond { response: response.word().to_owned(), by_column: *by_column }
            }
            Effect::Qualify => WireEffect::Qualify,
            Effect::Move { to, base, subordinate } => WireEffect::Move {
                to: write_record(to),
                partner_center: write_base(&base.partner_center),
                crm: write_base(&base.crm),
                subordinate: subordinate.as_ref().map(write_record),
            },
        },
        request: intent.request.clone(),
        source: write_fields(&intent.source),
        sent: write_fields(&intent.sent),
        digests: intent.digests.iter().map(|(id, d)| (id.as_str().to_owned(), d.as_str().to_owned())).collect(),
        target_etag: intent.target_etag.as_ref().map(|etag| etag.as_str().to_owned()),
        tells: intent.tells.as_ref().map(write_told),
        started_at: intent.started_at.as_millis(),
        attempted_at: intent.attempted_at.as_millis(),
        tries: intent.tries,
    }
}

fn read_intent(wire: WireIntent) -> Result<Intent, String> {
    Ok(Intent {
        id: IntentId::new(wire.id),
        side: read_side(&wire.side)?,
        effect: match wire.effect {
            WireEffect::Create => Effect::Create,
            WireEffect::Parent { table, key } => Effect::Parent { table, key },
            WireEffect::Update => Effect::Update,
            WireEffect::Tell => Effect::Tell,
            WireEffect::Respond { response, by_column } => {
                Effect::Respond { response: read_response(&response)?, by_column }
            }
            WireEffect::Qualify => Effect::Qualify,
            WireEffect::Move { to, partner_center, crm, subordinate } => Effect::Move {
                to: read_record(to)?,
                base: by_side(read_base(partner_center)?, read_base(crm)?),
                subordinate: subordinate.map(read_record).transpose()?,
            },
        },
        request: wire.request,
        source: read_fields(wire.source)?,
        sent: read_fields(wire.sent)?,
        digests: wire.digests.into_iter().map(|(id, digest)| (FieldId::new(id), Digest::new(digest))).collect(),
        target_etag: wire.target_etag.map(Etag::new),
        tells: wire.tells.map(read_told).transpose()?,
        started_at: Timestamp::from_millis(wire.started_at),
        attempted_at: Timestamp::from_millis(wire.attempted_at),
        tries: wire.tries,
    })
}

fn read_problem(wire: WireProblem) -> Result<Problem, String> {
    Ok(Problem {
        blocker: Blocker { code: read_code(&wire.code)?, text: wire.text },
        since: Timestamp::from_millis(wire.since),
        looks: wire.looks,
    })
}

fn write_told(told: &Told) -> WireTold {
    WireTold {
        state: told.state.word().to_owned(),
        code: told.code.map(|code| code.word().to_owned()),
        text: told.text.clone(),
        referral: told.referral.as_ref().map(|id| id.as_str().to_owned()),
    }
}

fn read_told(wire: WireTold) -> Result<Told, String> {
    Ok(Told {
        state: word(&SyncState::ALL, SyncState::word, &wire.state)?,
        code: wire.code.map(|code| read_code(&code)).transpose()?,
        text: wire.text,
        referral: wire.referral.map(ReferralId::new),
    })
}

fn write_fields(fields: &Fields) -> BTreeMap<String, Value> {
    fields.iter().map(|(id, reading)| (id.as_str().to_owned(), write_reading(reading))).collect()
}

fn read_fields(wire: BTreeMap<String, Value>) -> Result<Fields, String> {
    wire.into_iter().map(|(id, value)| Ok((FieldId::new(id), read_reading(value)?))).collect()
}

/// The JSON of a reading; history uses it too.
pub(crate) fn write_reading(reading: &Reading) -> Value {
    match reading {
        Reading::Unknown => json!({ "unknown": true }),
        Reading::Cleared => Value::Null,
        Reading::Is(value) => Value::String(value.as_str().to_owned()),
    }
}

/// The reading of its JSON.
pub(crate) fn read_reading(value: Value) -> Result<Reading, String> {
    match value {
        Value::Null => Ok(Reading::Cleared),
        Value::String(text) => Ok(Reading::is(text)),
        Value::Object(_) => Ok(Reading::Unknown),
        other => Err(format!("{other} is no reading")),
    }
}

fn write_record(record: &RecordRef) -> (String, String) {
    (record.entity.word().to_owned(), record.id.as_str().to_owned())
}

fn read_record((entity, id): (String, String)) -> Result<RecordRef, String> {
    let entity = word(&[Entity::Opportunity, Entity::Lead], Entity::word, &entity)?;
    Ok(RecordRef { entity, id: RecordId::new(id) })
}

fn read_response(text: &str) -> Result<Response, String> {
    word(&Response::ALL, Response::word, text)
}

/// The side of its word.
pub(crate) fn read_side(text: &str) -> Result<Side, String> {
    word(&Side::ALL, Side::word, text)
}

fn read_code(text: &str) -> Result<Code, String> {
    Code::from_word(text).ok_or_else(|| format!("`{text}` is no code"))
}

const PHASES: [Phase; 3] = [Phase::Unanswered, Phase::Open, Phase::Closed];

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Unanswered => "unanswered",
        Phase::Open => "open",
        Phase::Closed => "closed",
    }
}

/// Which of `all` is spelled like this.
pub(crate) fn word<T: Copy>(all: &[T], spell: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    all.iter().copied().find(|one| spell(*one) == text).ok_or_else(|| format!("`{text}` is not known"))
}

/// Both sides' values of something, as two columns.
pub(crate) fn by_side<T>(partner_center: T, crm: T) -> BySide<T> {
    BySide { partner_center, crm }
}
