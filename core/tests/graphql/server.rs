//! The server's side of the conversation, and short words for what tests look at.

use std::time::Duration;

pub(crate) use serde_json::{Value, json};
pub(crate) use topicwire::command::{Command, OperationTarget};
pub(crate) use topicwire::error::Code;
pub(crate) use topicwire::event::{EventKind, Outcome};
pub(crate) use topicwire::id::{LinkId, RequestId, SubscriptionId};
pub(crate) use topicwire::options::{Auth, Credential, GraphQlOptions, Jitter, Options, Preset, Protocol};
pub(crate) use topicwire::session::io::{Frame, Input, LinkEnd, Output};

pub(crate) use crate::harness::Bench;

pub(crate) const MODERN: &str = "graphql-transport-ws";
pub(crate) const LEGACY: &str = "graphql-ws";
pub(crate) const BOTH: [&str; 2] = [MODERN, LEGACY];
pub(crate) const Q: &str = "subscription { ticks { seq } }";

/// Longer than any wait of the default options, timers of one connection aside.
pub(crate) const LONG: Duration = Duration::from_secs(31);

pub(crate) fn options() -> GraphQlOptions {
    let mut options = GraphQlOptions::new("wss://h.test/graphql");
    options.reconnect.jitter = Jitter::None;
    options
}

pub(crate) fn bench(options: GraphQlOptions) -> Bench {
    let mut bench = Bench::new(Options::GraphQl(options));
    bench.connect();
    bench
}

pub(crate) fn start(bench: &mut Bench, query: &str) -> SubscriptionId {
    bench.command(Command::Operation(OperationTarget::new(query))).into()
}

pub(crate) fn execute(bench: &mut Bench, query: &str) -> RequestId {
    bench.command(Command::Execute(OperationTarget::new(query)))
}

/// Opens the next dial; returns what was sent.
pub(crate) fn open(bench: &mut Bench, protocol: &str) -> (LinkId, Value) {
    let (link, _) = bench.dialed();
    bench.open_with(link, protocol);
    let mut init = bench.sent(link);
    assert_eq!(init.len(), 1, "nothing but the init goes out before the ack");
    assert_eq!(init[0]["type"], "connection_init");
    (link, init.remove(0))
}

pub(crate) fn ack(bench: &mut Bench, link: LinkId) {
    bench.text(link, &json!({"type": "connection_ack"}));
}

/// Opens and acknowledges the next dial; returns what was sent after the ack.
pub(crate) fn up(bench: &mut Bench, protocol: &str) -> (LinkId, Vec<Value>) {
    let (link, _) = open(bench, protocol);
    ack(bench, link);
    let sent = bench.sent(link);
    (link, sent)
}

/// The subprotocol's word for a result.
pub(crate) fn word(protocol: &str) -> &'static str {
    if protocol == MODERN { "next" } else { "data" }
}

/// A result, in the modern word; a legacy link takes it too.
pub(crate) fn next(bench: &mut Bench, link: LinkId, id: &str, payload: Value) {
    bench.text(link, &json!({"type": "next", "id": id, "payload": payload}));
}

pub(crate) fn payloads(bench: &mut Bench) -> Vec<Value> {
    bench.events_of(|kind| match kind {
        EventKind::Message(message) => message.json::<Value>().ok(),
        _ => None,
    })
}

/// How operations ended: with the server's text if they failed.
pub(crate) fn endings(bench: &mut Bench) -> Vec<(SubscriptionId, Result<(), String>)> {
    bench.events_of(|kind| match kind {
        EventKind::Ended { subscription, outcome: Outcome::Completed } => Some((*subscription, Ok(()))),
        EventKind::Ended { subscription, outcome: Outcome::Failed(error) | Outcome::Lost(error) } => {
            Some((*subscription, Err(error.gateway_text.clone().unwrap_or_else(|| error.code.as_str().to_owned()))))
        }
        _ => None,
    })
}

pub(crate) fn needs(bench: &mut Bench) -> Vec<RequestId> {
    bench.events_of(|kind| match kind {
        EventKind::Need(need) => Some(need.request),
        _ => None,
    })
}

pub(crate) fn provide(bench: &mut Bench, need: RequestId, token: &str) {
    bench.session.answer_need(bench.now, need, Ok((token.into(), None)));
    bench.collect();
}

pub(crate) fn closed_because(bench: &mut Bench) -> Option<Code> {
    bench
        .events_of(|kind| match kind {
            EventKind::Closed(closed) => closed.cause.as_ref().map(|cause| cause.code),
            _ => None,
        })
        .pop()
}

/// A subscription that runs, as id 1.
pub(crate) fn running(protocol: &str) -> (Bench, LinkId, SubscriptionId) {
    let mut bench = bench(options());
    let subscription = start(&mut bench, Q);
    let (link, sent) = up(&mut bench, protocol);
    let verb = if protocol == MODERN { "subscribe" } else { "start" };
    assert_eq!(sent, [json!({"id": "1", "type": verb, "payload": {"query": Q}})]);
    (bench, link, subscription)
}
