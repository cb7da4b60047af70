//! The boundary: the calls that bindings are made from.
#![cfg(feature = "net")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use topicwire::client::{Answer, Events};
use topicwire::command::{Command, Outgoing, TopicTarget};
use topicwire::error::Code;
use topicwire::event::{EventKind, State};
use topicwire::id::RequestId;
use topicwire::lane::{Filter, Lane, LaneOptions, Poller};
use topicwire::options::{Options, RawOptions};
use topicwire::session::Cancelled;
use topicwire::{Client, Secret};

/// Long enough for any machine; nothing waits for it when all is well.
const SOON: Duration = Duration::from_secs(20);

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(SOON, future).await.expect("it happens soon")
}

/// A server that echoes texts, on a port that it picked.
async fn echo_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
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
    url
}

fn client(url: &str) -> Client {
    Client::new(Options::Raw(RawOptions::new(url))).expect("good options")
}

fn lane(client: &Client, options: LaneOptions) -> Events {
    Events::open(client, options, None).expect("a lane")
}

async fn active(client: &Client, events: &mut Events) {
    client.connect().expect("begun");
    while !matches!(soon(events.next()).await.expect("an event").kind, EventKind::State { to: State::Active, .. }) {}
}

/// The next reply in a lane: its request, and whether it was good.
async fn reply(events: &mut Events) -> (RequestId, bool) {
    loop {
        if let EventKind::Reply { request, result } = soon(events.next()).await.expect("an event").kind {
            return (request, result.is_ok());
        }
    }
}

#[tokio::test]
async fn nothing_is_opened_before_connect() {
    let client = client("ws://127.0.0.1:1/");
    assert_eq!(client.state().expect("not forked"), State::Idle);
    assert_eq!(client.send(None, Outgoing::text("early")).expect_err("not connected").code, Code::ConnectionFailed);
    client.close(1000, "").expect("not forked");
    assert_eq!(client.state().expect("not forked"), State::Closed);
    assert_eq!(client.connect().expect_err("used once").code, Code::Closed);
}

#[tokio::test]
async fn a_reply_goes_to_the_lane_that_was_named_and_a_refused_request_diverts_none() {
    let client = client(&echo_server().await);
    let (mut first, mut second) = (lane(&client, LaneOptions::reply()), lane(&client, LaneOptions::reply()));
    let mut main = lane(&client, LaneOptions::default());
    active(&client, &mut main).await;
    client.submit(RequestId(7), Some(first.lane().id()), Command::Ping, Bytes::from_static(b"a")).expect("accepted");
    // The number is taken, so this request is none, wherever its reply was to go.
    let error = client.submit(RequestId(7), Some(second.lane().id()), Command::Ping, Bytes::from_static(b"b")).expect_err("taken");
    assert_eq!(error.code, Code::InvalidOption);
    assert_eq!(reply(&mut first).await, (RequestId(7), true));
    client.send(Some((RequestId(8), second.lane().id())), Outgoing::text("written")).expect("accepted");
    assert_eq!(reply(&mut second).await, (RequestId(8), true));
}

#[tokio::test]
async fn a_lane_whose_command_is_refused_is_not_opened() {
    let client = client(&echo_server().await);
    let mut main = lane(&client, LaneOptions::default());
    active(&client, &mut main).await;
    let poller = Poller::new_waiting();
    let command = Command::Subscribe(TopicTarget::new("topic", "room"));
    let error = client
        .open_lane(&poller, LaneOptions::default(), Some((client.next_request(), None, command)))
        .expect_err("a plain WebSocket has no subscriptions");
    assert_eq!(error.code, Code::Unsupported);
    client.send(None, Outgoing::text("hello")).expect("sent");
    while !matches!(soon(main.next()).await.expect("an event").kind, EventKind::Message(_)) {}
    let mut events = Vec::new();
    for lane in poller.ready(8).lanes {
        lane.poll(8, &mut events);
    }
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::Message(_))), "{events:?}");
}

#[tokio::test]
async fn a_lane_hears_what_its_filter_wants_from_when_it_is_changed() {
    let client = client(&echo_server().await);
    let mut main = lane(&client, LaneOptions::default());
    let mut other = lane(&client, LaneOptions::filtered(Filter::topics(["none"])));
    active(&client, &mut main).await;
    for text in ["one", "two"] {
        client.send(None, Outgoing::text(text)).expect("sent");
        while !matches!(soon(main.next()).await.expect("an event").kind, EventKind::Message(_)) {}
        client.set_lane(other.lane().id(), LaneOptions::default()).expect("open");
    }
    loop {
        if let EventKind::Message(message) = soon(other.next()).await.expect("an event").kind {
            break assert_eq!(message.payload(), b"two");
        }
    }
    client.close_lane(other.lane().id()).expect("open");
    assert_eq!(client.set_lane(other.lane().id(), LaneOptions::default()).expect_err("closed").code, Code::Closed);
}

#[tokio::test]
async fn one_poller_watches_many_clients() {
    let url = echo_server().await;
    let woken = Arc::new(AtomicU32::new(0));
    let (bell, count) = (Arc::new(tokio::sync::Notify::new()), woken.clone());
    let ring = bell.clone();
    let poller = Poller::new(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
        ring.notify_one();
    }));
    let clients: Vec<Client> = (0..10).map(|_| client(&url)).collect();
    let open = |(client, token): (&Client, u64)| {
        // Each client counts its lanes from 1, so that their ids would not tell whose they are.
        let options = LaneOptions { token, ..LaneOptions::default() };
        client.open_lane(&poller, options, None).expect("a lane")
    };
    let lanes: Vec<Lane> = clients.iter().zip(0..).map(open).collect();
    for client in &clients {
        client.connect().expect("begun");
    }
    let mut greeted = std::collections::BTreeSet::new();
    let mut events = Vec::new();
    while greeted.len() < lanes.len() {
        let ready = poller.ready(4);
        for lane in ready.lanes {
            lane.poll(256, &mut events);
            if events.drain(..).any(|event| matches!(event.kind, EventKind::State { to: State::Active, .. })) {
                greeted.insert(lane.token());
            }
        }
        if !ready.more && greeted.len() < lanes.len() {
            soon(bell.notified()).await;
        }
    }
    assert!(woken.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn cancelling_answering_and_json_say_what_is_wrong() {
    let client = client(&echo_server().await);
    assert_eq!(client.cancel(RequestId(99)).expect("not forked"), Cancelled::Unknown);
    client.answer(RequestId(99), Answer::Token { value: Secret::new("secret"), valid_for: None }).expect("late answers do no harm");
    let error = client.submit_json(RequestId(1), None, br#"{"type":"subscribe","topic":"secret"#, Bytes::new()).expect_err("cut off");
    assert!(error.code == Code::InvalidOption && !error.to_string().contains("secret"), "{error}");
    let error = client.submit_json(RequestId(1), None, br#"{"type":"dance"}"#, Bytes::new()).expect_err("unknown");
    assert_eq!(error.code, Code::InvalidOption);
}

#[tokio::test]
async fn the_last_clone_to_go_ends_the_client_and_its_lanes() {
    let client = client(&echo_server().await);
    let mut main = lane(&client, LaneOptions::default());
    active(&client, &mut main).await;
    let clone = client.clone();
    drop(client);
    clone.send(None, Outgoing::text("alive")).expect("sent");
    while !matches!(soon(main.next()).await.expect("an event").kind, EventKind::Message(_)) {}
    drop(clone);
    while !matches!(soon(main.next()).await.expect("an end").kind, EventKind::Closed(_)) {}
    assert!(soon(main.next()).await.is_none());
}
