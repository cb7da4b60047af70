//! The five sentences, one thread at a time. `loom.rs` has the threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{message, router};
use crate::lane::{LaneOptions, Poller, Router};

fn counted() -> (Poller, Arc<AtomicUsize>) {
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&wakes);
    let poller = Poller::new(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    (poller, wakes)
}

fn send(router: &mut Router, seq: u64) {
    router.route(message(seq, "tips", None));
    router.flush();
}

#[test]
fn many_events_and_many_lanes_are_one_wake() {
    let ((poller, wakes), mut router) = (counted(), router());
    for _ in 0..3 {
        router.open(&poller, LaneOptions::default()).unwrap();
    }
    for seq in 0..10 {
        send(&mut router, seq);
    }
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    let ready = poller.ready(2);
    assert_eq!((ready.lanes.len(), ready.more), (2, true));
    let ready = poller.ready(2);
    assert_eq!((ready.lanes.len(), ready.more), (1, false));
}

#[test]
fn a_lane_is_announced_again_only_after_a_poll_found_it_empty() {
    let ((poller, wakes), mut router) = (counted(), router());
    let lane = router.open(&poller, LaneOptions::default()).unwrap();
    send(&mut router, 1);
    send(&mut router, 2);
    assert_eq!(poller.ready(9).lanes.len(), 1);
    let mut events = Vec::new();
    assert!(lane.poll(1, &mut events));
    send(&mut router, 3);
    assert_eq!((wakes.load(Ordering::SeqCst), poller.ready(9).lanes.len()), (1, 0));
    assert!(!lane.poll(9, &mut events));
    send(&mut router, 4);
    assert_eq!((wakes.load(Ordering::SeqCst), poller.ready(9).lanes.len()), (2, 1));
}

#[test]
fn a_lane_that_is_polled_without_being_asked_for_is_listed_once() {
    let ((poller, _), mut router) = (counted(), router());
    let lane = router.open(&poller, LaneOptions::default()).unwrap();
    for seq in 0..10 {
        send(&mut router, seq);
        while lane.poll(9, &mut Vec::new()) {}
    }
    assert_eq!(poller.ready(99).lanes.len(), 1);
}

#[test]
fn closing_a_listed_lane_leaves_an_entry_that_does_nothing() {
    let ((poller, _), mut router) = (counted(), router());
    let lane = router.open(&poller, LaneOptions::default()).unwrap();
    send(&mut router, 1);
    lane.close();
    let mut events = Vec::new();
    for lane in poller.ready(9).lanes {
        assert!(!lane.poll(9, &mut events));
    }
    assert_eq!(events.len(), 1, "its own end, and nothing else");
    send(&mut router, 2);
    assert_eq!(poller.ready(9).lanes.len(), 0);
}

#[test]
fn poll_while_stops_before_what_is_refused() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let lane = router.open(&poller, LaneOptions::default()).unwrap();
    (1..=5).for_each(|seq| send(&mut router, seq));
    let mut events = Vec::new();
    assert!(lane.poll_while(9, |event| event.seq.0 < 3, &mut events));
    assert_eq!(events.len(), 2);
    assert!(!lane.poll(9, &mut events));
    assert_eq!(events.len(), 5);
}

#[test]
fn a_wait_ends_with_an_event_a_timeout_or_the_pollers_end() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    assert!(!poller.wait(Some(Duration::ZERO)).unwrap());
    let lane = router.open(&poller, LaneOptions::default()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| send(&mut router, 1));
        assert!(poller.wait(None).unwrap());
    });
    assert_eq!(poller.ready(9).lanes.len(), 1);
    while lane.poll(9, &mut Vec::new()) {}
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| poller.wait(None).unwrap_err());
        poller.close();
        assert_eq!(waiter.join().unwrap().code.as_str(), "closed");
    });
    assert_eq!(router.open(&poller, LaneOptions::default()).unwrap_err().code.as_str(), "closed");
}

#[test]
fn a_closed_poller_wakes_nobody() {
    let ((poller, wakes), mut router) = (counted(), router());
    router.open(&poller, LaneOptions::default()).unwrap();
    poller.close();
    send(&mut router, 1);
    assert_eq!(wakes.load(Ordering::SeqCst), 0);
    router.attend();
    assert_eq!(router.lanes(), 0);
}
