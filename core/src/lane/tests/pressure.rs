//! Lanes that hold reading back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{drain, message, seqs};
use crate::lane::{LaneOptions, Overflow, Poller, Router};

fn blocking(events: u32) -> LaneOptions {
    LaneOptions { overflow: Overflow::Block, events: Some(events), ..LaneOptions::default() }
}

fn counted() -> (Router, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let router = Router::new(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    (router, calls)
}

fn send(router: &mut Router, seqs: std::ops::RangeInclusive<u64>) {
    seqs.for_each(|seq| router.route(message(seq, "tips", None)));
    router.flush();
}

#[test]
fn reading_pauses_at_the_limit_and_goes_on_at_a_quarter() {
    let (poller, (mut router, calls)) = (Poller::new_waiting(), counted());
    let lane = router.open(&poller, blocking(8)).unwrap();
    send(&mut router, 1..=7);
    assert_eq!(router.attend().pressure, None);
    send(&mut router, 8..=9);
    assert_eq!(router.attend().pressure, Some(true));
    assert_eq!(router.attend().pressure, None);
    lane.poll(6, &mut Vec::new());
    assert_eq!((calls.load(Ordering::SeqCst), router.attend().pressure), (0, None));
    lane.poll(1, &mut Vec::new());
    assert_eq!((calls.load(Ordering::SeqCst), router.attend().pressure), (1, Some(false)));
}

#[test]
fn reading_goes_on_when_the_last_of_the_lanes_that_hold_it_back_has_room() {
    let (poller, (mut router, calls)) = (Poller::new_waiting(), counted());
    let lanes = [4, 8].map(|events| router.open(&poller, blocking(events)).unwrap());
    send(&mut router, 1..=8);
    assert_eq!(router.attend().pressure, Some(true));
    assert_eq!(seqs(&lanes[0]).len(), 8);
    assert_eq!((calls.load(Ordering::SeqCst), router.attend().pressure), (0, None));
    lanes[1].close();
    assert_eq!((calls.load(Ordering::SeqCst), router.attend().pressure), (1, Some(false)));
}

#[test]
fn a_lane_that_nobody_has_ever_polled_holds_nobody_back() {
    let (poller, (mut router, _)) = (Poller::new_waiting(), counted());
    let lane = router.open(&poller, LaneOptions { lazy: true, ..blocking(4) }).unwrap();
    send(&mut router, 1..=100);
    assert_eq!(router.attend().pressure, None);
    assert_eq!(lane.stats().dropped, 96);
    drain(&lane);
    send(&mut router, 101..=104);
    assert_eq!(router.attend().pressure, Some(true));
}

#[test]
fn a_stall_lets_reading_go_on_at_the_cost_of_the_oldest() {
    let (poller, (mut router, _)) = (Poller::new_waiting(), counted());
    let lane = router.open(&poller, blocking(4)).unwrap();
    send(&mut router, 1..=4);
    assert_eq!(router.attend().pressure, Some(true));
    router.stall();
    assert_eq!(router.attend().pressure, Some(false));
    send(&mut router, 5..=6);
    assert_eq!(router.attend().pressure, None);
    assert_eq!(seqs(&lane), [1, 3, 4, 5, 6], "the first is the hole");
    send(&mut router, 7..=10);
    assert_eq!(router.attend().pressure, Some(true));
}

#[test]
fn a_lane_beyond_its_last_resort_ends_and_holds_nobody_back() {
    let (poller, (mut router, _)) = (Poller::new_waiting(), counted());
    let lane = router.open(&poller, blocking(500)).unwrap();
    send(&mut router, 1..=500);
    assert_eq!(router.attend().pressure, Some(true));
    send(&mut router, 501..=2001);
    assert_eq!(router.attend().pressure, Some(false));
    assert_eq!((drain(&lane).len(), router.lanes()), (2001, 0));
}
