//! The ends of a connection: who said goodbye, and who did not.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use topicwire::Raw;
use topicwire::error::Code;
use topicwire::event::{CloseFrame, EventKind};
use topicwire::options::{ConnectionOptions, RawOptions};

use super::server::{accept, accept_websocket, closed, header, hung_up, listen, read_head, soon, switching, write};

async fn connected() -> (Raw, tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>) {
    let (listener, url) = listen().await;
    let connection = ConnectionOptions { close_timeout: Duration::from_millis(50), ..ConnectionOptions::default() };
    let connecting = tokio::spawn(Raw::connect(RawOptions { connection, ..RawOptions::new(url) }));
    let socket = accept_websocket(&listener).await;
    (soon(connecting).await.expect("no panic").expect("connected"), socket)
}

fn frame(code: u16, reason: &str) -> Option<CloseFrame> {
    Some(CloseFrame { code, reason: reason.to_owned() })
}

#[tokio::test]
async fn a_peer_that_hangs_up_without_a_word_leaves_no_close_frame() {
    let (mut raw, socket) = connected().await;
    drop(socket);
    let end = closed(&mut raw).await;
    assert_eq!((end.received, end.sent, end.clean), (None, None, false));
    assert_eq!(end.cause.expect("a cause").code, Code::ConnectionLost);
}

#[tokio::test]
async fn an_empty_close_frame_is_answered_by_an_empty_one() {
    let (mut raw, mut socket) = connected().await;
    socket.close(None).await.expect("sent");
    match soon(socket.next()).await {
        Some(Ok(Message::Close(None))) => {}
        other => panic!("expected an empty close frame, got {other:?}"),
    }
    drop(socket);
    let end = closed(&mut raw).await;
    assert_eq!((end.received, end.sent), (frame(1005, ""), frame(1005, "")));
    assert!(end.clean && end.received_first);
}

#[tokio::test]
async fn a_peer_that_does_not_answer_a_goodbye_is_waited_for_no_longer_than_allowed() {
    let (raw, socket) = connected().await;
    let end = soon(raw.close(4000, "enough")).await.expect("closed");
    assert_eq!((end.received, end.sent, end.clean), (None, frame(4000, "enough"), false));
    assert!(end.cause.is_none(), "the user asked for it");
    let mut stream = socket.into_inner();
    hung_up(&mut stream).await;
}

#[tokio::test]
async fn a_peer_that_does_not_even_read_puts_no_goodbye_off() {
    let (mut raw, socket) = connected().await;
    for _ in 0..40 {
        raw.send_binary(vec![0; 1 << 20]).expect("there is room");
    }
    raw.client().close(1000, "").expect("not forked");
    let end = closed(&mut raw).await;
    assert_eq!((end.received, end.sent, end.clean), (None, None, false));
    drop(socket);
}

#[tokio::test]
async fn what_was_sent_before_goodbye_arrives_before_it_and_messages_meanwhile_are_kept() {
    let (mut raw, mut socket) = connected().await;
    for n in 0..100 {
        raw.send_text(n.to_string()).expect("sent");
    }
    raw.client().close(1000, "bye").expect("not forked");
    for n in 0..100 {
        assert_eq!(soon(socket.next()).await.expect("open").expect("a message"), Message::text(n.to_string()));
    }
    // tungstenite's server answers a close frame by itself, at its next read: this message comes before its answer.
    socket.send("last words".into()).await.expect("sent");
    match soon(socket.next()).await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Normal, "bye")),
        other => panic!("expected a close frame, got {other:?}"),
    }
    assert!(soon(socket.next()).await.is_none_or(|end| end.is_err()));
    assert_eq!(soon(raw.recv()).await.expect("a message").payload(), b"last words");
    let end = closed(&mut raw).await;
    assert!(end.clean && !end.received_first, "{end:?}");
    assert_eq!((end.sent, end.received), (frame(1000, "bye"), frame(1000, "bye")));
}

#[tokio::test]
async fn a_goodbye_that_nobody_may_say_is_refused_and_the_connection_stays() {
    let (raw, mut socket) = connected().await;
    let long = "x".repeat(124);
    for (code, reason) in
        [(0, ""), (999, ""), (1004, ""), (1006, ""), (1015, ""), (2999, ""), (5000, ""), (1000, long.as_str()), (1005, "why")]
    {
        assert_eq!(soon(raw.close(code, reason)).await.expect_err("refused").code, Code::InvalidOption, "{code} {reason}");
    }
    raw.send_text("still here").expect("sent");
    assert_eq!(soon(socket.next()).await.expect("open").expect("a message"), Message::text("still here"));
}

#[tokio::test]
async fn abort_and_drop_hang_up_without_a_close_frame() {
    for abort in [true, false] {
        let (raw, socket) = connected().await;
        if abort {
            raw.client().abort().expect("not forked");
        }
        drop(raw);
        let mut stream = socket.into_inner();
        let mut rest = Vec::new();
        let _ = soon(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest)).await;
        assert!(rest.is_empty(), "{rest:?}");
    }
}

#[tokio::test]
async fn bytes_that_break_the_protocol_are_answered_with_its_code() {
    // A reserved opcode; text that is no UTF-8; a server's frame that is masked is let pass by few, a continuation of nothing by none.
    for (bytes, code) in [(&b"\x83\x00"[..], 1002), (b"\x81\x02\xc3\x28", 1007), (b"\x80\x01x", 1002)] {
        let (listener, url) = listen().await;
        let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
        let mut stream = accept(&listener).await;
        let head = read_head(&mut stream).await;
        assert!(header(&head, "upgrade").is_some());
        write(&mut stream, switching(&head, "")).await;
        write(&mut stream, bytes).await;
        let end = closed(&mut raw).await;
        assert_eq!(end.sent.map(|frame| frame.code), Some(code), "{bytes:?}");
        assert_eq!((end.received, end.clean), (None, false));
        hung_up(&mut stream).await;
    }
}

#[tokio::test]
async fn every_lane_hears_of_the_end_and_commands_are_refused_after_it() {
    use topicwire::client::Events;
    use topicwire::lane::LaneOptions;

    let (mut raw, mut socket) = connected().await;
    let mut other = Events::open(raw.client(), LaneOptions::default(), None).expect("a lane");
    let answering = tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
    assert!(soon(raw.close(1000, "")).await.expect("closed").clean);
    closed(&mut raw).await;
    loop {
        if let EventKind::Closed(closed) = soon(other.next()).await.expect("an end").kind {
            assert!(closed.clean);
            break;
        }
    }
    assert!(soon(other.next()).await.is_none());
    assert_eq!(raw.send_text("late").expect_err("closed").code, Code::Closed);
    assert_eq!(raw.client().connect().expect_err("used once").code, Code::Closed);
    assert!(soon(raw.close(1000, "")).await.expect("a second close does nothing").clean);
    soon(answering).await.expect("the server is done");
}
