//! Limits on the size of messages.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use topicwire::Raw;
use topicwire::error::Code;
use topicwire::options::{ConnectionOptions, RawOptions};

use super::server::{accept_websocket, closed, listen, soon};

fn limited(url: String, max_message: u64) -> RawOptions {
    RawOptions { connection: ConnectionOptions { max_message: Some(max_message), ..ConnectionOptions::default() }, ..RawOptions::new(url) }
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection_and_the_server_is_told() {
    let piece = |first, fin| {
        let data = if first { Data::Binary } else { Data::Continue };
        Message::Frame(Frame::message(vec![0; 600], OpCode::Data(data), fin))
    };
    for messages in [vec![Message::binary(vec![0; 1001])], vec![piece(true, false), piece(false, true)]] {
        let (listener, url) = listen().await;
        let mut raw = Raw::start(limited(url, 1000)).expect("good options");
        let mut socket = accept_websocket(&listener).await;
        socket.send(Message::binary(vec![7; 1000])).await.expect("sent");
        for message in messages {
            socket.send(message).await.expect("sent");
        }
        assert_eq!(soon(raw.recv()).await.expect("what fits").payload(), [7; 1000]);
        let end = closed(&mut raw).await;
        let error = end.cause.expect("a cause");
        assert_eq!((error.code, error.retryable), (Code::TooLarge, false));
        assert_eq!(end.sent.map(|frame| frame.code), Some(1009));
        match soon(socket.next()).await {
            Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Size),
            other => panic!("expected a close frame, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn one_frame_may_be_as_large_as_a_message() {
    // tungstenite's own limit on frames is 16 MiB.
    const SIZE: usize = (16 << 20) + 1;
    let (listener, url) = listen().await;
    let mut raw = Raw::start(limited(url, 20 << 20)).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    let server = tokio::spawn(async move {
        socket.send(Message::binary(vec![1; SIZE])).await.expect("sent");
        socket
    });
    assert_eq!(soon(raw.recv()).await.expect("a message").payload().len(), SIZE);
    soon(server).await.expect("the server is done");
}
