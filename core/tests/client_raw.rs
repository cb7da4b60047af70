//! The raw client against a server of another library's making.
#![cfg(feature = "net")]

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use topicwire::Raw;
use topicwire::command::Outgoing;
use topicwire::event::EventKind;
use topicwire::options::RawOptions;

/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(20);

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(SOON, future).await.expect("it happens soon")
}

/// A server that echoes, on a port that it picked. Answers `close` by closing with 4001.
async fn echo_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    let answer = match message {
                        Message::Text(text) if text.as_str() == "close" => {
                            let frame =
                                tokio_tungstenite::tungstenite::protocol::CloseFrame { code: 4001.into(), reason: "as asked".into() };
                            let _ = socket.close(Some(frame)).await;
                            continue;
                        }
                        Message::Text(_) | Message::Binary(_) => message,
                        _ => continue,
                    };
                    if socket.send(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn texts_binaries_and_fragments_come_back() {
    let mut raw = soon(Raw::connect(RawOptions::new(echo_server().await))).await.expect("connected");
    raw.send_text("hello").expect("sent");
    raw.send_binary(vec![0, 1, 255]).expect("sent");
    let piece = |text: &'static str, first, fin| Outgoing::Text { payload: Bytes::from_static(text.as_bytes()), first, fin };
    for piece in [piece("one ", true, false), piece("two ", false, false), piece("three", false, true)] {
        raw.send(piece).expect("sent");
    }
    for expected in [&b"hello"[..], &[0, 1, 255], b"one two three"] {
        assert_eq!(soon(raw.recv()).await.expect("a message").payload(), expected);
    }
    let closed = soon(raw.close(1000, "bye")).await.expect("closed");
    assert!(closed.clean, "{closed:?}");
    assert_eq!(closed.sent.map(|frame| (frame.code, frame.reason)), Some((1000, "bye".to_owned())));
    assert!(!closed.received_first);
}

#[tokio::test]
async fn pieces_of_a_message_come_one_after_the_other() {
    let mut raw = soon(Raw::connect(RawOptions::new(echo_server().await))).await.expect("connected");
    let piece = |first, fin| Outgoing::Binary { payload: Bytes::from_static(b"x"), first, fin };
    let refused = |outgoing| raw.send(outgoing).expect_err("refused").code == topicwire::error::Code::InvalidOption;
    assert!(refused(piece(false, true)), "nothing was begun");
    raw.send(piece(true, false)).expect("sent");
    assert!(refused(piece(true, false)) && refused(Outgoing::text("between")), "what was begun is not finished");
    raw.send(piece(false, true)).expect("sent");
    raw.send_text("after").expect("sent");
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"xx");
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"after");
}

#[tokio::test]
async fn a_ping_is_answered_by_its_pong_and_a_flush_is_told() {
    let raw = soon(Raw::connect(RawOptions::new(echo_server().await))).await.expect("connected");
    assert_eq!(soon(raw.ping(Bytes::from_static(b"are you there"))).await.expect("a pong"), "are you there");
    soon(raw.send_flushed(Outgoing::text("written"))).await.expect("written");
    assert!(soon(raw.ping(Bytes::from(vec![0; 126]))).await.is_err(), "too long for a ping");
}

#[tokio::test]
async fn the_peers_close_is_told_with_code_and_reason() {
    let mut raw = soon(Raw::connect(RawOptions::new(echo_server().await))).await.expect("connected");
    raw.send_text("close").expect("sent");
    let closed = loop {
        if let EventKind::Closed(closed) = soon(raw.next()).await.expect("an event").kind {
            break closed;
        }
    };
    assert_eq!(closed.received.map(|frame| (frame.code, frame.reason)), Some((4001, "as asked".to_owned())));
    assert!(closed.received_first && closed.clean);
    assert!(raw.next().await.is_none());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connection_that_failed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("ws://{}/?token=secret", listener.local_addr().expect("an address"));
    drop(listener);
    let error = soon(Raw::connect(RawOptions::new(url))).await.expect_err("refused");
    assert_eq!(error.code, topicwire::error::Code::ConnectionFailed);
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn a_program_without_async_polls() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime for the server");
    let url = runtime.block_on(echo_server());
    let mut raw = topicwire::client::block_on(Raw::connect(RawOptions::new(url))).expect("connected");
    raw.send_text("hello").expect("sent");
    let message = loop {
        match raw.poll(SOON).expect("an event").kind {
            EventKind::Message(message) => break message,
            _ => continue,
        }
    };
    assert_eq!(message.payload(), b"hello");
    assert!(raw.poll(Duration::from_millis(1)).is_none());
}
