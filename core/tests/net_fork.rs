//! What a fork leaves usable. It has a process of its own, since the generation is the process's.
#![cfg(feature = "net")]

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use topicwire::Raw;
use topicwire::client::block_on;
use topicwire::error::{Code, Error};
use topicwire::net::runtime;
use topicwire::options::RawOptions;

const SOON: Duration = Duration::from_secs(20);

/// Echoes for ever, on threads of its own.
fn echo_server() -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() && socket.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    std::mem::forget(runtime);
    url
}

fn is_forked<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_eq!(result.expect_err("refused").code, Code::Forked);
}

#[test]
fn after_a_fork_the_parents_clients_refuse_and_new_ones_work() {
    let url = echo_server();
    let mut parents = block_on(Raw::connect(RawOptions::new(url.clone()))).expect("connected");
    let waiting = parents.ping(Bytes::new());

    runtime::forked();

    is_forked(parents.send_text("hello"));
    is_forked(parents.client().state());
    is_forked(parents.client().connect());
    is_forked(parents.client().close(1000, ""));
    is_forked(parents.client().abort());
    is_forked(block_on(parents.ping(Bytes::new())));
    is_forked(block_on(parents.close(1000, "")));
    assert!(parents.poll(SOON).is_none(), "its events go to the parent");
    drop(waiting);
    drop(parents);

    let mut childs = block_on(Raw::connect(RawOptions::new(url))).expect("connected");
    childs.send_text("hello").expect("sent");
    assert_eq!(block_on(childs.recv()).expect("an echo").payload(), b"hello");
    assert!(block_on(childs.close(1000, "")).expect("closed").clean);
}
