//! Listening to Astro and to plain servers.

use serde_json::{Value, json};
use topicwire_gateway::machine::{Cut, Fault, Target};

use crate::running::{Gateway, ROOM, Running, eventually, run, texts, topicwire};

const TOKEN: &str = "eyJ-a-token-for-tests";

fn follow() -> Value {
    json!({ "type": "follow", "provider": "twitch", "data": { "username": "quiet_otter" } })
}

fn astro(gateway: &Gateway, more: &[&str]) -> std::process::Command {
    let url = gateway.astro();
    let arguments = ["listen", "astro", "--url", &url, "--topic", "channel.activities", "--room", ROOM, "--token-env", "TOKEN"];
    let mut command = topicwire(&[&arguments, more].concat());
    command.env("TOKEN", TOKEN);
    command
}

#[test]
fn known_activities_are_readable_lines_and_the_rest_is_on_standard_error() {
    let gateway = Gateway::start();
    let mut running = Running::start(&mut astro(&gateway, &["--count", "2"]));
    running.until_it_says("listening to channel.activities");
    for _ in 0..2 {
        assert_eq!(gateway.publish("channel.activities", follow()), 1);
    }
    assert_eq!(running.wait().code(), Some(0));
    let out = std::io::read_to_string(running.out()).expect("it prints UTF-8");
    let lines: Vec<_> = out.lines().map(|line| line.split_once(' ').map(|(_, rest)| rest)).collect();
    assert_eq!(lines, [Some("follow: quiet_otter follows (twitch)"); 2], "no colour, since nobody is at a terminal");
    let err = running.stderr();
    assert!(err.contains("· active") && err.contains("· closed"), "{err}");
    assert!(!err.contains('\x1b') && !err.contains(TOKEN), "{err}");
}

#[test]
fn json_is_one_event_a_line_and_nothing_else() {
    let gateway = Gateway::start();
    let mut running = Running::start(&mut astro(&gateway, &["--json", "--count", "1"]));
    eventually("it listens", || running.has_ended() || gateway.publish("channel.activities", follow()) > 0);
    assert_eq!(running.wait().code(), Some(0));
    let out = std::io::read_to_string(running.out()).expect("it prints UTF-8");
    let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let kinds: Vec<_> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!(kinds.first().copied(), Some("state"));
    assert_eq!(kinds.last().copied(), Some("closed"));
    assert_eq!(kinds.iter().filter(|kind| **kind == "message").count(), 1, "{kinds:?}");
    let message = events.iter().find(|event| event["kind"] == "message").expect("there is one");
    assert_eq!(message["data"], follow());
    assert_eq!(message["topic"], "channel.activities");
    assert_eq!(message["room"], ROOM);
    assert!(message["id"].is_string() && message["seq"].is_u64());
    assert_eq!(running.stderr(), "");
}

#[test]
fn the_token_may_come_from_a_file_or_standard_input() {
    let gateway = Gateway::start();
    gateway.accept_only(TOKEN);
    let file = std::env::temp_dir().join(format!("topicwire-token-{}", std::process::id()));
    std::fs::write(&file, format!("{TOKEN}\n")).expect("a file can be written");
    let path = file.to_str().expect("it is UTF-8");
    let url = gateway.astro();
    let arguments = ["listen", "astro", "--url", &url, "--topic", "channel.activities", "--room", ROOM, "--count", "1", "--token-file"];
    for source in [path, "-"] {
        let mut command = topicwire(&[&arguments[..], &[source]].concat());
        command.stdin(std::fs::File::open(&file).expect("it was just written"));
        let mut running = Running::start(&mut command);
        running.until_it_says("listening to channel.activities");
        gateway.publish_until_heard("channel.activities", &follow());
        assert_eq!(running.wait().code(), Some(0));
    }
    std::fs::remove_file(&file).expect("it is there");
}

#[test]
fn a_refused_token_is_status_3_and_is_not_printed() {
    let gateway = Gateway::start();
    gateway.accept_only("another-token");
    for json in [&[][..], &["--json"]] {
        let output = run(&mut astro(&gateway, json));
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(3), "{err}");
        assert!(err.lines().last().is_some_and(|line| line.starts_with("topicwire: unauthorized: ")), "{err}");
        assert!(!out.contains(TOKEN) && !err.contains(TOKEN), "{out}{err}");
    }
}

#[test]
fn a_token_that_the_gateway_repeats_is_not_printed() {
    let gateway = Gateway::start();
    for json in [&[][..], &["--json"]] {
        gateway.fault(Fault::ForceError { topic: None, code: TOKEN.to_owned(), count: 1 });
        let output = run(&mut astro(&gateway, json));
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(4), "{err}");
        assert!(err.contains("***"), "{err}");
        assert!(!out.contains(TOKEN) && !err.contains(TOKEN), "{out}{err}");
    }
}

#[test]
fn one_refused_topic_does_not_end_the_others() {
    let gateway = Gateway::start();
    let mut running = Running::start(&mut astro(&gateway, &["--topic", "no.such.topic", "--count", "1"]));
    running.until_it_says("cannot listen to no.such.topic: refused");
    gateway.publish_until_heard("channel.activities", &follow());
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_planned_handover_is_told_and_loses_nothing() {
    let gateway = Gateway::start();
    let mut running = Running::start(&mut astro(&gateway, &["--count", "2"]));
    running.until_it_says("listening to channel.activities");
    assert_eq!(gateway.publish("channel.activities", follow()), 1);
    let handover = Fault::Reconnect { token: Default::default(), twice: false, grace_ms: None, target: Target::All };
    assert_eq!(gateway.fault(handover), 1);
    running.until_it_says("subscriptions carried over");
    assert_eq!(gateway.publish("channel.activities", follow()), 1);
    assert_eq!(running.wait().code(), Some(0));
    assert!(!running.stderr().contains("gap"));
}

#[test]
fn a_gap_is_told() {
    let gateway = Gateway::start();
    let mut running = Running::start(&mut astro(&gateway, &[]));
    running.until_it_says("listening to channel.activities");
    assert_eq!(gateway.fault(Fault::Cut { how: Cut::Reset, target: Target::All }), 1);
    running.until_it_says("! gap: channel.activities may have missed messages");
    running.until_it_says("listening again to channel.activities");
}

#[test]
fn raw_sends_and_prints_and_keeps_the_order() {
    let gateway = Gateway::start();
    let output = run(&mut topicwire(&["listen", "raw", "--url", &gateway.raw(), "--send", "one", "--send", "--two", "--count", "2"]));
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    let lines: Vec<_> = out.lines().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest).collect();
    assert_eq!(lines, ["one", "--two"]);
}

#[test]
fn a_server_that_says_goodbye_is_no_failure() {
    let gateway = Gateway::start();
    let mut running = Running::start(&mut topicwire(&["listen", "raw", "--url", &gateway.raw()]));
    running.until_it_says("active");
    assert_eq!(gateway.fault(Fault::Close { code: Some(1000), reason: "done".to_owned(), target: Target::All }), 1);
    assert_eq!(running.wait().code(), Some(0));
    assert!(running.stderr().contains("the server closed with 1000, done"));
}

#[test]
fn a_lost_cause_is_status_4() {
    // A port that was free a moment ago: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let url = format!("ws://127.0.0.1:{port}/");
    for more in [&["raw"][..], &["astro", "--topic", "t", "--room", "r", "--token-env", "TOKEN", "--retries", "1"]] {
        let output = run(topicwire(&[&["listen"], more, &["--url", &url]].concat()).env("TOKEN", TOKEN));
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(4), "{err}");
        assert!(err.lines().last().is_some_and(|line| line.starts_with("topicwire: connection_failed: ")), "{err}");
    }
}
