//! What the machine shows of itself, and what it hides.

use std::time::Duration;

use serde_json::{Value, json};
use topicwire_gateway::machine::astro::tokens::TokenEntry;
use topicwire_gateway::machine::{ConnId, Input, Machine, Options, UpgradeRequest};

use crate::harness::{Bench, LEGACY, MODERN, ROOM, subscribe};

fn shown(bench: &Bench) -> String {
    let entries = serde_json::to_string(&bench.machine.transcript(0)).expect("JSON");
    let conns = serde_json::to_string(&bench.machine.connections()).expect("JSON");
    format!("{entries}{conns}{}", bench.machine.options_json())
}

#[test]
fn no_secret_is_shown_anywhere() {
    let mut bench = Bench::with(&json!({"graphql": {"token": "gql-secret"}}));
    let entry: TokenEntry = serde_json::from_value(json!({"token": "se-jwt-1", "channel": ROOM, "any_room": true})).expect("an entry");
    let debug = format!("{entry:?} {:?}", bench.machine.options());
    bench.machine.set_tokens(bench.now, vec![entry]);
    let astro = bench.astro();
    bench.subscribe(astro, "channel.tips");
    bench.publish("channel.tips", json!({"donation": {"user": {"email": "donor@example.org", "username": "badger"}}}));
    bench.rest(astro);
    bench.fault(json!({"fault": "reconnect"}));
    let resume = bench.json(astro)["data"]["reconnect_token"].as_str().expect("a token").to_owned();
    bench.raw_text(astro, r#"{"type":"subscribe","data":{"token":"broken-secret"#);
    bench.open(&format!("/?reconnect_token={resume}"), &[]);
    let graphql = bench.open("/graphql?token=url-secret", &[MODERN]);
    bench.text(graphql, json!({"type": "connection_init", "payload": {"x-api": "init-secret", "token": "gql-secret"}}));
    let text = shown(&bench);
    for secret in ["se-jwt-1", "donor@", "broken-secret", "url-secret", "init-secret", "gql-secret", resume.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
        assert!(!debug.contains(secret), "{secret} in {debug}");
    }
    for plain in ["badger", "channel.tips", "reconnect", "connection_init", "***"] {
        assert!(text.contains(plain), "{plain} is missing");
    }
}

#[test]
fn debug_of_inputs_and_outputs_shows_no_payload() {
    let request = UpgradeRequest::new("/?reconnect_token=secret", &[]);
    let input = Input::Text { conn: ConnId(1), text: "secret".into() };
    let frame = topicwire_gateway::machine::Frame::text("secret");
    let debug = format!("{request:?} {input:?} {frame:?}");
    assert!(!debug.contains("secret"), "{debug}");
}

#[test]
fn connections_are_listed_with_what_they_do() {
    let mut bench = Bench::new();
    bench.machine.set_alias("demo", ROOM);
    let astro = bench.astro();
    let mut command = subscribe("n", "channel.tips");
    command["data"]["room"] = json!("demo");
    bench.text(astro, command);
    let graphql = bench.graphql(LEGACY);
    bench.start(graphql, "start", "7", "subscription { silent }");
    let listed = serde_json::to_value(bench.machine.connections()).expect("JSON");
    assert_eq!(listed[0]["dialect"], "astro");
    assert_eq!(listed[0]["state"]["subscriptions"], json!([{"topic": "channel.tips", "room": ROOM, "requested_room": "demo"}]));
    assert_eq!((&listed[0]["frames_in"], &listed[0]["frames_out"]), (&json!(1), &json!(2)));
    assert_eq!((&listed[1]["dialect"], &listed[1]["subprotocol"]), (&json!("graphql"), &json!(LEGACY)));
    let operation = json!({"id": "7", "fields": ["silent"], "results": 0, "capped": false});
    assert_eq!(listed[1]["state"]["operations"], json!([operation]));
}

#[test]
fn the_transcript_is_bounded_and_can_be_read_from_where_one_was() {
    let mut bench = Bench::with(&json!({"transcript_limit": 5}));
    let conn = bench.open("/raw", &[]);
    for n in 0..10 {
        bench.raw_text(conn, &n.to_string());
    }
    let entries = bench.machine.transcript(0);
    assert_eq!(entries.len(), 5);
    let last = entries.last().map(|entry| entry.seq).expect("entries");
    assert_eq!((last, bench.machine.transcript(last).len()), (21, 0));
    assert_eq!(entries.last().map(|entry| entry.text.as_str()), Some("9"));
    let big = format!(r#""{}""#, "x".repeat(1 << 20));
    bench.raw_text(conn, &big);
    assert!(bench.machine.transcript(0).iter().all(|entry| entry.text.len() < 20_000));
}

#[test]
fn options_that_do_not_exist_are_refused_by_name() {
    let mut bench = Bench::new();
    let refused = bench.machine.set_options(&json!({"astro": {"pingms": 1}}));
    assert!(refused.is_err_and(|why| why.contains("pingms")));
    assert_eq!(bench.machine.options(), &Options::default());
}

#[test]
fn the_clock_can_be_pushed_on_and_timers_fire_at_their_own_time() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "subscription { ticks(n: 3, intervalMs: 1000) { atMs } }");
    let wall = bench.now.wall.0;
    bench.machine.advance(bench.now, Duration::from_millis(3_500));
    bench.collect();
    let at: Vec<Value> = bench.jsons(conn).iter().map(|f| f["payload"]["data"]["ticks"]["atMs"].clone()).collect();
    let due = |n: u64| json!((wall + n * 1000).to_string());
    assert_eq!(at, [due(1), due(2), due(3)]);
}

#[test]
fn a_stopped_clock_waits_for_nobody() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.machine.stop_clock(bench.now, true);
    assert_eq!(bench.machine.poll_timeout(), None);
    bench.pass(120_000);
    assert_eq!(bench.rest(conn), []);
    bench.machine.advance(bench.now, Duration::from_secs(30));
    bench.collect();
    assert_eq!(bench.rest(conn).len(), 1);
}

#[test]
fn the_same_seed_and_inputs_give_the_same_outputs() {
    let run = |seed| {
        let mut bench = Bench::new();
        bench.machine = Machine::new(Options::default(), seed);
        let conn = bench.open("/", &[]);
        bench.text(conn, subscribe("n", "channel.tips"));
        bench.publish("channel.tips", json!({}));
        bench.fault(json!({"fault": "reconnect"}));
        bench.pass(31_000);
        bench.rest(conn)
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn counters_count() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    bench.publish("channel.tips", json!({}));
    bench.publish("channel.contests", json!({}));
    bench.fault(json!({"fault": "refuse_upgrades", "status": 502}));
    bench.upgrade(UpgradeRequest::new("/", &[]));
    let stats = serde_json::to_value(bench.machine.stats()).expect("JSON");
    assert_eq!(stats, json!({"opened": 1, "refused": 1, "published": 2, "delivered": 1, "faults": 1}));
}
