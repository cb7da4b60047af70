//! The acceptance list for an Astro client, point by point. Each test carries the number of its point; the neighbouring files go deeper.

mod harness;

use std::time::Duration;

use harness::{Bench, kind_topic_room};
use serde_json::{Value, json};
use topicwire::command::Command;
use topicwire::event::EventKind;
use topicwire::id::{LinkId, RequestId, SubscriptionId};
use topicwire::options::{AstroOptions, Credential, Jitter, Options, TokenType};
use topicwire::session::io::{Frame, Input, Output};
use topicwire::view::astro::canonical;

const T: &str = "channel.tips";
const R: &str = "64f0a1b2c3d4e5f607182930";
const OTHER: &str = "64f0a1b2c3d4e5f607182931";

fn bench_with(change: impl FnOnce(&mut AstroOptions)) -> Bench {
    let mut options = AstroOptions::new("s3cret-jwt");
    options.reconnect.jitter = Jitter::None;
    change(&mut options);
    let mut bench = Bench::new(Options::Astro(options));
    bench.connect();
    bench
}

/// Connected, with one live subscription on a link that has proved itself.
fn listening() -> (Bench, LinkId, SubscriptionId) {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    let subscription = bench.subscribe(T, R);
    assert_eq!(bench.accept_all(link).len(), 1);
    bench.pass_ms(3_000);
    bench.events.clear();
    (bench, link, subscription)
}

/// The next command on a link, once pacing lets it go.
fn next_command(bench: &mut Bench, link: LinkId) -> Value {
    bench.pass_ms(120);
    let mut sent = bench.sent(link);
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

#[test]
fn point_01_nothing_is_sent_before_welcome() {
    let mut bench = bench_with(|_| {});
    bench.subscribe(T, R);
    let (link, _) = bench.dialed();
    bench.open(link);
    bench.pass_ms(9_000);
    assert!(bench.sent(link).is_empty());
    bench.welcome(link);
    assert_eq!(bench.sent(link).len(), 1);
}

#[test]
fn point_02_answers_out_of_order_resolve_the_right_commands_and_nonces_are_fresh() {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    // Above 20 subscriptions several commands are under way at once.
    let subscriptions: Vec<SubscriptionId> = (0..24).map(|n| bench.subscribe(&format!("channel.t{n}"), R)).collect();
    bench.pass_ms(2_000);
    let commands = bench.sent(link);
    assert_eq!(commands.len(), 8);
    let mut nonces: Vec<&str> = commands.iter().filter_map(|command| command["nonce"].as_str()).collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 8);
    for command in commands.iter().rev() {
        let topic = command["data"]["topic"].as_str().unwrap_or_default();
        if topic == "channel.t3" {
            bench.reject(link, command, "err_bad_request", "unknown topic");
        } else {
            bench.accept(link, command);
        }
    }
    assert!(bench.reply(RequestId(subscriptions[3].0)).is_some_and(|reply| reply.is_err()));
    for n in [0, 1, 2, 4, 5, 6, 7] {
        assert!(bench.reply(RequestId(subscriptions[n].0)).is_some_and(|reply| reply.is_ok()), "{n}");
    }
}

#[test]
fn point_03_already_subscribed_counts_as_success() {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    let subscription = bench.subscribe(T, R);
    let command = next_command(&mut bench, link);
    bench.reject(link, &command, "err_bad_request", "Already Subscribed to topic");
    assert!(bench.reply(RequestId(subscription.0)).is_some_and(|reply| reply.is_ok()));
}

#[test]
fn point_04_a_rate_limit_without_nonce_loses_no_command_and_fails_none() {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    let subscriptions = [bench.subscribe("channel.a", R), bench.subscribe("channel.b", R)];
    next_command(&mut bench, link);
    bench.text(link, &json!({"type": "response", "error": "rate_limit_exceeded", "data": {"message": "slow down"}}));
    bench.pass_ms(4_900);
    assert!(bench.sent(link).is_empty(), "the sender pauses");
    bench.pass_ms(200);
    assert_eq!(bench.accept_all(link).len(), 2);
    for subscription in subscriptions {
        assert!(bench.reply(RequestId(subscription.0)).is_some_and(|reply| reply.is_ok()));
    }
}

#[test]
fn point_05_two_hundred_subscriptions_never_trip_a_server_of_strict_spacing() {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    for n in 0..200 {
        bench.subscribe(&format!("channel.t{n}"), R);
    }
    let mut last: Option<Duration> = None;
    let mut accepted = 0;
    for _ in 0..40_000 {
        for command in bench.sent(link) {
            let now = bench.now.mono;
            assert!(last.is_none_or(|last| now - last >= Duration::from_millis(100)), "two commands within 100 ms");
            last = Some(now);
            accepted += 1;
            bench.accept(link, &command);
        }
        if accepted == 200 {
            break;
        }
        bench.pass_ms(1);
    }
    assert_eq!(accepted, 200);
}

#[test]
fn point_06_a_handover_under_constant_publication_loses_nothing_and_passes_nothing_twice() {
    let (mut bench, old, _) = listening();
    let mut published = 0;
    let mut publish = |bench: &mut Bench, links: &[LinkId], count: u32| {
        for _ in 0..count {
            for link in links {
                bench.publish(*link, &format!("m{published}"), T, R);
            }
            published += 1;
            bench.pass_ms(1);
        }
        published
    };
    publish(&mut bench, &[old], 20);
    bench.reconnect(old, Some("rt.1"));
    let (new, _) = bench.dialed();
    publish(&mut bench, &[old], 20);
    bench.open(new);
    bench.welcome(new);
    // For a while both deliver, and the old one has the last word.
    publish(&mut bench, &[new, old], 50);
    publish(&mut bench, &[old, new], 50);
    let count = publish(&mut bench, &[new], 3_000);
    bench.closed(old, 1001, "");
    let mut messages = bench.messages();
    assert_eq!(messages.len(), count as usize);
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), count as usize);
    assert!(bench.gaps().is_empty());
}

#[test]
fn point_07_a_bad_resume_token_falls_back_to_a_fresh_connection() {
    let (mut bench, old, subscription) = listening();
    bench.reconnect(old, Some("rt.bad"));
    let (refused, _) = bench.dialed();
    bench.open(refused);
    bench.closed(refused, 1008, "bad token");
    let (fresh, dial) = bench.dialed();
    assert!(!dial.url.expose().contains("reconnect_token"));
    bench.open(fresh);
    bench.welcome(fresh);
    assert_eq!(bench.accept_all(fresh), [("subscribe".to_owned(), T.to_owned(), R.to_owned())]);
    bench.publish(fresh, "1", T, R);
    let of = bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.subscriptions().to_vec()),
        _ => None,
    });
    assert_eq!(of, [vec![subscription]]);
}

#[test]
fn point_08_refusals_during_a_handover_keep_the_token_and_retry_after_is_honoured() {
    let (mut bench, old, _) = listening();
    bench.reconnect(old, Some("rt.1"));
    let (first, _) = bench.dialed();
    bench.refuse(first, 502, &[]);
    bench.pass_ms(600);
    let (second, dial) = bench.dialed();
    assert!(dial.url.expose().contains("reconnect_token"));
    bench.refuse(second, 429, &[("retry-after", "3")]);
    bench.pass_ms(2_900);
    assert_eq!(bench.dials(), 0, "not before Retry-After");
    bench.pass_ms(200);
    let (_, dial) = bench.dialed();
    assert!(dial.url.expose().contains("reconnect_token"));
}

#[test]
fn point_09_an_unplanned_loss_is_followed_by_the_delays_a_gap_and_every_subscription() {
    let (mut bench, link, subscription) = listening();
    bench.pass(Duration::from_secs(31));
    bench.cut(link);
    for wait in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        bench.pass_ms(wait - 1);
        assert_eq!(bench.dials(), 0, "not before {wait} ms");
        bench.pass_ms(1);
        let (link, _) = bench.dialed();
        bench.fail(link);
    }
    bench.pass_ms(30_000);
    let link = bench.astro_up();
    assert_eq!(bench.accept_all(link).len(), 1);
    let gaps = bench.gaps();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].subscriptions, [subscription]);
}

#[test]
fn point_10_a_server_that_accepts_and_drops_does_not_reset_the_counter() {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    bench.cut(link);
    for wait in [1_000, 2_000, 4_000] {
        bench.pass_ms(wait - 1);
        assert_eq!(bench.dials(), 0, "not before {wait} ms");
        bench.pass_ms(1);
        let link = bench.astro_up();
        bench.cut(link);
    }
}

#[test]
fn point_11_silence_is_noticed_and_a_ping_is_life_while_the_user_is_busy() {
    let (mut bench, link, _) = listening();
    // The driver answers the ping; a busy user does not hold up reading while a reply could be missed, and any frame is life.
    bench.input(Input::Pressure { on: true });
    bench.pass(Duration::from_secs(34));
    bench.input(Input::Frame { link, frame: Frame::Ping("".into()) });
    assert!(!bench.aborted(link));
    bench.pass(Duration::from_secs(2));
    let stalled = bench.take(|output| matches!(output, Output::Stall).then_some(()));
    assert!(stalled.is_some(), "reading goes on before the gateway gives up on the pong");
    bench.pass(Duration::from_secs(74));
    assert!(!bench.aborted(link) || bench.now.mono >= Duration::from_secs(110));
    bench.pass(Duration::from_secs(10));
    assert!(bench.faults().contains(&"stale"), "and silence is silence");
}

#[test]
fn point_12_ending_one_room_leaves_the_others_and_ending_all_is_a_distinct_command() {
    let mut bench = bench_with(|_| {});
    let link = bench.astro_up();
    let one = bench.subscribe(T, R);
    bench.subscribe(T, OTHER);
    bench.accept_all(link);
    bench.unsubscribe(one);
    let command = next_command(&mut bench, link);
    assert_eq!(kind_topic_room(&command), ("unsubscribe".to_owned(), T.to_owned(), R.to_owned()));
    bench.accept(link, &command);
    bench.events.clear();
    bench.publish(link, "1", T, OTHER);
    assert_eq!(bench.messages(), ["1"]);
    bench.command(Command::UnsubscribeAll { topic: T.to_owned() });
    let command = next_command(&mut bench, link);
    assert_eq!(command["data"], json!({"topic": T}));
}

#[test]
fn point_13_every_shape_of_a_session_reset_gives_the_same_session() {
    let dashes = json!({"follower-latest": {"name": "ada"}, "follower-total": {"count": 3}});
    let frames = [
        json!({"type": "message", "topic": "channel.session.reset", "data": {"session": dashes}}),
        json!({"type": "message", "topic": "channel.session.reset", "session": dashes}),
        json!({"type": "message", "topic": "channel.session.reset", "data": dashes}),
    ];
    let read = |frame: &Value| -> Value {
        let bytes = canonical("channel.session.reset", frame.to_string().as_bytes()).expect("a session reset has a canonical view");
        serde_json::from_slice(&bytes).expect("the canonical view is JSON")
    };
    let first = read(&frames[0]);
    assert!(first.to_string().contains("ada"), "{first}");
    for frame in &frames[1..] {
        assert_eq!(read(frame), first);
    }
    let underscores = json!({"latest_follower": {"name": "ada"}, "follower_count": 3});
    let old = read(&json!({"type": "message", "topic": "channel.session.reset", "data": {"session": underscores}}));
    assert!(old.to_string().contains("ada"), "{old}");
}

#[test]
fn point_14_what_is_unknown_survives_as_it_came() {
    let (mut bench, link, _) = listening();
    let frame = r#"{"type":"mystery","topic":"new.topic","data":{"shape":[1, 2.50]},"extra":true}"#;
    bench.raw_text(link, frame);
    let message = format!(r#"{{"type":"MESSAGE","topic":"new.topic","room":"{R}","data":{{"price":10.10}},"extra":true}}"#);
    bench.raw_text(link, &message);
    let seen = bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some((message.topic().map(str::to_owned), message.frame().clone(), message.payload().to_vec())),
        _ => None,
    });
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].1, frame.as_bytes());
    assert_eq!(seen[1].0.as_deref(), Some("new.topic"));
    assert_eq!(seen[1].2, br#"{"price":10.10}"#);
    let refused = bench.subscribe("channel.a", R);
    let command = next_command(&mut bench, link);
    bench.reject(link, &command, "err_of_tomorrow", "not today");
    let error = bench.reply(RequestId(refused.0)).expect("it is answered").expect_err("it was refused");
    assert!(error.contains("err_of_tomorrow"), "{error}");
}

#[test]
fn point_15_no_secret_is_printed() {
    let mut bench = bench_with(|options| options.token = Credential::Static("s3cret-jwt".into()));
    bench.subscribe(T, R);
    let link = bench.astro_up();
    bench.reconnect(link, Some("s3cret-resume"));
    bench.pass_ms(2_100);
    bench.raw_text(link, r#"{"type":"message","topic":"channel.tips","data":{"donation":{"user":{"email":"s3cret@mail"}}}}"#);
    bench.cut(link);
    let options = AstroOptions::new("s3cret-jwt");
    let printed = format!("{:?} {:?} {options:?}", bench.outputs, bench.events);
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[test]
fn point_16_oauth_and_oauth2_can_both_be_sent() {
    for (kind, name) in [(TokenType::Oauth, "oauth"), (TokenType::Oauth2, "oauth2")] {
        let mut bench = bench_with(|options| options.token_type = kind);
        let link = bench.astro_up();
        bench.subscribe(T, R);
        assert_eq!(next_command(&mut bench, link)["data"]["token_type"], name);
    }
}
