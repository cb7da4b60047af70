//! `graphql-transport-ws`, case by case as the reference server behaves.

use serde_json::{Value, json};

use crate::harness::{Bench, MODERN, Seen, close};

fn next(id: &str, payload: Value) -> Value {
    json!({"id": id, "type": "next", "payload": payload})
}

fn complete(id: &str) -> Value {
    json!({"id": id, "type": "complete"})
}

#[test]
fn streams_interleave_and_end() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "a", "subscription { ticks(n: 2, intervalMs: 50) { seq label } }");
    bench.start(conn, "subscribe", "b", "subscription { t: countdown(from: 1, intervalMs: 70) }");
    bench.pass(220);
    let tick = |seq: u32| json!({"data": {"ticks": {"seq": seq, "label": null}}});
    let count = |n: u32| json!({"data": {"t": n}});
    let wanted = [next("a", tick(1)), next("b", count(1)), next("a", tick(2)), next("b", count(0)), complete("a"), complete("b")];
    assert_eq!(bench.jsons(conn), wanted);
}

#[test]
fn queries_and_mutations_give_one_result() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "q", "{ hello a: hello(name: \"you\") __typename }");
    bench.start(conn, "subscribe", "m", "mutation { echo(text: \"x\") }");
    bench.start(conn, "subscribe", "s", "{ slow(ms: 500) }");
    bench.pass(499);
    let hello = json!({"data": {"hello": "hello world", "a": "hello you", "__typename": "Query"}});
    let echo = json!({"data": {"echo": "x"}});
    assert_eq!(bench.jsons(conn), [next("q", hello), complete("q"), next("m", echo), complete("m")]);
    bench.pass(1);
    assert_eq!(bench.jsons(conn), [next("s", json!({"data": {"slow": "slept 500"}})), complete("s")]);
}

#[test]
fn variables_and_operation_names_are_heeded() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    let query = "query A { hello } query B($who: String) { hello(name: $who) }";
    let payload = json!({"query": query, "operationName": "B", "variables": {"who": "b"}, "extensions": null});
    bench.text(conn, json!({"id": "1", "type": "subscribe", "payload": payload}));
    bench.pass(0);
    assert_eq!(bench.json(conn), next("1", json!({"data": {"hello": "hello b"}})));
}

#[test]
fn the_schema_can_be_asked_for() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "{ __schema { subscriptionType { name } } }");
    bench.pass(0);
    assert_eq!(bench.json(conn), next("1", json!({"data": {"__schema": {"subscriptionType": {"name": "Subscription"}}}})));
}

#[test]
fn ping_is_answered_with_its_payload_at_any_time() {
    let mut bench = Bench::new();
    let conn = bench.open("/graphql", &[MODERN]);
    bench.text(conn, json!({"type": "ping", "payload": {"a": 1}}));
    bench.text(conn, json!({"type": "ping"}));
    bench.text(conn, json!({"type": "pong"}));
    assert_eq!(bench.jsons(conn), [json!({"type": "pong", "payload": {"a": 1}}), json!({"type": "pong"})]);
}

#[test]
fn an_init_must_come_in_time_and_once() {
    let mut bench = Bench::new();
    let late = bench.open("/graphql", &[MODERN]);
    bench.pass(3_000);
    assert_eq!(bench.rest(late), [close(4408, "Connection initialisation timeout")]);

    let conn = bench.graphql(MODERN);
    bench.pass(3_000);
    bench.text(conn, json!({"type": "connection_init"}));
    assert_eq!(bench.rest(conn), [close(4429, "Too many initialisation requests")]);
}

#[test]
fn an_operation_before_the_ack_closes_the_socket() {
    let mut bench = Bench::with(&json!({"graphql": {"ack_delay_ms": 10}}));
    let conn = bench.open("/graphql", &[MODERN]);
    bench.text(conn, json!({"type": "connection_init"}));
    bench.start(conn, "subscribe", "1", "{ hello }");
    assert_eq!(bench.rest(conn), [close(4401, "Unauthorized")]);
}

#[test]
fn a_wrong_token_is_forbidden_and_a_right_one_acked_with_the_payload() {
    let options = json!({"graphql": {"token": "good", "ack_payload": {"server": "test"}}});
    for (payload, let_in) in [
        (json!({"token": "good"}), true),
        (json!({"Authorization": "Bearer good"}), true),
        (json!({"headers": {"authorization": "good"}}), true),
        (json!({"token": "bad"}), false),
        (Value::Null, false),
    ] {
        let mut bench = Bench::with(&options);
        let conn = bench.open("/graphql", &[MODERN]);
        bench.text(conn, json!({"type": "connection_init", "payload": payload}));
        if let_in {
            assert_eq!(bench.json(conn), json!({"type": "connection_ack", "payload": {"server": "test"}}));
        } else {
            assert_eq!(bench.rest(conn), [close(4403, "Forbidden")], "{payload}");
        }
    }
}

#[test]
fn misshapen_frames_close_the_socket() {
    for frame in [
        "not json".to_owned(),
        "[]".to_owned(),
        json!({"type": "bogus"}).to_string(),
        json!({"type": 1}).to_string(),
        json!({"id": "1"}).to_string(),
        json!({"type": "start", "id": "1", "payload": {"query": "{ hello }"}}).to_string(),
        json!({"type": "stop", "id": "1"}).to_string(),
        json!({"type": "connection_terminate"}).to_string(),
        json!({"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}).to_string(),
        json!({"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}).to_string(),
        json!({"type": "subscribe", "id": "1"}).to_string(),
        json!({"type": "subscribe", "id": "1", "payload": {}}).to_string(),
        json!({"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": 1}}).to_string(),
        json!({"type": "complete"}).to_string(),
        json!({"type": "ping", "payload": "text"}).to_string(),
    ] {
        let mut bench = Bench::new();
        let conn = bench.graphql(MODERN);
        bench.raw_text(conn, &frame);
        assert_eq!(bench.rest(conn), [close(4400, "Invalid message received")], "{frame}");
    }
}

#[test]
fn an_id_in_use_closes_the_socket_and_a_freed_one_does_not() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    let query = "subscription { silent }";
    bench.start(conn, "subscribe", "1", query);
    bench.text(conn, complete("1"));
    bench.start(conn, "subscribe", "1", query);
    assert_eq!(bench.rest(conn), []);
    bench.start(conn, "subscribe", "1", query);
    assert_eq!(bench.rest(conn), [close(4409, "Subscriber for 1 already exists")]);
}

#[test]
fn the_clients_complete_is_not_answered_and_an_unknown_one_ignored() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "subscription { ticks(intervalMs: 10) { seq } }");
    bench.text(conn, complete("1"));
    bench.text(conn, complete("nobody"));
    bench.pass(100);
    assert_eq!(bench.jsons(conn), [] as [Value; 0]);
}

#[test]
fn each_failure_of_an_operation_looks_as_on_the_reference_server() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);

    bench.start(conn, "subscribe", "v", "subscription { nope }");
    let error = bench.json(conn);
    assert_eq!((&error["id"], &error["type"]), (&json!("v"), &json!("error")));
    assert!(error["payload"][0]["message"].as_str().is_some_and(|m| m.contains("nope")), "{error}");

    let payload = json!({"query": "query A { hello }", "operationName": "B"});
    bench.text(conn, json!({"id": "n", "type": "subscribe", "payload": payload}));
    let error = json!({"id": "n", "type": "error", "payload": [{"message": "Unable to identify operation"}]});
    assert_eq!(bench.json(conn), error);

    bench.start(conn, "subscribe", "m", "subscription ($n: Int!) { countdown(from: $n) }");
    let result = bench.json(conn);
    assert_eq!(result["type"], "next");
    assert_eq!((result["payload"]["errors"].is_array(), result["payload"].get("data")), (true, None));
    assert_eq!(bench.json(conn), complete("m"));

    bench.start(conn, "subscribe", "s", "subscription { failingSubscribe }");
    let result = bench.json(conn);
    assert_eq!(result["payload"]["errors"][0]["message"], "cannot subscribe");
    assert_eq!(result["payload"].get("data"), None);
    assert_eq!(bench.json(conn), complete("s"));

    bench.start(conn, "subscribe", "f", "subscription { failingField(n: 3) }");
    bench.pass(0);
    bench.pass(0);
    assert_eq!(bench.json(conn)["payload"], json!({"data": {"failingField": 1}}));
    let partial = bench.json(conn);
    assert_eq!(partial["payload"]["data"], json!({"failingField": null}));
    assert_eq!(partial["payload"]["errors"][0]["message"], "value 2 failed");
    assert_eq!(partial["payload"]["errors"][0]["extensions"]["code"], "TEST_FAILURE");
    assert_eq!(bench.json(conn)["payload"], json!({"data": {"failingField": 3}}));
    assert_eq!(bench.json(conn), complete("f"));

    bench.start(conn, "subscribe", "b", "subscription { failingStream(after: 1) }");
    bench.pass(0);
    assert_eq!(bench.json(conn)["type"], "next");
    let broken = json!({"id": "b", "type": "error", "payload": [{"message": "event source broke"}]});
    assert_eq!(bench.jsons(conn), [broken]);
}

#[test]
fn a_syntax_error_closes_the_whole_socket() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "good", "subscription { silent }");
    bench.start(conn, "subscribe", "bad", "subscription { ");
    match &bench.rest(conn)[..] {
        [Seen::Close(Some(4500), reason)] => assert!(reason.starts_with("Syntax Error: "), "{reason}"),
        other => panic!("expected a close, got {other:?}"),
    }
}

#[test]
fn heartbeats_run_from_the_moment_the_socket_opens() {
    let mut bench = Bench::with(&json!({"graphql": {"ping_ms": 100, "pong_ms": 250, "init_timeout_ms": 0, "ws_ping_ms": 0}}));
    let conn = bench.open("/graphql", &[MODERN]);
    bench.pass(300);
    let types: Vec<Value> = bench.jsons(conn).iter().map(|f| f["type"].clone()).collect();
    assert_eq!(types, ["ping", "ping", "pong", "ping"]);
}

#[test]
fn sources_pause_while_too_much_waits_to_be_sent() {
    let mut bench = Bench::with(&json!({"graphql": {"pause_above": 1000}}));
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "subscription { ticks(intervalMs: 10) { seq } }");
    bench.handle(topicwire_gateway::machine::Input::Buffered { conn, bytes: 1001 });
    bench.pass(1000);
    assert_eq!(bench.jsons(conn), [] as [Value; 0]);
    bench.handle(topicwire_gateway::machine::Input::Buffered { conn, bytes: 0 });
    bench.pass(20);
    assert_eq!(bench.json(conn)["payload"]["data"]["ticks"]["seq"], 1);
}

#[test]
fn json_in_a_binary_frame_is_taken_as_the_reference_server_does() {
    let mut bench = Bench::new();
    let conn = bench.open("/graphql", &[MODERN]);
    let data = br#"{"type":"connection_init"}"#.to_vec().into();
    bench.handle(topicwire_gateway::machine::Input::Binary { conn, data });
    assert_eq!(bench.json(conn)["type"], "connection_ack");
}

#[test]
fn blocks_are_what_is_published() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "subscription { blocks { number } }");
    bench.start(conn, "subscribe", "2", "subscription { silent }");
    let block = json!({"number": 5, "hash": "h", "time": "t", "transactions": 1});
    assert_eq!(bench.publish_graphql("blocks", &block), 1);
    assert_eq!(bench.jsons(conn), [next("1", json!({"data": {"blocks": {"number": 5}}}))]);
    assert_eq!(bench.publish_graphql("blocks", &json!({"hash": "no number"})), 1);
    let broken = bench.json(conn);
    assert_eq!((&broken["payload"]["data"], broken["payload"]["errors"].is_array()), (&Value::Null, true));
}

#[test]
fn deep_documents_do_not_exhaust_the_stack() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    for depth in [100, 400, 5_000] {
        let nest = |open: &str| format!("{}{}", open.repeat(depth), "}".repeat(depth));
        let query = format!("{{ __type(name: \"Tick\") {{ name {} }} }}", nest("ofType { name "));
        bench.start(conn, "subscribe", "1", &query);
        bench.pass(0);
        if depth > 1_000 {
            // Deeper than the parser goes: a syntax error, which ends the socket.
            assert!(matches!(bench.rest(conn)[..], [.., Seen::Close(Some(4500), _)]));
        } else {
            bench.jsons(conn);
        }
    }
}
