//! `graphql-ws` of `subscriptions-transport-ws`, case by case as the reference server behaves.

use serde_json::{Value, json};

use crate::harness::{Bench, LEGACY, Seen, close};

fn data(id: &str, payload: Value) -> Value {
    json!({"type": "data", "id": id, "payload": payload})
}

fn complete(id: &str) -> Value {
    json!({"type": "complete", "id": id, "payload": null})
}

fn error(id: &str, message: &str) -> Value {
    json!({"type": "error", "id": id, "payload": {"message": message}})
}

#[test]
fn the_recorded_exchange_comes_out_again() {
    let mut bench = Bench::with(&json!({"graphql": {"ka_ms": 400}}));
    let conn = bench.open("/graphql", &[LEGACY]);
    bench.text(conn, json!({"type": "connection_init", "payload": {}}));
    bench.start(conn, "start", "1", "subscription { countdown(from: 2) }");
    bench.pass(0);
    let count = |n: u32| data("1", json!({"data": {"countdown": n}}));
    let wanted = [json!({"type": "connection_ack"}), json!({"type": "ka"}), count(2), count(1), count(0), complete("1")];
    assert_eq!(bench.jsons(conn), wanted);
    bench.pass(800);
    assert_eq!(bench.jsons(conn), [json!({"type": "ka"}), json!({"type": "ka"})]);
}

#[test]
fn a_start_runs_without_an_init_and_nothing_times_out() {
    let mut bench = Bench::new();
    let conn = bench.open("/graphql", &[LEGACY]);
    bench.pass(60_000);
    bench.start(conn, "start", "1", "{ hello }");
    bench.pass(0);
    assert_eq!(bench.jsons(conn), [data("1", json!({"data": {"hello": "hello world"}})), complete("1")]);
}

#[test]
fn wrong_credentials_get_a_frame_and_ten_milliseconds() {
    let mut bench = Bench::with(&json!({"graphql": {"token": "good", "ack_delay_ms": 5}}));
    let conn = bench.open("/graphql", &[LEGACY]);
    bench.text(conn, json!({"type": "connection_init", "payload": {"token": "bad"}}));
    bench.start(conn, "start", "1", "{ hello }");
    assert_eq!(bench.rest(conn), []);
    bench.pass(5);
    let refused = json!({"type": "connection_error", "payload": {"message": "Unauthorized"}});
    assert_eq!(bench.jsons(conn), [refused, error("1", "Unauthorized")]);
    bench.pass(10);
    assert_eq!(bench.rest(conn), [close(1011, "")]);
}

#[test]
fn the_hole_of_the_reference_server_is_open_only_on_request() {
    let mut bench = Bench::with(&json!({"graphql": {"token": "good"}}));
    let conn = bench.open("/graphql", &[LEGACY]);
    bench.start(conn, "start", "1", "{ hello }");
    assert_eq!(bench.jsons(conn), [error("1", "Unauthorized")]);
    bench.machine.set_options(&json!({"graphql": {"legacy_auth_hole": true}})).expect("fits");
    bench.start(conn, "start", "2", "{ hello }");
    bench.pass(0);
    assert_eq!(bench.json(conn)["type"], "data");
}

#[test]
fn a_start_behind_the_init_waits_for_the_ack() {
    let mut bench = Bench::with(&json!({"graphql": {"ack_delay_ms": 50}}));
    let conn = bench.open("/graphql", &[LEGACY]);
    bench.text(conn, json!({"type": "connection_init"}));
    bench.start(conn, "start", "1", "{ hello }");
    bench.pass(60);
    let types: Vec<Value> = bench.jsons(conn).iter().map(|f| f["type"].clone()).collect();
    assert_eq!(types, ["connection_ack", "data", "complete"]);
}

#[test]
fn a_second_init_is_acked_again() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.text(conn, json!({"type": "connection_init"}));
    assert_eq!(bench.jsons(conn), [json!({"type": "connection_ack"})]);
}

#[test]
fn stop_is_answered_with_complete_and_an_unknown_one_with_nothing() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.start(conn, "start", "1", "subscription { ticks { seq } }");
    bench.text(conn, json!({"type": "stop", "id": "1"}));
    bench.text(conn, json!({"type": "stop", "id": "1"}));
    bench.pass(1000);
    assert_eq!(bench.jsons(conn), [complete("1")]);

    bench.machine.set_options(&json!({"graphql": {"ignore_stop": true}})).expect("fits");
    bench.start(conn, "start", "2", "subscription { ticks(n: 1) { seq } }");
    bench.text(conn, json!({"type": "stop", "id": "2"}));
    bench.pass(1000);
    assert_eq!(bench.jsons(conn), [data("2", json!({"data": {"ticks": {"seq": 1}}})), complete("2")]);
}

#[test]
fn each_failure_looks_as_on_the_reference_server() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    let refused = |bench: &mut Bench, id: &str| {
        let result = bench.json(conn);
        assert_eq!((&result["type"], &result["id"]), (&json!("data"), &json!(id)));
        assert_eq!((result["payload"]["errors"].is_array(), result["payload"].get("data")), (true, None));
        assert_eq!(bench.json(conn), complete(id));
    };
    bench.start(conn, "start", "v", "subscription { nope }");
    refused(&mut bench, "v");
    bench.start(conn, "start", "m", "subscription ($n: Int!) { countdown(from: $n) }");
    refused(&mut bench, "m");
    let payload = json!({"query": "query A { hello }", "operationName": "B"});
    bench.text(conn, json!({"id": "n", "type": "start", "payload": payload}));
    refused(&mut bench, "n");
    bench.start(conn, "start", "s", "subscription { failingSubscribe }");
    refused(&mut bench, "s");

    bench.start(conn, "start", "x", "subscription {");
    let syntax = bench.json(conn);
    assert_eq!((&syntax["type"], &syntax["id"]), (&json!("error"), &json!("x")));
    assert!(syntax["payload"]["message"].as_str().is_some_and(|m| m.starts_with("Syntax Error: ")), "{syntax}");

    bench.start(conn, "start", "b", "subscription { failingStream(after: 0) }");
    bench.pass(0);
    let payload = json!({"name": "Error", "message": "event source broke"});
    assert_eq!(bench.jsons(conn), [json!({"type": "error", "id": "b", "payload": payload})]);

    bench.text(conn, json!({"id": "p", "type": "start"}));
    assert_eq!(bench.json(conn)["type"], "error");
}

#[test]
fn unknown_types_draw_an_error_and_streams_go_on() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.start(conn, "start", "1", "subscription { ticks(intervalMs: 100) { seq } }");
    let invalid = json!({"message": "Invalid message type!"});
    for frame in [json!({"type": "complete", "id": "1"}), json!({"type": "ping", "id": "1"})] {
        bench.text(conn, frame);
        assert_eq!(bench.jsons(conn), [json!({"type": "error", "id": "1", "payload": invalid})]);
    }
    bench.text(conn, json!({"type": "bogus"}));
    assert_eq!(bench.jsons(conn), [json!({"type": "error", "payload": invalid})]);
    bench.pass(100);
    assert_eq!(bench.jsons(conn), [data("1", json!({"data": {"ticks": {"seq": 1}}}))]);
}

#[test]
fn text_that_is_not_json_draws_a_connection_error_and_the_socket_stays() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.raw_text(conn, "not json");
    let error = bench.json(conn);
    assert_eq!((&error["type"], error.get("id")), (&json!("connection_error"), Some(&Value::Null)));
    assert!(error["payload"]["message"].is_string());
    bench.start(conn, "start", "1", "{ hello }");
    bench.pass(0);
    assert_eq!(bench.json(conn)["type"], "data");
}

#[test]
fn an_id_in_use_is_taken_over_and_the_first_stream_completes_behind_the_start() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.start(conn, "start", "1", "subscription { ticks(intervalMs: 10) { seq } }");
    bench.start(conn, "start", "1", "subscription { countdown(from: 0) }");
    bench.pass(100);
    assert_eq!(bench.jsons(conn), [complete("1"), data("1", json!({"data": {"countdown": 0}})), complete("1")]);
}

#[test]
fn numeric_ids_are_echoed_as_numbers() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.text(conn, json!({"id": 7, "type": "start", "payload": {"query": "{ hello }"}}));
    bench.pass(0);
    let ids: Vec<Value> = bench.jsons(conn).iter().map(|f| f["id"].clone()).collect();
    assert_eq!(ids, [json!(7), json!(7)]);
}

#[test]
fn terminate_closes_without_a_code() {
    let mut bench = Bench::new();
    let conn = bench.graphql(LEGACY);
    bench.text(conn, json!({"type": "connection_terminate"}));
    assert_eq!(bench.rest(conn), [Seen::Close(None, String::new())]);
}

#[test]
fn keep_alive_can_come_before_the_ack() {
    let mut bench = Bench::with(&json!({"graphql": {"ka_before_ack": true}}));
    let conn = bench.open("/graphql", &[LEGACY]);
    assert_eq!(bench.jsons(conn), [json!({"type": "ka"})]);
}
