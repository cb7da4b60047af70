//! Every interleaving of small scenes: no wake is lost.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p topicwire --no-default-features --release lane::loom`

use std::sync::Arc;

use ::loom::model as check;
use ::loom::sync::atomic::{AtomicUsize, Ordering};
use ::loom::thread;

use super::{Lane, LaneOptions, Overflow, Poller, Router};
use crate::event::{Event, EventKind, Message, PayloadKind};
use crate::id::{Seq, SubscriptionId};

fn send(router: &mut Router, seq: u64) {
    let message = Message::whole(bytes::Bytes::from_static(b"x"), PayloadKind::Text);
    router.route(Event { seq: Seq(seq), kind: EventKind::Message(message) });
    router.flush();
}

fn messages(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.kind, EventKind::Message(_))).count()
}

/// Drains what is ready until this many messages were had. It sleeps only in `wait`, so a lost wake is a deadlock, which loom reports.
fn drain(poller: &Poller, wanted: usize) {
    let (mut had, mut again): (usize, Vec<Lane>) = (0, Vec::new());
    let mut events = Vec::new();
    while had < wanted {
        if again.is_empty() {
            poller.wait(None).expect("nobody closes the poller");
        }
        again.extend(poller.ready(1).lanes);
        again.retain(|lane| lane.poll(1, &mut events));
        had += messages(&events);
        events.clear();
    }
}

#[test]
fn no_wake_is_lost_with_two_producers() {
    check(|| {
        let poller = Poller::new_waiting();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let mut router = Router::new(Arc::new(|| {}));
                router.open(&poller, LaneOptions::default()).expect("the poller is open");
                thread::spawn(move || {
                    send(&mut router, 1);
                    router
                })
            })
            .collect();
        drain(&poller, 2);
        for thread in threads {
            thread.join().expect("it does not panic");
        }
    });
}

#[test]
fn no_wake_is_lost_between_a_poll_and_the_next_event() {
    check(|| {
        let poller = Poller::new_waiting();
        let mut router = Router::new(Arc::new(|| {}));
        router.open(&poller, LaneOptions::default()).expect("the poller is open");
        let producer = thread::spawn(move || {
            send(&mut router, 1);
            send(&mut router, 2);
            router
        });
        drain(&poller, 2);
        producer.join().expect("it does not panic");
    });
}

/// An event loop: the wake is an edge, and only an edge brings the consumer back.
#[test]
fn an_edge_comes_for_every_event_that_the_last_turn_did_not_see() {
    check(|| {
        let edges = ::loom::sync::Arc::new(AtomicUsize::new(0));
        let seen = edges.clone();
        let poller = Poller::new(Arc::new(move || {
            seen.fetch_add(1, Ordering::SeqCst);
        }));
        let mut router = Router::new(Arc::new(|| {}));
        let lane = router.open(&poller, LaneOptions::default()).expect("the poller is open");
        let producer = thread::spawn(move || {
            send(&mut router, 1);
            send(&mut router, 2);
            router
        });
        let (mut handled, mut events) = (0, Vec::new());
        let mut turn = |handled: &mut usize| {
            let now = edges.load(Ordering::SeqCst);
            if now > *handled {
                *handled = now;
                for lane in poller.ready(9).lanes {
                    while lane.poll(9, &mut events) {}
                }
            }
        };
        turn(&mut handled);
        let router = producer.join().expect("it does not panic");
        turn(&mut handled);
        assert_eq!(lane.stats().events, 0, "everything was announced");
        drop(router);
    });
}

#[test]
fn a_lane_may_close_while_events_come() {
    check(|| {
        let poller = Poller::new_waiting();
        let mut router = Router::new(Arc::new(|| {}));
        let owned = LaneOptions { owns: vec![SubscriptionId(1)], ..LaneOptions::default() };
        let lane = router.open(&poller, owned).expect("the poller is open");
        let consumer = lane.clone();
        let closer = thread::spawn(move || consumer.close());
        send(&mut router, 1);
        let early = router.attend().unsubscribe.len();
        closer.join().expect("it does not panic");
        send(&mut router, 2);
        assert_eq!(early + router.attend().unsubscribe.len(), 1, "its subscription is given back once");
        // Whoever waits hears of the end.
        poller.wait(None).expect("the poller is open");
        let mut events = Vec::new();
        for lane in poller.ready(9).lanes {
            while lane.poll(9, &mut events) {}
        }
        assert!(matches!(events[..], [Event { kind: EventKind::Closed(_), .. }]));
    });
}

#[test]
fn a_poller_may_close_while_events_come_and_somebody_waits() {
    check(|| {
        let poller = Arc::new(Poller::new_waiting());
        let mut router = Router::new(Arc::new(|| {}));
        let owned = LaneOptions { owns: vec![SubscriptionId(1)], ..LaneOptions::default() };
        let lane = router.open(&poller, owned).expect("the poller is open");
        let closer = Arc::clone(&poller);
        let closer = thread::spawn(move || closer.close());
        send(&mut router, 1);
        let _ = poller.wait(None);
        closer.join().expect("it does not panic");
        assert_eq!(poller.wait(None).expect_err("it is closed").code.as_str(), "closed");
        assert_eq!(router.attend().unsubscribe.len(), 1);
        assert!(poller.ready(9).lanes.is_empty());
        assert!(lane.stats().events <= 1);
    });
}

#[test]
fn whoever_waits_hears_that_a_lane_closed() {
    check(|| {
        let poller = Poller::new_waiting();
        let mut router = Router::new(Arc::new(|| {}));
        let lane = router.open(&poller, LaneOptions::default()).expect("the poller is open");
        let closer = thread::spawn(move || lane.close());
        poller.wait(None).expect("the poller is open");
        let mut events = Vec::new();
        for lane in poller.ready(9).lanes {
            while lane.poll(9, &mut events) {}
        }
        assert!(matches!(events[..], [Event { kind: EventKind::Closed(_), .. }]));
        closer.join().expect("it does not panic");
    });
}

#[test]
fn whoever_waits_hears_that_the_poller_closed() {
    check(|| {
        let poller = Arc::new(Poller::new_waiting());
        let closer = Arc::clone(&poller);
        let closer = thread::spawn(move || closer.close());
        assert_eq!(poller.wait(None).expect_err("it is closed").code.as_str(), "closed");
        closer.join().expect("it does not panic");
    });
}

#[test]
fn a_poller_may_close_while_a_lane_opens() {
    check(|| {
        let poller = Arc::new(Poller::new_waiting());
        let mut router = Router::new(Arc::new(|| {}));
        let closer = Arc::clone(&poller);
        let closer = thread::spawn(move || closer.close());
        let _ = router.open(&poller, LaneOptions::default());
        closer.join().expect("it does not panic");
        router.attend();
        assert_eq!(router.lanes(), 0);
    });
}

/// Whatever the order, the driver ends up knowing that it may read.
#[test]
fn the_resume_edge_is_not_lost() {
    check(|| {
        let poller = Poller::new_waiting();
        let edges = ::loom::sync::Arc::new(AtomicUsize::new(0));
        let seen = edges.clone();
        let mut router = Router::new(Arc::new(move || {
            seen.fetch_add(1, Ordering::SeqCst);
        }));
        let blocking = LaneOptions { overflow: Overflow::Block, events: Some(1), ..LaneOptions::default() };
        let lane = router.open(&poller, blocking).expect("the poller is open");
        let consumer = lane.clone();
        let consumer = thread::spawn(move || consumer.poll(9, &mut Vec::new()));
        let (mut handled, mut reading) = (0, true);
        let turn = |router: &mut Router, reading: &mut bool| {
            if let Some(pause) = router.attend().pressure {
                *reading = !pause;
            }
        };
        send(&mut router, 1);
        turn(&mut router, &mut reading);
        consumer.join().expect("it does not panic");
        // The driver sleeps unless there was an edge since it last looked.
        if edges.load(Ordering::SeqCst) > handled {
            handled += 1;
            turn(&mut router, &mut reading);
        }
        let empty = lane.stats().events == 0;
        assert_eq!(reading, empty, "it reads exactly if the lane has room (edges: {handled})");
    });
}
