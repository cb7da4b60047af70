//! Planned handovers.

use serde_json::{Value, json};
use topicwire_gateway::machine::{Cut, Input, Refusal, UpgradeRequest};

use crate::harness::{Bench, Seen, close};

/// A bench with a subscribed connection that was told to reconnect, and the token that it got.
fn told(options: &Value) -> (Bench, topicwire_gateway::machine::ConnId, String) {
    let mut bench = Bench::with(options);
    let conn = bench.astro();
    bench.subscribe(conn, "channel.tips");
    assert_eq!(bench.fault(json!({"fault": "reconnect"})), 1);
    let token = token(&bench.json(conn));
    (bench, conn, token)
}

fn token(frame: &Value) -> String {
    assert_eq!(frame["type"], "reconnect");
    frame["data"]["reconnect_token"].as_str().expect("a token").to_owned()
}

fn url(token: &str) -> String {
    format!("/?reconnect_token={token}")
}

#[test]
fn delivery_moves_with_the_welcome_and_nothing_is_lost_or_doubled() {
    let (mut bench, old, token) = told(&json!({}));
    bench.machine.set_options(&json!({"astro": {"welcome_delay_ms": 50}})).expect("fits");
    assert_eq!(bench.publish("channel.tips", json!(1)), 1);
    let new = bench.open(&url(&token), &[]);
    assert_eq!(bench.publish("channel.tips", json!(2)), 1, "no welcome yet");
    bench.pass(50);
    assert_eq!(bench.publish("channel.tips", json!(3)), 1);
    let data = |frames: Vec<Value>| frames.into_iter().map(|f| f["data"].clone()).collect::<Vec<_>>();
    assert_eq!(data(bench.jsons(old)), [json!(1), json!(2)]);
    assert_eq!(bench.json(new)["type"], "welcome");
    assert_eq!(data(bench.jsons(new)), [json!(3)]);
    assert_eq!(bench.subscribe(new, "channel.tips")["error"], "err_bad_request", "it is restored");
}

#[test]
fn the_old_connection_is_closed_when_its_grace_is_over() {
    let (mut bench, old, _) = told(&json!({}));
    bench.pass(9_999);
    assert_eq!(bench.rest(old), []);
    bench.pass(1);
    assert_eq!(bench.rest(old), [close(1001, "the node went away")]);
    bench.handle(Input::Close { conn: old, code: Some(1001), reason: String::new() });
    assert_eq!(bench.rest(old), [Seen::Drop(Cut::Fin)]);
}

#[test]
fn a_token_is_good_once() {
    let (mut bench, _, token) = told(&json!({}));
    bench.resume_with(&url(&token));
    let again = bench.open(&url(&token), &[]);
    assert_eq!(bench.rest(again), [close(1008, "reconnect token not accepted")]);
}

#[test]
fn a_token_dies_of_age() {
    let (mut bench, _, token) = told(&json!({"astro": {"resume_ms": 1000}}));
    bench.pass(1000);
    let late = bench.open(&url(&token), &[]);
    assert_eq!(bench.rest(late), [close(1008, "reconnect token not accepted")]);
}

#[test]
fn a_bad_token_is_refused_in_the_way_that_is_set() {
    let mut bench = Bench::with(&json!({"astro": {"bad_resume": "after_welcome"}}));
    let conn = bench.resume_with("/?reconnect_token=bad");
    assert_eq!(bench.rest(conn), [close(1008, "reconnect token not accepted")]);

    bench.machine.set_options(&json!({"astro": {"bad_resume": "http"}})).expect("fits");
    let conn = bench.upgrade(UpgradeRequest::new("/?reconnect_token=bad", &[]));
    let refused = bench.rest(conn);
    assert!(matches!(refused[..], [Seen::Refuse(Refusal::Status { status: 403, .. })]), "{refused:?}");
}

#[test]
fn reconnect_can_come_without_a_token_with_a_bad_one_and_twice() {
    let mut bench = Bench::new();
    let conn = bench.astro();
    bench.fault(json!({"fault": "reconnect", "token": "missing"}));
    assert_eq!(bench.json(conn)["data"].get("reconnect_token"), None);
    for kind in ["expired", "unknown"] {
        bench.fault(json!({"fault": "reconnect", "token": kind}));
        let token = token(&bench.json(conn));
        let resumed = bench.open(&url(&token), &[]);
        assert_eq!(bench.rest(resumed), [close(1008, "reconnect token not accepted")], "{kind}");
    }
    bench.fault(json!({"fault": "reconnect", "twice": true, "target": {"conn": 1}}));
    let (first, second) = (token(&bench.json(conn)), token(&bench.json(conn)));
    assert_ne!(first, second);
    bench.resume_with(&url(&first));
    bench.resume_with(&url(&second));
}

#[test]
fn both_sides_can_deliver_so_that_every_message_comes_twice() {
    let (mut bench, old, token) = told(&json!({"astro": {"handover": "both"}}));
    let new = bench.resume_with(&url(&token));
    assert_eq!(bench.publish("channel.tips", json!(1)), 2);
    assert_eq!(bench.json(old)["id"], bench.json(new)["id"]);
}

#[test]
fn the_old_side_can_go_on_alone_until_it_is_gone() {
    let (mut bench, old, token) = told(&json!({"astro": {"handover": "old"}}));
    let new = bench.resume_with(&url(&token));
    assert_eq!(bench.publish("channel.tips", json!(1)), 1);
    assert_eq!(bench.json(old)["data"], 1);
    bench.handle(Input::Lost { conn: old });
    assert_eq!(bench.publish("channel.tips", json!(2)), 1);
    assert_eq!(bench.json(new)["data"], 2);
}

#[test]
fn what_is_published_in_between_can_be_lost() {
    let (mut bench, _, token) = told(&json!({"astro": {"handover": "lose"}}));
    assert_eq!(bench.publish("channel.tips", json!(1)), 0);
    bench.resume_with(&url(&token));
    assert_eq!(bench.publish("channel.tips", json!(2)), 1);
}

#[test]
fn a_lost_connection_leaves_its_last_subscriptions_to_its_token() {
    let (mut bench, old, token) = told(&json!({}));
    bench.subscribe(old, "channel.contests");
    bench.handle(Input::Lost { conn: old });
    bench.resume_with(&url(&token));
    assert_eq!(bench.publish("channel.contests", json!({})), 1);
}

#[test]
fn a_snapshot_restores_only_what_was_there_when_the_token_was_sent() {
    let (mut bench, old, token) = told(&json!({"astro": {"resume_set": "snapshot"}}));
    bench.subscribe(old, "channel.contests");
    bench.handle(Input::Lost { conn: old });
    bench.resume_with(&url(&token));
    assert_eq!(bench.publish("channel.contests", json!({})), 0);
    assert_eq!(bench.publish("channel.tips", json!({})), 1);
}

#[test]
fn a_planned_shutdown_sends_reconnect_refuses_others_and_closes() {
    let mut bench = Bench::new();
    let astro = bench.astro();
    let raw = bench.open("/raw", &[]);
    bench.machine.shutdown(bench.now, Some(std::time::Duration::from_millis(500)));
    bench.collect();
    token(&bench.json(astro));
    assert_eq!(bench.rest(raw), [close(1001, "Going away")]);
    let late = bench.upgrade(UpgradeRequest::new("/", &[]));
    let refused = bench.rest(late);
    assert!(matches!(refused[..], [Seen::Refuse(Refusal::Status { status: 502, .. })]), "{refused:?}");
    bench.pass(500);
    assert_eq!(bench.rest(astro), [close(1001, "the node went away")]);
    bench.pass(2_000);
    assert_eq!(bench.machine.open_connections(), 0, "who does not answer is cut");
}
