//! The raw client against npm `ws` and against Python's `websockets`: each test runs with both.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::Value;
use topicwire::Raw;
use topicwire::client::Events;
use topicwire::command::Outgoing;
use topicwire::error::Code;
use topicwire::event::{CloseFrame, Closed, Event, EventKind, Message, PayloadKind, State};
use topicwire::lane::LaneOptions;
use topicwire::options::{ConnectionOptions, RawOptions, ReconnectOptions};
use topicwire::session::Accepted;
use topicwire_interop::{RealServer, within};

/// Runs each test against both servers.
macro_rules! against_both {
    ($($(#[$about:meta])* async fn $name:ident($server:ident) $body:block)*) => {
        $($(#[$about])* async fn $name(#[allow(unused_mut, reason = "few tests restart it")] mut $server: RealServer) $body)*

        mod ws {
            use super::RealServer;
            $(#[tokio::test]
            async fn $name() {
                super::$name(RealServer::ws().await).await;
            })*
        }

        mod websockets {
            use super::RealServer;
            $(#[tokio::test]
            async fn $name() {
                super::$name(RealServer::websockets().await).await;
            })*
        }
    };
}

fn options(server: &RealServer, path: &str) -> RawOptions {
    RawOptions::new(format!("{}{path}", server.url()))
}

async fn connect(server: &RealServer, path: &str) -> Raw {
    within("the connection", Raw::connect(options(server, path))).await.expect("the server accepts")
}

async fn message(raw: &mut Raw) -> Message {
    within("a message", raw.recv()).await.expect("the connection is open")
}

async fn text(raw: &mut Raw) -> String {
    String::from_utf8(message(raw).await.payload().to_vec()).expect("the server sends UTF-8")
}

async fn json(raw: &mut Raw) -> Value {
    serde_json::from_str(&text(raw).await).expect("the server sends JSON")
}

/// The first event that `pick` takes.
async fn event<T>(raw: &mut Raw, what: &str, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let look = async {
        loop {
            let event = raw.next().await.expect("the lane has not ended");
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    };
    within(what, look).await
}

async fn closed(raw: &mut Raw) -> Closed {
    event(raw, "the end", |event| match event.kind {
        EventKind::Closed(closed) => Some(*closed),
        _ => None,
    })
    .await
}

async fn state(raw: &mut Raw, wanted: State) {
    event(raw, wanted.as_str(), |event| matches!(event.kind, EventKind::State { to, .. } if to == wanted).then_some(())).await;
}

fn frame(code: u16, reason: &str) -> CloseFrame {
    CloseFrame { code, reason: reason.to_owned() }
}

against_both! {
    async fn text_and_binary_come_back_as_they_were(server) {
        let mut raw = connect(&server, "/echo").await;
        for sent in ["", "hello", "ä 😀 \u{0}"] {
            raw.send_text(sent).expect("the connection is open");
            let echo = message(&mut raw).await;
            assert_eq!((echo.kind(), echo.payload()), (PayloadKind::Text, sent.as_bytes()));
        }
        for sent in [&b""[..], &[0, 255, 128]] {
            raw.send_binary(sent).expect("the connection is open");
            let echo = message(&mut raw).await;
            assert_eq!((echo.kind(), echo.payload()), (PayloadKind::Binary, sent));
        }
    }

    async fn five_thousand_messages_come_back_in_order(server) {
        let mut raw = connect(&server, "/echo").await;
        for number in 0..5000 {
            raw.send_text(number.to_string()).expect("the connection is open");
        }
        for number in 0..5000 {
            assert_eq!(text(&mut raw).await, number.to_string());
        }
    }

    async fn fragments_arrive_as_one_message_although_pings_stand_between_them(server) {
        let mut raw = connect(&server, "/fragments?size=3").await;
        raw.send_text("a message in many frames").expect("the connection is open");
        assert_eq!(text(&mut raw).await, "a message in many frames");
        raw.send_binary(vec![7; 100]).expect("the connection is open");
        assert_eq!(message(&mut raw).await.payload(), [7; 100]);
    }

    async fn a_message_sent_in_pieces_arrives_whole(server) {
        let mut raw = connect(&server, "/echo").await;
        let piece = |payload: &'static str, first, fin| Outgoing::Text { payload: Bytes::from_static(payload.as_bytes()), first, fin };
        for outgoing in [piece("one, ", true, false), piece("", false, false), piece("two, ", false, false), piece("three", false, true)] {
            raw.send(outgoing).expect("the connection is open");
        }
        assert_eq!(text(&mut raw).await, "one, two, three");
    }

    async fn a_message_of_five_megabytes_comes_back(server) {
        let mut raw = connect(&server, "/echo").await;
        let sent = Bytes::from(vec![42; 5 << 20]);
        raw.send_binary(sent.clone()).expect("there is room");
        assert_eq!(message(&mut raw).await.payload(), sent);
    }

    async fn a_message_over_the_limit_ends_the_connection_with_1009(server) {
        let mut options = options(&server, "/echo");
        options.connection.max_message = Some(1000);
        let mut raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
        raw.send_binary(vec![0; 1001]).expect("sending knows no such limit");
        let closed = closed(&mut raw).await;
        assert_eq!(closed.sent.map(|frame| frame.code), Some(1009));
        assert_eq!(closed.cause.map(|cause| cause.code), Some(Code::TooLarge));
    }

    async fn what_was_sent_before_the_close_arrives_before_the_end(server) {
        let mut raw = connect(&server, "/burst?n=5000&bytes=264").await;
        for seq in 1..=5000 {
            assert_eq!(json(&mut raw).await["seq"], seq);
        }
        let closed = closed(&mut raw).await;
        assert_eq!(closed.received, Some(frame(1000, "done")));
        assert!(closed.clean && closed.received_first);
    }

    async fn the_servers_close_is_told_with_its_code_and_reason(server) {
        let mut raw = connect(&server, "/close?code=4001&reason=because").await;
        raw.send_text("now").expect("the connection is open");
        let closed = closed(&mut raw).await;
        assert_eq!(closed.received, Some(frame(4001, "because")));
        assert_eq!(closed.sent, closed.received, "the answer repeats it");
        assert!(closed.clean && closed.received_first);
    }

    async fn our_close_is_answered(server) {
        let raw = connect(&server, "/echo").await;
        let closed = within("the close handshake", raw.close(4002, "enough")).await.expect("this process has not forked");
        assert_eq!(closed.sent, Some(frame(4002, "enough")));
        assert_eq!(closed.received.map(|frame| frame.code), Some(4002));
        assert!(closed.clean && !closed.received_first && closed.cause.is_none());
    }

    async fn a_cut_connection_is_no_clean_end(server) {
        let mut raw = connect(&server, "/drop").await;
        raw.send_text("now").expect("the connection is open");
        let closed = closed(&mut raw).await;
        assert!(!closed.clean && closed.received.is_none());
        assert_eq!(closed.cause.map(|cause| cause.code), Some(Code::ConnectionLost));
    }

    async fn a_server_that_does_not_answer_the_close_is_left_after_the_timeout(server) {
        let mut options = options(&server, "/mute");
        options.connection.close_timeout = Duration::from_millis(50);
        let raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
        let closed = within("the end", raw.close(1000, "")).await.expect("this process has not forked");
        assert!(!closed.clean && closed.received.is_none());
        assert_eq!(closed.sent.map(|frame| frame.code), Some(1000));
    }

    async fn a_server_that_answers_no_ping_is_given_up(server) {
        let mut options = options(&server, "/mute");
        options.ping_interval = Some(Duration::from_millis(20));
        options.ping_timeout = Some(Duration::from_millis(50));
        let mut raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
        assert_eq!(closed(&mut raw).await.cause.map(|cause| cause.code), Some(Code::Stale));
    }

    async fn a_ping_resolves_with_its_pong(server) {
        let raw = connect(&server, "/echo").await;
        let (one, two) = (raw.ping(Bytes::from_static(b"one")), raw.ping(Bytes::new()));
        assert_eq!(within("the first pong", one).await.expect("the server answers"), "one");
        assert_eq!(within("the second pong", two).await.expect("the server answers"), "");
    }

    async fn the_servers_pings_are_answered_and_can_be_seen(server) {
        let mut options = options(&server, "/ping?data=abc");
        options.control_events = true;
        let mut raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
        let ping = event(&mut raw, "the ping", |event| match event.kind {
            EventKind::Ping(payload) => Some(payload),
            _ => None,
        });
        assert_eq!(ping.await, "abc");
        assert_eq!(text(&mut raw).await, "abc", "the payload of our pong");
    }

    async fn the_server_chooses_among_the_subprotocols(server) {
        for (offered, chosen) in [(vec!["chat.v1", "chat.v2"], Some("chat.v2")), (vec!["chat.v1"], Some("chat.v1")), (vec![], None)] {
            let mut options = options(&server, "/inspect");
            options.subprotocols = offered.iter().map(|&name| name.to_owned()).collect();
            let mut raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
            let opened = event(&mut raw, "the opening", |event| match event.kind {
                EventKind::Opened(opened) => Some(opened),
                _ => None,
            });
            let opened = opened.await;
            assert_eq!((opened.protocol.as_deref(), opened.status), (chosen, 101));
            let seen = json(&mut raw).await;
            assert_eq!(seen["subprotocol"], chosen.unwrap_or_default());
            let header = (!offered.is_empty()).then(|| offered.join(", "));
            assert_eq!(seen["headers"]["sec-websocket-protocol"].as_str().map(str::to_owned), header);
        }
    }

    async fn headers_and_the_whole_path_reach_the_server(server) {
        let mut options = options(&server, "/inspect?a=1&b=%20x");
        options.connection.headers = vec![("X-One".to_owned(), "1".into()), ("Authorization".to_owned(), "Bearer abc".into())];
        let mut raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
        let seen = json(&mut raw).await;
        assert_eq!(seen["path"], "/inspect?a=1&b=%20x");
        assert_eq!((&seen["headers"]["x-one"], &seen["headers"]["authorization"]), (&Value::from("1"), &Value::from("Bearer abc")));
    }

    async fn a_refused_upgrade_is_told_with_its_status(server) {
        for status in ["401", "429", "503"] {
            let refused = within("the refusal", Raw::connect(options(&server, &format!("/refuse?status={status}")))).await;
            let error = refused.expect_err("the server refuses");
            assert_eq!((error.code, error.gateway_code.as_deref()), (Code::HandshakeFailed, Some(status)));
        }
    }

    async fn a_server_that_is_not_there_is_told_at_once(server) {
        let options = options(&server, "/echo");
        server.kill().await;
        let error = within("the refusal", Raw::connect(options)).await.expect_err("nobody listens");
        assert_eq!(error.code, Code::ConnectionFailed);
    }

    async fn a_killed_server_is_reached_again_after_its_restart(server) {
        let mut options = options(&server, "/echo");
        options.reconnect = ReconnectOptions { enabled: true, initial: Duration::from_millis(20), max: Duration::from_millis(50), ..ReconnectOptions::default() };
        let mut raw = within("the connection", Raw::connect(options)).await.expect("the server accepts");
        raw.send_text("before").expect("the connection is open");
        assert_eq!(text(&mut raw).await, "before");
        server.kill().await;
        state(&mut raw, State::Backoff).await;
        server.restart().await;
        state(&mut raw, State::Active).await;
        raw.send_text("after").expect("the connection is open");
        assert_eq!(text(&mut raw).await, "after");
    }

    async fn a_server_that_does_not_read_makes_sending_busy_and_then_writable(server) {
        let mut raw = connect(&server, "/hold").await;
        let mut service = Events::open(raw.client(), LaneOptions::service(), None).expect("the client is open");
        let chunk = Bytes::from(vec![0; 256 << 10]);
        let mut sent = 0;
        while raw.send_binary(chunk.clone()).expect("the cap is further away") != Accepted::Busy {
            sent += chunk.len();
        }
        sent += chunk.len();
        server.control("GET", "resume", "").await;
        let room = async { while !matches!(service.next().await.expect("the client is open").kind, EventKind::Writable) {} };
        within("room to write", room).await;
        let all = async {
            while raw.recv().await.expect("the connection is open").payload() != sent.to_string().as_bytes() {}
        };
        within("every byte at the server", all).await;
    }

    async fn a_reader_that_stops_loses_nothing(server) {
        let mut raw = connect(&server, "/burst?n=20000&bytes=2000").await;
        // Forty megabytes do not fit into the lane: until the test reads, the client must stop reading, and then go on.
        for seq in 1..=20000 {
            assert_eq!(json(&mut raw).await["seq"], seq);
        }
        assert!(closed(&mut raw).await.clean);
    }
}

#[tokio::test]
async fn an_empty_close_frame_is_told_as_1005() {
    let server = RealServer::ws().await;
    let mut raw = connect(&server, "/close").await;
    raw.send_text("now").expect("the connection is open");
    let closed = closed(&mut raw).await;
    assert_eq!(closed.received, Some(frame(1005, "")));
    assert!(closed.clean);
}

#[tokio::test]
async fn a_server_that_would_compress_is_spoken_to_without() {
    let server = RealServer::ws_with_deflate().await;
    let mut raw = connect(&server, "/inspect").await;
    assert_eq!(json(&mut raw).await["headers"]["sec-websocket-extensions"], Value::Null);
    let mut raw = connect(&server, "/echo").await;
    raw.send_text("x".repeat(5000)).expect("the connection is open");
    assert_eq!(text(&mut raw).await.len(), 5000);
}

#[tokio::test]
async fn connecting_gives_up_after_its_timeout() {
    // A listener that nobody serves: TCP connects, and the upgrade is never answered.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let connection = ConnectionOptions { connect_timeout: Duration::from_millis(50), ..ConnectionOptions::default() };
    let options = RawOptions { connection, ..RawOptions::new(format!("ws://127.0.0.1:{port}/")) };
    let error = within("the timeout", Raw::connect(options)).await.expect_err("nobody answers");
    assert!(matches!(error.code, Code::Timeout | Code::ConnectionFailed), "{error}");
}
