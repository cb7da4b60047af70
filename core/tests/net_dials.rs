//! The limit on dials. It has a process of its own, since the limit is the process's.
#![cfg(feature = "net")]

use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use topicwire::Raw;
use topicwire::error::Code;
use topicwire::options::RawOptions;

/// Dials at once, as documented in `net/process.rs`.
const DIALS: usize = 64;
/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(20);

async fn accept(listener: &TcpListener) -> TcpStream {
    tokio::time::timeout(SOON, listener.accept()).await.expect("it happens soon").expect("a connection").0
}

#[tokio::test]
async fn after_an_outage_a_process_dials_64_at_a_time_and_the_rest_wait_their_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let mut clients: Vec<Raw> = (0..=DIALS).map(|_| Raw::start(RawOptions::new(url.clone())).expect("good options")).collect();
    let mut dialling = Vec::new();
    for _ in 0..DIALS {
        dialling.push(accept(&listener).await);
    }
    // Nothing but this thread moves the clients on, so that whatever could have come has come.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let another = std::future::poll_fn(|cx| Poll::Ready(listener.poll_accept(cx).is_ready())).await;
    assert!(!another, "one dials that should wait");

    // A dial ends, whichever way, and the next begins.
    let mut refused = dialling.pop().expect("64 of them");
    let mut some = [0; 1024];
    assert!(refused.read(&mut some).await.expect("a request") > 0);
    refused.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await.expect("written");
    accept(&listener).await;

    // So it does when a client is given up in the middle.
    for client in &clients {
        client.client().abort().expect("not forked");
    }
    clients.clear();
    let late = tokio::spawn(Raw::connect(RawOptions::new(url)));
    drop(accept(&listener).await);
    let error = tokio::time::timeout(SOON, late).await.expect("it happens soon").expect("no panic").expect_err("hung up on");
    assert_eq!(error.code, Code::ConnectionFailed);
}
