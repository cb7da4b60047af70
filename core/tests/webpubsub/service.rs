//! The service's side of the conversation.

use serde_json::{Value, json};
use topicwire::command::{Command, DataType, GroupMessage, GroupTarget};
use topicwire::event::EventKind;
use topicwire::id::{LinkId, RequestId, SubscriptionId};
use topicwire::options::{Jitter, Options, WebPubSubOptions, WebPubSubProtocol};

use crate::harness::Bench;

pub(crate) const URL: &str = "ws://127.0.0.1:1/client/hubs/chat?access_token=t0";

pub(crate) fn options() -> WebPubSubOptions {
    let mut options = WebPubSubOptions::new(URL);
    options.reconnect.jitter = Jitter::None;
    options
}

pub(crate) fn unreliable() -> WebPubSubOptions {
    WebPubSubOptions { protocol: WebPubSubProtocol::Json, ..options() }
}

pub(crate) fn started(options: WebPubSubOptions) -> Bench {
    let mut bench = Bench::new(Options::WebPubSub(options));
    bench.connect();
    bench
}

/// A client that is connected, with its link.
pub(crate) fn connected(options: WebPubSubOptions) -> (Bench, LinkId) {
    let mut bench = started(options);
    let link = up(&mut bench, "c1");
    (bench, link)
}

/// Opens and greets the next dial.
pub(crate) fn up(bench: &mut Bench, connection: &str) -> LinkId {
    let (link, _) = bench.dialed();
    bench.open(link);
    greet(bench, link, connection, "rt");
    link
}

pub(crate) fn greet(bench: &mut Bench, link: LinkId, connection: &str, token: &str) {
    bench.text(link, &json!({"type":"system","event":"connected","connectionId":connection,"userId":"maya","reconnectionToken":token}));
}

pub(crate) fn join(bench: &mut Bench, group: &str) -> SubscriptionId {
    bench.command(Command::JoinGroup(GroupTarget::new(group))).into()
}

/// Joins a group and lets the service agree.
pub(crate) fn joined(bench: &mut Bench, link: LinkId, group: &str) -> SubscriptionId {
    let subscription = join(bench, group);
    ack_all(bench, link);
    subscription
}

pub(crate) fn say(bench: &mut Bench, group: &str, text: &str) -> RequestId {
    let message = GroupMessage { group: group.into(), data_type: DataType::Text, data: Some(json!(text)), ..GroupMessage::default() };
    bench.command(Command::SendToGroup(message))
}

/// What was sent since the last look, but for receipts and pings.
pub(crate) fn sent(bench: &mut Bench, link: LinkId) -> Vec<Value> {
    let mut sent = bench.sent(link);
    sent.retain(|frame| frame["type"] != "sequenceAck" && frame["type"] != "ping");
    sent
}

/// The receipts since the last look.
pub(crate) fn receipts(bench: &mut Bench, link: LinkId) -> Vec<u64> {
    bench.sent(link).iter().filter_map(|frame| frame["sequenceId"].as_u64()).collect()
}

pub(crate) fn ack(bench: &mut Bench, link: LinkId, request: &Value) {
    bench.text(link, &json!({"type":"ack","ackId":request["ackId"],"success":true}));
}

pub(crate) fn refuse(bench: &mut Bench, link: LinkId, request: &Value, name: &str) {
    bench.text(link, &json!({"type":"ack","ackId":request["ackId"],"success":false,"error":{"name":name,"message":"because"}}));
}

pub(crate) fn ack_all(bench: &mut Bench, link: LinkId) -> Vec<Value> {
    let all = sent(bench, link);
    for request in &all {
        ack(bench, link, request);
    }
    all
}

/// A message to a group with a number.
pub(crate) fn publish(bench: &mut Bench, link: LinkId, group: &str, number: u64) {
    bench.text(
        link,
        &json!({"type":"message","from":"group","group":group,"fromUserId":"kim","dataType":"json","data":{"n":number},"sequenceId":number}),
    );
}

/// Which connections of the service's were taken up, or begun.
pub(crate) fn opened(bench: &mut Bench) -> Vec<bool> {
    bench.events_of(|kind| match kind {
        EventKind::Opened(opened) => Some(opened.resumed),
        _ => None,
    })
}

/// How the client ended.
pub(crate) fn ended(bench: &mut Bench) -> Vec<Option<&'static str>> {
    bench.events_of(|kind| match kind {
        EventKind::Closed(closed) => Some(closed.cause.as_ref().map(|cause| cause.code.as_str())),
        _ => None,
    })
}
