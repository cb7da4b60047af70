//! The Rust client of Web PubSub against the local gateway.

use futures_util::StreamExt as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use topicwire::client::{Payload, SendOptions};
use topicwire::command::StreamEnd;
use topicwire::event::{EventKind, Message, State};
use topicwire::options::{WebPubSubOptions, WebPubSubProtocol};
use topicwire::{Secret, WebPubSub};
use topicwire_gateway::LocalGateway;
use topicwire_gateway::machine::webpubsub::{AccessUrl, Data, EventAnswer};
use topicwire_gateway::machine::{Cut, Fault, Target};

use crate::soon;

async fn start() -> (LocalGateway, String) {
    let gateway = LocalGateway::start().await.expect("a free port");
    let url = gateway.access_url(AccessUrl { user: Some("maya".into()), ..AccessUrl::default() }).await.expect("it runs");
    (gateway, url)
}

/// The next message, and whether a gap came before it.
async fn next(hub: &mut WebPubSub) -> (Message, bool) {
    let mut gap = false;
    loop {
        match soon(hub.next()).await.expect("the client lives").kind {
            EventKind::Message(message) => return (message, gap),
            EventKind::Gap(_) => gap = true,
            _ => {}
        }
    }
}

#[tokio::test]
async fn every_operation_works_over_every_subprotocol() {
    let (gateway, url) = start().await;
    for protocol in
        [WebPubSubProtocol::ReliableJson, WebPubSubProtocol::Json, WebPubSubProtocol::ReliableProtobuf, WebPubSubProtocol::Protobuf]
    {
        let options = WebPubSubOptions { protocol, ..WebPubSubOptions::new(url.clone()) };
        let mut hub = soon(WebPubSub::connect(options)).await.expect("it connects");
        let group = soon(hub.join_group("lobby")).await.expect("it may");
        let sent = soon(hub.send_to_group("lobby", Payload::text("good morning"))).await.expect("it may");
        assert!(!sent.duplicate);
        hub.send_to_group("lobby", Payload::json(&json!({"n": 1})).expect("JSON")).await.expect("it may");
        hub.send_to_group_and_forget("lobby", Payload::binary(vec![1, 2]), SendOptions::default()).await.expect("it is written");
        let mut heard = Vec::new();
        for _ in 0..3 {
            let (message, _) = next(&mut hub).await;
            assert_eq!((message.topic(), message.room(), message.subscriptions()), (Some("group"), Some("lobby"), [group].as_slice()));
            heard.push(message.payload().to_vec());
        }
        assert_eq!(heard, [b"good morning".to_vec(), b"{\"n\":1}".to_vec(), vec![1, 2]], "{protocol:?}");
        soon(hub.send_event("checkout", Payload::text("cart"))).await.expect("it is echoed");
        assert_eq!(next(&mut hub).await.0.topic(), Some("server"));
        if matches!(protocol, WebPubSubProtocol::Json | WebPubSubProtocol::ReliableJson) {
            let answer = soon(hub.invoke("quote", Payload::json(&json!({"sku": 9})).expect("JSON"))).await.expect("a result");
            assert_eq!(answer.data.get(), r#"{"sku":9}"#);
        } else {
            hub.invoke("quote", Payload::text("x")).await.expect_err("protobuf has no published form of it");
        }
        hub.start_stream("lobby", "st").await.expect("it may");
        soon(hub.stream_data("st", Payload::text("Hel"))).await.expect("the service has it");
        let (piece, _) = next(&mut hub).await;
        assert_eq!(piece.topic(), Some("stream"), "{protocol:?}");
        hub.end_stream(StreamEnd { stream_id: "st".into(), ..StreamEnd::default() }).await.expect("it is written");
        next(&mut hub).await;
        hub.leave_group("lobby").await.expect("it may");
        assert!(soon(hub.stop()).await.expect("it ends").clean);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_recovery_loses_nothing_and_a_lost_session_tells_the_gap() {
    let (gateway, url) = start().await;
    let mut hub = soon(WebPubSub::connect(WebPubSubOptions::new(url))).await.expect("it connects");
    hub.join_group("lobby").await.expect("it may");
    for n in 0..50 {
        if n % 10 == 5 {
            gateway.fault(Fault::Cut { how: Cut::Reset, target: Target::All }).await.expect("a fault");
        }
        assert_eq!(
            gateway.publish_webpubsub("chat", Some("lobby"), Data::json(&json!(n))).await,
            Ok(1),
            "the session is there all the time"
        );
    }
    for n in 0..50 {
        let (message, gap) = next(&mut hub).await;
        assert_eq!((message.json::<u64>().expect("a number"), gap), (n, false));
    }
    gateway.fault(Fault::ForgetSessions).await.expect("a fault");
    gateway.fault(Fault::Cut { how: Cut::Reset, target: Target::All }).await.expect("a fault");
    let rejoined = async {
        while gateway.publish_webpubsub("chat", Some("lobby"), Data::json(&json!("again"))).await != Ok(1) {
            tokio::task::yield_now().await;
        }
    };
    soon(rejoined).await;
    assert!(next(&mut hub).await.1, "what was missed is told first");
    gateway.stop().await;
}

#[tokio::test]
async fn a_provider_is_asked_for_each_session_and_handlers_answer_events() {
    let (gateway, url) = start().await;
    gateway.set_options(json!({"webpubsub": {"default_handler": "external"}})).await.expect("they fit");
    gateway.on_event(|event| match event.event.as_str() {
        "bad" => EventAnswer::Failed { status: 500, why: "no".into() },
        name => EventAnswer::with(Data::text(format!("{name} of {}", event.user.as_deref().unwrap_or("nobody")))),
    });
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = asked.clone();
    let mut hub = WebPubSub::with_url_provider(WebPubSubOptions::default(), move |_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let url = url.clone();
        async move { Ok::<_, std::io::Error>(Secret::new(url)) }
    })
    .expect("good options");
    while !matches!(soon(hub.next()).await.expect("it lives").kind, EventKind::State { to: State::Active, .. }) {}
    hub.send_event("hello", Payload::text("x")).await.expect("it is answered");
    assert_eq!(next(&mut hub).await.0.payload(), b"hello of maya");
    let error = hub.send_event("bad", Payload::text("x"));
    // It is tried again, and fails again.
    gateway.on_event(|_| EventAnswer::done());
    soon(error).await.expect("it works now");
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
    gateway.stop().await;
}

/// An event handler that speaks CloudEvents, in as few lines as possible.
async fn handler(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer).await.expect("it says something");
            request.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|text| text.parse().ok()).unwrap_or(0);
            if body.len() < length {
                continue;
            }
            let answer = if head.starts_with("options") {
                "HTTP/1.1 200 OK\r\nwebhook-allowed-origin: *\r\ncontent-length: 0\r\n\r\n".to_owned()
            } else {
                assert!(head.contains("ce-type: azure.webpubsub.user.checkout") && head.contains("ce-signature: sha256="), "{head}");
                let said = format!("heard {body}");
                format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{said}", said.len())
            };
            stream.write_all(answer.as_bytes()).await.expect("it reads");
            break;
        }
    }
}

#[tokio::test]
async fn a_handler_over_http_is_asked_first_whether_it_wants_us() {
    let (gateway, url) = start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let upstream = format!("http://{}/api/events", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(handler(listener));
    gateway.set_options(json!({"webpubsub": {"default_handler": "external", "upstream": upstream}})).await.expect("they fit");
    let mut hub = soon(WebPubSub::connect(WebPubSubOptions::new(url))).await.expect("it connects");
    soon(hub.send_event("checkout", Payload::text("cart"))).await.expect("it is answered");
    assert_eq!(next(&mut hub).await.0.payload(), b"heard cart");
    serving.abort();
    gateway.stop().await;
}
