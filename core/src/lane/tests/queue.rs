//! What a queue may lose, and what never.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::event::{Fault, FaultKind, Gap, Message, PayloadKind, State};
use crate::id::SubscriptionId;
use crate::time::UnixMillis;

fn message(seq: u64, len: usize) -> Event {
    Event { seq: Seq(seq), kind: EventKind::Message(Message::whole(Bytes::from(vec![b'x'; len]), PayloadKind::Text)) }
}

fn subscribed(seq: u64, subscription: u64) -> Event {
    let kind = EventKind::Subscribed { subscription: SubscriptionId(subscription), recovered: false, confirmed: true };
    Event { seq: Seq(seq), kind }
}

fn fault(seq: u64, text: &'static str) -> Event {
    let error = Arc::new(Error::new(Code::ConnectionFailed, text));
    let fault = Fault { kind: FaultKind::Connect, subscription: None, request: None, error, count: 1 };
    Event { seq: Seq(seq), kind: EventKind::Fault(Box::new(fault)) }
}

fn state(seq: u64, from: State, to: State) -> Event {
    Event { seq: Seq(seq), kind: EventKind::State { from, to, cause: None } }
}

fn gap(seq: u64, subscription: u64, since: u64) -> Event {
    let gap = Gap { subscriptions: vec![SubscriptionId(subscription)], since: UnixMillis(since), until: None, cause: None };
    Event { seq: Seq(seq), kind: EventKind::Gap(Box::new(gap)) }
}

fn queue(events: usize, bytes: usize, overflow: Overflow) -> Queue {
    Queue::new(Limits { events, bytes }, overflow, false)
}

fn drain(queue: &mut Queue) -> Vec<String> {
    let drained = std::iter::from_fn(|| queue.pop()).map(|event| describe(&event)).collect();
    queue.polled();
    drained
}

fn describe(event: &Event) -> String {
    let seq = event.seq.0;
    match &event.kind {
        EventKind::Message(_) => format!("m{seq}"),
        EventKind::Subscribed { .. } => format!("s{seq}"),
        EventKind::Lagged { first, last, count } => format!("lag {}-{} {count}", first.0, last.0),
        EventKind::Fault(fault) => format!("fault x{}", fault.count),
        EventKind::State { from, to, .. } => format!("{} {}", from.as_str(), to.as_str()),
        EventKind::Gap(gap) => format!("gap {:?}", gap.subscriptions.iter().map(|one| one.0).collect::<Vec<_>>()),
        EventKind::Closed(closed) => format!("closed {:?}", closed.cause.as_ref().map(|cause| cause.code.as_str())),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_oldest_go_and_the_hole_stands_where_they_were() {
    let mut queue = queue(2, 1000, Overflow::DropOldest);
    for event in [message(1, 1), subscribed(2, 9), message(3, 1), message(4, 1), message(5, 1)] {
        queue.push(event);
    }
    assert_eq!(drain(&mut queue), ["lag 1-1 1", "s2", "lag 3-3 1", "m4", "m5"]);
}

#[test]
fn adjacent_holes_are_one() {
    let mut queue = queue(1, 1000, Overflow::DropOldest);
    for seq in 1..=5 {
        queue.push(message(seq, 1));
    }
    assert_eq!(drain(&mut queue), ["lag 1-4 4", "m5"]);
}

#[test]
fn the_newest_go_and_the_hole_stands_where_they_would_have_been() {
    let mut queue = queue(2, 1000, Overflow::DropNewest);
    for event in [message(1, 1), message(2, 1), message(3, 1), message(4, 1), subscribed(5, 1), message(6, 1)] {
        queue.push(event);
    }
    assert_eq!(drain(&mut queue), ["m1", "m2", "lag 3-4 2", "s5", "lag 6-6 1"]);
}

#[test]
fn one_message_always_fits() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Close, Overflow::Block] {
        let mut queue = queue(1, 10, overflow);
        queue.push(message(1, 5000));
        assert_eq!(drain(&mut queue), ["m1"]);
    }
}

#[test]
fn a_lane_that_closes_ends_after_what_is_in_it() {
    let mut queue = queue(1, 1000, Overflow::Close);
    assert_eq!(queue.push(message(1, 1)), Pushed::Taken);
    assert_eq!(queue.push(message(2, 1)), Pushed::Ended);
    assert_eq!(queue.push(subscribed(3, 1)), Pushed::Taken);
    queue.end(Closed::default(), None);
    assert_eq!(drain(&mut queue), ["m1", "closed Some(\"overflow\")"]);
}

#[test]
fn what_ends_a_lane_has_a_number_of_its_own() {
    for (client, expected) in [(None, 2), (Some(Seq(7)), 7)] {
        let mut queue = queue(8, 1000, Overflow::Block);
        queue.push(subscribed(1, 1));
        queue.end(Closed::default(), client);
        let numbers: Vec<u64> = std::iter::from_fn(|| queue.pop()).map(|event| event.seq.0).collect();
        assert_eq!(numbers, [1, expected]);
    }
}

#[test]
fn a_lane_that_blocks_asks_for_a_pause_and_is_low_at_a_quarter() {
    let mut queue = queue(8, 1000, Overflow::Block);
    for seq in 1..=8 {
        assert!(!queue.wants_pause());
        queue.push(message(seq, 1));
    }
    assert!(queue.wants_pause());
    for _ in 0..5 {
        queue.pop();
        assert!(!queue.is_low());
    }
    queue.pop();
    assert!(queue.is_low());
}

#[test]
fn a_lane_that_blocks_takes_four_times_its_limits_and_then_ends() {
    let mut queue = queue(500, 1 << 20, Overflow::Block);
    for seq in 1..=2000 {
        assert_eq!(queue.push(message(seq, 1)), Pushed::Taken);
    }
    assert_eq!(queue.push(message(2001, 1)), Pushed::Ended);
    assert_eq!(drain(&mut queue).last().map(String::as_str), Some("closed Some(\"overflow\")"));
}

#[test]
fn a_small_lane_that_blocks_takes_what_comes_before_the_driver_can_pause() {
    let mut queue = queue(16, 1000, Overflow::Block);
    for seq in 1..=TURN_EVENTS as u64 + 15 {
        assert_eq!(queue.push(message(seq, 200)), Pushed::Taken);
    }
    assert!(queue.wants_pause());
    assert_eq!(queue.push(message(1000, 1 << 20)), Pushed::Taken, "the last frame of a turn may be any size");
}

#[test]
fn a_lazy_lane_drops_until_its_first_poll_and_then_blocks() {
    let mut queue = Queue::new(Limits { events: 2, bytes: 1000 }, Overflow::Block, true);
    for seq in 1..=3 {
        queue.push(message(seq, 1));
    }
    assert!(!queue.wants_pause());
    assert_eq!(drain(&mut queue), ["lag 1-1 1", "m2", "m3"]);
    for seq in 4..=6 {
        queue.push(message(seq, 1));
    }
    assert!(queue.wants_pause());
    assert_eq!(drain(&mut queue), ["m4", "m5", "m6"]);
}

#[test]
fn a_stalled_lane_drops_until_it_has_room_and_then_blocks_again() {
    let mut queue = queue(4, 1000, Overflow::Block);
    for seq in 1..=4 {
        queue.push(message(seq, 1));
    }
    queue.stall();
    assert!(!queue.wants_pause());
    queue.push(message(5, 1));
    assert_eq!(drain(&mut queue), ["lag 1-1 1", "m2", "m3", "m4", "m5"]);
    for seq in 6..=10 {
        queue.push(message(seq, 1));
    }
    assert!(queue.wants_pause());
    assert_eq!(queue.len(), 5);
}

#[test]
fn equal_faults_and_equal_gaps_are_one_at_once() {
    let mut queue = queue(9, 1000, Overflow::DropOldest);
    for event in [fault(1, "a"), fault(2, "a"), state(3, State::Active, State::Backoff), fault(4, "a"), fault(5, "b")] {
        queue.push(event);
    }
    for event in [gap(6, 1, 50), gap(7, 2, 50), gap(8, 3, 60), message(9, 1), fault(10, "b")] {
        queue.push(event);
    }
    assert_eq!(drain(&mut queue), ["fault x3", "active backoff", "fault x1", "gap [1, 2]", "gap [3]", "m9", "fault x1"]);
}

#[test]
fn states_are_told_one_by_one_until_hundreds_wait() {
    let mut queue = queue(9, 1000, Overflow::DropOldest);
    for seq in 0..100 {
        queue.push(state(2 * seq, State::Backoff, State::Connecting));
        queue.push(state(2 * seq + 1, State::Connecting, State::Backoff));
    }
    assert_eq!(queue.len(), 200);
    for seq in 100..100_000 {
        queue.push(state(2 * seq, State::Backoff, State::Connecting));
        queue.push(subscribed(2 * seq + 1, seq % 60));
    }
    assert!(queue.len() <= PATIENCE, "{}", queue.len());
    queue.push(state(1_000_000, State::Connecting, State::Active));
    assert!(drain(&mut queue).iter().any(|event| event == "connecting active"));
}

#[test]
fn one_writable_is_enough() {
    let mut queue = queue(9, 1000, Overflow::DropOldest);
    for seq in 1..=3 {
        queue.push(Event { seq: Seq(seq), kind: EventKind::Writable });
    }
    assert_eq!(drain(&mut queue), ["Writable"]);
    queue.push(Event { seq: Seq(4), kind: EventKind::Writable });
    assert_eq!(drain(&mut queue), ["Writable"]);
}

/// Of what the property below plays with.
const LARGEST_MESSAGE: usize = 5000;

#[derive(Debug, Clone)]
enum Step {
    Message(usize),
    Subscribed,
    State,
    Pop(usize),
    Policy(Overflow),
    Stall,
    End,
}

fn policy() -> impl Strategy<Value = Overflow> {
    prop_oneof![Just(Overflow::DropOldest), Just(Overflow::DropNewest), Just(Overflow::Close), Just(Overflow::Block)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..600_usize).prop_map(Step::Message),
        2 => Just(Step::Message(LARGEST_MESSAGE)),
        6 => Just(Step::Subscribed),
        2 => Just(Step::State),
        6 => (0..12_usize).prop_map(Step::Pop),
        1 => policy().prop_map(Step::Policy),
        1 => Just(Step::Stall),
        1 => Just(Step::End),
    ]
}

#[test]
fn an_empty_queue_keeps_the_room_that_its_stream_needs_and_no_more() {
    let mut queue = queue(usize::MAX, usize::MAX, Overflow::DropOldest);
    let mut fill = |count: u64| {
        for seq in 0..count {
            queue.push(message(seq, 1));
        }
        drain(&mut queue);
        let filled = queue.back.capacity();
        // A poll that finds nothing.
        queue.polled();
        (filled, queue.back.capacity())
    };
    let (room, kept) = fill(1000);
    assert!(room >= 1000 && kept == room, "{room}, then {kept}");
    assert_eq!(fill(900), (room, room));
    let (sparse, _) = fill(3);
    assert!(sparse <= 2 * IDLE_CAPACITY, "{sparse}");
    let (flood, _) = fill(20_000);
    assert!(flood <= 2 * IDLE_CAPACITY, "{flood}");
}

proptest! {
    /// Whatever happens: order, control events, exact holes, honest accounts, one `Closed`.
    #[test]
    fn a_queue_loses_only_messages_and_says_which(
        overflow in policy(),
        lazy in any::<bool>(),
        events in 1..20_usize,
        bytes in 1..8000_usize,
        steps in proptest::collection::vec(step(), 0..250),
    ) {
        let mut queue = Queue::new(Limits { events, bytes }, overflow, lazy && overflow == Overflow::Block);
        let (mut told, mut out, mut open) = (Vec::new(), Vec::new(), true);
        let mut seq = 0;
        for step in steps {
            seq += 1;
            let event = match step {
                Step::Message(len) => message(seq, len),
                Step::Subscribed => subscribed(seq, seq),
                Step::State => state(seq, State::Active, State::Backoff),
                Step::Pop(count) => {
                    out.extend((0..count).filter_map(|_| queue.pop()));
                    queue.polled();
                    continue;
                }
                Step::Policy(policy) => {
                    queue.set(Limits { events, bytes }, policy);
                    continue;
                }
                Step::Stall => {
                    queue.stall();
                    continue;
                }
                Step::End => {
                    queue.end(Closed::default(), None);
                    open = false;
                    continue;
                }
            };
            let is_message = matches!(event.kind, EventKind::Message(_));
            if queue.push(event) == Pushed::Ended {
                open = false;
            } else if open {
                told.push((seq, is_message));
            }
            prop_assert!(queue.messages <= events.max(TURN_EVENTS) * LAST_RESORT);
            prop_assert!(queue.messages <= 1 || queue.bytes <= bytes.max(TURN_BYTES) * LAST_RESORT + LARGEST_MESSAGE);
            let counted: usize = queue.back.iter().chain(&queue.front).filter_map(|event| match &event.kind {
                EventKind::Message(message) => Some(message.frame.len()),
                _ => None,
            }).sum();
            prop_assert_eq!(counted, queue.bytes);
            prop_assert_eq!(queue.len(), queue.messages + queue.controls);
        }
        queue.end(Closed::default(), None);
        queue.end(Closed::default(), None);
        out.extend(std::iter::from_fn(|| queue.pop()));

        // One `Closed`, and it is last.
        let ends = out.iter().filter(|event| matches!(event.kind, EventKind::Closed(_))).count();
        prop_assert_eq!(ends, 1);
        prop_assert!(matches!(out.pop().map(|event| event.kind), Some(EventKind::Closed(_))));
        prop_assert_eq!((queue.messages, queue.bytes, queue.controls, queue.len()), (0, 0, 0, 0));

        // Put every hole's messages back into it: what was told comes out, in order.
        let mut told = told.into_iter().peekable();
        let mut dropped = 0;
        for event in out {
            match event.kind {
                EventKind::Lagged { first, last, count } => {
                    dropped += count;
                    for index in 0..count {
                        let (seq, is_message) = told.next().expect("a hole holds what was told");
                        prop_assert!(is_message);
                        prop_assert!(index > 0 || seq == first.0);
                        prop_assert!(index + 1 < count || seq == last.0);
                    }
                }
                kind => prop_assert_eq!(told.next(), Some((event.seq.0, matches!(kind, EventKind::Message(_))))),
            }
        }
        prop_assert_eq!(told.next(), None);
        prop_assert_eq!(dropped, queue.dropped());
    }

    /// However long nobody polls, what waits is bounded, and no hole's count is lost.
    #[test]
    fn a_queue_that_nobody_polls_stays_small(kinds in proptest::collection::vec(0..6_u64, 2000..6000)) {
        let mut queue = queue(4, 1000, Overflow::DropOldest);
        let mut messages = 0_u64;
        for (seq, kind) in (1_u64..).zip(&kinds) {
            let _ = queue.push(match kind {
                0 => subscribed(seq, seq % 7),
                1 => state(seq, State::Active, State::Backoff),
                2 => gap(seq, seq % 5, seq),
                3 => fault(seq, "refused"),
                _ => message(seq, 1),
            });
            messages += u64::from(*kind > 3);
        }
        prop_assert!(queue.len() <= 2 * PATIENCE);
        let mut told = 0;
        let mut last = 0;
        while let Some(event) = queue.pop() {
            prop_assert!(event.seq.0 > last);
            last = event.seq.0;
            told += match event.kind {
                EventKind::Lagged { count, .. } => count,
                EventKind::Message(_) => 1,
                _ => 0,
            };
        }
        prop_assert_eq!(told, messages);
    }
}
