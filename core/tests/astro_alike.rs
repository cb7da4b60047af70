//! Messages that look like the one before: what is remembered for them never outlives what it was true of.

mod harness;

use std::sync::Arc;

use harness::Bench;
use topicwire::event::EventKind;
use topicwire::id::{LinkId, SubscriptionId};
use topicwire::lane::{Filter, Lane, LaneOptions, Poller, Router};
use topicwire::options::{AstroOptions, Jitter, Options};

const T: &str = "channel.tips";
const A: &str = "64f0a1b2c3d4e5f60718293a";
const B: &str = "64f0a1b2c3d4e5f60718293b";

fn connected() -> (Bench, LinkId) {
    let mut options = AstroOptions::new("jwt");
    options.reconnect.jitter = Jitter::None;
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    let link = bench.astro_up();
    (bench, link)
}

/// Routing fields first, and a payload behind them that is longer than what is compared.
fn publish(bench: &mut Bench, link: LinkId, id: &str, topic: &str, room: &str) {
    let (ts, text) = ("2026-11-01T00:00:01Z", "all of this is payload ".repeat(10));
    bench.raw_text(
        link,
        &format!(r#"{{"id":"{id}","ts":"{ts}","type":"message","topic":"{topic}","room":"{room}","data":{{"n":"{id}","text":"{text}"}}}}"#),
    );
}

/// Ids and subscriptions of the messages since the last look, as they came.
fn heard(bench: &mut Bench) -> Vec<(String, Vec<SubscriptionId>)> {
    bench.events_of(|kind| match kind {
        EventKind::Message(message) => {
            let payload: serde_json::Value = message.json().expect("JSON");
            assert_eq!(payload["n"].as_str(), message.id());
            Some((message.id().unwrap_or_default().to_owned(), message.subscriptions().to_vec()))
        }
        _ => None,
    })
}

#[test]
fn rooms_that_take_turns_are_told_apart() {
    let (mut bench, link) = connected();
    let (a, b) = (bench.subscribe(T, A), bench.subscribe(T, B));
    bench.accept_all(link);
    let mut wanted = Vec::new();
    for n in 100..160_u32 {
        // In turns, and in runs.
        let (room, subscription) = if n % 2 == 0 || n > 130 { (A, a) } else { (B, b) };
        publish(&mut bench, link, &n.to_string(), T, room);
        wanted.push((n.to_string(), vec![subscription]));
    }
    assert_eq!(heard(&mut bench), wanted);
}

#[test]
fn whoever_leaves_and_comes_back_is_known_by_its_new_number() {
    let (mut bench, link) = connected();
    let first = bench.subscribe(T, A);
    bench.accept_all(link);
    publish(&mut bench, link, "1", T, A);
    publish(&mut bench, link, "2", T, A);
    assert_eq!(heard(&mut bench), [("1".to_owned(), vec![first]), ("2".to_owned(), vec![first])]);
    bench.unsubscribe(first);
    publish(&mut bench, link, "3", T, A);
    assert!(heard(&mut bench).is_empty(), "it was on its way");
    bench.accept_all(link);
    publish(&mut bench, link, "4", T, A);
    assert_eq!(heard(&mut bench), [("4".to_owned(), vec![])], "nobody asked for it");
    let (second, third) = (bench.subscribe(T, A), bench.subscribe(T, A));
    bench.accept_all(link);
    publish(&mut bench, link, "5", T, A);
    assert_eq!(heard(&mut bench), [("5".to_owned(), vec![second, third])]);
    bench.unsubscribe(second);
    publish(&mut bench, link, "6", T, A);
    assert_eq!(heard(&mut bench), [("6".to_owned(), vec![third])]);
}

#[test]
fn the_next_link_delivers_to_the_same_subscriptions_and_repeats_are_dropped() {
    let (mut bench, old) = connected();
    let a = bench.subscribe(T, A);
    bench.accept_all(old);
    bench.pass_ms(3_000);
    publish(&mut bench, old, "1", T, A);
    publish(&mut bench, old, "2", T, A);
    bench.reconnect(old, Some("token"));
    let new = bench.astro_up();
    publish(&mut bench, new, "2", T, A);
    publish(&mut bench, new, "3", T, A);
    publish(&mut bench, old, "3", T, A);
    publish(&mut bench, old, "4", T, A);
    let ids: Vec<String> = heard(&mut bench).into_iter().map(|(id, by)| (by == [a]).then_some(id).expect("by its subscription")).collect();
    assert_eq!(ids, ["1", "2", "3", "4"]);
    // The old link goes, and a gap begins where both are gone.
    bench.cut(old);
    bench.pass_ms(10_000);
    bench.cut(new);
    bench.pass_ms(1_000);
    let next = bench.astro_up();
    bench.events.clear();
    publish(&mut bench, next, "5", T, A);
    let kinds: Vec<&str> = bench
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Gap(_) => Some("gap"),
            EventKind::Message(_) => Some("message"),
            _ => None,
        })
        .collect();
    bench.accept_all(next);
    publish(&mut bench, next, "6", T, A);
    assert_eq!(kinds, ["gap", "message"]);
    assert_eq!(heard(&mut bench).len(), 2);
}

/// Hands what was said to lanes, as a driver does.
fn route(bench: &mut Bench, router: &mut Router) {
    for event in bench.events.drain(..) {
        router.route(event);
    }
    router.flush();
}

fn ids(lane: &Lane) -> Vec<String> {
    let mut events = Vec::new();
    while lane.poll(8, &mut events) {}
    let id = |kind: &EventKind| match kind {
        EventKind::Message(message) => message.id().map(str::to_owned),
        _ => None,
    };
    events.iter().filter_map(|event| id(&event.kind)).collect()
}

#[test]
fn lanes_of_one_topic_that_come_change_and_go_hear_what_they_want_from_then_on() {
    let (mut bench, link) = connected();
    let (poller, mut router) = (Poller::new_waiting(), Router::new(Arc::new(|| {})));
    bench.session.set_interest(Box::new(router.interest()));
    bench.subscribe(T, A);
    bench.accept_all(link);
    let say = |bench: &mut Bench, router: &mut Router, id: &str| {
        publish(bench, link, id, T, A);
        route(bench, router);
    };
    let nobody = router.open(&poller, LaneOptions::filtered(Filter::topics(["channel.nobody"]))).expect("a lane");
    say(&mut bench, &mut router, "1");
    say(&mut bench, &mut router, "2");
    let one = router.open(&poller, LaneOptions::filtered(Filter::topics([T]))).expect("a lane");
    say(&mut bench, &mut router, "3");
    let other = router.open(&poller, LaneOptions::filtered(Filter::topics([T]))).expect("a lane");
    say(&mut bench, &mut router, "4");
    router.set(one.id(), LaneOptions::filtered(Filter::topics(["channel.other"]))).expect("open");
    say(&mut bench, &mut router, "5");
    router.close(other.id());
    say(&mut bench, &mut router, "6");
    router.set(nobody.id(), LaneOptions::filtered(Filter::topics([T]))).expect("open");
    say(&mut bench, &mut router, "7");
    assert_eq!((ids(&one), ids(&other), ids(&nobody)), (vec!["3".into(), "4".into()], vec!["4".into(), "5".into()], vec!["7".to_owned()]));
    let stats = bench.session.stats();
    assert_eq!((stats.messages, stats.filtered), (7, 3));
}
