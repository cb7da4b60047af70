//! Subscribing, losing and coming back.

mod harness;

use std::time::Duration;

use harness::Bench;
use topicwire::command::{Command, TopicTarget};
use topicwire::event::{EventKind, NeedReason};
use topicwire::options::{AstroOptions, Credential, Jitter, Options};

const T: &str = "channel.tips";
const R: &str = "64f0a1b2c3d4e5f607182930";

fn options() -> AstroOptions {
    let mut options = AstroOptions::new("jwt");
    options.reconnect.jitter = Jitter::None;
    options
}

fn connected(options: AstroOptions) -> Bench {
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    bench
}

#[test]
fn an_unplanned_loss_is_followed_by_the_published_delays_a_gap_and_all_subscriptions() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    for n in 0..3 {
        bench.subscribe(&format!("channel.t{n}"), R);
    }
    assert_eq!(bench.accept_all(link).len(), 3);
    bench.pass(Duration::from_secs(31));
    bench.publish(link, "1", "channel.t0", R);
    let since = bench.now.wall;
    bench.pass_ms(700);
    bench.cut(link);
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        assert_eq!(bench.dials(), 0);
        bench.pass_ms(wait - 1);
        assert_eq!(bench.dials(), 0, "not before {wait} ms");
        bench.pass_ms(1);
        let (link, _) = bench.dialed();
        bench.fail(link);
    }
    bench.pass_ms(30_000);
    let link = bench.astro_up();
    let mut topics: Vec<String> = bench.accept_all(link).into_iter().map(|(_, topic, _)| topic).collect();
    topics.sort();
    assert_eq!(topics, ["channel.t0", "channel.t1", "channel.t2"]);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 3);
    assert!(gaps.iter().all(|gap| gap.since == since));
}

#[test]
fn a_server_that_accepts_and_drops_is_not_hammered() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    bench.cut(link);
    for wait in [1_000, 2_000, 4_000, 8_000] {
        bench.pass_ms(wait - 1);
        assert_eq!(bench.dials(), 0);
        bench.pass_ms(1);
        let link = bench.astro_up();
        bench.cut(link);
    }
}

#[test]
fn a_message_before_the_answer_comes_after_the_gap() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    bench.subscribe(T, R);
    bench.accept_all(link);
    bench.cut(link);
    bench.pass_ms(1_000);
    let link = bench.astro_up();
    bench.events.clear();
    bench.publish(link, "1", T, R);
    let kinds: Vec<&str> = bench
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Gap(_) => Some("gap"),
            EventKind::Message(_) => Some("message"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["gap", "message"]);
    bench.accept_all(link);
    assert_eq!(bench.gaps().len(), 1, "it is told once");
}

#[test]
fn a_rate_limit_without_nonce_pauses_and_loses_nothing() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    bench.subscribe("channel.a", R);
    bench.subscribe("channel.b", R);
    let first = bench.sent(link);
    assert_eq!(first.len(), 1, "one command in flight makes every answer attributable");
    bench.raw_text(link, r#"{"type":"response","error":"rate_limit_exceeded","data":{"message":"slow down"}}"#);
    bench.pass_ms(4_900);
    assert!(bench.sent(link).is_empty());
    bench.pass_ms(200);
    let mut topics: Vec<String> = bench.accept_all(link).into_iter().map(|(_, topic, _)| topic).collect();
    topics.sort();
    assert_eq!(topics, ["channel.a", "channel.b"]);
}

#[test]
fn two_names_of_one_room_are_one_subscription_on_the_server() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    let canonical = bench.subscribe(T, R);
    bench.accept_all(link);
    let alias = bench.subscribe(T, "some-channel");
    bench.pass_ms(200);
    let asked = bench.sent(link);
    bench.reject(link, &asked[0], "err_bad_request", "Already subscribed to topic");
    bench.events.clear();
    bench.publish(link, "1", T, R);
    let of = bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.subscriptions().to_vec()),
        _ => None,
    });
    assert_eq!(of, [vec![canonical, alias]]);
    bench.unsubscribe(canonical);
    bench.pass_ms(1_000);
    assert!(bench.sent(link).is_empty(), "the other still listens");
    bench.unsubscribe(alias);
    bench.pass_ms(1_000);
    assert_eq!(bench.accept_all(link).len(), 1);
}

#[test]
fn one_answer_of_a_provider_serves_a_whole_round() {
    let mut bench = connected(AstroOptions { token: Credential::Provider, ..options() });
    let link = bench.astro_up();
    for n in 0..60 {
        bench.subscribe(&format!("channel.t{n}"), R);
    }
    let need = |bench: &mut Bench| {
        bench.events_of(|kind| match kind {
            EventKind::Need(need) => Some((need.request, need.reason.clone())),
            _ => None,
        })
    };
    let asked = need(&mut bench);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1, NeedReason::Initial);
    bench.session.answer_need(bench.now, asked[0].0, Ok(("fresh".into(), None)));
    bench.collect();
    assert_eq!(bench.accept_all(link).len(), 60);
    assert!(need(&mut bench).is_empty());
    bench.cut(link);
    bench.pass_ms(1_000);
    let link = bench.astro_up();
    let asked = need(&mut bench);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1, NeedReason::Reconnect);
    bench.session.answer_need(bench.now, asked[0].0, Ok(("fresher".into(), None)));
    bench.collect();
    let sent = bench.sent(link);
    assert_eq!(sent[0]["data"]["token"], "fresher");
}

#[test]
fn a_refused_credential_is_refreshed_once_and_then_reported() {
    let mut bench = connected(AstroOptions { token: Credential::Provider, ..options() });
    let link = bench.astro_up();
    let subscription = bench.subscribe(T, R);
    for round in 0..2 {
        let needs = bench.events_of(|kind| match kind {
            EventKind::Need(need) => Some((need.request, need.reason.clone())),
            _ => None,
        });
        assert_eq!(needs.len(), 1, "round {round}");
        assert_eq!(matches!(needs[0].1, NeedReason::Rejected { .. }), round == 1);
        bench.session.answer_need(bench.now, needs[0].0, Ok(("bad".into(), None)));
        bench.pass_ms(200);
        bench.collect();
        let sent = bench.sent(link);
        bench.reject(link, &sent[0], "err_unauthorized", "no");
    }
    let reply = bench.reply(topicwire::id::RequestId(subscription.0)).expect("a reply");
    assert!(reply.expect_err("refused").starts_with("unauthorized"));
}

#[test]
fn ending_a_topic_is_one_command_without_a_room() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    bench.subscribe(T, R);
    bench.subscribe(T, "64f0a1b2c3d4e5f607182931");
    bench.subscribe("channel.activities", R);
    bench.accept_all(link);
    let request = bench.command(Command::UnsubscribeAll { topic: T.to_owned() });
    bench.pass_ms(200);
    assert_eq!(bench.accept_all(link), [("unsubscribe".into(), T.into(), "-".into())]);
    assert!(bench.reply(request).is_some_and(|reply| reply.is_ok()));
    bench.events.clear();
    bench.publish(link, "1", "channel.activities", R);
    assert_eq!(bench.messages(), ["1"]);
}

#[test]
fn silence_is_noticed_and_the_link_replaced() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    bench.subscribe(T, R);
    bench.accept_all(link);
    bench.pass(Duration::from_secs(80));
    assert!(bench.aborted(link));
    assert!(bench.faults().contains(&"stale"));
    let link = bench.astro_up();
    assert_eq!(bench.accept_all(link).len(), 1);
    assert_eq!(bench.gaps().len(), 1);
}

#[test]
fn closing_settles_everything_and_ends_with_closed() {
    let mut bench = connected(options());
    let link = bench.astro_up();
    let live = bench.subscribe(T, R);
    bench.accept_all(link);
    let pending = bench.subscribe("channel.activities", R);
    bench.session.close(bench.now, 1000, "bye");
    bench.collect();
    assert_eq!(bench.closing(link).expect("a close frame").reason, "bye");
    assert!(bench.reply(topicwire::id::RequestId(pending.0)).is_some_and(|reply| reply.is_err()));
    bench.closed(link, 1000, "bye");
    assert!(
        matches!(bench.events.back().map(|event| &event.kind), Some(EventKind::Closed(closed)) if closed.clean && closed.cause.is_none())
    );
    assert!(
        bench
            .session
            .submit(bench.now, topicwire::id::RequestId(99), Command::Subscribe(TopicTarget::new(T, R)), bytes::Bytes::new())
            .is_err()
    );
    assert!(bench.session.connect(bench.now).is_err());
    assert_eq!(bench.session.poll_timeout(), None);
    let _ = live;
}

#[test]
fn each_tip_is_passed_once_where_that_is_asked_for() {
    let mut bench = connected(AstroOptions { tips_once: true, ..options() });
    let link = bench.astro_up();
    for topic in ["channel.tips", "channel.tips.moderation", "channel.activities"] {
        bench.subscribe(topic, R);
    }
    bench.accept_all(link);
    bench.messages();
    let tip = |id: &str, topic: &str, approved: &str| {
        serde_json::json!({"id": id, "type": "message", "topic": topic, "room": R,
            "data": {"_id": "tip-1", "approved": approved, "status": "success", "donation": {"amount": 5, "currency": "EUR", "user": {"username": "a"}}}})
    };
    bench.text(link, &tip("1", "channel.tips.moderation", "pending"));
    bench.text(link, &tip("2", "channel.tips.moderation", "allowed"));
    bench.text(link, &tip("3", "channel.tips", "allowed"));
    bench.text(link, &serde_json::json!({"id": "4", "type": "message", "topic": "channel.activities", "room": R, "data": {"type": "follow", "data": {"username": "b"}}}));
    assert_eq!(bench.messages(), ["2", "4"]);
}
