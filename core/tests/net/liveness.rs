//! Connections that are dead and do not know it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use topicwire::Raw;
use topicwire::error::Code;
use topicwire::event::EventKind;
use topicwire::options::RawOptions;

use super::server::{accept_websocket, closed, listen, soon};

const BRIEFLY: Duration = Duration::from_millis(30);

#[tokio::test]
async fn silence_ends_a_connection_that_has_an_idle_limit() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions { idle_timeout: Some(BRIEFLY), ..RawOptions::new(url) }).expect("good options");
    // It is there, and will never say a word.
    let _half_open = accept_websocket(&listener).await;
    let end = closed(&mut raw).await;
    assert_eq!(end.cause.expect("a cause").code, Code::Stale);
    assert!(!end.clean);
}

#[tokio::test]
async fn a_ping_without_a_pong_ends_the_connection() {
    let (listener, url) = listen().await;
    let options = RawOptions { ping_interval: Some(BRIEFLY), ping_timeout: Some(BRIEFLY), ..RawOptions::new(url) };
    let mut raw = Raw::start(options).expect("good options");
    // It does not read, so it does not answer either.
    let _half_open = accept_websocket(&listener).await;
    assert_eq!(closed(&mut raw).await.cause.expect("a cause").code, Code::Stale);
}

#[tokio::test]
async fn pongs_keep_a_silent_connection_alive() {
    let (listener, url) = listen().await;
    let options = RawOptions {
        ping_interval: Some(BRIEFLY),
        ping_timeout: Some(Duration::from_secs(20)),
        idle_timeout: Some(Duration::from_secs(20)),
        control_events: true,
        ..RawOptions::new(url)
    };
    let mut raw = Raw::start(options).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    let server = tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
    let mut pongs = 0;
    while pongs < 3 {
        match soon(raw.next()).await.expect("alive").kind {
            EventKind::Pong(_) => pongs += 1,
            EventKind::Closed(closed) => panic!("{closed:?}"),
            _ => {}
        }
    }
    soon(raw.close(1000, "")).await.expect("closed");
    soon(server).await.expect("the server is done");
}

#[tokio::test]
async fn the_servers_pings_are_answered_and_told_to_who_asks() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions { control_events: true, ..RawOptions::new(url) }).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    socket.send(Message::Ping("are you there".into())).await.expect("sent");
    match soon(socket.next()).await {
        Some(Ok(Message::Pong(payload))) => assert_eq!(payload, "are you there"),
        other => panic!("expected a pong, got {other:?}"),
    }
    loop {
        if let EventKind::Ping(payload) = soon(raw.next()).await.expect("an event").kind {
            assert_eq!(payload, "are you there");
            break;
        }
    }
}
