//! At least one event of each kind.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::event::{
    CloseFrame, Closed, Event, EventKind, Fault, FaultKind, Gap, Label, Message, Need, NeedReason, NeedWhat, Opened, Outcome, PayloadKind,
    Reply, State, Subscriptions,
};
use crate::id::{Connection, RequestId, Seq, SubscriptionId};
use crate::time::UnixMillis;

fn number(kinds: Vec<EventKind>) -> Vec<Event> {
    (101..).step_by(3).zip(kinds).map(|(seq, kind)| Event { seq: Seq(seq), kind }).collect()
}

fn message(frame: &'static [u8], span: (u32, Option<u32>), kind: PayloadKind, subscriptions: Subscriptions) -> Message {
    let mut message = Message::part(Bytes::from_static(frame), span.0, span.1, kind);
    message.subscriptions = subscriptions;
    message.connection = Connection(2);
    message.received = UnixMillis(1_700_000_000_123);
    message
}

pub(super) fn messages() -> Vec<Event> {
    let astro = br#"{"topic":"channel.tips","room":"61f0","data":{"amount":5,"from":"\u00e9"},"ts":"2026-01-01T00:00:00Z"}"#;
    let topic = Label::Span { start: 10, end: 22 };
    let room = || Label::Owned("61f0".into());
    let one = |id| Subscriptions::One(SubscriptionId(id));
    let many = Subscriptions::Many(Arc::new(vec![SubscriptionId(7), SubscriptionId((1 << 53) - 1)]));
    number(vec![
        EventKind::Message(message(astro, (45, None), PayloadKind::Json, one(7)).with_topic(topic.clone()).with_room(room())),
        EventKind::Message(
            message(astro, (45, Some(73)), PayloadKind::Json, many)
                .with_topic(topic)
                .with_room(room())
                .with_id(Label::Owned("01H".into()))
                .with_time(Label::Owned("2026-01-01T00:00:00Z".into())),
        ),
        EventKind::Message(message("plain, but not only ASCII: é 🎉".as_bytes(), (0, Some(34)), PayloadKind::Text, Subscriptions::None)),
        EventKind::Message(message(b"\0\x01\xfe\xff", (0, Some(4)), PayloadKind::Binary, one(0)).with_topic(Label::Owned("".into()))),
        EventKind::Message(message(br#""{\"a\":1}""#, (0, Some(11)), PayloadKind::JsonString, one(8))),
        EventKind::Message(message(b"", (0, Some(0)), PayloadKind::Binary, one(9)).with_id(Label::Owned("".into()))),
    ])
}

fn error() -> Arc<Error> {
    Arc::new(Error::new(Code::Refused, "the gateway refused it").from_gateway(Some("err_bad"), Some("no such room")))
}

fn opened() -> EventKind {
    let mut headers = http::HeaderMap::new();
    headers.append("server", http::HeaderValue::from_static("x"));
    headers.append("set-cookie", http::HeaderValue::from_static("a=1"));
    headers.append("set-cookie", http::HeaderValue::from_static("b=2"));
    let greeting = Some(Bytes::from_static(br#"{"client_id":"c1"}"#));
    EventKind::Opened(Box::new(Opened {
        connection: Connection(2),
        protocol: Some("graphql-ws".into()),
        status: 101,
        headers,
        resumed: true,
        greeting,
    }))
}

fn need(reason: NeedReason) -> EventKind {
    let what = NeedWhat::Token { credential: "default".into() };
    EventKind::Need(Box::new(Need { request: RequestId(70), what, reason, deadline_ms: 30_000 }))
}

fn fault(kind: FaultKind, subscription: Option<u64>, request: Option<u64>, count: u64) -> EventKind {
    let (subscription, request) = (subscription.map(SubscriptionId), request.map(RequestId));
    EventKind::Fault(Box::new(Fault { kind, subscription, request, error: error(), count }))
}

fn gap(subscriptions: &[u64], until: Option<u64>, cause: Option<Arc<Error>>) -> EventKind {
    let subscriptions = subscriptions.iter().copied().map(SubscriptionId).collect();
    EventKind::Gap(Box::new(Gap { subscriptions, since: UnixMillis(1_700_000_000_000), until: until.map(UnixMillis), cause }))
}

fn reply(request: u64, subscription: Option<u64>, result: Option<&'static str>, confirmed: bool) -> EventKind {
    let reply = Reply { subscription: subscription.map(SubscriptionId), result: result.map(Bytes::from), confirmed };
    EventKind::Reply { request: RequestId(request), result: Ok(reply) }
}

pub(super) fn control() -> Vec<Event> {
    let subscription = SubscriptionId(7);
    let ended = |outcome| EventKind::Ended { subscription, outcome };
    let going = CloseFrame { code: 1001, reason: "going away".into() };
    let lost = Error::new(Code::ConnectionLost, "the peer is gone").retryable(false);
    number(vec![
        EventKind::State { from: State::Idle, to: State::Connecting, cause: None },
        EventKind::State { from: State::Active, to: State::Backoff, cause: Some(error()) },
        opened(),
        EventKind::Subscribed { subscription, recovered: false, confirmed: true },
        EventKind::Subscribed { subscription, recovered: true, confirmed: false },
        EventKind::Unsubscribed { subscription },
        ended(Outcome::Completed),
        ended(Outcome::Failed(error())),
        ended(Outcome::Stopped),
        ended(Outcome::Lost(error())),
        gap(&[7, 8], Some(1_700_000_005_000), Some(error())),
        gap(&[], None, None),
        EventKind::Lagged { first: Seq(3), last: Seq(9), count: 5 },
        reply(1, Some(1), Some(r#"{"channel":"61f0"}"#), true),
        reply(2, None, None, false),
        EventKind::Reply { request: RequestId(3), result: Err(error()) },
        need(NeedReason::Initial),
        need(NeedReason::Reconnect),
        need(NeedReason::Rejected { code: "err_unauthorized".into() }),
        EventKind::NeedCancelled { request: RequestId(70) },
        EventKind::Writable,
        fault(FaultKind::Resubscribe, Some(7), None, 1),
        fault(FaultKind::Provider, None, Some(70), 3),
        EventKind::Ping(Bytes::from_static(b"p")),
        EventKind::Pong(Bytes::new()),
        EventKind::Closed(Box::new(Closed {
            received: Some(going),
            sent: Some(CloseFrame { code: 1005, reason: String::new() }),
            received_first: true,
            clean: true,
            cause: Some(Arc::new(lost)),
        })),
        EventKind::Closed(Box::default()),
    ])
}
