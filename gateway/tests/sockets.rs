//! The network layer: refusals, cuts, bad frames, slow readers, many connections.

mod common;

use std::time::Duration;

use common::{Client, End, http, within};
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use topicwire_gateway::machine::{BadFrame, Fault, Target};
use topicwire_gateway::{GatewayError, LocalGateway};

fn fault(json: serde_json::Value) -> Fault {
    serde_json::from_value(json).expect("a fault")
}

#[tokio::test]
async fn upgrades_are_refused_with_status_and_headers() {
    let gateway = LocalGateway::start().await.expect("a free port");
    gateway.fault(fault(json!({"fault": "refuse_upgrades", "status": 429}))).await.expect("fits");
    match Client::offer(&gateway.astro_url(), &[]).await.err().map(|e| *e) {
        Some(Error::Http(response)) => {
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers().get("retry-after").map(|v| v.as_bytes()), Some(&b"2"[..]));
        }
        other => panic!("expected HTTP 429, got {other:?}"),
    }
    Client::open(&gateway.astro_url()).await;
}

#[tokio::test]
async fn upgrades_can_be_reset_and_can_hang() {
    let gateway = LocalGateway::start().await.expect("a free port");
    gateway.fault(fault(json!({"fault": "reset_upgrades"}))).await.expect("fits");
    let reset = Client::offer(&gateway.astro_url(), &[]).await.err().map(|e| *e);
    assert!(matches!(reset, Some(Error::Io(_))), "{reset:?}");

    gateway.fault(fault(json!({"fault": "hang_upgrades"}))).await.expect("fits");
    let url = gateway.raw_url();
    let hanging = tokio::spawn(async move { Client::offer(&url, &[]).await.err().map(|e| *e) });
    // The next one is answered, so the first was taken in and is not.
    while gateway.stats().await.expect("running").refused < 2 {
        tokio::task::yield_now().await;
    }
    Client::open(&gateway.raw_url()).await;
    assert!(!hanging.is_finished());
    gateway.stop().await;
    assert!(within("the end", hanging).await.expect("no panic").is_some());
}

#[tokio::test]
async fn requests_that_are_no_upgrade_are_told_what_this_is() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.expect("listening");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("open");
    let mut answer = String::new();
    within("an answer", stream.read_to_string(&mut answer)).await.expect("text");
    assert!(answer.starts_with("HTTP/1.1 426 ") && answer.contains("WebSocket client"), "{answer}");
}

#[tokio::test]
async fn the_echo_gives_back_text_and_binary_of_any_size() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let offered = Client::offer(&gateway.raw_url(), &["first", "second"]).await;
    let mut client = offered.expect("accepted");
    assert_eq!(client.subprotocol.as_deref(), Some("first"));
    for length in [0, 125, 126, 65_535, 65_536, 3_000_000] {
        for message in [Message::text("ü".repeat(length)), Message::binary(vec![7; length])] {
            within("a send", client.socket.send(message.clone())).await.expect("open");
            assert_eq!(client.message().await.expect("a message").expect("no error"), message);
        }
    }
    within("a ping", client.socket.send(Message::Ping(vec![1].into()))).await.expect("open");
    assert_eq!(client.message().await.expect("a message").expect("no error"), Message::Pong(vec![1].into()));
    client.close(1000).await;
    assert_eq!(client.end().await, End::Close(1000, "done".to_owned()));
}

#[tokio::test]
async fn fragments_arrive_as_one_message() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut client = Client::open(&gateway.raw_url()).await;
    let sent = gateway.fault(fault(json!({"fault": "send_fragments", "text": "{\"a\":1}", "size": 2}))).await;
    assert_eq!(sent, Ok(1));
    assert_eq!(client.json().await, json!({"a": 1}));
}

#[tokio::test]
async fn bad_frames_are_errors_to_a_client() {
    let gateway = LocalGateway::start().await.expect("a free port");
    for kind in [
        BadFrame::ReservedOpcode,
        BadFrame::ReservedBits,
        BadFrame::Masked,
        BadFrame::BadUtf8,
        BadFrame::LoneContinuation,
        BadFrame::FragmentedPing,
        BadFrame::LongPing,
        BadFrame::ShortClose,
        BadFrame::Truncated,
    ] {
        let mut client = Client::open(&gateway.raw_url()).await;
        let target = Target::Newest;
        assert_eq!(gateway.fault(Fault::SendBadFrame { kind, target }).await, Ok(1));
        let seen = client.message().await;
        assert!(matches!(seen, Some(Err(_))), "{kind:?}: {seen:?}");
    }
}

#[tokio::test]
async fn a_client_that_breaks_the_framing_is_closed_with_a_code() {
    let gateway = LocalGateway::start().await.expect("a free port");
    for (bytes, code) in [
        (&[0x83, 0x80, 0, 0, 0, 0][..], 1002_u16),
        (&[0x81, 0x02, b'h', b'i'][..], 1002),
        (&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28][..], 1007),
    ] {
        let mut client = Client::open(&gateway.raw_url()).await;
        match client.socket.get_mut() {
            tokio_tungstenite::MaybeTlsStream::Plain(stream) => stream.write_all(bytes).await.expect("open"),
            _ => panic!("no TLS here"),
        }
        match client.end().await {
            End::Close(seen, _) => assert_eq!(seen, code, "{bytes:?}"),
            other => panic!("{bytes:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reader_that_stops_reading_stops_nobody_else() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let limit = json!({"max_queued_bytes": 4_000_000});
    gateway.set_options(limit).await.expect("fits");
    let mut sleeper = Client::open(&gateway.raw_url()).await;
    let mut reader = Client::open(&gateway.astro_url()).await;
    reader.json().await;
    reader.send(&common::subscribe("n", "channel.tips")).await;
    reader.json().await;

    let big = Fault::SendHuge { bytes: 1_000_000, target: Target::Dialect(topicwire_gateway::machine::Dialect::Raw) };
    let mut rounds = 0;
    while gateway.connections().await.expect("running").len() == 2 {
        gateway.fault(big.clone()).await.expect("fits");
        gateway.publish_astro("channel.tips", None, json!({})).await.expect("running");
        assert_eq!(reader.json().await["type"], "message");
        rounds += 1;
        assert!(rounds < 1000, "the sleeper is never cut");
    }
    assert!(rounds > 4, "the kernel and the limit hold some");
    assert_eq!(sleeper.end().await, End::Cut);
}

#[tokio::test]
async fn a_mute_connection_gets_nothing_until_it_speaks_again() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let mut client = Client::open(&gateway.raw_url()).await;
    gateway.fault(fault(json!({"fault": "mute"}))).await.expect("fits");
    client.send("1").await;
    let mut other = Client::open(&gateway.raw_url()).await;
    other.send("2").await;
    assert_eq!(other.json().await, json!(2));
    gateway.fault(fault(json!({"fault": "mute", "on": false}))).await.expect("fits");
    // What the kernel kept meanwhile is read now.
    assert_eq!(client.json().await, json!(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_all_hear_a_message() {
    const MANY: usize = 1000;
    // Both ends of every connection are in this process.
    topicwire_gateway::raise_open_files();
    let gateway = LocalGateway::start().await.expect("a free port");
    let url = gateway.astro_url();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let url = url.clone();
        tasks.spawn(async move {
            let mut client = Client::open(&url).await;
            client.json().await;
            client.send(&common::subscribe("n", "channel.tips")).await;
            client.json().await;
            client
        });
    }
    let clients = within("all of them", tasks.join_all()).await;
    let published = gateway.publish_astro("channel.tips", None, json!({"n": 1})).await.expect("running");
    assert_eq!(published.receivers, MANY);
    for mut client in clients {
        assert_eq!(client.json().await["id"], json!(published.id));
    }
}

#[tokio::test]
async fn dropping_a_gateway_ends_its_connections_and_its_port() {
    let gateway = LocalGateway::start().await.expect("a free port");
    let (url, stopped) = (gateway.astro_url(), gateway.stopped());
    let mut client = Client::open(&url).await;
    client.json().await;
    drop(gateway);
    within("the end", stopped).await;
    assert_eq!(client.end().await, End::Cut);
    let refused = async {
        while Client::offer(&url, &[]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("the port", refused).await;
}

#[test]
fn a_gateway_may_be_dropped_outside_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let gateway = runtime.block_on(LocalGateway::start()).expect("a free port");
    drop(gateway);
}

#[tokio::test]
async fn calls_of_a_gateway_that_was_told_to_stop_say_so() {
    let gateway = LocalGateway::start().await.expect("a free port");
    http(gateway.port(), "POST", "/control/shutdown", "", "").await;
    within("the end", gateway.stopped()).await;
    let gone = async {
        loop {
            if let Err(error) = gateway.stats().await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    let error = within("an error", gone).await;
    assert_eq!(error, GatewayError::Stopped);
    assert!(error.to_string().contains("has been stopped"));
}
