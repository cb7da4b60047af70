//! Commands of Astro and their answers.

use serde_json::{Value, json};
use topicwire_gateway::machine::Input;
use topicwire_gateway::machine::astro::tokens::TokenEntry;

use crate::harness::{Bench, ROOM, Seen, close, subscribe};

fn tokens(bench: &mut Bench, entries: Value) {
    let entries: Vec<TokenEntry> = serde_json::from_value(entries).expect("entries");
    bench.machine.set_tokens(bench.now, entries);
}

fn code(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or("none")
}

#[test]
fn the_welcome_comes_first_and_by_itself() {
    let mut bench = Bench::new();
    let conn = bench.open("/any/path", &[]);
    let welcome = bench.json(conn);
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["ts"], "2026-10-29T08:15:00Z");
    assert_eq!(welcome["id"].as_str().map(str::len), Some(26));
    assert_eq!(bench.rest(conn), []);
}

#[test]
fn a_success_carries_the_nonce_the_topic_and_the_canonical_room() {
    let mut bench = Bench::new();
    bench.machine.set_alias("demo", ROOM);
    let conn = bench.astro();
    let mut command = subscribe("n-1", "channel.tips");
    command["data"]["room"] = json!("demo");
    bench.text(conn, command);
    let answer = bench.json(conn);
    assert_eq!(answer["nonce"], "n-1");
    assert_eq!(answer["data"], json!({"message": "successfully subscribed to topic", "topic": "channel.tips", "room": ROOM}));
    assert_eq!(answer.get("error"), None);
    assert_eq!(bench.publish("channel.tips", json!({})), 1);
}

#[test]
fn each_bad_command_gets_its_error_and_its_nonce_back() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    let with = |path: &str, value: Value| {
        let mut command = subscribe("n", "channel.tips");
        match path {
            "type" => command["type"] = value,
            field => command["data"][field] = value,
        }
        command
    };
    for (command, wanted) in [
        (with("type", json!("publish")), "invalid_message_type"),
        (with("type", json!(7)), "invalid_message_type"),
        (with("topic", Value::Null), "err_bad_request"),
        (with("topic", json!("channel.nonsense")), "err_bad_request"),
        (with("topic", json!("channel.follow")), "err_bad_request"),
        (with("token", Value::Null), "err_bad_request"),
        (with("token", json!("")), "err_bad_request"),
        (with("token_type", json!("basic")), "err_bad_request"),
    ] {
        bench.text(conn, command.clone());
        let answer = bench.json(conn);
        assert_eq!((code(&answer), &answer["nonce"]), (wanted, &json!("n")), "{command}");
    }
    for text in ["not json", "[1]", "7"] {
        bench.raw_text(conn, text);
        let answer = bench.json(conn);
        assert_eq!((code(&answer), answer.get("nonce")), ("err_bad_request", None), "{text}");
    }
    assert_eq!(bench.subscribe(conn, "channel.tips").get("error"), None, "the connection goes on");
}

#[test]
fn a_second_subscribe_is_told_that_there_is_one_already() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    let answer = bench.subscribe(conn, "channel.tips");
    assert_eq!(code(&answer), "err_bad_request");
    assert_eq!(answer["data"], json!({"message": "already subscribed to topic"}));
}

#[test]
fn all_spellings_of_the_token_type_are_known() {
    let mut bench = Bench::new();
    for (topic, name) in
        [("channel.tips", "jwt"), ("channel.activities", "oauth2"), ("channel.contests", "oauth"), ("channel.giveaways", "apikey")]
    {
        let conn = bench.astro();
        let mut command = subscribe("n", topic);
        command["data"]["token_type"] = json!(name);
        bench.text(conn, command);
        assert_eq!(bench.json(conn).get("error"), None, "{name}");
    }
}

#[test]
fn a_missing_room_is_the_channel_of_the_token_or_the_global_room() {
    let mut bench = Bench::new();
    let mut command = subscribe("n", "channel.tips");
    command["data"].as_object_mut().expect("an object").remove("room");
    let conn = bench.astro();
    bench.text(conn, command.clone());
    assert_eq!(bench.json(conn)["data"]["room"], ROOM);

    // The claims are {"channel":"64aa"}.
    command["data"]["token"] = json!("h.eyJjaGFubmVsIjoiNjRhYSJ9.s");
    bench.text(conn, command.clone());
    assert_eq!(bench.json(conn)["data"]["room"], "64aa");

    bench.machine.set_options(&json!({"astro": {"missing_room": "global"}})).expect("fits");
    bench.text(conn, command);
    assert_eq!(bench.json(conn)["data"]["room"], "");
}

#[test]
fn tokens_open_what_the_table_says_and_nothing_else() {
    let mut bench = Bench::new();
    let wall = bench.now.wall.0;
    tokens(
        &mut bench,
        json!([
            {"token": "owner", "channel": ROOM},
            {"token": "tips", "channel": ROOM, "scopes": ["tips:read"], "type": "jwt"},
            {"token": "old", "channel": ROOM, "expires_at_ms": wall},
            {"token": "other", "channel": "64aa"},
        ]),
    );
    for (token, topic, token_type, wanted) in [
        ("owner", "channel.activities", "jwt", "none"),
        ("tips", "channel.tips", "jwt", "none"),
        ("tips", "channel.tips", "apikey", "err_unauthorized"),
        ("tips", "channel.activities", "jwt", "err_unauthorized"),
        ("tips", "channel.contests", "jwt", "none"),
        ("old", "channel.tips", "jwt", "err_unauthorized"),
        ("other", "channel.tips", "jwt", "err_unauthorized"),
        ("nobody", "channel.tips", "jwt", "err_unauthorized"),
    ] {
        let conn = bench.astro();
        let mut command = subscribe("n", topic);
        command["data"]["token"] = json!(token);
        command["data"]["token_type"] = json!(token_type);
        bench.text(conn, command);
        let answer = bench.json(conn);
        assert_eq!(code(&answer), wanted, "{token} {topic} {token_type}");
    }
}

#[test]
fn a_token_that_expires_does_to_its_subscriptions_what_the_option_says() {
    for (option, heard) in [("keep", 1), ("drop", 0), ("close", 0)] {
        let mut bench = Bench::with(&json!({"astro": {"on_expiry": option}}));
        let at = bench.now.wall.0 + 1_000;
        tokens(&mut bench, json!([{"token": "se-jwt-1", "channel": ROOM, "expires_at_ms": at}]));
        let conn = bench.astro();
        bench.subscribe(conn, "channel.tips");
        bench.pass(999);
        assert_eq!(bench.publish("channel.tips", json!({})), 1);
        bench.json(conn);
        bench.pass(1);
        assert_eq!(bench.publish("channel.tips", json!({})), heard, "{option}");
        if option == "close" {
            assert_eq!(bench.take(conn), Some(close(1008, "token expired")));
        } else {
            bench.rest(conn);
            assert_eq!(code(&bench.subscribe(conn, "channel.activities")), "err_unauthorized");
        }
    }
}

#[test]
fn unsubscribing_a_room_leaves_the_others_and_no_room_means_all() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    let mut other = subscribe("n", "channel.tips");
    other["data"]["room"] = json!("64aa");
    bench.text(conn, other.clone());
    bench.json(conn);

    bench.text(conn, json!({"type": "unsubscribe", "nonce": "u", "data": {"topic": "channel.tips", "room": ROOM}}));
    let answer = bench.json(conn);
    assert_eq!((&answer["nonce"], &answer["data"]["room"]), (&json!("u"), &json!(ROOM)));
    assert_eq!(bench.publish("channel.tips", json!({})), 0);

    bench.subscribe(conn, "channel.tips");
    bench.text(conn, json!({"type": "unsubscribe", "data": {"topic": "channel.tips", "room": "", "token": "ignored"}}));
    let answer = bench.json(conn);
    assert_eq!((answer.get("error"), answer.get("nonce")), (None, None));
    assert_eq!(bench.machine.connections()[0].state["subscriptions"], json!([]));
}

#[test]
fn unsubscribing_what_is_not_there_succeeds_unless_the_option_says_otherwise() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    let command = json!({"type": "unsubscribe", "nonce": "u", "data": {"topic": "channel.tips"}});
    bench.text(conn, command.clone());
    assert_eq!(bench.json(conn).get("error"), None);
    bench.machine.set_options(&json!({"astro": {"unsubscribe_missing_fails": true}})).expect("fits");
    bench.text(conn, command);
    assert_eq!(code(&bench.json(conn)), "err_bad_request");
}

#[test]
fn commands_over_the_rate_are_refused_without_a_nonce_and_have_no_effect() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    for n in 0..100 {
        bench.text(conn, json!({"type": "x", "nonce": n.to_string()}));
    }
    assert_eq!(bench.jsons(conn).len(), 100);
    let answer = bench.subscribe(conn, "channel.tips");
    assert_eq!((code(&answer), answer.get("nonce")), ("rate_limit_exceeded", None));
    assert_eq!(bench.publish("channel.tips", json!({})), 0);
    bench.pass(100);
    assert_eq!(bench.subscribe(conn, "channel.tips").get("error"), None);
}

#[test]
fn a_full_connection_is_told_about_the_limit() {
    let mut bench = Bench::with(&json!({"astro": {"subscription_limit": 1}}));
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    let answer = bench.subscribe(conn, "channel.contests");
    assert_eq!((code(&answer), &answer["data"]["message"]), ("err_bad_request", &json!("subscription limit exceeded")));
}

#[test]
fn a_nonce_that_is_not_text_is_echoed_as_text_or_left_out() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    let mut command = subscribe("", "channel.tips");
    command["nonce"] = json!(17);
    bench.text(conn, command.clone());
    assert_eq!(bench.json(conn)["nonce"], "17");
    bench.machine.set_options(&json!({"astro": {"nonce_as_text": false}})).expect("fits");
    bench.text(conn, command);
    assert_eq!(bench.json(conn).get("nonce"), None);
}

#[test]
fn binary_frames_are_ignored() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    let data = subscribe("n", "channel.tips").to_string().into();
    bench.handle(Input::Binary { conn, data });
    assert_eq!(bench.rest(conn), []);
}

#[test]
fn the_legacy_profile_is_that_of_the_older_page() {
    let mut bench = Bench::with(&json!({"astro": {"profile": "legacy"}}));
    let conn = bench.open("/", &[]);
    assert_eq!(bench.rest(conn), [], "no welcome");
    for topic in ["channel.follow", "channel.session.reset"] {
        assert_eq!(bench.subscribe(conn, topic).get("error"), None, "{topic}");
    }
    bench.publish("channel.session.reset", json!({"follower-total": {"count": 3}}));
    assert_eq!(bench.json(conn)["data"], json!({"session": {"follower_count": 3}}));
    bench.fault(json!({"fault": "reconnect", "grace_ms": 100}));
    assert_eq!(bench.rest(conn), [], "no reconnect");
    bench.pass(100);
    assert_eq!(bench.rest(conn), [close(1001, "the node went away")]);
}

#[test]
fn pings_come_each_thirty_seconds_and_their_absence_of_pongs_ends_the_connection() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.pass(29_999);
    assert_eq!(bench.rest(conn), []);
    bench.pass(1);
    assert!(matches!(bench.rest(conn)[..], [Seen::Other(topicwire_gateway::machine::Frame::Ping(_))]));
    bench.handle(Input::Pong { conn, data: bytes::Bytes::new() });
    bench.pass(69_999);
    let seen = bench.rest(conn);
    assert!(!seen.contains(&Seen::Drop(topicwire_gateway::machine::Cut::Fin)), "{seen:?}");
    bench.pass(1);
    assert_eq!(bench.rest(conn), [Seen::Drop(topicwire_gateway::machine::Cut::Fin)]);
}

#[test]
fn messages_carry_growing_ids_and_their_fields_in_the_order_that_is_set() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    bench.publish("channel.tips", json!({"n": 1}));
    bench.publish("channel.tips", json!({"n": 2}));
    let messages = bench.jsons(conn);
    assert!(messages[0]["id"].as_str() < messages[1]["id"].as_str());
    assert_eq!(messages[0]["room"], ROOM);

    bench.machine.set_options(&json!({"astro": {"key_order": "data_first"}})).expect("fits");
    bench.publish("channel.tips", json!({"n": 3}));
    let entries = bench.machine.transcript(0);
    let starts: Vec<&str> = entries.iter().rev().take(2).map(|entry| &entry.text[..6]).collect();
    assert_eq!(starts, [r#"{"data"#, r#"{"id":"#]);
}
