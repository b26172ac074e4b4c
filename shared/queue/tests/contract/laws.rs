//! What senders and workers may rely on.

use std::time::Duration;

use jiff::Timestamp;
use queue::{Entity, Hint, HintSide, Message, Queue, Sent};

use crate::{Clock, RECEIVES_MAX, VISIBILITY};

pub(crate) fn message(id: &str, dedupe: &str) -> Message {
    let hint = Hint {
        side: HintSide::Crm,
        entity: Entity::Opportunity,
        id: id.to_owned(),
        cause: "event".to_owned(),
        seen_at: Timestamp::UNIX_EPOCH,
    };
    Message::new(hint, &[dedupe])
}

pub(crate) async fn received<Q: Queue>(queue: &Q, max: usize) -> Vec<String> {
    queue.receive(max).await.unwrap().into_iter().map(|delivery| delivery.message.dedupe_id()[..8].to_owned()).collect()
}

pub(crate) fn name(dedupe: &str) -> String {
    message("any", dedupe).dedupe_id()[..8].to_owned()
}

pub(crate) async fn a_message_comes_as_it_was_sent<Q: Queue, C: Clock>(queue: Q, _: C) {
    for id in ["a", "ü 😀 \"{}\" <&>", &"x".repeat(200)] {
        assert_eq!(queue.send(message(id, id)).await.unwrap(), Sent::Queued);
        let deliveries = queue.receive(9).await.unwrap();
        assert_eq!(deliveries.len(), 1);
        assert_eq!((&deliveries[0].message, deliveries[0].receive_count), (&message(id, id), 1));
    }
}

pub(crate) async fn a_group_is_worked_in_order_one_at_a_time<Q: Queue, C: Clock>(queue: Q, _: C) {
    for (id, dedupe) in [("a", "1"), ("a", "2"), ("b", "3")] {
        queue.send(message(id, dedupe)).await.unwrap();
    }
    let first = queue.receive(9).await.unwrap();
    let names: Vec<_> = first.iter().map(|delivery| delivery.message.hint.id.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    queue.acknowledge(&first[0].receipt).await.unwrap();
    assert_eq!(received(&queue, 9).await, [name("2")]);
}

pub(crate) async fn no_more_are_received_than_asked_for<Q: Queue, C: Clock>(queue: Q, _: C) {
    for id in ["a", "b", "c"] {
        queue.send(message(id, id)).await.unwrap();
    }
    assert_eq!(received(&queue, 0).await.len(), 0);
    assert_eq!(received(&queue, 2).await, [name("a"), name("b")]);
    assert_eq!(received(&queue, 2).await, [name("c")]);
}

pub(crate) async fn what_is_not_acknowledged_comes_back<Q: Queue, C: Clock>(queue: Q, clock: C) {
    queue.send(message("a", "1")).await.unwrap();
    let first = queue.receive(9).await.unwrap().remove(0);
    clock.pass(VISIBILITY - C::SLACK);
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    clock.pass(C::SLACK);
    let second = queue.receive(9).await.unwrap().remove(0);
    assert_eq!(second.receive_count, 2);
    // The old receipt is void: it must not touch what somebody else is working.
    queue.acknowledge(&first.receipt).await.unwrap();
    queue.release(&first.receipt, Duration::ZERO).await.unwrap();
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    clock.pass(VISIBILITY);
    assert_eq!(received(&queue, 9).await, [name("1")]);
}

pub(crate) async fn what_is_handed_back_waits_with_its_group<Q: Queue, C: Clock>(queue: Q, clock: C) {
    for (id, dedupe) in [("a", "1"), ("a", "2"), ("b", "3")] {
        queue.send(message(id, dedupe)).await.unwrap();
    }
    let delivery = queue.receive(1).await.unwrap().remove(0);
    queue.release(&delivery.receipt, Duration::from_secs(60)).await.unwrap();
    assert_eq!(received(&queue, 9).await, [name("3")], "another group does not wait");
    clock.pass(60 - C::SLACK);
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    clock.pass(C::SLACK);
    assert_eq!(received(&queue, 9).await, [name("1")]);
}

pub(crate) async fn the_same_message_is_taken_once_in_five_minutes<Q: Queue, C: Clock>(queue: Q, clock: C) {
    queue.send(message("a", "1")).await.unwrap();
    let delivery = queue.receive(9).await.unwrap().remove(0);
    queue.acknowledge(&delivery.receipt).await.unwrap();
    clock.pass(300 - C::SLACK);
    queue.send(message("a", "1")).await.unwrap();
    assert_eq!(received(&queue, 9).await, Vec::<String>::new());
    clock.pass(C::SLACK);
    assert_eq!(queue.send(message("a", "1")).await.unwrap(), Sent::Queued);
    assert_eq!(received(&queue, 9).await, [name("1")]);
}

pub(crate) async fn a_message_that_nobody_can_work_dies_and_frees_its_group<Q: Queue, C: Clock>(queue: Q, clock: C) {
    queue.send(message("a", "1")).await.unwrap();
    queue.send(message("a", "2")).await.unwrap();
    for _ in 0..RECEIVES_MAX {
        assert_eq!(received(&queue, 9).await, [name("1")]);
        clock.pass(VISIBILITY);
    }
    assert_eq!(received(&queue, 9).await, [name("2")]);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.waiting, depth.in_flight, depth.dead), (0, 1, 1));
}
