//! Batches: whatever fails, nothing is lost, and nothing is worked out of order (reliability G10b).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use queue::batch::{Incoming, Lane, lanes};
use queue::{Entity, Hint, HintSide, Message};

const ENTITIES: [Entity; 2] = [Entity::Opportunity, Entity::Solution];
const CAUSES: [&str; 4] = ["event", "feed", "due", "command"];

/// A message by the number of its group, of its entity and of its cause; one in twenty cannot be read.
fn incoming(n: usize, (group, entity, cause, readable): (u8, usize, usize, bool)) -> Incoming {
    let hint = Hint {
        side: HintSide::Crm,
        entity: ENTITIES[entity],
        id: group.to_string(),
        cause: CAUSES[cause].to_owned(),
        seen_at: Timestamp::UNIX_EPOCH,
    };
    let group = hint.group();
    let message = if readable { Ok(Message::restore(hint, format!("d{n}"))) } else { Err("no hint".to_owned()) };
    Incoming { id: format!("m{n}"), group, message }
}

/// One number per message and its outcome: 200,000 batches are to be made quickly.
fn batch() -> impl Strategy<Value = Vec<Incoming>> {
    let part = |n: u32| ((n & 3) as u8, (n >> 2) as usize & 1, (n >> 3) as usize & 3, !(n >> 5).is_multiple_of(20));
    prop::collection::vec(any::<u32>(), 0..=10)
        .prop_map(move |numbers| numbers.into_iter().enumerate().map(|(n, number)| incoming(n, part(number))).collect())
}

/// Works lanes as a worker does. Says which messages were worked, by their deduplication ids, and which were reported.
fn worked_and_reported(lanes: &[Lane], mut goes_well: impl FnMut() -> bool) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut worked, mut reported) = (BTreeSet::new(), BTreeSet::new());
    for lane in lanes {
        let mut done = 0;
        for step in lane.steps() {
            let Ok(messages) = step.messages() else { break };
            if !goes_well() {
                break;
            }
            worked.extend(messages.iter().map(|message| message.dedupe_id().replace('d', "m")));
            done += 1;
        }
        for id in lane.failures(done) {
            assert!(reported.insert(id), "reported twice");
        }
    }
    (worked, reported)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_loses_nothing_and_reports_nothing_worked_out_of_order(
        batch in batch(),
        mut outcomes in any::<u64>(),
    ) {
        // Two bits each: one step in four fails.
        let goes_well = || {
            outcomes >>= 2;
            outcomes & 3 != 0
        };
        let (worked, reported) = worked_and_reported(&lanes(batch.clone()), goes_well);
        for (n, message) in batch.iter().enumerate() {
            // Either worked or reported: an unreported message is deleted by SQS.
            prop_assert!(worked.contains(&message.id) != reported.contains(&message.id));
            prop_assert!(message.message.is_ok() || reported.contains(&message.id));
            let earlier = batch[..n].iter().filter(|earlier| earlier.group == message.group);
            let blocked = earlier.filter(|earlier| reported.contains(&earlier.id)).count() > 0;
            prop_assert!(!blocked || reported.contains(&message.id), "{} after a failed one of its group", message.id);
        }
        // One group's failure is no other's.
        if reported.is_empty() {
            prop_assert_eq!(worked.len(), batch.len());
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_step_asks_one_thing_and_a_lane_keeps_the_order_of_its_group(batch in batch()) {
        let lanes = lanes(batch.clone());
        let groups: BTreeSet<&str> = batch.iter().map(|message| message.group.as_str()).collect();
        prop_assert_eq!(lanes.len(), groups.len());
        for lane in &lanes {
            let ids = lane.failures(0);
            let group = &batch.iter().find(|message| message.id == ids[0]).unwrap().group;
            let of_group: Vec<_> = batch.iter().filter(|m| &m.group == group).map(|m| m.id.clone()).collect();
            prop_assert_eq!(ids, of_group);
            for messages in lane.steps().iter().filter_map(|step| step.messages().ok()) {
                prop_assert!(messages.windows(2).all(|two| two[0].hint.asks_the_same(&two[1].hint)));
            }
            for two in lane.steps().windows(2) {
                if let (Ok(before), Ok(after)) = (two[0].messages(), two[1].messages()) {
                    prop_assert!(!before[0].hint.asks_the_same(&after[0].hint), "two looks where one would do");
                }
            }
        }
    }
}

#[test]
fn a_failed_group_is_reported_from_its_failure_on_and_no_other() {
    let (event, feed, due) = (0, 1, 2);
    let parts = [(0, event), (0, feed), (1, event), (0, due), (2, event), (1, due)];
    let batch = parts.iter().enumerate().map(|(n, (group, cause))| incoming(n, (*group, 0, *cause, true)));
    let lanes = lanes(batch.collect());
    let steps: Vec<usize> = lanes.iter().map(|lane| lane.steps().len()).collect();
    assert_eq!(steps, [2, 2, 1]);
    let names = |step: &queue::batch::Step| {
        step.messages().unwrap().iter().map(Message::dedupe_id).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&lanes[0].steps()[0]), ["d0", "d1"]);
    assert_eq!(lanes[0].failures(0), ["m0", "m1", "m3"]);
    assert_eq!(lanes[0].failures(1), ["m3"]);
    assert_eq!(lanes[0].failures(2), [""; 0]);
    assert_eq!(lanes[1].failures(0), ["m2", "m5"]);
}

#[test]
fn a_message_that_cannot_be_read_says_why_and_holds_up_only_its_group() {
    let unreadable = Incoming::read("m0", "crm:0", "d0", r#"{"side":"moon"}"#);
    let lanes = lanes(vec![unreadable, incoming(1, (0, 0, 0, true)), incoming(2, (1, 0, 0, true))]);
    assert!(lanes[0].steps()[0].messages().unwrap_err().contains("moon"));
    let (worked, reported) = worked_and_reported(&lanes, || true);
    assert_eq!(worked.into_iter().collect::<Vec<_>>(), ["m2"]);
    assert_eq!(reported.into_iter().collect::<Vec<_>>(), ["m0", "m1"]);
}
