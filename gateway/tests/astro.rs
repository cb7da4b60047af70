//! Astro over real sockets.

mod common;

use std::time::Duration;

use common::{Client, End, subscribe};
use serde_json::json;
use topicwire_gateway::LocalGateway;
use topicwire_gateway::machine::{Cut, Fault, ReconnectToken, Target};

#[tokio::test]
async fn a_subscriber_hears_what_is_published() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut client = Client::open(&gateway.astro_url()).await;
    let welcome = client.json().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["data"]["client_id"].as_str().map(str::len), Some(26));

    client.send(&subscribe("n1", "channel.tips")).await;
    let response = client.json().await;
    assert_eq!(response["nonce"], "n1");
    assert_eq!(response["data"]["room"], common::ROOM);

    let published = gateway.publish_astro("channel.tips", None, json!({"_id": "1"})).await.expect("running");
    assert_eq!(published.receivers, 1);
    let message = client.json().await;
    assert_eq!(message["id"], json!(published.id));
    assert_eq!(message["data"], json!({"_id": "1"}));
    gateway.stop().await;
}

#[tokio::test]
async fn a_planned_handover_loses_nothing() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut old = Client::open(&gateway.astro_url()).await;
    old.json().await;
    old.send(&subscribe("n1", "channel.tips")).await;
    old.json().await;

    let fault = Fault::Reconnect { token: ReconnectToken::Valid, twice: false, grace_ms: Some(60_000), target: Target::All };
    assert_eq!(gateway.fault(fault).await, Ok(1));
    let reconnect = old.json().await;
    let token = reconnect["data"]["reconnect_token"].as_str().expect("a token");

    let publish = |n: u32| gateway.publish_astro("channel.tips", None, json!({ "n": n }));
    publish(1).await.expect("running");
    let url = format!("{}?reconnect_token={token}", gateway.astro_url());
    let mut new = Client::open(&url).await;
    assert_eq!(new.json().await["type"], "welcome");
    publish(2).await.expect("running");

    assert_eq!(old.json().await["data"]["n"], 1);
    assert_eq!(new.json().await["data"]["n"], 2);
    let connections = gateway.connections().await.expect("running");
    assert_eq!(connections[1].state["resumed"], true);

    gateway.advance(Duration::from_secs(60)).await.expect("running");
    assert_eq!(old.end().await, End::Close(1001, "the node went away".to_owned()));
    let text = format!("{:?}", gateway.transcript().await.expect("running"));
    assert!(!text.contains(token) && !text.contains("se-jwt-1"));
}

#[tokio::test]
async fn a_connection_can_be_dropped_in_each_way() {
    let gateway = LocalGateway::start().await.expect("a free port");
    for how in [Cut::Fin, Cut::Reset] {
        let mut client = Client::open(&gateway.astro_url()).await;
        client.json().await;
        let target = Target::Newest;
        assert_eq!(gateway.fault(Fault::Cut { how, target }).await, Ok(1));
        assert_eq!(client.end().await, End::Cut, "{how:?}");
    }
    let mut client = Client::open(&gateway.astro_url()).await;
    client.json().await;
    let (how, target) = (Cut::Silent, Target::All);
    gateway.fault(Fault::Cut { how, target }).await.expect("hits");
    client.send(&subscribe("n", "channel.tips")).await;
    assert_eq!(gateway.connections().await.expect("running"), []);
    // Only the end of the gateway ends it.
    gateway.stop().await;
    assert_eq!(client.end().await, End::Cut);
}

#[tokio::test]
async fn a_planned_shutdown_tells_its_clients_first() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let url = gateway.astro_url();
    let mut client = Client::open(&url).await;
    client.json().await;
    let ending = tokio::spawn(gateway.shutdown(Duration::ZERO));
    assert_eq!(client.json().await["type"], "reconnect");
    assert_eq!(client.end().await, End::Close(1001, "the node went away".to_owned()));
    // Reading on sends the answer to the close, which is what the gateway waits for.
    assert_eq!(client.end().await, End::Cut);
    common::within("the end", ending).await.expect("no panic");
    Client::offer(&url, &[]).await.map(|_| ()).expect_err("nobody listens");
}
