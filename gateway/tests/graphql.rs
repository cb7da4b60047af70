//! GraphQL over real sockets.

mod common;

use common::Client;
use serde_json::json;
use topicwire_gateway::LocalGateway;

const MODERN: &str = "graphql-transport-ws";
const LEGACY: &str = "graphql-ws";

#[tokio::test]
async fn the_modern_subprotocol_counts_down() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let offered = Client::offer(&gateway.graphql_url(), &[MODERN, LEGACY]).await;
    let mut client = offered.expect("accepted");
    assert_eq!(client.subprotocol.as_deref(), Some(MODERN));
    client.send(r#"{"type":"connection_init"}"#).await;
    assert_eq!(client.json().await, json!({"type": "connection_ack"}));
    let query = "subscription { countdown(from: 1) }";
    let start = json!({"id": "a", "type": "subscribe", "payload": {"query": query}});
    client.send(&start.to_string()).await;
    for n in [1, 0] {
        let next = json!({"id": "a", "type": "next", "payload": {"data": {"countdown": n}}});
        assert_eq!(client.json().await, next);
    }
    assert_eq!(client.json().await, json!({"id": "a", "type": "complete"}));
}

#[tokio::test]
async fn the_legacy_subprotocol_gets_published_blocks() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let offered = Client::offer(&gateway.graphql_url(), &[LEGACY]).await;
    let mut client = offered.expect("accepted");
    client.send(r#"{"type":"connection_init","payload":{}}"#).await;
    assert_eq!(client.json().await, json!({"type": "connection_ack"}));
    let query = "subscription { b: blocks { number hash } }";
    let start = json!({"id": "1", "type": "start", "payload": {"query": query}});
    client.send(&start.to_string()).await;
    // Anything answered behind the start shows that it was taken in.
    client.send(r#"{"id":"2","type":"nonsense"}"#).await;
    assert_eq!(client.json().await["id"], "2");

    let block = json!({"number": 7, "hash": "0x7", "time": "t", "transactions": 3});
    assert_eq!(gateway.publish_graphql("blocks", block).await, Ok(1));
    let data = client.json().await;
    assert_eq!(data["type"], "data");
    assert_eq!(data["payload"], json!({"data": {"b": {"number": 7, "hash": "0x7"}}}));

    client.send(r#"{"id":"1","type":"stop"}"#).await;
    let complete = json!({"type": "complete", "id": "1", "payload": null});
    assert_eq!(client.json().await, complete);
}
