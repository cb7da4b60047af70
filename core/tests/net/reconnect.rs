//! Coming back after a loss.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use topicwire::Raw;
use topicwire::error::Code;
use topicwire::event::EventKind;
use topicwire::options::{RawOptions, ReconnectOptions};

use super::server::{accept, accept_websocket, closed, listen, read_head, soon, write};

fn persistent(url: String) -> RawOptions {
    let reconnect = ReconnectOptions { enabled: true, initial: Duration::from_millis(1), ..ReconnectOptions::default() };
    RawOptions { reconnect, ..RawOptions::new(url) }
}

#[tokio::test]
async fn a_client_that_may_comes_back_after_a_loss_and_after_a_busy_server() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(persistent(url)).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    socket.send("one".into()).await.expect("sent");
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"one");
    drop(socket);
    let mut busy = accept(&listener).await;
    read_head(&mut busy).await;
    write(&mut busy, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await;
    drop(busy);
    let mut socket = accept_websocket(&listener).await;
    socket.send("two".into()).await.expect("sent");
    let message = soon(raw.recv()).await.expect("a message");
    assert_eq!(message.payload(), b"two");
    assert_eq!(message.connection().0, 2);
    assert!(raw.client().refusal().expect("not forked").is_none(), "it was let in since");
}

#[tokio::test]
async fn a_server_that_knows_nobody_here_is_not_asked_again() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(persistent(url)).expect("good options");
    let mut stream = accept(&listener).await;
    read_head(&mut stream).await;
    write(&mut stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let error = closed(&mut raw).await.cause.expect("a cause");
    assert_eq!((error.code, error.gateway_code.as_deref()), (Code::HandshakeFailed, Some("404")));
}

#[tokio::test]
async fn sending_while_there_is_no_connection_is_refused_and_tells_so() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(persistent(url)).expect("good options");
    assert_eq!(raw.send_text("early").expect_err("not connected").code, Code::ConnectionFailed);
    let mut socket = accept_websocket(&listener).await;
    while !matches!(soon(raw.next()).await.expect("an event").kind, EventKind::Opened(_)) {}
    raw.send_text("now").expect("connected");
    assert_eq!(soon(socket.next()).await.expect("open").expect("a message").into_text().expect("text"), "now");
}
