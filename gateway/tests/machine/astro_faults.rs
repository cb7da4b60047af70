//! What can go wrong with Astro's responses and messages.

use serde_json::{Value, json};

use crate::harness::{Bench, Seen, subscribe};

fn nonces(frames: &[Value]) -> Vec<Option<&str>> {
    frames.iter().map(|frame| frame["nonce"].as_str()).collect()
}

#[test]
fn responses_can_be_late() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "delay_responses", "ms": 300}));
    bench.text(conn, subscribe("slow", "channel.tips"));
    bench.text(conn, subscribe("quick", "channel.contests"));
    assert_eq!(nonces(&bench.jsons(conn)), [Some("quick")]);
    bench.pass(299);
    assert_eq!(bench.rest(conn), []);
    bench.pass(1);
    assert_eq!(nonces(&bench.jsons(conn)), [Some("slow")]);
}

#[test]
fn responses_can_come_in_reverse_and_a_lone_one_does_not_wait_for_ever() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "reorder_responses", "window": 2, "count": 3}));
    for (nonce, topic) in [("a", "channel.tips"), ("b", "channel.contests"), ("c", "channel.giveaways")] {
        bench.text(conn, subscribe(nonce, topic));
    }
    assert_eq!(nonces(&bench.jsons(conn)), [Some("b"), Some("a")]);
    bench.pass(250);
    assert_eq!(nonces(&bench.jsons(conn)), [Some("c")]);
}

#[test]
fn responses_and_nonces_can_be_lost() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "drop_responses"}));
    bench.fault(json!({"fault": "drop_nonces"}));
    for (nonce, topic) in [("a", "channel.tips"), ("b", "channel.contests"), ("c", "channel.giveaways")] {
        bench.text(conn, subscribe(nonce, topic));
    }
    assert_eq!(nonces(&bench.jsons(conn)), [None, Some("c")]);
    assert_eq!(bench.publish("channel.tips", json!({})), 1, "the command itself had its effect");
}

#[test]
fn a_response_can_come_after_the_first_message() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "respond_after_message"}));
    bench.text(conn, subscribe("n", "channel.tips"));
    assert_eq!(bench.rest(conn), []);
    bench.publish("channel.tips", json!({}));
    let types: Vec<Value> = bench.jsons(conn).iter().map(|f| f["type"].clone()).collect();
    assert_eq!(types, ["message", "response"]);
}

#[test]
fn errors_can_be_forced_for_a_topic() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "force_error", "topic": "channel.tips", "code": "err_deadline_exceeded"}));
    bench.fault(json!({"fault": "force_error", "code": "rate_limit_exceeded"}));
    assert_eq!(bench.subscribe(conn, "channel.tips")["error"], "err_deadline_exceeded");
    let limited = bench.subscribe(conn, "channel.contests");
    assert_eq!((limited["error"].as_str(), limited.get("nonce")), (Some("rate_limit_exceeded"), None));
    assert_eq!(bench.subscribe(conn, "channel.tips").get("error"), None);
}

#[test]
fn messages_can_lack_fields_and_come_twice() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    bench.fault(json!({"fault": "omit_fields", "fields": ["id", "ts", "room"]}));
    bench.publish("channel.tips", json!(1));
    assert_eq!(bench.json(conn), json!({"type": "message", "topic": "channel.tips", "data": 1}));
    bench.fault(json!({"fault": "duplicate_messages"}));
    bench.publish("channel.tips", json!(2));
    bench.publish("channel.tips", json!(3));
    let data: Vec<Value> = bench.jsons(conn).iter().map(|f| f["data"].clone()).collect();
    assert_eq!(data, [json!(2), json!(2), json!(3)]);
}

#[test]
fn unknown_types_and_topics_can_be_sent() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.open("/raw", &[]);
    bench.fault(json!({"fault": "unknown_type"}));
    assert_eq!(bench.json(conn)["type"], "mystery");
    bench.fault(json!({"fault": "unknown_topic", "topic": "astro"}));
    assert_eq!(bench.json(conn)["topic"], "astro");
}

#[test]
fn the_welcome_can_be_late_or_never_come() {
    let mut bench = Bench::with(&json!({"astro": {"welcome_delay_ms": 2000}}));
    let conn = bench.open("/", &[]);
    bench.pass(1_999);
    assert_eq!(bench.rest(conn), []);
    bench.pass(1);
    assert_eq!(bench.json(conn)["type"], "welcome");
    bench.machine.set_options(&json!({"astro": {"welcome": false, "welcome_delay_ms": 0}})).expect("fits");
    let conn = bench.open("/", &[]);
    bench.pass(10_000);
    assert_eq!(bench.rest(conn), []);
}

#[test]
fn a_token_can_be_made_to_expire() {
    let mut bench = Bench::with(&json!({"astro": {"on_expiry": "drop"}}));
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    assert_eq!(bench.fault(json!({"fault": "expire_token", "token": "se-jwt-1"})), 1);
    assert_eq!(bench.publish("channel.tips", json!({})), 0);
}

#[test]
fn clearing_takes_back_what_waits() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "drop_responses", "count": 5}));
    bench.fault(json!({"fault": "mute", "new": true}));
    bench.fault(json!({"fault": "refuse_upgrades", "status": 503, "count": 5}));
    bench.fault(json!({"fault": "clear"}));
    assert_eq!(bench.rest(conn), [Seen::Read(false), Seen::Read(true)]);
    assert_eq!(bench.subscribe(conn, "channel.tips")["nonce"], "n");
    bench.astro();
}
