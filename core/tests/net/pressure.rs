//! Slow readers, on both sides.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use topicwire::Raw;
use topicwire::command::Outgoing;
use topicwire::error::Code;
use topicwire::event::EventKind;
use topicwire::options::{QueueOptions, RawOptions};
use topicwire::session::Accepted;

use super::server::{accept_websocket, closed, listen, soon};

/// More than lanes and sockets hold together.
const COUNT: usize = 200;
const SIZE: usize = 512 << 10;

#[tokio::test]
async fn a_reader_that_is_slow_slows_the_server_down_and_loses_nothing() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    let server = tokio::spawn(async move {
        for n in 0..COUNT {
            let mut bytes = vec![0; SIZE];
            bytes[0] = u8::try_from(n).expect("few");
            socket.send(Message::binary(bytes)).await.expect("the client reads");
        }
        socket.close(None).await.expect("sent");
        while let Some(Ok(_)) = socket.next().await {}
    });
    for n in 0..COUNT {
        let message = soon(raw.recv()).await.expect("a message");
        assert_eq!((usize::from(message.payload()[0]), message.payload().len()), (n, SIZE));
    }
    assert!(closed(&mut raw).await.clean);
    soon(server).await.expect("the server is done");
}

#[tokio::test]
async fn two_sides_that_both_write_first_do_not_wait_for_each_other_for_ever() {
    let (listener, url) = listen().await;
    let queue = QueueOptions { send_cap: 1 << 30, ..QueueOptions::default() };
    let mut raw = Raw::start(RawOptions { queue, ..RawOptions::new(url) }).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    while !matches!(soon(raw.next()).await.expect("an event").kind, EventKind::Opened(_)) {}
    for _ in 0..COUNT {
        raw.send_binary(vec![0; SIZE]).expect("there is room");
    }
    // The server reads nothing before it has written everything.
    let server = tokio::spawn(async move {
        for _ in 0..COUNT {
            socket.send(Message::binary(vec![0; SIZE])).await.expect("the client reads");
        }
        for _ in 0..COUNT {
            socket.next().await.expect("open").expect("a message");
        }
    });
    for _ in 0..COUNT {
        assert_eq!(soon(raw.recv()).await.expect("a message").payload().len(), SIZE);
    }
    soon(server).await.expect("all of it has arrived");
}

#[tokio::test]
async fn a_client_whose_user_reads_nothing_can_still_be_closed() {
    let (listener, url) = listen().await;
    let mut raw = Raw::start(RawOptions::new(url)).expect("good options");
    let (mut sink, mut source) = accept_websocket(&listener).await.split();
    let server = tokio::spawn(async move { while sink.send(Message::binary(vec![0; SIZE])).await.is_ok() {} });
    // The lane is full and reading has stopped when the first message that nobody takes has waited a while; there is no telling when, so the
    // goodbye is said at once, and must get through whether reading was paused or is about to be.
    let first = soon(raw.recv()).await.expect("a message");
    assert_eq!(first.payload().len(), SIZE);
    raw.client().close(1000, "").expect("not forked");
    let goodbye = async {
        while let Some(Ok(message)) = source.next().await {
            if message.is_close() {
                return true;
            }
        }
        false
    };
    assert!(soon(goodbye).await);
    closed(&mut raw).await;
    soon(server).await.expect("the server has noticed");
}

#[tokio::test]
async fn a_server_that_does_not_read_makes_sending_busy_then_refused_then_writable_again() {
    let (listener, url) = listen().await;
    let queue = QueueOptions { send_high: 1 << 20, send_cap: 32 << 20, ..QueueOptions::default() };
    let mut raw = Raw::start(RawOptions { queue, ..RawOptions::new(url) }).expect("good options");
    let mut socket = accept_websocket(&listener).await;
    while !matches!(soon(raw.next()).await.expect("an event").kind, EventKind::Opened(_)) {}
    let mut sent = 0;
    let mut busy = false;
    // Sockets take some megabytes by themselves, so sends go on until they do not.
    let refused = loop {
        match raw.send(Outgoing::binary(vec![0; SIZE])) {
            Ok(accepted) => busy |= accepted == Accepted::Busy,
            Err(error) => break error,
        }
        sent += 1;
        tokio::task::yield_now().await;
    };
    assert_eq!(refused.code, Code::Overflow);
    assert!(busy);
    assert!(raw.client().outbound_bytes().expect("not forked") > 1 << 20);
    let server = tokio::spawn(async move {
        for _ in 0..sent {
            assert_eq!(socket.next().await.expect("open").expect("a message").len(), SIZE);
        }
        socket
    });
    let mut service = topicwire::client::Events::open(raw.client(), topicwire::lane::LaneOptions::service(), None).expect("a lane");
    while !matches!(soon(service.next()).await.expect("an event").kind, EventKind::Writable) {}
    soon(server).await.expect("all of it has arrived");
    soon(raw.send_flushed(Outgoing::text("more"))).await.expect("there is room");
}
