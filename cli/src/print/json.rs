//! One event, one line of JSON. `docs/cli.md` documents the members; they are the event's own names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use topicwire::error::Error;
use topicwire::event::{CloseFrame, Event, EventKind, Message, Outcome, PayloadKind};

#[derive(Serialize)]
struct MessageLine<'a> {
    kind: &'a str,
    seq: u64,
    subscriptions: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
    received_ms: u64,
    connection: u64,
    payload: &'a str,
    #[serde(flatten)]
    data: Data,
}

/// The payload: `data` where it can be had, else `text` and what is wrong with it.
#[derive(Serialize)]
#[serde(untagged)]
enum Data {
    Good { data: Box<RawValue> },
    Broken { text: String, error: String },
}

pub(super) fn line(event: &Event) -> String {
    let line = match &event.kind {
        EventKind::Message(message) => serde_json::to_string(&message_line(event.seq.0, message)),
        kind => serde_json::to_string(&other(event.seq.0, kind)),
    };
    // Strings, numbers and checked JSON always serialise; should that ever be wrong, the line says so.
    line.unwrap_or_else(|error| json!({ "kind": "unknown", "seq": event.seq.0, "error": error.to_string() }).to_string())
}

fn message_line(seq: u64, message: &Message) -> MessageLine<'_> {
    let (payload, data) = data(message);
    MessageLine {
        kind: "message",
        seq,
        subscriptions: message.subscriptions().iter().map(|id| id.0).collect(),
        topic: message.topic(),
        room: message.room(),
        id: message.id(),
        time: message.time(),
        received_ms: message.received().0,
        connection: message.connection().0,
        payload,
        data,
    }
}

fn data(message: &Message) -> (&'static str, Data) {
    let payload = message.payload();
    let (name, data) = match message.kind() {
        PayloadKind::Json => ("json", checked(payload)),
        PayloadKind::JsonString => ("json_string", serde_json::from_slice::<String>(payload).and_then(|text| checked(text.as_bytes()))),
        PayloadKind::Text => ("text", to_raw_value(&String::from_utf8_lossy(payload))),
        PayloadKind::Binary => ("binary", to_raw_value(&STANDARD.encode(payload))),
        _ => ("unknown", to_raw_value(&STANDARD.encode(payload))),
    };
    let data = match data {
        Ok(data) => Data::Good { data },
        Err(error) => Data::Broken { text: String::from_utf8_lossy(payload).into_owned(), error: error.to_string() },
    };
    (name, data)
}

/// JSON as it was sent, on one line. A line end can only stand between its tokens: inside a string it would be invalid.
fn checked(json: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    let raw: &RawValue = serde_json::from_slice(json)?;
    if raw.get().contains(['\n', '\r']) { RawValue::from_string(raw.get().replace(['\n', '\r'], " ")) } else { Ok(raw.to_owned()) }
}

/// Kind and place first, where people look for them, then what the kind has.
#[derive(Serialize)]
struct OtherLine {
    kind: &'static str,
    seq: u64,
    #[serde(flatten)]
    members: serde_json::Map<String, Value>,
}

fn other(seq: u64, kind: &EventKind) -> OtherLine {
    let (name, members) = match kind {
        EventKind::State { from, to, cause } => {
            ("state", json!({ "from": from.as_str(), "to": to.as_str(), "cause": error(cause.as_deref()) }))
        }
        // Neither the headers nor the greeting: both may hold what opens a door.
        EventKind::Opened(opened) => (
            "opened",
            json!({ "connection": opened.connection.0, "protocol": opened.protocol, "status": opened.status, "resumed": opened.resumed }),
        ),
        EventKind::Subscribed { subscription, recovered, confirmed } => {
            ("subscribed", json!({ "subscription": subscription.0, "recovered": recovered, "confirmed": confirmed }))
        }
        EventKind::Unsubscribed { subscription } => ("unsubscribed", json!({ "subscription": subscription.0 })),
        EventKind::Ended { subscription, outcome } => {
            let (outcome, cause) = match outcome {
                Outcome::Completed => ("completed", None),
                Outcome::Failed(error) => ("failed", Some(error.as_ref())),
                Outcome::Stopped => ("stopped", None),
                Outcome::Lost(error) => ("lost", Some(error.as_ref())),
                _ => ("unknown", None),
            };
            ("ended", json!({ "subscription": subscription.0, "outcome": outcome, "cause": error(cause) }))
        }
        EventKind::Gap(gap) => (
            "gap",
            json!({
                "subscriptions": gap.subscriptions.iter().map(|id| id.0).collect::<Vec<_>>(),
                "since_ms": gap.since.0,
                "until_ms": gap.until.map(|until| until.0),
                "cause": error(gap.cause.as_deref()),
            }),
        ),
        EventKind::Lagged { first, last, count } => ("lagged", json!({ "first": first.0, "last": last.0, "count": count })),
        EventKind::Fault(fault) => (
            "fault",
            json!({
                "fault": fault.kind.as_str(),
                "subscription": fault.subscription.map(|id| id.0),
                "cause": error(Some(&fault.error)),
                "count": fault.count,
            }),
        ),
        EventKind::Closed(closed) => (
            "closed",
            json!({
                "received": close_frame(closed.received.as_ref()),
                "sent": close_frame(closed.sent.as_ref()),
                "received_first": closed.received_first,
                "clean": closed.clean,
                "cause": error(closed.cause.as_deref()),
            }),
        ),
        EventKind::Reply { request, result } => {
            ("reply", json!({ "request": request.0, "cause": error(result.as_ref().err().map(std::convert::AsRef::as_ref)) }))
        }
        EventKind::Need(need) => ("need", json!({ "request": need.request.0, "deadline_ms": need.deadline_ms })),
        EventKind::NeedCancelled { request } => ("need_cancelled", json!({ "request": request.0 })),
        EventKind::Writable => ("writable", json!({})),
        EventKind::Ping(payload) => ("ping", json!({ "data": STANDARD.encode(payload) })),
        EventKind::Pong(payload) => ("pong", json!({ "data": STANDARD.encode(payload) })),
        _ => ("unknown", json!({})),
    };
    let members = match members {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => serde_json::Map::new(),
    };
    OtherLine { kind: name, seq, members }
}

fn error(error: Option<&Error>) -> Value {
    error.map_or(Value::Null, |error| json!(error))
}

fn close_frame(frame: Option<&CloseFrame>) -> Value {
    frame.map_or(Value::Null, |frame| json!({ "code": frame.code, "reason": frame.reason }))
}
