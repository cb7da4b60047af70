//! Which lane hears what.

use std::sync::Arc;

use super::{drain, event, message, router, seqs};
use crate::error::{Code, Error};
use crate::event::{Closed, EventKind, Fault, FaultKind, Gap, Need, NeedReason, NeedWhat, Outcome, Reply, State, Subscriptions};
use crate::id::{RequestId, SubscriptionId};
use crate::lane::{Filter, Kind, LaneOptions, Overflow, Poller};
use crate::time::UnixMillis;

fn only(subscription: u64) -> LaneOptions {
    LaneOptions::filtered(Filter::subscription(SubscriptionId(subscription)))
}

#[test]
fn messages_go_where_they_are_wanted() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let all = router.open(&poller, LaneOptions::default()).unwrap();
    let tips = router.open(&poller, LaneOptions::filtered(Filter::topics(["tips"]))).unwrap();
    let one = router.open(&poller, only(1)).unwrap();
    router.route(message(1, "tips", Some(1)));
    router.route(message(2, "chat", Some(2)));
    router.route(message(3, "tips", None));
    assert_eq!(drain(&all).len(), 0, "nothing is seen before the flush");
    router.flush();
    assert_eq!((seqs(&all), seqs(&tips), seqs(&one)), (vec![1, 2, 3], vec![1, 3], vec![1]));
}

#[test]
fn a_lane_that_wants_two_of_a_messages_subscriptions_hears_it_once() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let filter = Filter { subscriptions: Some([SubscriptionId(1), SubscriptionId(2)].into()), ..Filter::all() };
    let lane = router.open(&poller, LaneOptions::filtered(filter)).unwrap();
    let mut both = message(1, "tips", None);
    if let EventKind::Message(message) = &mut both.kind {
        message.subscriptions = Subscriptions::Many(Arc::new(vec![SubscriptionId(1), SubscriptionId(2)]));
    }
    router.route(both);
    router.flush();
    assert_eq!(seqs(&lane), [1]);
}

#[test]
fn what_happens_to_a_subscription_is_told_in_stream_order_where_it_is_wanted() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let all = router.open(&poller, LaneOptions::default()).unwrap();
    let one = router.open(&poller, only(1)).unwrap();
    let two = router.open(&poller, only(2)).unwrap();
    let subscription = SubscriptionId(1);
    let gap = Gap { subscriptions: vec![SubscriptionId(3), subscription], since: UnixMillis(5), until: None, cause: None };
    let error = Arc::new(Error::new(Code::Refused, "no"));
    let fault = Fault { kind: FaultKind::Resubscribe, subscription: Some(subscription), request: None, error, count: 1 };
    router.route(event(1, EventKind::State { from: State::Idle, to: State::Active, cause: None }));
    router.route(event(2, EventKind::Subscribed { subscription, recovered: false, confirmed: true }));
    router.route(message(3, "tips", Some(1)));
    router.route(event(4, EventKind::Gap(Box::new(gap))));
    router.route(event(5, EventKind::Fault(Box::new(fault))));
    router.route(event(6, EventKind::Ended { subscription, outcome: Outcome::Completed }));
    router.flush();
    assert_eq!(seqs(&all), [1, 2, 3, 4, 5, 6]);
    let mine = drain(&one);
    assert_eq!(mine.iter().map(|event| event.seq.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(matches!(&mine[3].kind, EventKind::Gap(gap) if gap.subscriptions == [subscription]), "a lane hears of its own subscriptions");
    assert_eq!(seqs(&two), [1]);
}

#[test]
fn kinds_that_a_lane_does_not_want_are_left_out() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let filter = Filter { kinds: Some([Kind::Message].into_iter().collect()), ..Filter::all() };
    let lane = router.open(&poller, LaneOptions::filtered(filter)).unwrap();
    router.route(event(1, EventKind::State { from: State::Idle, to: State::Active, cause: None }));
    router.route(message(2, "tips", None));
    router.route(event(3, EventKind::Closed(Box::default())));
    assert_eq!(drain(&lane).iter().map(|event| Kind::of(&event.kind)).collect::<Vec<_>>(), [Kind::Message, Kind::Closed]);
}

#[test]
fn replies_and_needs_go_to_their_own_lanes() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let data = router.open(&poller, LaneOptions::default()).unwrap();
    let reply = router.open(&poller, LaneOptions::reply()).unwrap();
    let other = router.open(&poller, LaneOptions::reply()).unwrap();
    let service = router.open(&poller, LaneOptions::service()).unwrap();
    let what = NeedWhat::Token { credential: "default".into() };
    let need = Need { request: RequestId(7), what, reason: NeedReason::Initial, deadline_ms: 30_000 };
    router.expect_reply(RequestId(1), reply.id());
    router.route(event(1, EventKind::Reply { request: RequestId(1), result: Ok(Reply::default()) }));
    router.route(event(2, EventKind::Reply { request: RequestId(2), result: Ok(Reply::default()) }));
    router.route(event(3, EventKind::Need(Box::new(need))));
    router.route(event(4, EventKind::NeedCancelled { request: RequestId(7) }));
    router.route(event(5, EventKind::Writable));
    router.route(message(6, "tips", None));
    router.route(event(7, EventKind::State { from: State::Idle, to: State::Active, cause: None }));
    router.flush();
    assert_eq!((seqs(&data), seqs(&reply), seqs(&other), seqs(&service)), (vec![6, 7], vec![1, 5], vec![5], vec![3, 4, 5, 7]));
}

#[test]
fn every_lane_ends_with_its_own_closed() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let full = router.open(&poller, LaneOptions { events: Some(1), ..LaneOptions::default() }).unwrap();
    let lanes = [full, router.open(&poller, LaneOptions::reply()).unwrap(), router.open(&poller, LaneOptions::service()).unwrap()];
    router.route(message(1, "tips", None));
    router.route(event(2, EventKind::Closed(Box::new(Closed { clean: true, ..Closed::default() }))));
    router.route(message(3, "tips", None));
    router.flush();
    let late = router.open(&poller, LaneOptions::default()).unwrap();
    for lane in lanes.iter().chain([&late]) {
        let events = drain(lane);
        let ends = events.iter().filter(|event| matches!(event.kind, EventKind::Closed(_))).count();
        assert_eq!(ends, 1);
        assert!(matches!(&events.last().unwrap().kind, EventKind::Closed(closed) if closed.clean));
        assert!(drain(lane).is_empty());
    }
}

#[test]
fn a_lane_that_ends_gives_its_subscriptions_back() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let owner = |id| LaneOptions { owns: vec![SubscriptionId(id)], events: Some(1), overflow: Overflow::Close, ..only(id) };
    let closed = router.open(&poller, owner(1)).unwrap();
    let dropped = router.open(&poller, owner(2)).unwrap();
    let overflowed = router.open(&poller, owner(3)).unwrap();
    let elsewhere = Poller::new_waiting();
    let _lost = router.open(&elsewhere, owner(4)).unwrap();
    router.own(closed.id(), SubscriptionId(10)).unwrap();
    assert_eq!(router.close(closed.id()), [SubscriptionId(1), SubscriptionId(10)]);
    assert_eq!(router.close(closed.id()), []);
    dropped.close();
    dropped.close();
    assert_eq!(router.attend().unsubscribe, [SubscriptionId(2)]);
    router.route(message(1, "tips", Some(3)));
    router.route(message(2, "tips", Some(3)));
    router.flush();
    assert_eq!(router.attend().unsubscribe, [SubscriptionId(3)]);
    drop(elsewhere);
    assert_eq!(router.attend().unsubscribe, [SubscriptionId(4)]);
    assert_eq!(router.lanes(), 0);
    for lane in [closed, dropped] {
        assert!(matches!(drain(&lane)[..], [crate::event::Event { kind: EventKind::Closed(_), .. }]));
    }
    assert_eq!(drain(&overflowed).len(), 2);
}

#[test]
fn a_filter_change_takes_hold_between_two_events() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let lane = router.open(&poller, LaneOptions::filtered(Filter::topics(["a"]))).unwrap();
    for (seq, topic) in [(1, "a"), (2, "b")] {
        router.route(message(seq, topic, None));
    }
    router.set(lane.id(), LaneOptions::filtered(Filter::topics(["b"]))).unwrap();
    for (seq, topic) in [(3, "a"), (4, "b")] {
        router.route(message(seq, topic, None));
    }
    router.flush();
    assert_eq!(seqs(&lane), [1, 4]);
}

#[test]
fn ten_thousand_lanes_come_and_go() {
    let (poller, mut router) = (Poller::new_waiting(), router());
    let lanes: Vec<_> = (0..10_000).map(|id| router.open(&poller, only(id)).unwrap()).collect();
    for id in 0..10_000 {
        router.route(message(id, "tips", Some(id)));
    }
    router.flush();
    assert!(lanes.iter().zip(0..).all(|(lane, id)| seqs(lane) == [id]));
    drop(router);
    assert!(lanes.iter().all(|lane| drain(lane).len() == 1));
}
