//! What can go wrong on both GraphQL subprotocols.

use serde_json::{Value, json};

use crate::harness::{Bench, LEGACY, MODERN, Seen, close};

fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame["type"].as_str()).collect()
}

const BOTH: [(&str, &str, &str); 2] = [(MODERN, "subscribe", "next"), (LEGACY, "start", "data")];

#[test]
fn the_ack_can_be_missing_or_late() {
    for (protocol, ..) in BOTH {
        let mut bench = Bench::new();
        bench.fault(json!({"fault": "no_ack"}));
        bench.fault(json!({"fault": "late_ack", "ms": 500}));
        let never = bench.open("/graphql", &[protocol]);
        let late = bench.open("/graphql", &[protocol]);
        for conn in [never, late] {
            bench.text(conn, json!({"type": "connection_init"}));
        }
        bench.pass(499);
        assert_eq!(bench.rest(late), []);
        bench.pass(5_000);
        assert_eq!(types(&bench.jsons(late)), ["connection_ack"]);
        assert_eq!(bench.rest(never), []);
    }
}

#[test]
fn the_socket_can_close_right_behind_each_ack() {
    for (protocol, ..) in BOTH {
        let mut bench = Bench::new();
        bench.fault(json!({"fault": "close_after_ack", "code": 4205, "reason": "again", "count": 2}));
        for _ in 0..2 {
            let conn = bench.graphql(protocol);
            assert_eq!(bench.rest(conn), [close(4205, "again")]);
        }
        let conn = bench.graphql(protocol);
        assert_eq!(bench.rest(conn), []);
    }
}

#[test]
fn a_result_can_come_before_the_ack() {
    for (protocol, _, result) in BOTH {
        let mut bench = Bench::new();
        bench.fault(json!({"fault": "data_before_ack"}));
        let conn = bench.open("/graphql", &[protocol]);
        assert_eq!(types(&bench.jsons(conn)), [result]);
    }
}

#[test]
fn results_can_be_swallowed_while_heartbeats_go_on() {
    for (protocol, start, result) in BOTH {
        let mut bench = Bench::with(&json!({"graphql": {"ka_ms": 100, "ping_ms": 100, "ws_ping_ms": 0}}));
        let conn = bench.open("/graphql", &[protocol]);
        bench.text(conn, json!({"type": "connection_init"}));
        bench.start(conn, start, "1", "subscription { ticks(intervalMs: 10) { seq } }");
        bench.fault(json!({"fault": "heartbeat_only"}));
        bench.rest(conn);
        bench.pass(250);
        let heard = bench.jsons(conn);
        assert!(types(&heard).iter().all(|kind| ["ka", "ping"].contains(kind)), "{heard:?}");
        assert_eq!(heard.len(), 2);
        bench.fault(json!({"fault": "heartbeat_only", "on": false}));
        bench.pass(10);
        assert_eq!(types(&bench.jsons(conn)), [result]);
    }
}

#[test]
fn operations_can_be_made_to_fail_with_an_error_of_any_shape() {
    let error = json!({"message": "no"});
    for (protocol, start, shape, payload) in [
        (MODERN, "subscribe", "reference", json!([error])),
        (LEGACY, "start", "reference", error.clone()),
        (LEGACY, "start", "array", json!([error])),
        (MODERN, "subscribe", "object", error.clone()),
        (LEGACY, "start", "errors", json!({"errors": [error]})),
        (LEGACY, "start", "text", json!("no")),
    ] {
        let mut bench = Bench::with(&json!({"graphql": {"error_shape": shape}}));
        bench.fault(json!({"fault": "fail_operations", "message": "no"}));
        let conn = bench.graphql(protocol);
        bench.start(conn, start, "1", "{ hello }");
        assert_eq!(bench.json(conn)["payload"], payload, "{protocol} {shape}");
    }
}

#[test]
fn stray_frames_can_be_sent() {
    for (protocol, start, result) in BOTH {
        let mut bench = Bench::new();
        let conn = bench.graphql(protocol);
        bench.start(conn, start, "1", "subscription { ticks(intervalMs: 10) { seq } }");
        bench.pass(10);
        let first = bench.json(conn);
        let stray = |bench: &mut Bench, kind: &str| {
            assert_eq!(bench.fault(json!({"fault": "stray", "kind": kind})), 1);
            bench.jsons(conn)
        };
        assert_eq!(stray(&mut bench, "unknown_id")[0]["id"], "nobody");
        assert_eq!(stray(&mut bench, "repeat_result"), std::slice::from_ref(&first));
        assert_eq!(types(&stray(&mut bench, "unknown_type")), ["mystery"]);
        assert_eq!(types(&stray(&mut bench, "connection_error")), ["connection_error"]);
        let error = stray(&mut bench, "error_without_id");
        assert_eq!((error[0]["type"].as_str(), error[0].get("id")), (Some("error"), None));
        let ended = stray(&mut bench, "complete_then_result");
        assert_eq!(types(&ended), ["complete", result]);
        assert_eq!(ended[1], first);
        bench.pass(100);
        assert_eq!(bench.jsons(conn), [] as [Value; 0], "it has ended");
        bench.start(conn, start, "2", "subscription { silent }");
        assert_eq!(types(&stray(&mut bench, "complete_twice")), ["complete", "complete"]);
    }
}

#[test]
fn connections_can_go_mute_after_a_time_or_a_number_of_results() {
    let mut bench = Bench::with(&json!({"graphql": {"mute_after_results": 2}}));
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "subscription { ticks(intervalMs: 10) { seq } }");
    bench.pass(100);
    let seen = bench.rest(conn);
    assert_eq!((seen.len(), seen.last()), (3, Some(&Seen::Read(false))), "{seen:?}");

    let mut bench = Bench::with(&json!({"graphql": {"mute_after_ms": 1000}}));
    let conn = bench.graphql(LEGACY);
    bench.pass(1000);
    bench.start(conn, "start", "1", "{ hello }");
    assert_eq!(bench.rest(conn), [Seen::Read(false)]);
}

#[test]
fn big_results_are_as_big_as_asked_up_to_a_limit() {
    let mut bench = Bench::new();
    let conn = bench.graphql(MODERN);
    bench.start(conn, "subscribe", "1", "subscription { big(bytes: 100000, n: 2) }");
    bench.pass(0);
    let frames = bench.jsons(conn);
    assert_eq!(types(&frames), ["next", "next", "complete"]);
    assert_eq!(frames[0]["payload"]["data"]["big"].as_str().map(str::len), Some(100_000));
    bench.start(conn, "subscribe", "2", "subscription { big(bytes: 2000000000) }");
    assert!(bench.json(conn)["payload"]["errors"].is_array());
}
