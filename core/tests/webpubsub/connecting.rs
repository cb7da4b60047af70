//! Beginning a session, and not beginning one.

use serde_json::{Value, json};
use topicwire::event::{EventKind, NeedReason};
use topicwire::options::{WebPubSubOptions, WebPubSubProtocol};

use crate::service::*;

#[test]
fn a_session_begins_with_connected_and_not_before() {
    let mut bench = started(options());
    let (link, dial) = bench.dialed();
    assert_eq!(dial.url.expose(), URL);
    assert_eq!(dial.protocols, ["json.reliable.webpubsub.azure.v1"]);
    bench.open(link);
    assert_eq!(bench.states().last(), Some(&"awaiting_welcome"));
    greet(&mut bench, link, "c1", "rt-secret");
    assert_eq!(bench.states().last(), Some(&"active"));
    let greetings = bench.events_of(|kind| match kind {
        EventKind::Opened(opened) => opened.greeting.clone(),
        _ => None,
    });
    let greeting: Value = serde_json::from_slice(&greetings[0]).expect("JSON");
    assert_eq!(greeting, json!({"connection_id": "c1", "user_id": "maya"}), "the reconnection token is nobody's business");
}

#[test]
fn each_subprotocol_is_offered_alone() {
    let names = [
        (WebPubSubProtocol::Json, Some("json.webpubsub.azure.v1")),
        (WebPubSubProtocol::ReliableProtobuf, Some("protobuf.reliable.webpubsub.azure.v1")),
        (WebPubSubProtocol::Protobuf, Some("protobuf.webpubsub.azure.v1")),
        (WebPubSubProtocol::Simple, None),
    ];
    for (protocol, name) in names {
        let (_, dial) = started(WebPubSubOptions { protocol, ..options() }).dialed();
        assert_eq!(dial.protocols, name.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_service_that_does_not_greet_is_left() {
    let mut bench = started(options());
    let (link, _) = bench.dialed();
    bench.open(link);
    bench.pass_ms(10_000);
    assert!(bench.aborted(link));
    bench.pass_ms(1_000);
    bench.dialed();
}

#[test]
fn the_provider_is_asked_for_an_address_for_every_new_session_and_for_no_recovery() {
    let mut bench = started(WebPubSubOptions { url_provider: true, ..options() });
    let mut reasons = Vec::new();
    let mut answer = |bench: &mut crate::harness::Bench, url: &str| {
        let needs = bench.events_of(|kind| match kind {
            EventKind::Need(need) => Some((need.request, need.reason.clone())),
            _ => None,
        });
        for (request, reason) in needs {
            reasons.push(reason);
            bench.session.answer_need(bench.now, request, Ok((url.into(), None)));
            bench.collect();
        }
    };
    answer(&mut bench, "ws://host/client/hubs/h?access_token=one");
    let link = up(&mut bench, "c1");
    bench.cut(link);
    let (link, dial) = bench.dialed();
    assert!(dial.url.expose().starts_with("ws://host/client/hubs/h?access_token=one&awps_connection_id=c1&awps_reconnection_token=rt"));
    answer(&mut bench, "ws://host/unwanted");
    bench.open(link);
    bench.closed(link, 1008, "no such session");
    assert_eq!(bench.dials(), 0, "the address is asked for");
    answer(&mut bench, "ws://host/client/hubs/h?access_token=two");
    assert_eq!(bench.dialed().1.url.expose(), "ws://host/client/hubs/h?access_token=two");
    assert_eq!(reasons, [NeedReason::Initial, NeedReason::Reconnect]);
}

#[test]
fn a_refused_token_is_asked_for_once_more_and_then_it_is_over() {
    let mut bench = started(WebPubSubOptions { url_provider: true, ..options() });
    for _ in 0..2 {
        let needs = bench.events_of(|kind| match kind {
            EventKind::Need(need) => Some(need.request),
            _ => None,
        });
        bench.session.answer_need(bench.now, needs[0], Ok((URL.into(), None)));
        bench.collect();
        let (link, _) = bench.dialed();
        bench.refuse(link, 401, &[]);
    }
    assert_eq!(ended(&mut bench), [Some("unauthorized")]);
}

#[test]
fn what_cannot_be_helped_is_not_tried_again() {
    for (status, code) in [(401, "unauthorized"), (400, "handshake_failed"), (404, "handshake_failed")] {
        let mut bench = started(options());
        let (link, _) = bench.dialed();
        bench.refuse(link, status, &[]);
        bench.pass_ms(60_000);
        assert_eq!(bench.dials(), 0);
        assert_eq!(ended(&mut bench), [Some(code)], "{status}");
    }
    let mut bench = started(options());
    let (link, _) = bench.dialed();
    bench.refuse(link, 429, &[("retry-after", "7")]);
    bench.pass_ms(6_900);
    assert_eq!(bench.dials(), 0);
    bench.pass_ms(200);
    assert_eq!(bench.dials(), 1);
}

#[test]
fn something_else_than_an_address_from_the_provider_ends_the_client_without_being_quoted() {
    let mut bench = started(WebPubSubOptions { url_provider: true, ..options() });
    let needs = bench.events_of(|kind| match kind {
        EventKind::Need(need) => Some(need.request),
        _ => None,
    });
    bench.session.answer_need(bench.now, needs[0], Ok(("hunter2".into(), None)));
    bench.collect();
    assert!(!format!("{:?}", bench.events).contains("hunter2"));
    assert_eq!(ended(&mut bench), [Some("provider_failed")]);
}

#[test]
fn simple_mode_has_messages_and_nothing_else() {
    let mut bench = started(WebPubSubOptions {
        protocol: WebPubSubProtocol::Simple,
        simple_group: Some("plant 7".into()),
        simple_no_echo: true,
        ..options()
    });
    let (link, dial) = bench.dialed();
    assert_eq!(dial.url.expose(), format!("{URL}&webpubsub_mode=sendToGroup&group=plant%207&noEcho=true"));
    bench.open(link);
    assert_eq!(bench.states().last(), Some(&"active"), "nobody greets");
    bench.raw_text(link, "not JSON");
    let texts = bench.events_of(|kind| match kind {
        EventKind::Message(message) => Some(message.payload().to_vec()),
        _ => None,
    });
    assert_eq!(texts, [b"not JSON".to_vec()]);
    bench.session.send(bench.now, None, topicwire::command::Outgoing::text("up")).expect("text goes out");
    let request = say(&mut bench, "plant 7", "x");
    assert!(bench.reply(request).expect("an answer").expect_err("no groups").starts_with("unsupported"));
}

#[test]
fn options_that_cannot_work_are_refused_by_name() {
    use topicwire::options::Options;
    let refused = |json: Value| Options::from_json(json.to_string().as_bytes()).expect_err("it cannot work").message.into_owned();
    assert!(refused(json!({"dialect": "webpubsub"})).contains("`url`"));
    assert!(!refused(json!({"dialect": "webpubsub", "url": "https://secret.example"})).contains("secret"));
    let url = URL;
    assert!(refused(json!({"dialect": "webpubsub", "url": url, "ack_messages": 1000})).contains("`ack_messages`"));
    assert!(refused(json!({"dialect": "webpubsub", "url": url, "simple_group": "g"})).contains("`simple_group`"));
    let good = json!({"dialect": "webpubsub", "url": url, "protocol": "reliable_protobuf"});
    Options::from_json(good.to_string().as_bytes()).expect("these work");
}
