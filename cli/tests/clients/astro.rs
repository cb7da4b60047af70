//! `Astro`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};

use futures_util::StreamExt as _;
use serde_json::json;
use topicwire::client::block_on;
use topicwire::command::TopicTarget;
use topicwire::error::Code;
use topicwire::event::{EventKind, Message, NeedReason};
use topicwire::options::AstroOptions;
use topicwire::{Astro, Secret};
use topicwire_gateway::LocalGateway;
use topicwire_gateway::machine::{Fault, ReconnectToken, Target};

use crate::{SOON, gateway, soon, until};

const ROOM: &str = "64f0a1b2c3d4e5f607182930";

fn options(gateway: &LocalGateway) -> AstroOptions {
    AstroOptions { url: Secret::new(gateway.astro_url()), ..AstroOptions::new("any token") }
}

async fn connect(gateway: &LocalGateway) -> Astro {
    soon(Astro::connect(options(gateway))).await.expect("greeted")
}

async fn publish(gateway: &LocalGateway, topic: &str, n: u32) -> usize {
    gateway.publish_astro(topic, None, json!({ "n": n })).await.expect("running").receivers
}

/// The next message of a stream of events, as topic and `n`.
async fn message(events: &mut (impl futures_util::Stream<Item = topicwire::event::Event> + Unpin)) -> (String, u64) {
    loop {
        if let EventKind::Message(message) = soon(events.next()).await.expect("an event").kind {
            return (message.topic().unwrap_or_default().to_owned(), number(&message));
        }
    }
}

fn number(message: &Message) -> u64 {
    let value: serde_json::Value = serde_json::from_slice(message.payload()).expect("JSON");
    value["n"].as_u64().expect("a number")
}

#[tokio::test]
async fn subscribing_resolves_with_the_gateways_answer_and_messages_follow() {
    let gateway = gateway().await;
    let mut astro = connect(&gateway).await;
    let subscription = soon(astro.subscribe("channel.tips", ROOM)).await.expect("accepted");
    let answer: serde_json::Value = serde_json::from_slice(subscription.result().expect("an answer")).expect("JSON");
    assert_eq!((&answer["topic"], &answer["room"]), (&json!("channel.tips"), &json!(ROOM)));
    assert_eq!(publish(&gateway, "channel.tips", 1).await, 1);
    assert_eq!(message(&mut astro).await, ("channel.tips".to_owned(), 1));

    soon(astro.unsubscribe(&subscription)).await.expect("accepted");
    assert_eq!(publish(&gateway, "channel.tips", 2).await, 0);
    assert!(soon(astro.unsubscribe(&subscription)).await.is_err(), "it has ended already");
    assert!(soon(astro.close()).await.expect("closed").clean);
}

#[tokio::test]
async fn a_handover_interrupts_nothing() {
    let gateway = gateway().await;
    let mut astro = connect(&gateway).await;
    soon(astro.subscribe("channel.tips", ROOM)).await.expect("accepted");
    publish(&gateway, "channel.tips", 1).await;
    let fault = Fault::Reconnect { token: ReconnectToken::Valid, twice: false, grace_ms: None, target: Target::All };
    gateway.fault(fault).await.expect("running");
    publish(&gateway, "channel.tips", 2).await;
    until(&gateway, |connections| connections.iter().any(|state| state["resumed"] == true)).await;
    publish(&gateway, "channel.tips", 3).await;
    for n in 1..=3 {
        loop {
            match soon(astro.next()).await.expect("an event").kind {
                EventKind::Message(message) => break assert_eq!(number(&message), n),
                EventKind::Gap(gap) => panic!("{gap:?}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn handlers_hear_their_topics_beside_the_stream_and_outlive_a_panic() {
    let gateway = gateway().await;
    let mut astro = connect(&gateway).await;
    let (heard, hearing) = mpsc::channel();
    let tips = heard.clone();
    astro
        .on("channel.tips", move |message| {
            tips.send(("tips", number(message))).expect("the test listens");
            assert_ne!(number(message), 1, "a handler's own mistake");
        })
        .expect("open");
    for topic in ["channel.tips", "channel.activities", "channel.giveaways"] {
        soon(astro.subscribe(topic, ROOM)).await.expect("accepted");
    }
    publish(&gateway, "channel.tips", 1).await;
    publish(&gateway, "channel.giveaways", 2).await;
    for _ in 0..2 {
        message(&mut astro).await;
    }
    // Added later, the lane is widened.
    astro.on("channel.activities", move |message| heard.send(("activities", number(message))).expect("the test listens")).expect("open");
    publish(&gateway, "channel.activities", 3).await;
    publish(&gateway, "channel.tips", 4).await;
    assert_eq!(message(&mut astro).await, ("channel.activities".to_owned(), 3));
    assert_eq!(message(&mut astro).await, ("channel.tips".to_owned(), 4));
    let all = tokio::task::spawn_blocking(move || (0..3).map(|_| hearing.recv_timeout(SOON).expect("heard")).collect::<Vec<_>>());
    assert_eq!(soon(all).await.expect("no panic"), [("tips", 1), ("activities", 3), ("tips", 4)]);
}

#[tokio::test]
async fn a_stream_of_its_own_has_its_topics_and_the_end() {
    let gateway = gateway().await;
    let astro = connect(&gateway).await;
    let mut tips = astro.stream(["channel.tips"]).expect("open");
    for topic in ["channel.activities", "channel.tips"] {
        soon(astro.subscribe(topic, ROOM)).await.expect("accepted");
        publish(&gateway, topic, 7).await;
    }
    assert_eq!(message(&mut tips).await, ("channel.tips".to_owned(), 7));
    soon(astro.close()).await.expect("closed");
    while let Some(event) = soon(tips.next()).await {
        assert!(!matches!(event.kind, EventKind::Message(_)));
    }
    assert!(tips.is_ended());
}

#[tokio::test]
async fn a_provider_is_asked_for_the_token_and_told_why() {
    let gateway = gateway().await;
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let astro = Astro::with_token_provider(options(&gateway), move |name, reason| {
        assert_eq!((name.as_str(), reason), ("default", NeedReason::Initial));
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, std::io::Error>(Secret::new("fetched")) }
    })
    .expect("good options");
    for topic in ["channel.tips", "channel.activities"] {
        soon(astro.subscribe(topic, ROOM)).await.expect("accepted");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1, "one answer serves one connection");
}

#[tokio::test]
async fn a_provider_that_hangs_keeps_no_dropped_client_alive() {
    let gateway = gateway().await;
    let (asked, asking) = tokio::sync::oneshot::channel();
    let asked = std::sync::Mutex::new(Some(asked));
    let astro = Astro::with_token_provider(options(&gateway), move |_, _| {
        if let Some(asked) = asked.lock().expect("no panic").take() {
            asked.send(()).expect("the test waits");
        }
        std::future::pending::<Result<Secret, std::io::Error>>()
    })
    .expect("good options");
    let subscribing = astro.subscribe("channel.tips", ROOM);
    soon(asking).await.expect("the provider is asked");
    until(&gateway, |connections| connections.len() == 1).await;
    drop((subscribing, astro));
    until(&gateway, <[_]>::is_empty).await;
}

#[tokio::test]
async fn a_subscription_that_nobody_waits_for_is_taken_back() {
    let gateway = gateway().await;
    let astro = connect(&gateway).await;
    soon(astro.subscribe("channel.tips", ROOM)).await.expect("accepted");
    // Polled by nobody, and dropped.
    drop(astro.subscribe("channel.activities", ROOM));
    // Commands go in order, so what this one is behind has been done, or never will be.
    soon(astro.subscribe_to(TopicTarget::new("channel.giveaways", ROOM))).await.expect("accepted");
    until(&gateway, |connections| {
        let text = connections[0].to_string();
        text.contains("channel.giveaways") && !text.contains("channel.activities")
    })
    .await;
}

#[tokio::test]
async fn commands_to_a_closed_client_are_refused_and_waiting_ones_are_answered() {
    let gateway = gateway().await;
    let mut options = options(&gateway);
    options.connection.close_timeout = std::time::Duration::from_millis(50);
    let astro = soon(Astro::connect(options)).await.expect("greeted");
    gateway.fault(Fault::Mute { on: true, target: Target::All, new: false }).await.expect("running");
    let subscribing = astro.subscribe("channel.tips", ROOM);
    assert!(!soon(astro.close()).await.expect("closed").clean, "the gateway is mute");
    let error = soon(subscribing).await.expect_err("it was never answered");
    assert!(matches!(error.code, Code::OutcomeUnknown | Code::Closed), "{error}");
    assert_eq!(soon(astro.subscribe("channel.tips", ROOM)).await.expect_err("closed").code, Code::Closed);
    let mut late = astro.stream(["channel.tips"]).expect("a lane");
    assert!(matches!(soon(late.next()).await.expect("its end").kind, EventKind::Closed(_)));
    assert!(soon(late.next()).await.is_none());
}

#[test]
fn a_program_without_async_subscribes_and_polls() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads for the gateway");
    let gateway = runtime.block_on(gateway());
    let mut astro = block_on(Astro::connect(options(&gateway))).expect("greeted");
    block_on(astro.subscribe("channel.tips", ROOM)).expect("accepted");
    runtime.block_on(publish(&gateway, "channel.tips", 5));
    loop {
        if let EventKind::Message(message) = astro.poll(SOON).expect("an event").kind {
            break assert_eq!(number(&message), 5);
        }
    }
    block_on(astro.close()).expect("closed");
    while let Some(event) = astro.poll(SOON) {
        assert!(!matches!(event.kind, EventKind::Message(_)));
    }
}

#[tokio::test]
async fn a_subscription_that_is_given_up_when_its_answer_is_there_already_is_ended() {
    let gateway = gateway().await;
    let astro = connect(&gateway).await;
    let mut given_up = Box::pin(astro.subscribe("channel.tips", ROOM));
    assert!(futures_util::poll!(&mut given_up).is_pending());
    // Answers come in the order of the commands, so that the first has come too.
    soon(astro.subscribe("channel.activities", ROOM)).await.expect("answered");
    drop(given_up);
    let topics = |state: &serde_json::Value| -> Vec<String> {
        let subscriptions = state["subscriptions"].as_array().cloned().unwrap_or_default();
        subscriptions.iter().filter_map(|one| one["topic"].as_str().map(str::to_owned)).collect()
    };
    until(&gateway, |states| states.iter().any(|state| topics(state) == ["channel.activities"])).await;
}
