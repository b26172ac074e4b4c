//! Links and history lines to store.

use store::HistoryLine;
use sync_core::{
    BaseEntry, Blocker, BySide, Code, Digest, Effect, Entity, Etag, FieldId, Fields, Intent, IntentId, Kind, Link,
    LinkId, Pair, Phase, Problem, Reading, RecordId, RecordRef, ReferralId, Response, Settled, Side, State, SyncState,
    Timestamp, Told,
};

pub(crate) const MARKS: BySide<u64> = BySide { partner_center: 0, crm: 0 };

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn record(id: &str) -> RecordRef {
    RecordRef { entity: Entity::Opportunity, id: RecordId::new(id) }
}

pub(crate) fn link(id: &str, pair: Pair) -> Link {
    Link::new(LinkId::new(id), pair)
}

pub(crate) fn both(id: &str) -> Link {
    link(id, Pair::Both(ReferralId::new(format!("{id}-referral")), record(&format!("{id}-record"))))
}

pub(crate) fn line(link: &Link, n: i64) -> HistoryLine {
    HistoryLine {
        at: at(n),
        link: link.id.clone(),
        side: Side::Crm,
        field: FieldId::new("name"),
        from: Reading::Unknown,
        to: Reading::is(format!("value {n}")),
        kind: Kind::Conflict,
        winner: Reading::is("theirs"),
        loser: Reading::Cleared,
        rule: "both moved".to_owned(),
        cause: "event".to_owned(),
        intent: Some(IntentId::new("intent")),
    }
}

/// A link with something in every place.
pub(crate) fn full() -> Link {
    let told = Told {
        state: SyncState::Failed,
        code: Some(Code::ValueMissing),
        text: "fill it in".to_owned(),
        referral: Some(ReferralId::new("full-referral")),
    };
    let fields = Fields::from([
        (FieldId::new("a"), Reading::is("1 \"ü\" 😀")),
        (FieldId::new("b"), Reading::Cleared),
        (FieldId::new("c"), Reading::Unknown),
    ]);
    let mut link = both("full");
    link.engagement = Some("engagement".to_owned());
    link.state = State::Paused;
    for side in Side::ALL {
        let entry = |text: &str| BaseEntry { reading: Reading::is(text), digest: Digest::new("digest") };
        link.base[side] = [(FieldId::new("name"), entry(side.word()))].into_iter().collect();
        link.settled[side] = Some(Settled { etag: Etag::new("W/\"1\""), policy: Digest::new("policy") });
    }
    link.phase = BySide { partner_center: Phase::Unanswered, crm: Phase::Closed };
    link.intent = Some(Intent {
        id: IntentId::new("intent"),
        side: Side::Crm,
        effect: Effect::Parent { table: "account".to_owned(), key: "key".to_owned() },
        request: "{\"x\":1}".to_owned(),
        source: fields.clone(),
        sent: fields,
        digests: vec![(FieldId::new("a"), Digest::new("digest"))],
        target_etag: Some(Etag::new("\"2\"")),
        tells: Some(told.clone()),
        started_at: at(1),
        attempted_at: at(2),
        tries: 3,
    });
    let blocker = Blocker { code: Code::SolutionMissing, text: "add one".to_owned() };
    link.problem = Some(Problem { blocker, since: at(4), looks: 5 });
    link.response = Some(Response::Decline);
    link.subordinate = Some(RecordRef { entity: Entity::Lead, id: RecordId::new("full-subordinate") });
    link.told = Some(told);
    link.audit = vec!["newest".to_owned(), "oldest".to_owned()];
    link.not_before = Some(at(6));
    link.parked_for = Some(Code::Throttled);
    link.absent_since.crm = Some(at(7));
    link.linked_at = Some(at(3));
    link.kept = link.intent.as_ref().map(|intent| intent.sent.clone()).unwrap_or_default();
    link
}
