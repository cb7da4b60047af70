//! Bitquery's manners.

use serde_json::{Value, json};
use topicwire_gateway::machine::graphql::options::GraphQlOptions;

use crate::harness::{Bench, LEGACY, MODERN};

fn bitquery(patch: Value) -> Bench {
    let mut graphql = serde_json::to_value(GraphQlOptions::bitquery()).expect("options");
    for (key, value) in patch.as_object().expect("an object") {
        graphql[key] = value.clone();
    }
    Bench::with(&json!({ "graphql": graphql }))
}

const DEX: &str = "subscription { EVM(network: eth) { DEXTrades { Trade { Price } } } }";

fn types(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter_map(|frame| frame["type"].as_str()).collect()
}

#[test]
fn any_document_is_accepted_and_fed_by_its_root_field() {
    for (protocol, start, result) in [(MODERN, "subscribe", "next"), (LEGACY, "start", "data")] {
        let mut bench = bitquery(json!({"ka_ms": 0, "pong_ms": 0}));
        let conn = bench.graphql(protocol);
        bench.start(conn, start, "1", DEX);
        bench.start(conn, start, "2", "subscription { x: Solana { Blocks { Height } } }");
        let trade = json!({"DEXTrades": [{"Trade": {"Price": 1.5}}]});
        assert_eq!(bench.publish_graphql("EVM", &trade), 1);
        assert_eq!(bench.publish_graphql("Solana", &json!({})), 1);
        assert_eq!(bench.publish_graphql("Tron", &json!({})), 0);
        let frames = bench.jsons(conn);
        assert_eq!(frames[0], json!({"id": "1", "type": result, "payload": {"data": {"EVM": trade}}}));
        assert_eq!(frames[1]["payload"], json!({"data": {"x": {}}}));
    }
}

#[test]
fn stop_and_complete_are_ignored_and_a_start_with_a_running_id_ends_it() {
    let mut bench = bitquery(json!({"ka_ms": 0}));
    let conn = bench.graphql(LEGACY);
    bench.start(conn, "start", "1", DEX);
    bench.text(conn, json!({"type": "stop", "id": "1"}));
    bench.text(conn, json!({"type": "complete", "id": "1"}));
    bench.text(conn, json!({"type": "connection_init"}));
    assert_eq!(bench.publish_graphql("EVM", &json!({})), 1);
    assert_eq!(types(&bench.jsons(conn)), ["data"]);
    bench.start(conn, "start", "1", DEX);
    assert_eq!(bench.publish_graphql("EVM", &json!({})), 0);
}

#[test]
fn streams_over_the_cap_are_silent_and_each_field_under_the_root_counts() {
    let mut bench = bitquery(json!({"max_streams": 2, "ka_ms": 0}));
    let conn = bench.graphql(LEGACY);
    bench.start(conn, "start", "1", "subscription { EVM { Blocks { x } Transfers { y } } }");
    bench.start(conn, "start", "2", DEX);
    assert_eq!(bench.publish_graphql("EVM", &json!({})), 1);
    let frames = bench.jsons(conn);
    assert_eq!((frames.len(), &frames[0]["id"]), (1, &json!("1")));
}

#[test]
fn the_heartbeat_is_ka_or_an_unasked_pong() {
    let mut bench = bitquery(json!({}));
    let legacy = bench.open("/graphql", &[LEGACY]);
    let modern = bench.open("/graphql", &[MODERN]);
    for conn in [legacy, modern] {
        bench.text(conn, json!({"type": "connection_init"}));
    }
    bench.pass(4_000);
    assert_eq!(types(&bench.jsons(legacy)), ["connection_ack", "ka", "ka", "ka"]);
    assert_eq!(types(&bench.jsons(modern)), ["connection_ack", "pong", "pong"]);
}

#[test]
fn the_token_is_in_the_url_whatever_the_options_say() {
    let mut bench = bitquery(json!({"token": "ory_at_x", "token_place": "payload", "ka_ms": 0}));
    bench.open("/graphql?token=ory_at_x", &[LEGACY]);
    let refused = bench.upgrade(topicwire_gateway::machine::UpgradeRequest::new("/graphql?token=bad", &[LEGACY]));
    assert!(matches!(bench.take(refused), Some(crate::harness::Seen::Refuse(_))));
}

#[test]
fn what_does_not_parse_is_refused_in_the_words_of_the_subprotocol() {
    let mut bench = bitquery(json!({"ka_ms": 0}));
    let conn = bench.graphql(LEGACY);
    bench.start(conn, "start", "1", "subscription {");
    assert_eq!(types(&bench.jsons(conn)), ["error"]);
}
